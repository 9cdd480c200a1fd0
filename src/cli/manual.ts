import { type Command, Help, type Option } from 'commander';
import { ENVIRONMENT, EXIT_CODES, WORST_FIRST } from '../output/messages/reference.ts';
import { examplesOf } from './help.ts';

/** A manual page: `fleet.1`, `fleet-deploy.1` …, in mdoc, which mandoc and groff both read. */
export type ManualPage = { readonly name: string; readonly text: string };

/** The pages of the whole command tree. @param version of fleet @param date of the pages: `January 1, 2026` */
export function manualPages(fleet: Command, version: string, date: string): readonly ManualPage[] {
  const pages = [fleet, ...commandsOf(fleet)].map((command) => ({ command, name: pageName(fleet, command) }));
  return pages.map(({ command, name }) => {
    const lines = [
      `.Dd ${date}`,
      `.Dt ${name.toUpperCase()} 1`,
      `.Os fleet ${version}`,
      '.Sh NAME',
      `.Nm ${name}`,
      `.Nd ${text(withoutStop(command.description()))}`,
      ...synopsis(fleet, command),
      ...description(fleet, command),
      ...(command === fleet ? [...environment(), ...exitStatus()] : ['.Sh EXIT STATUS', 'See', '.Xr fleet 1 .']),
      ...examples(command),
      '.Sh SEE ALSO',
      ...seeAlso(
        pages
          .filter((page) => page.name !== name && (command === fleet || page.command === fleet))
          .map((page) => page.name),
      ),
    ];
    return { name: `${name}.1`, text: `${lines.join('\n')}\n` };
  });
}

const commandsOf = (fleet: Command): readonly Command[] => fleet.createHelp().visibleCommands(fleet);

const pageName = (fleet: Command, command: Command) =>
  command === fleet ? fleet.name() : `${fleet.name()}-${command.name()}`;

/** The long name where there is one; each of them stands once on a page. */
function flagMacro({ short, long, flags }: Option): string {
  const names = [short, long].filter((name) => name !== undefined).map((name) => `Fl ${escaped(name.slice(1))}`);
  const value = /[<[]([\w-]+)/.exec(flags)?.[1];
  return `${names.join(' , ')}${value === undefined ? '' : ` Ar ${escaped(value)}`}`;
}

const flagsOf = (command: Command): readonly Option[] => command.createHelp().visibleOptions(command);

function synopsis(fleet: Command, command: Command): readonly string[] {
  const head = ['.Sh SYNOPSIS', '.Nm fleet'];
  if (command === fleet) return [...head, '.Ar command', '.Op Ar flags'];
  const argument = (one: (typeof command.registeredArguments)[number]) =>
    `${one.required ? '.' : '.Op '}Ar ${escaped(one.name())}${one.variadic ? ' ...' : ''}`;
  return [
    ...head,
    `.Cm ${escaped(command.name())}`,
    ...flagsOf(command).map((flag) => `.Op ${flagMacro(flag).replace(' , ', ' | ')}`),
    ...command.registeredArguments.map(argument),
  ];
}

function description(fleet: Command, command: Command): readonly string[] {
  const rows = flagsOf(command).flatMap((flag) => [
    `.It ${flagMacro(flag)}`,
    text(sentence(command.createHelp().optionDescription(flag))),
  ]);
  const commands = commandsOf(fleet).flatMap((one) => [
    `.It Xr ${pageName(fleet, one)} 1`,
    text(sentence(one.description())),
  ]);
  return [
    '.Sh DESCRIPTION',
    text(sentence(command.description())),
    ...(command === fleet ? ['.Pp', 'The commands are:', ...list(commands)] : []),
    '.Pp',
    'The flags are:',
    ...list(rows),
  ];
}

const list = (rows: readonly string[]) => ['.Bl -tag -width Ds', ...rows, '.El'];

const environment = () => [
  '.Sh ENVIRONMENT',
  ...list(
    ENVIRONMENT.flatMap(([name, meaning]) => [`.It Ev ${name.replaceAll(', ', ' , ')}`, text(sentence(meaning))]),
  ),
];

const exitStatus = () => [
  '.Sh EXIT STATUS',
  ...list(EXIT_CODES.flatMap(([code, meaning]) => [`.It ${code}`, text(sentence(meaning))])),
  '.Pp',
  text(WORST_FIRST),
];

function examples(command: Command): readonly string[] {
  const rows = examplesOf(command).flatMap(([line, what]) => [
    '.Pp',
    text(`${withoutStop(sentence(what))}:`),
    // By itself it would be taken for a dash.
    `.Dl ${literal(line).replaceAll(' -- ', ' \\-\\- ')}`,
  ]);
  return rows.length === 0 ? [] : ['.Sh EXAMPLES', ...rows.slice(1)];
}

const seeAlso = (names: readonly string[]) => {
  const sorted = [...names].sort();
  return sorted.map((name, i) => `.Xr ${name} 1${i < sorted.length - 1 ? ' ,' : ''}`);
};

const withoutStop = (line: string) => line.replace(/\.$/, '');

/** As a sentence of running text. */
const sentence = (line: string) => `${line.charAt(0).toUpperCase()}${withoutStop(line).slice(1)}.`;

const escaped = (line: string) => line.replaceAll('\\', '\\e').replaceAll('-', '\\-');

const literal = (line: string) => line.replaceAll('\\', '\\e');

/** Running text, in lines that are short; one that began with a dot or a quote would be a macro. */
const text = (line: string) =>
  new Help()
    .boxWrap(literal(line), 72)
    .split('\n')
    .map((part) => part.replace(/^[.']/, '\\&$&'))
    .join('\n');
