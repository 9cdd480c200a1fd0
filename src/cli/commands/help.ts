import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { didYouMean, nearest } from '../../config/diagnostics/nearest.ts';
import { readLocalText } from '../../local/file.ts';
import { type Schema, schemaPage } from '../../output/tables/schema-page.ts';
import { wrap } from '../../output/text/width.ts';
import type { CliContext } from '../context.ts';
import { columns } from '../help.ts';
import { type Part, type Topic, topics } from '../reference/topics.ts';
import { UsageError } from '../refusal.ts';
import { PACKAGE } from '../version.ts';

/** `fleet help TOPIC`: the help of a command, or a page of reference. @throws UsageError where there is none */
export async function help(name: string | undefined, fleet: Command, context: CliContext): Promise<0> {
  const [inventory, playbook, line] = await Promise.all([
    readSchema('inventory'),
    readSchema('playbook'),
    readSchema('line'),
  ]);
  const all = topics(inventory, playbook, line);
  if (name === undefined) {
    const of = (kind: Topic['kind']) => all.filter((one) => one.kind === kind).map((one) => one.name);
    fleet.outputHelp();
    context.stdout.write(
      `\nTopics: ${of('page').join(', ')}; tasks, checks, or one of them: ${[...new Set([...of('task'), ...of('check')])].join(', ')}; ` +
        `notifiers, or one of them: ${of('notifier').join(', ')}\n`,
    );
    return 0;
  }
  const command = fleet.commands.find((one) => one.name() === name);
  // The name of a page of docs/reference is all of its kind.
  const pages = all.filter((one) => one.name === name || (one.kind !== 'page' && `${one.kind}s` === name));
  if (command === undefined && pages.length === 0) {
    const known = [...fleet.commands, ...all.map((one) => ({ name: () => one.name }))].map((one) => one.name());
    const near = didYouMean(nearest(name, [...known, 'tasks', 'checks', 'notifiers']));
    throw new UsageError(
      `there is no help about ${name}${near === null ? '' : `; ${near}`}\nfleet help lists all topics`,
    );
  }
  command?.outputHelp();
  // A task may have the name of a command.
  const text = pages.map(({ about, parts }) =>
    [about, ...parts.flatMap((part) => ['', ...lines(part)]), ''].join('\n'),
  );
  context.stdout.write([...(command !== undefined && text.length > 0 ? [''] : []), ...text].join('\n'));
  return 0;
}

const WIDTH = 80;

function lines(part: Part): readonly string[] {
  if (typeof part === 'string') return wrap(part, WIDTH);
  if ('rows' in part) return columns(part.rows);
  return [...(part.title === '' ? [] : [`${part.title}:`, '']), ...schemaPage(part.schema)];
}

const readSchema = async (name: string): Promise<Schema> =>
  JSON.parse(await readLocalText(fileURLToPath(new URL(`schemas/${name}.schema.json`, PACKAGE))));
