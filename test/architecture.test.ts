import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const SRC = resolve(import.meta.dirname, '../src');

/** Who may import whom: folders of ours, and packages. `types` are importable as types only. */
const TABLE: Record<string, { ours: string[]; packages: string[]; types?: string[] }> = {
  util: { ours: [], packages: ['ms', 'zod', 'node:events'] },
  shell: { ours: [], packages: [] },
  model: { ours: ['shell'], packages: ['node:crypto', 'node:util'], types: ['node:stream'] },
  monitor: { ours: ['util', 'model'], packages: ['node:crypto'] },
  local: { ours: [], packages: ['node:'] },
  env: { ours: ['model'], packages: [] },
  unit: { ours: ['util', 'model'], packages: [] },
  runtime: { ours: ['util', 'model', 'shell', 'unit'], packages: [] },
  host: { ours: ['util', 'model', 'shell', 'unit'], packages: ['node:crypto', 'node:fs'] },
  tasks: { ours: ['util', 'model', 'shell', 'unit', 'runtime', 'env'], packages: ['zod', 'fastest-levenshtein'] },
  checks: {
    ours: ['util', 'model', 'shell', 'unit', 'runtime'],
    packages: ['zod', 'node:crypto', 'node:http', 'node:net', 'node:tls'],
    types: ['node:stream'],
  },
  notify: {
    ours: ['util', 'model', 'local'],
    packages: ['zod', 'nodemailer', 'node:crypto', 'node:http', 'node:https'],
    types: ['output/messages/notification.ts'],
  },
  config: {
    ours: ['util', 'model', 'shell', 'local', 'env', 'unit', 'tasks', 'checks', 'notify'],
    packages: ['yaml', 'zod', 'zod/v4/core', 'ignore', 'fastest-levenshtein', 'ms', 'node:'],
  },
  transport: { ours: ['util', 'model', 'shell', 'local'], packages: ['ssh2', 'node-ssh', 'tar-stream', 'node:'] },
  engine: {
    ours: ['util', 'model', 'shell', 'unit', 'runtime', 'tasks', 'checks', 'host'],
    packages: [],
    types: ['transport/transport.ts'],
  },
  output: { ours: ['util', 'model'], packages: ['listr2', 'fast-string-width', 'node:crypto'] },
  demo: { ours: ['model'], packages: ['ssh2', 'node:'] },
  library: {
    ours: [
      'util',
      'model',
      'local',
      'config',
      'engine',
      'env',
      'host',
      'monitor',
      'notify',
      'output',
      'tasks',
      'transport',
    ],
    packages: ['node:'],
  },
  cli: { ours: ['*'], packages: ['commander', 'node:'] },
};

/** `later`: loaded when it is come to, not with the file. */
type Import = { file: string; folder: string; target: string; typeOnly: boolean; later: boolean };

const files = (readdirSync(SRC, { recursive: true }) as string[])
  .filter((file) => /\.m?[jt]s$/.test(file) && !file.includes('/app/') && !file.includes('/starter/'))
  .map((file) => ({ file, folder: file.split('/')[0] ?? '', text: readFileSync(join(SRC, file), 'utf8') }));

