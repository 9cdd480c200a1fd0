import type { Argument, Command, Option } from 'commander';

/** A word that could stand there, and what it is. */
export type Candidate = { readonly word: string; readonly about: string };

/** What could stand where the cursor is: words, or files or folders, which shells know themselves. */
export type Completion = { readonly words: readonly Candidate[]; readonly paths: 'file' | 'dir' | null };

/** What stands on the line already, as far as names depend on it. */
type Given = { readonly hosts: readonly string[]; readonly apps: readonly string[] };

/** Names of a kind, as the angles of a flag or an argument say it: `<host>`, `<generation>` … */
export type NamesOf = (kind: string, given: Given) => Promise<readonly Candidate[]>;

const NOTHING: Completion = { words: [], paths: null };
const words = (all: readonly Candidate[]): Completion => ({ words: all, paths: null });

/**
 * What could stand at the cursor. All of it comes from the command tree: a new command, flag or choice is completed as
 * soon as it is there, and its values too where its angles name a kind.
 * @param before the words behind `fleet`, up to the one at the cursor @param current that one, as far as it is typed
 */
export async function complete(
  fleet: Command,
  before: readonly string[],
  current: string,
  namesOf: NamesOf,
): Promise<Completion> {
  const line = readLine(fleet, before);
  const given = { hosts: line.valuesOf('--host'), apps: line.valuesOf('--app') };
  const [flag = '', start] = current.split(/=(.*)/s);
  const assigned = start === undefined ? undefined : line.flags.find(({ long }) => long === flag);
  if (line.open !== null) return startingWith(current, await valuesOf(line.open, given, namesOf));
  if (assigned?.required) {
    const values = startingWith(start ?? '', await valuesOf(assigned, given, namesOf));
    return { ...values, words: values.words.map((one) => ({ ...one, word: `${flag}=${one.word}` })) };
  }
  if (current.startsWith('-')) return startingWith(current, words(flags(line)));
  if (line.command === null) return startingWith(current, words(commands(fleet)));
  const all = line.command.registeredArguments;
  const argument = all[line.operands] ?? all.findLast(({ variadic }) => variadic);
  if (argument === undefined) return current === '' ? words(flags(line)) : NOTHING;
  return startingWith(
    current,
    argument.name() === 'topic' ? words(commands(fleet)) : await valuesOf(argument, given, namesOf),
  );
}

type Line = {
  readonly command: Command | null;
  /** How many words stand behind the command that are no flags. */
  readonly operands: number;
  /** The flag whose value is at the cursor. */
  readonly open: Option | null;
  /** Those that may stand there. */
  readonly flags: readonly Option[];
  readonly used: ReadonlySet<Option>;
  readonly valuesOf: (flag: string) => readonly string[];
};

function readLine(fleet: Command, before: readonly string[]): Line {
  const command = fleet.commands.find((one) => one.name() === operandsOf(fleet, before)[0]) ?? null;
  const flags = command === null ? everyFlag(fleet) : [...command.options, helpOf(command)];
  const used = new Set<Option>();
  const values: (readonly [Option, string])[] = [];
  let open: Option | null = null;
  let operands = command === null ? 0 : -1;
  for (const word of before) {
    if (open !== null) {
      values.push([open, word]);
      open = null;
      continue;
    }
    if (!word.startsWith('-')) {
      operands += 1;
      continue;
    }
    const [name = '', value] = word.split(/=(.*)/s);
    const flag = flags.find(({ short, long }) => short === name || long === name);
    if (flag === undefined) continue;
    used.add(flag);
    if (value !== undefined) values.push([flag, value]);
    else if (flag.required) open = flag;
  }
  const valuesOf = (name: string) => values.filter(([{ long }]) => long === name).map(([, value]) => value);
  return { command, operands, open, flags, used, valuesOf };
}

/** The words that are neither flags nor their values: the first one is the command. */
function operandsOf(fleet: Command, before: readonly string[]): readonly string[] {
  const taking = new Set(
    everyFlag(fleet)
      .filter(({ required }) => required)
      .flatMap(({ short, long }) => [short, long]),
  );
  return before.filter((word, i) => !word.startsWith('-') && (i === 0 || !taking.has(before[i - 1])));
}

/** Before the command all flags may stand, each once. */
function everyFlag(fleet: Command): readonly Option[] {
  const all = [...fleet.options, helpOf(fleet), ...fleet.commands.flatMap(({ options }) => options)];
  return [...new Map(all.map((flag) => [nameOf(flag), flag])).values()];
}

/** Commander keeps it apart from the others. */
const helpOf = (command: Command): Option =>
  command
    .createHelp()
    .visibleOptions(command)
    .find(({ long }) => long === '--help') ?? command.createOption('-h, --help');

const nameOf = ({ short, long }: Option) => long ?? short ?? '';

const flags = ({ flags: all, used }: Line): readonly Candidate[] =>
  all
    .filter((flag) => !flag.hidden && (!used.has(flag) || Array.isArray(flag.defaultValue)))
    .map((flag) => ({ word: nameOf(flag), about: flag.description }));

const commands = (fleet: Command): readonly Candidate[] =>
  fleet
    .createHelp()
    .visibleCommands(fleet)
    .map((one) => ({ word: one.name(), about: one.description() }));

async function valuesOf(of: Option | Argument, given: Given, namesOf: NamesOf): Promise<Completion> {
  if (of.argChoices !== undefined) return words(of.argChoices.map((word) => ({ word, about: '' })));
  const kind = 'flags' in of ? (/[<[]([\w-]+)/.exec(of.flags)?.[1] ?? '') : of.name();
  if (kind === 'file' || kind === 'dir') return { words: [], paths: kind };
  return words(await namesOf(kind, given));
}

const startingWith = (start: string, { words: all, paths }: Completion): Completion => ({
  words: all.filter(({ word }) => word.startsWith(start)),
  paths,
});
