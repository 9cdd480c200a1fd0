import { readdirSync, readFileSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { CliContext } from '../../src/cli/context.ts';
import { program } from '../../src/cli/program.ts';
import { referencePages } from '../../src/cli/reference/pages.ts';
import { topics } from '../../src/cli/reference/topics.ts';
import { REGISTRY } from '../../src/config/playbook/registry.ts';
import { CHANNELS, PINGS } from '../../src/notify/index.ts';
import { ENVIRONMENT, EXIT_CODES } from '../../src/output/messages/reference.ts';
import { RULE_NAMES } from '../../src/unit/lint/rule-names.ts';

const root = new URL('../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');
const schema = (name: string) => JSON.parse(read(`schemas/${name}.schema.json`));
const nowhere = { stdout: new PassThrough(), stderr: new PassThrough() } as unknown as CliContext;
const fleet = program(nowhere, () => {});
const pages = new Map(
  referencePages(topics(schema('inventory'), schema('playbook'), schema('line')), fleet).map(({ file, text }) => [
    file,
    text,
  ]),
);

describe('docs/reference (npm run reference)', () => {
  it('is what the program would write now', () => {
    expect(readdirSync(new URL('docs/reference/', root)).sort()).toEqual([...pages.keys()].sort());
    for (const [file, text] of pages) expect(read(`docs/reference/${file}`), file).toBe(text);
  });

  it('has every command with every flag, kind, exit code and rule', () => {
    const has = (file: string, all: readonly string[]) =>
      all.filter((one) => pages.get(file)?.includes(one) !== true).map((one) => `${file}: ${one}`);
    const commands = fleet.createHelp().visibleCommands(fleet);
    const flags = commands.flatMap((command) =>
      command
        .createHelp()
        .visibleOptions(command)
        .map((one) => one.flags),
    );
    const kinds = (of: readonly { readonly kind: string }[]) => of.map(({ kind }) => `\n## \`${kind}\`\n`);
    expect([
      ...has(
        'cli.md',
        commands.map((one) => `\n## fleet ${one.name()}\n`),
      ),
      ...has(
        'cli.md',
        flags.filter((one) => one !== '-h, --help').map((one) => `| \`${one}\` | `),
      ),
      ...has('tasks.md', kinds(REGISTRY.tasks)),
      ...has('checks.md', kinds(REGISTRY.checks)),
      ...has('notifiers.md', kinds([...CHANNELS, ...PINGS])),
      ...has(
        'exit-codes.md',
        EXIT_CODES.map(([code, meaning]) => `| \`${code}\` | ${meaning} |`),
      ),
      ...has(
        'lint.md',
        Object.keys(RULE_NAMES).map((name) => `| \`${name}\` | `),
      ),
    ]).toEqual([]);
    expect(commands.length).toBeGreaterThan(25);
  });

  it('says something of every key', () => {
    const silent = [...pages].flatMap(([file, text]) =>
      text
        .split('\n')
        .filter((line) => /^\| `[^|]*\| [^|]* \| *(Required\.)? *\|$/.test(line))
        .map((line) => `${file}: ${line}`),
    );
    expect(silent).toEqual([]);
  });
});

it('the variables of the environment that are told are those that the sources read', () => {
  const sources = (readdirSync(new URL('src/', root), { recursive: true, encoding: 'utf8' }) as string[])
    .filter((file) => file.endsWith('.ts') && !file.startsWith('demo/') && !file.startsWith('output/messages/'))
    .map((file) => read(`src/${file}`));
  const reading = [
    /\benv\??\.([A-Z][A-Z_]+)\b/g,
    // Taken apart: `{ NO_COLOR, TERM }: Env`, `const { FLEET_SSH_CONFIG } = invoker.env`.
    /\{([^{}]*)\}: (?:Env\b|Readonly<Record<string, string \| undefined>>)/g,
    /const \{([^{}]*)\} = [\w.]*\benv\b/g,
    /\bfromEnv\('([A-Z_]+)'\)/g,
  ];
  const found = sources.flatMap((source) =>
    reading.flatMap((one) => [...source.matchAll(one)].map(([, words]) => words)),
  );
  const names = new Set(found.flatMap((words) => words?.match(/(?<![.\w])[A-Z][A-Z_]{2,}\b/g) ?? []));
  expect([...names].sort()).toEqual(ENVIRONMENT.flatMap(([name]) => name.split(', ')).sort());
});