const imports: Import[] = files.flatMap(({ file, folder, text }) =>
  [...text.matchAll(/^(?:import|export)( type)?\b[^'";]*?from '([^']+)'|\bimport\('([^']+)'\)/gm)].map((match) => {
    const name = match[2] ?? match[3] ?? '';
    const target = name.startsWith('.') ? relative(SRC, resolve(SRC, dirname(file), name)) : name;
    return { file, folder, target, typeOnly: match[1] !== undefined, later: match[2] === undefined };
  }),
);

function allowed({ folder, target, typeOnly }: Omit<Import, 'later'>): boolean {
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
    expect(breach('engine/commands/deploy.ts', 'ssh2')).toBe(false);
    expect(breach('engine/commands/deploy.ts', 'output/words.ts')).toBe(false);
    expect(breach('engine/commands/deploy.ts', 'transport/transport.ts')).toBe(false);
    expect(breach('engine/commands/deploy.ts', 'transport/transport.ts', true)).toBe(true);
    expect(breach('model/plan.ts', 'engine/plan/plan.ts')).toBe(false);
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

type Arrows = ReadonlyMap<string, readonly string[]>;

/** What is part of a circle, or leads into one: all that is left when whatever leads nowhere has gone. */
function circles(arrows: Arrows): readonly string[] {
  const left = new Map(arrows);
  const ends = () => [...left].filter(([, targets]) => !targets.some((target) => left.has(target)));
  for (let gone = ends(); gone.length > 0; gone = ends()) for (const [name] of gone) left.delete(name);
  return [...left.keys()];
}

describe('arrows run one way', () => {
  const ours = imports.filter(({ target }) => files.some(({ file }) => file === target));

  it('between files', () => {
    const of = (name: string) => ours.filter(({ file }) => file === name).map(({ target }) => target);
    expect(circles(new Map(files.map(({ file }) => [file, of(file)])))).toEqual([]);
  });

  it('between the rooms of a folder; what stands beside them says what they share, or joins them', () => {
    const rooms = [...new Set(files.map(({ file }) => dirname(file)))].filter((room) => room.includes('/'));
    const apart = (one: string, other: string) =>
      !`${one}/`.startsWith(`${other}/`) && !`${other}/`.startsWith(`${one}/`);
    const within = (room: string) =>
      ours
        .filter(({ file, folder, target }) => dirname(file) === room && target.startsWith(`${folder}/`))
        .map(({ target }) => dirname(target))
        .filter((other) => apart(room, other));
    expect(rooms.length).toBeGreaterThan(5);
    expect(circles(new Map(rooms.map((room) => [room, within(room)])))).toEqual([]);
  });

  it('and a circle would be seen', () => {
    expect(circles(new Map(Object.entries({ a: ['b'], b: ['c'], c: ['b'], d: [] })))).toEqual(['a', 'b', 'c']);
  });
});

describe('a start loads no more than it needs, since every command pays for it', () => {
  const now = imports.filter(({ typeOnly, later }) => !typeOnly && !later);
  /** Files and packages. */
  const loaded = (...entries: readonly string[]): readonly string[] => {
    const found = new Set(entries);
    // A set goes on with what is added while it is gone through.
    for (const one of found) for (const { file, target } of now) if (file === one) found.add(target);
    return [...found].sort();
  };
  const packages = (all: readonly string[]) => all.filter((one) => !one.endsWith('.ts'));
  const bytes = (all: readonly string[]) =>
    files.filter(({ file }) => all.includes(file)).reduce((sum, { text }) => sum + text.length, 0);
  const afterwards = imports.filter(({ file, later }) => file === 'cli/main.ts' && later).map(({ target }) => target);

  it('--version: what says it', () => {
    expect(loaded('cli/main.ts')).toEqual(['cli/main.ts', 'cli/version.ts', 'node:fs', 'node:os']);
  });

  it('--help and a wrong flag: commander, and how to refuse', () => {
    const all = loaded('cli/main.ts', ...afterwards);
    expect(all).toContain('cli/program.ts');
    expect(packages(all).filter((name) => !name.startsWith('node:'))).toEqual(['commander']);
    expect(bytes(all)).toBeLessThan(80_000);
  });

  it('completion: commander, and no parser of files, since it is asked at every TAB', () => {
    const all = loaded('cli/main.ts', ...afterwards, 'cli/complete/answer.ts');
    expect(all).toContain('cli/complete/names.ts');
    expect(packages(all).filter((name) => !name.startsWith('node:'))).toEqual(['commander']);
    expect(bytes(all)).toBeLessThan(100_000);
    // Where a file has changed.
    expect(packages(loaded('cli/complete/read-names.ts'))).toContain('yaml');
  });

  it('a project that is read: nothing of connections, and no command of another', () => {
    const all = loaded('cli/commands/check.ts');
    expect(packages(all)).toContain('yaml');
    expect(
      all.filter((one) => /^(transport|engine|host|output|demo)\/|^(ssh2|node-ssh|listr2|tar-stream)$/.test(one)),
    ).toEqual([]);
    const commands = imports
      .filter(({ file, later }) => file === 'cli/program.ts' && later)
      .map(({ target }) => target);
    const others = commands.flatMap((one) => loaded(one).filter((file) => file !== one && commands.includes(file)));
    // The demo shows them.
    expect(new Set(others)).toEqual(
      new Set(
        loaded('cli/commands/demo.ts').filter((file) => commands.includes(file) && file !== 'cli/commands/demo.ts'),
      ),
    );
  });
});

describe('single owners', () => {
  const users = (pattern: RegExp) =>
    files
      .filter(({ text }) => pattern.test(text))
      .map(({ file }) => file)
      .sort();

  it('only cli/main.ts ends the process or reads its arguments', () => {
    expect(users(/\bprocess\.(exit|exitCode|argv)\b/)).toEqual(['cli/main.ts']);
  });

  it('only cli/main.ts reads the environment; a program that opens a fleet may leave it to its own', () => {
    expect(users(/\bprocess\.env\b|'node:process'/)).toEqual(['cli/main.ts', 'library/open.ts']);
  });

  it('programs of this machine are started in one place, besides what talks to a host', () => {
    expect(users(/'node:child_process'/)).toEqual([
      'demo/exec.ts',
      'local/attended.ts',
      'local/command.ts',
      'transport/sync/rsync.ts',
    ]);
  });

  it('files of this machine are read in one place, and opened without waiting for anybody', () => {
    const reading = users(/\b(readFile|readFileSync)\(|[^.]createReadStream\(/).filter(
      (file) => !file.startsWith('demo/'),
    );
    expect(reading).toEqual([
      'cli/version.ts',
      'host/program.ts',
      'local/code-cache.ts',
      'local/family.ts',
      'local/lock.ts',
    ]);
    expect(users(/\bopenSync\((?!.*\bSAFE_READ\b)/)).toEqual(['local/log-file.ts']);
    expect(users(/\bopen\(.*\bSAFE_READ\b/)).toEqual([
      'config/inputs/digests.ts',
      'config/inventory/load-inventory.ts',
      'local/cache.ts',
      'local/file.ts',
      'local/private-file.ts',
      'transport/sync/tar.ts',
    ]);
  });

  it('no time limit is one that the garbage collector forgets', () => {
    const forgotten = /\bAbortSignal\.any\([^;]*AbortSignal\.timeout\(/;
    expect(users(forgotten)).toEqual([]);
    expect('const stop = AbortSignal.any([signal, AbortSignal.timeout(SEND_MS)]);').toMatch(forgotten);
  });

  it('nothing writes to the console', () => {
    expect(users(/\bconsole\.\w+\(/)).toEqual([]);
  });

  it('a secret is revealed on its way to a host, to a receiver of notices, and into a file of this machine', () => {
    const revealing = users(/\.reveal\(\)/).filter((file) => file !== 'model/secret.ts');
    expect(revealing).toEqual(['env/edit.ts', 'notify/define.ts', 'transport/auth/reveal.ts']);
  });
});

describe('what stands outside of src', () => {
  const scripts = join(SRC, '../scripts');

  it('names only modules that there are', () => {
    const named = (readdirSync(scripts) as string[])
      .filter((name) => name.endsWith('.mjs'))
      .flatMap((name) => [...readFileSync(join(scripts, name), 'utf8').matchAll(/\.\.\/dist\/([\w/-]+)\.js'/g)])
      .map(([, path]) => `${path}.ts`);
    expect(named.length).toBeGreaterThan(1);
    expect(named.filter((path) => !files.some(({ file }) => file === path))).toEqual([]);
  });
});

describe('nobody reads what is written for people', () => {
  const STRING = '(match|matchAll|replace|replaceAll|search|split|startsWith|endsWith|includes|indexOf)';
  const using = (pattern: RegExp, rooms: RegExp) =>
    files.filter(({ file, text }) => rooms.test(file) && pattern.test(text)).map(({ file }) => file);
  /** A reply of the host program that is searched, and not read by the first words of its lines. */
  const REPLY = new RegExp(`(exec|test)\\([^()]*stdout|stdout(\\.\\w+\\(\\))*\\.(?!split)${STRING}\\(`);
  /** The fields that hold sentences of ours. */
  const FIELD = '(message|detail|why|needs|cause|fix|title|held|holder|drift|open)';
  const SENTENCE = new RegExp(
    `\\b${FIELD}(\\.trim\\(\\))?\\??\\.${STRING}\\(|\\.(exec|test)\\(([\\w.]*\\.)?${FIELD}\\)`,
  );

  it('in a reply of the host: its lines are read in src/host', () => {
    expect(using(REPLY, /^(engine|output|cli)\//)).toEqual([]);
  });

  it('in a sentence of ours, but to lay it out', () => {
    expect(using(SENTENCE, /^(?!transport\/)/).sort()).toEqual([
      'config/diagnostics/diagnostic.ts',
      'engine/stage/prepare.ts',
      'output/formats/unknown.ts',
    ]);
    // What these read are the words of ssh2, and of Node about a socket.
    expect(using(SENTENCE, /^transport\//).every((file) => /^transport\/(auth|ssh2|server-offer)/.test(file))).toBe(
      true,
    );
  });

  it('and who does would be seen', () => {
    const was = [
      "holder: stdout.trim().replace(/^(error|locked) /, '')",
      'Number(/found (\\d+)/.exec(stdout)?.[1])',
      "reply.value.stdout.includes('recovered ')",
    ];
    expect(was.filter((line) => !REPLY.test(line))).toEqual([]);
    const did = [
      "report.held.split(/[, :]/)[0] ?? ''",
      "first.message.startsWith('vars go in a circle')",
      '/^must be (.*), not (.*)$/s.exec(one.message)',
      "detail.includes('…')",
      "held.replace(', who holds it since ', ' since ')",
    ];
    expect(did.filter((line) => !SENTENCE.test(line))).toEqual([]);
    expect(SENTENCE.test("title.length, text.split(',')")).toBe(false);
  });
});
