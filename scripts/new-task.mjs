// `npm run new-task NAME`: writes a task kind that works, its entry in the registry and its test, all to be changed.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));

const fail = (text) => {
  process.stderr.write(`new-task: ${text}\n`);
  process.exit(2);
};

/** Names that the template or its test imports or defines itself. */
const TAKEN = new Set(['await', 'describe', 'expect', 'it', 'layout', 'local', 'refusal', 'schema', 'sh', 'task']);

function isIdentifier(name) {
  try {
    new Function(`'use strict'; const ${name} = 0;`);
    return !TAKEN.has(name);
  } catch {
    return false;
  }
}

const task = (kind, name) => `import { z } from 'zod';
import { EMPTY_TASK_PLAN } from '../model/plan.ts';
import { sh } from '../shell/sh.ts';
import { defineTask } from './define.ts';
import { absolutePath } from './fields.ts';

// TODO what a playbook says about it; unknown keys are refused, and every message is a predicate ("must be …").
const schema = z.strictObject({
  path: absolutePath.meta({ description: 'TODO', examples: ['/etc/example'] }),
});

/** TODO one sentence: what it brings about on a host. For now: an empty file. */
export const ${name} = defineTask({
  kind: '${kind}',
  about: 'TODO: what it does, in a sentence.',
  schema,

  // The operator's files and secrets are read here, before any host is contacted.
  local: async () => null,

  // Read-only, for dash, bash and busybox alike; null when nothing has to be known.
  probe: ({ path }) => sh\`if [ -e \${path} ]; then echo yes; else echo no; fi\`,
  parse: (stdout) => stdout.trim(),

  // Pure: no clock, no files, no environment, and nothing from other tasks.
  plan({ spec: { path } }, found, { host }) {
    if (found === 'yes') return EMPTY_TASK_PLAN;
    // No answer is not "absent".
    if (found !== 'no') return { ...EMPTY_TASK_PLAN, unsupported: [\`a look at \${path}\`] };
    if (host.uid !== 0) return { ...EMPTY_TASK_PLAN, unsupported: [\`root, to create \${path}\`] };
    return {
      ...EMPTY_TASK_PLAN,
      prepare: [
        {
          id: \`${kind}:\${path}\`,
          title: \`create \${path}\`,
          apply: sh\`: >>\${path}\`,
          // What somebody has written into it in the meantime stays.
          undo: sh\`[ -s \${path} ] || rm -f \${path}\`,
          timeoutMs: 60_000,
        },
      ],
    };
  },
});
`;

const test = (kind, name) => `import { describe, expect, it } from 'vitest';
import { ${name} } from '../../src/tasks/${kind}.ts';
import { hostWith, layout, planOf, refusal, runIn, SHELLS, UNPRIVILEGED } from './rig.ts';

const ENTRY = { path: '/etc/example' };

describe('${kind}', () => {
  it('that is missing is created, and undone by its own script', async () => {
    const { prepare, unsupported } = await planOf(${name}, ENTRY, 'no\\n');
    expect(unsupported).toEqual([]);
    expect(prepare.map(({ title }) => title)).toEqual(['create /etc/example']);
    expect(prepare[0]?.undo).not.toBe('keep');
  });

  it('that is there is left alone, without root too', async () => {
    for (const context of [hostWith(), UNPRIVILEGED])
      expect(await planOf(${name}, ENTRY, 'yes\\n', context)).toMatchObject({ prepare: [], unsupported: [] });
  });

  it.each([
    ['no root', 'no\\n', UNPRIVILEGED, 'root, to create /etc/example'],
    ['no answer', '', hostWith(), 'a look at /etc/example'],
  ])('is unsupported with %s', async (_name, stdout, context, needs) => {
    expect(await planOf(${name}, ENTRY, stdout, context)).toMatchObject({ prepare: [], unsupported: [needs] });
  });

  it.each([null, {}, { path: 'relative' }, { path: '/a/../b' }, { path: '/a\\nb' }, { ...ENTRY, more: 1 }])(
    'is refused as %j',
    (entry) => expect(refusal(${name}, entry)).not.toBeNull(),
  );

  it.each(SHELLS.map((shell) => [shell.join(' '), shell] as const))('is looked for in %s', (_name, shell) => {
    const look = (path: string) => ${name}.parse(runIn(shell, ${name}.probe({ path }, layout)));
    expect(look('/etc/passwd')).toBe('yes');
    expect(look("/etc/a b'c $(id)")).toBe('no');
  });
});
`;

/** The registry with one more import, in alphabetical order, and one more entry, at the end. */
function registered(text, kind, name) {
  const lines = text.split('\n');
  const isImport = (line) => line.startsWith('import ');
  const line = `import { ${name} } from './${kind}.ts';`;
  const path = (one) => one.slice(one.indexOf("'"));
  const imports = [...lines.filter(isImport), line].sort((a, b) => (path(a) < path(b) ? -1 : 1));
  const rest = lines.filter((one) => !isImport(one)).join('\n');
  return `${imports.join('\n')}\n${insertBefore(rest, '] as const;', `, ${name}`)}`;
}

/** A valid entry for the test that every kind has to pass. */
const withEntry = (text, kind) =>
  insertBefore(text, '\n};', `\n  ${/-/.test(kind) ? `'${kind}'` : kind}: { path: '/etc/example' },`);

function insertBefore(text, mark, piece) {
  const at = text.indexOf(mark);
  if (at === -1) fail(`cannot find ${JSON.stringify(mark)} where the kind has to be registered`);
  return `${text.slice(0, at).replace(/,?\s*$/, mark === '\n};' ? ',' : '')}${piece}${text.slice(at)}`;
}

const [kind = '', ...more] = process.argv.slice(2);
if (kind === '' || more.length > 0) fail('which one? npm run new-task NAME');
if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(kind)) fail(`"${kind}" must be lower-case words joined by dashes`);
const name = kind.replace(/-(.)/g, (_all, letter) => letter.toUpperCase());
if (!isIdentifier(name)) fail(`"${name}" is a word of the language or of the template: choose another`);

const source = `src/tasks/${kind}.ts`;
const tests = `test/tasks/${kind}.test.ts`;
for (const file of [source, tests]) if (existsSync(root + file)) fail(`${file} is there already; nothing was written`);

const index = 'src/tasks/index.ts';
const contract = 'test/tasks/registry.test.ts';
const files = new Map([
  [source, task(kind, name)],
  [tests, test(kind, name)],
  [index, registered(readFileSync(root + index, 'utf8'), kind, name)],
  [contract, withEntry(readFileSync(root + contract, 'utf8'), kind)],
]);
for (const [file, text] of files) writeFileSync(root + file, text);

const biome = ['node_modules/@biomejs/biome/bin/biome', 'check', '--write', ...files.keys()];
const formatted = spawnSync(process.execPath, biome, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
process.stdout.write(
  `wrote  ${source}\nwrote  ${tests}\nadded  ${name} to ${index}\nadded  a valid entry to ${contract}\n\n` +
    `next: npx vitest run test/tasks, then put your own work in place of each TODO\n` +
    `when its schema is done: npm run -s reference\n`,
);
process.exit(formatted.status === 0 ? 0 : 1);
