import type { Command, Option } from 'commander';
import { type SchemaKey, saidOf, schemaKeys } from '../../output/tables/schema-page.ts';
import { examplesOf } from '../help.ts';
import type { Part, Topic } from './topics.ts';

/** A page of docs/reference, in Markdown. */
export type Page = { readonly file: string; readonly text: string };

/** Which topics stand on which page, and what is to be read beside it. */
const PAGES = [
  {
    ...{ file: 'inventory.md', title: 'Inventory', names: ['inventory'] },
    beside:
      'How they go together: [Inventory and playbook](../guides/project.md). Who can be told: [Notifiers](notifiers.md).',
  },
  {
    ...{ file: 'playbook.md', title: 'Playbook', names: ['playbook'] },
    beside:
      'How they go together: [Inventory and playbook](../guides/project.md). Kinds of entries: [Tasks](tasks.md), [Checks](checks.md).',
  },
  {
    ...{ file: 'tasks.md', title: 'Tasks', kind: 'task' },
    beside:
      'The entries of `tasks` in a playbook, each of one kind. See [Inventory and playbook](../guides/project.md), [Secrets](../guides/secrets.md), [Before the start](../guides/before-start.md), [Sockets and timers](../guides/sockets-and-timers.md), [What a deploy restarts](../HOST.md#what-a-deploy-restarts).',
  },
  {
    ...{ file: 'checks.md', title: 'Checks', kind: 'check' },
    beside:
      'The entries of `health` and `preconditions` in a playbook, each of one kind. How they are judged: [Health](../guides/health.md).',
  },
  {
    ...{ file: 'notifiers.md', title: 'Notifiers', kind: 'notifier' },
    beside: 'The entries of `notify` in the inventory. See [Being told](../guides/monitoring.md).',
  },
  {
    ...{ file: 'exit-codes.md', title: 'Exit codes and failures', names: ['exit-codes', 'failures'] },
    beside: 'What to do about them: [Troubleshooting](../guides/troubleshooting.md).',
  },
  {
    ...{ file: 'json.md', title: 'JSON', names: ['json'] },
    beside: 'The words: [Exit codes and failures](exit-codes.md).',
  },
  {
    ...{ file: 'lint.md', title: 'Lint rules', names: ['lint'] },
    beside: '`fleet check` says of each finding what really happens, and what to write.',
  },
  {
    ...{ file: 'environment.md', title: 'Environment', names: ['environment'] },
    beside: 'Flags: [Commands](cli.md).',
  },
] as const;

const MADE = '<!-- Made by `npm run reference` from what the program itself uses: change it there. -->';

