import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { didYouMean, nearest } from '../../config/diagnostics/nearest.ts';
import { readLocalText } from '../../local/file.ts';
import { ENVIRONMENT, EXIT_CODES, WORST_FIRST } from '../../output/messages/reference.ts';
import { type Schema, schemaPage } from '../../output/tables/schema-page.ts';
import type { CliContext } from '../context.ts';
import { columns } from '../help.ts';
import { UsageError } from '../refusal.ts';
import { PACKAGE } from '../version.ts';

type Page = { readonly about: string; readonly lines: () => readonly string[] };

/** `fleet help TOPIC`: the help of a command, or a page of reference. @throws UsageError where there is none */
export async function help(topic: string | undefined, fleet: Command, context: CliContext): Promise<0> {
  const pages = await referencePages();
  if (topic === undefined) {
    const names = ['exit-codes', 'environment', 'inventory', 'playbook'];
    const kinds = [...pages.keys()].filter((name) => !names.includes(name));
    fleet.outputHelp();
    context.stdout.write(`\nTopics: ${names.join(', ')}; tasks and checks: ${kinds.join(', ')}\n`);
    return 0;
  }
  const command = fleet.commands.find((one) => one.name() === topic);
  const page = pages.get(topic);
  if (command !== undefined) {
    command.outputHelp();
    // A task may have the name of a command.
    if (page !== undefined) context.stdout.write(`\n${[page.about, '', ...page.lines()].join('\n')}\n`);
    return 0;
  }
  if (page === undefined) {
    const topics = [...fleet.commands.map((one) => one.name()), ...pages.keys()];
    const near = didYouMean(nearest(topic, topics));
    throw new UsageError(
      `there is no help about ${topic}${near === null ? '' : `; ${near}`}\nfleet help lists all topics`,
    );
  }
  context.stdout.write(`${[page.about, '', ...page.lines()].join('\n')}\n`);
  return 0;
}

/** What editors check files with tells people as well what may stand in them. */
async function referencePages(): Promise<ReadonlyMap<string, Page>> {
  const [inventory, playbook] = await Promise.all([readSchema('inventory'), readSchema('playbook')]);
  /** Each entry of a list of kinds is one of them. */
  const kindsOf = (key: string) => {
    const { items } = playbook.properties?.[key] ?? {};
    return items?.maxProperties === 1 ? Object.entries(items.properties ?? {}) : [];
  };
  const lists = Object.keys(playbook.properties ?? {}).filter((key) => kindsOf(key).length > 0);
  const kinds = new Map(
    lists.flatMap(kindsOf).map(([name, schema]): [string, Page] => {
      const where = lists.filter((key) => kindsOf(key).some(([other]) => other === name)).join(' and ');
      return [name, { about: `${name}: an entry of ${where} in a playbook`, lines: () => schemaPage(schema) }];
    }),
  );
  const properties = Object.entries(playbook.properties ?? {}).map(([key, schema]) => [
    key,
    lists.includes(key) ? { ...schema, items: { const: 'kinds' } } : schema,
  ]);
  const app = { ...playbook, properties: Object.fromEntries(properties) };
  return new Map<string, Page>([
    ['exit-codes', { about: 'How fleet ends', lines: () => [...columns(EXIT_CODES), '', WORST_FIRST] }],
    ['environment', { about: 'Variables of the environment that fleet reads', lines: () => columns(ENVIRONMENT) }],
    ['inventory', { about: 'inventory/*.yaml: hosts, and how to reach them', lines: () => schemaPage(inventory) }],
    ['playbook', { about: 'playbooks/*.yaml: an app', lines: () => schemaPage(app) }],
    ...kinds,
  ]);
}

const readSchema = async (name: string): Promise<Schema> =>
  JSON.parse(await readLocalText(fileURLToPath(new URL(`schemas/${name}.schema.json`, PACKAGE))));
