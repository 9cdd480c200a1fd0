/** A failure in words that a newcomer can act on. Lines carry no indentation and no line breaks. */
export type Explanation = {
  /** What happened, in one sentence without a full stop: it must do as the cell of a table, too. */
  readonly what: string;
  /** What it is known from: fingerprints, output, log lines, check results. */
  readonly evidence: readonly string[];
  /** What to do next, each a full sentence. */
  readonly fix: readonly string[];
};

/** Where it happened, for the commands in the advice. Several hosts when they failed alike. */
export type Place = { readonly hosts: readonly string[]; readonly app: string };

/** The options that aim a command at these hosts and this app only. */
const aim = ({ hosts, app }: Place): string => [...hosts.map((host) => `--host ${host}`), `--app ${app}`].join(' ');

/** A command to copy, aimed at these hosts and this app only. */
export const command = (verb: string, place: Place): string => `fleet ${verb} ${aim(place)}`;

/** The same command once more where hosts that are done must be left out: a second rollback would go further back. */
export const again = (place: Place): string => `run the same command again for what is left: \`${aim(place)}\``;

/** The way out for a host whose way back failed: the same for everybody who has to name it. */
export const wayOut = (place: Place): string[] => [
  `Put right on the host what is named above as the cause; \`${command('status', place)}\` shows what state it is in ` +
    'and changes nothing.',
  'Then run the same command again: it first tries the way back once more, and goes on only when that has worked. ' +
    'Until then the host takes no deploy and no rollback.',
];

/** The last lines of a command's output, without the empty ones at its end. */
export function lastLines(text: string, most: number): string[] {
  const lines = text.replace(/\s+$/, '').split('\n');
  return lines.length === 1 && lines[0] === '' ? [] : lines.slice(-most);
}