/** Every page, from the same topics as `fleet help` and from the command tree. */
export function referencePages(topics: readonly Topic[], fleet: Command): readonly Page[] {
  const pages = PAGES.map((page) => {
    const here = topics.filter((one) => ('kind' in page ? one.kind === page.kind : isOneOf(page.names, one.name)));
    const several = here.length > 1;
    const body = here.flatMap(({ name, about, parts }) => [
      ...(several ? [`## ${'kind' in page ? `\`${name}\`` : about}`, ''] : []),
      ...parts.flatMap((part) => [...markdown(part, several ? '###' : '##'), '']),
    ]);
    return { file: page.file, text: joined(page.title, page.beside, body) };
  });
  return [{ file: 'cli.md', text: commandsPage(fleet) }, ...pages];
}

const isOneOf = (names: readonly string[], name: string) => names.includes(name);

const joined = (title: string, beside: string, body: readonly string[]) =>
  `${[`# ${title}`, '', MADE, '', beside, '', ...body].join('\n').trimEnd()}\n`;

function markdown(part: Part, level: string): readonly string[] {
  if (typeof part === 'string') return [part];
  if ('rows' in part)
    return table(
      part.heads,
      part.rows.map(([name, meaning]) => [code(String(name)), cell(meaning)]),
    );
  const { about, examples } = saidOf(part.schema);
  const keys = schemaKeys(part.schema);
  return [
    ...(part.title === '' ? [] : [`${level} ${part.title}`, '']),
    ...(about === '' ? [] : [cell(about), '']),
    ...(examples.length === 0 ? [] : [`Such as ${examples.map(code).join(' or ')}.`, '']),
    ...(keys.length === 0 ? [] : table(['key', 'value', 'meaning'], keyRows(keys, ''))),
  ];
}

/** A row for each key, the ones within behind it by their whole path; those of which nothing is said stand in its own row. */
const keyRows = (keys: readonly SchemaKey[], before: string): readonly (readonly string[])[] =>
  keys.flatMap(({ key, form, required, about, preset, examples, within }) => {
    const path = `${before}${key}`;
    const plain = within.length > 0 && within.every(isPlain);
    const value = plain ? `keys: ${within.map((one) => one.key).join(', ')}` : form;
    const meaning = [
      cell(about),
      ...(required ? ['Required.'] : []),
      ...(preset === null ? [] : [`Default ${code(preset)}.`]),
      ...(examples.length === 0 || isSame(examples, preset) ? [] : [`Such as ${examples.map(code).join(' or ')}.`]),
    ];
    const inner = form.includes('list of keys')
      ? `${path}[].`
      : form.includes('names to keys')
        ? `${path}.NAME.`
        : `${path}.`;
    const row = [code(path), cell(value), meaning.filter((one) => one !== '').join(' ')];
    return plain ? [row] : [row, ...keyRows(within, inner)];
  });

const isPlain = ({ about, preset, examples, required, within }: SchemaKey) =>
  about === '' && preset === null && examples.length === 0 && !required && within.length === 0;

const isSame = (examples: readonly string[], preset: string | null) => examples.length === 1 && examples[0] === preset;

const table = (heads: readonly string[], rows: readonly (readonly string[])[]) => [
  `| ${heads.join(' | ')} |`,
  `|${heads.map(() => '---|').join('')}`,
  ...rows.map((row) => `| ${row.join(' | ')} |`),
];

/** Running text in a cell: what is no code loses no letter to Markdown. */
const cell = (text: string) =>
  text
    .split(/(`[^`]*`)/)
    .map((piece) => (piece.startsWith('`') ? piece : piece.replace(/[<*]/g, '\\$&')))
    .join('')
    .replaceAll('|', '\\|');

const code = (text: string) => `\`${text.replaceAll('|', '\\|')}\``;

/** Groups of flags that many commands take, by their heads; what a command has alone has another. */
const SHARED = ['Which hosts:', 'How to go about it:', 'Common flags:'] as const;

const titleOf = (head: string) => head.replace(/:$/, '');

const anchorOf = (head: string) => `#${titleOf(head).toLowerCase().replaceAll(' ', '-')}`;

function commandsPage(fleet: Command): string {
  const commands = fleet.createHelp().visibleCommands(fleet);
  const helper = fleet.createHelp();
  const flagTable = (flags: readonly Option[]) =>
    table(
      ['flag', 'meaning'],
      flags.map((flag) => [code(flag.flags), cell(helper.optionDescription(flag))]),
    );
  const flagsOf = (command: Command) => command.createHelp().visibleOptions(command);
  // Those that each command of a group has; what only some have stands with them.
  const shared = SHARED.map((head) => {
    const [first = [], ...others] = commands
      .map((command) => flagsOf(command).filter((flag) => flag.helpGroupHeading === head))
      .filter((flags) => flags.length > 0);
    return { head, flags: first.filter(({ flags }) => others.every((all) => all.some((one) => one.flags === flags))) };
  });
  const isShared = (flag: Option) => shared.some(({ flags }) => flags.some((one) => one.flags === flag.flags));
  const body = [
    ...table(
      ['command', 'does'],
      commands.map((one) => [`[${code(`fleet ${one.name()}`)}](#fleet-${one.name()})`, cell(one.description())]),
    ),
    '',
    'Flags stand after the command or before it.',
    '',
    ...shared.flatMap(({ head, flags }) => [`## ${titleOf(head)}`, '', ...flagTable(flags), '']),
    ...commands.flatMap((command) => {
      const flags = flagsOf(command);
      const also = SHARED.filter((head) => flags.some((flag) => flag.helpGroupHeading === head));
      const own = flags.filter(
        (flag) => flag.long !== '--help' && !(isOneOf(SHARED, flag.helpGroupHeading ?? '') && isShared(flag)),
      );
      const words = helper
        .visibleArguments(command)
        .map((one) => [code(one.name()), cell(helper.argumentDescription(one))]);
      return [
        `## fleet ${command.name()}`,
        '',
        `${code(`fleet ${command.name()} ${command.usage().replace('[options]', '[flags]')}`)}: ${cell(command.description())}.`,
        '',
        ...(words.length === 0 ? [] : [...table(['word', 'meaning'], words), '']),
        ...(own.length === 0 ? [] : [...flagTable(own), '']),
        ...(also.length === 0
          ? []
          : [`Besides: ${also.map((head) => `[${titleOf(head)}](${anchorOf(head)})`).join(', ')}.`, '']),
        ...(examplesOf(command).length === 0
          ? []
          : ['```sh', ...examplesOf(command).map(([line, what]) => `${line}   # ${what}`), '```', '']),
      ];
    }),
  ];
  return joined(
    'Commands',
    'How they end: [Exit codes and failures](exit-codes.md). `fleet COMMAND --help` says the same.',
    body,
  );
}
