import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const SRC = resolve(import.meta.dirname, '../src');

/** Who may import whom: folders of ours, and packages. `types` are importable as types only. */
const TABLE: Record<string, { ours: string[]; packages: string[]; types?: string[] }> = {
  shell: { ours: [], packages: [] },
  model: { ours: ['shell'], packages: ['node:crypto', 'node:util', 'ms'], types: ['node:stream'] },
  env: { ours: ['model'], packages: [] },
  unit: { ours: ['model'], packages: [] },
  runtime: { ours: ['model', 'shell', 'unit'], packages: [] },
  host: { ours: ['model', 'shell', 'unit'], packages: ['node:crypto', 'node:fs'] },
  tasks: { ours: ['model', 'shell', 'unit', 'runtime', 'env'], packages: ['zod', 'fastest-levenshtein'] },
  checks: {
    ours: ['model', 'shell', 'unit', 'runtime'],
    packages: ['zod', 'node:http', 'node:net', 'node:tls'],
    types: ['node:stream'],
  },
  config: {
    ours: ['model', 'shell', 'unit', 'tasks', 'checks'],
    packages: ['yaml', 'zod', 'zod/v4/core', 'ignore', 'fastest-levenshtein', 'ms', 'node:'],
  },
  transport: { ours: ['model', 'shell'], packages: ['ssh2', 'node-ssh', 'tar-stream', 'node:'] },
  engine: {
    ours: ['model', 'shell', 'unit', 'runtime', 'tasks', 'checks', 'host'],
    packages: [],
    types: ['transport/transport.ts'],
  },
  output: { ours: ['model'], packages: ['listr2', 'node:crypto'] },
  demo: { ours: ['model'], packages: ['ssh2', 'node:'] },
  cli: { ours: ['*'], packages: ['commander', 'node:'] },
};

type Import = { file: string; folder: string; target: string; typeOnly: boolean };

const files = (readdirSync(SRC, { recursive: true }) as string[])
  .filter((file) => /\.m?[jt]s$/.test(file) && !file.includes('/app/') && !file.includes('/starter/'))
  .map((file) => ({ file, folder: file.split('/')[0] ?? '', text: readFileSync(join(SRC, file), 'utf8') }));

const imports: Import[] = files.flatMap(({ file, folder, text }) =>
  [...text.matchAll(/^(?:import|export)( type)?\b[^'";]*?from '([^']+)'|\bimport\('([^']+)'\)/gm)].map((match) => {
    const name = match[2] ?? match[3] ?? '';
    const target = name.startsWith('.') ? relative(SRC, resolve(SRC, dirname(file), name)) : name;
    return { file, folder, target, typeOnly: match[1] !== undefined };
  }),
);

function allowed({ folder, target, typeOnly }: Import): boolean {
  const rule = TABLE[folder];
  if (rule === undefined) return false;
  const targetFolder = target.split('/')[0] ?? '';
  if (targetFolder === folder) return true;
  if (targetFolder in TABLE) {
    return (
      rule.ours.includes('*') || rule.ours.includes(targetFolder) || (typeOnly && (rule.types ?? []).includes(target))
    );
  }
  const matches = (one: string) => (one.endsWith(':') ? target.startsWith(one) : target === one);
  return rule.packages.some(matches) || (typeOnly && (rule.types ?? []).some(matches));
}

describe('the import rules', () => {
  it('hold in every source file', () => {
    expect(imports.length).toBeGreaterThan(200);
    expect(imports.filter((one) => !allowed(one)).map(({ file, target }) => `${file} imports ${target}`)).toEqual([]);
  });

  it('would notice a breach', () => {
    const breach = (file: string, target: string, typeOnly = false) =>
      allowed({ file, folder: file.split('/')[0] ?? '', target, typeOnly });
    expect(breach('engine/deploy.ts', 'ssh2')).toBe(false);
    expect(breach('engine/deploy.ts', 'output/words.ts')).toBe(false);
    expect(breach('engine/deploy.ts', 'transport/transport.ts')).toBe(false);
    expect(breach('engine/deploy.ts', 'transport/transport.ts', true)).toBe(true);
    expect(breach('model/plan.ts', 'engine/plan.ts')).toBe(false);
  });

  it('let no task and no check import a sibling kind', () => {
    const kinds = (folder: string) =>
      imports
        .filter(
          ({ file, folder: from, target }) =>
            from === folder && file !== `${folder}/index.ts` && target.startsWith(`${folder}/`),
        )
        .filter(({ target }) => indexed(folder).includes(target));
    const indexed = (folder: string) =>
      imports.filter(({ file }) => file === `${folder}/index.ts`).map(({ target }) => target);
    expect(indexed('tasks').length).toBeGreaterThan(8);
    expect([...kinds('tasks'), ...kinds('checks')]).toEqual([]);
  });
});

describe('single owners', () => {
  const users = (pattern: RegExp) => files.filter(({ text }) => pattern.test(text)).map(({ file }) => file);

  it('only cli/main.ts ends the process or reads its arguments', () => {
    expect(users(/\bprocess\.(exit|exitCode|argv)\b/)).toEqual(['cli/main.ts']);
  });

  it('only cli/main.ts reads the environment', () => {
    expect(users(/\bprocess\.env\b/)).toEqual(['cli/main.ts']);
  });

  it('nothing writes to the console', () => {
    expect(users(/\bconsole\.\w+\(/)).toEqual([]);
  });

  it('a secret is revealed in one file of the transport', () => {
    expect(users(/\.reveal\(\)/).filter((file) => file !== 'model/secret.ts')).toEqual(['transport/reveal.ts']);
  });

  it('a run context has three fields, so that it never becomes a bag of everything', () => {
    const text = files.find(({ file }) => file === 'engine/run.ts')?.text ?? '';
    const context = /export type RunContext = \{([\s\S]*?)\n\};/.exec(text)?.[1] ?? '';
    expect([...context.matchAll(/readonly (\w+)/g)].map((match) => match[1])).toEqual(['signal', 'now', 'emit']);
  });

  it('no file is longer than 300 lines', () => {
    const long = files
      .map(({ file, text }) => ({ file, lines: text.split('\n').length }))
      .filter(({ lines }) => lines > 300);
    expect(long).toEqual([]);
  });
});
