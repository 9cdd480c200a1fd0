import { type Command, Help, type Option } from 'commander';
import { EXIT_CODES, WORST_FIRST } from '../output/messages/reference.ts';
import { PACKAGE } from './version.ts';

const README = new URL('README.md', PACKAGE).href;

const WIDTH = 80;

/** Where flags stand that only this command has: before those of every command. */
export const OWN = 'Flags of this command:';

/** A command line, and what it is for. */
export type Example = readonly [line: string, what: string];

const EXAMPLES = new WeakMap<Command, readonly Example[]>();

/** Examples of a command, for its help and its manual page. */
export function withExamples(command: Command, ...examples: readonly Example[]): Command {
  EXAMPLES.set(command, examples);
  return command;
}

export const examplesOf = (command: Command): readonly Example[] => EXAMPLES.get(command) ?? [];

const usual = new Help();

/** Gives every command its help, written where `fleet` itself writes; called when the tree is whole. */
export function giveHelp(fleet: Command): void {
  for (const command of [fleet, ...fleet.commands]) {
    command.configureHelp({
      groupItems(all, visible, group) {
        const groups = usual.groupItems(all, visible, group);
        const own = groups.get(OWN);
        return own === undefined ? groups : new Map([[OWN, own], ...groups]);
      },
      commandUsage: (command) => usual.commandUsage(command).replace('[options]', '[flags]'),
      subcommandTerm: (command) => usual.subcommandTerm(command).replace(' [options]', ''),
      optionDescription: (option) =>
        usual.optionDescription(Array.isArray(option.defaultValue) ? bare(option) : option),
    });
    command.addHelpText('after', () => after(command));
  }
}

/** A list that is empty by default says nothing. */
const bare = (option: Option): Option =>
  Object.assign(Object.create(Object.getPrototypeOf(option)), option, { defaultValue: undefined });

function after(command: Command): string {
  const isWhole = command.parent === null;
  const sections = [
    section('Examples:', examplesOf(command)),
    ...(isWhole ? [section('Exit codes:', EXIT_CODES), WORST_FIRST] : []),
    isWhole
      ? `fleet COMMAND --help tells all flags, fleet help TOPIC what they are about.\nDocumentation: ${README}`
      : 'Exit codes: fleet help exit-codes',
  ];
  return `\n${sections.filter((text) => text !== '').join('\n\n')}`;
}

const section = (head: string, rows: Rows): string => (rows.length === 0 ? '' : [head, ...columns(rows)].join('\n'));

type Rows = readonly (readonly [string | number, string])[];

/** Two columns, indented. */
export function columns(rows: Rows): string[] {
  const width = Math.max(...rows.map(([left]) => String(left).length));
  const indented = (text: string) =>
    usual.boxWrap(text, WIDTH - width - 4).replaceAll('\n', `\n${' '.repeat(width + 4)}`);
  return rows.map(([left, right]) => `  ${String(left).padEnd(width)}  ${indented(right)}`);
}
