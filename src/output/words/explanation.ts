/** A failure in words that a newcomer can act on. Lines carry no indentation and no line breaks. */
export type Explanation = {
  /** What happened, in one sentence without a full stop: it must do as the cell of a table, too. */
  readonly what: string;
  /** What it is known from: fingerprints, output, log lines, check results. */
  readonly evidence: readonly string[];
  /** What to do next, each a full sentence. */
  readonly next: readonly string[];
};

/** Where it happened, for the commands in the advice. Several hosts when they failed alike. */
export type Place = { readonly hosts: readonly string[]; readonly app: string };

/** A command to copy, aimed at these hosts and this app only. */
export const command = (verb: string, { hosts, app }: Place): string =>
  `fleet ${verb} ${hosts.map((host) => `--host ${host}`).join(' ')} --app ${app}`;

/** The way out for a host whose way back failed: the same for everybody who has to name it. */
export const wayOut = (place: Place): string[] => [
  `See what is wrong with \`${command('health', place)}\` (it changes nothing) and put it right on the host.`,
  `Then try the way back once more: \`${command('rollback', place)}\`. Until that worked, the host takes no deploy.`,
];

/** The last lines of a command's output, without the empty ones at its end. */
export function lastLines(text: string, most: number): string[] {
  const lines = text.replace(/\s+$/, '').split('\n');
  return lines.length === 1 && lines[0] === '' ? [] : lines.slice(-most);
}
