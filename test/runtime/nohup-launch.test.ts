// biome-ignore-all lint/suspicious/noTemplateCurlyInString: systemd writes its variables like this
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { nohup } from '../../src/runtime/nohup/nohup.ts';
import { file } from '../unit/sample.ts';
import { input } from './sample.ts';
import { type Ended, feed, SHELLS } from './shells.ts';

const dir = mkdtempSync(join(tmpdir(), 'launch-'));
afterAll(() => rmSync(dir, { recursive: true }));

/** Prints how many arguments came, the arguments, and the environment. */
const SHOW = join(dir, 'show');
writeFileSync(SHOW, '#!/bin/sh\nprintf \'%s\\0\' "$#" "$@"\nexec /usr/bin/env -0\n');
chmodSync(SHOW, 0o755);

const script = (lines: string, name = 'app.service', kind = 'run') => {
  const { files } = nohup.record(input([file(name, `[Service]\n${lines}\n`)], [name]));
  return files.find(({ path }) => path === `services/${name}.${kind}`)?.text ?? '';
};

const shown = ({ status, stdout, stderr }: Ended) => {
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const [count = '', ...rest] = stdout.split('\0');
  const env = rest.slice(Number(count)).filter((pair) => pair !== '');
  return {
    argv: rest.slice(0, Number(count)),
    env: new Map(env.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)])),
  };
};

/** Writes a value so that systemd reads it back as it is. */
const written = (value: string) =>
  [...value]
    .map((c) => {
      if (c === '"' || c === '\\') return `\\${c}`;
      if (c === '%' || c === '$') return c + c;
      return /[\x01-\x1f\x7f]/.test(c) ? `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}` : c;
    })
    .join('');
const inEnvironment = (value: string) => written(value).replaceAll('$$', '$');

/** systemd's splitting of `$NAME`, written a second time in another way. */
function split(value: string): string[] {
  const words: string[] = [];
  const token = /[ \t\n\r]+|((?:\\[\s\S]?|"(?:\\[\s\S]?|[^"\\])*"?|'(?:\\[\s\S]?|[^'\\])*'?|[^ \t\n\r"'\\])+)/gu;
  const bare = (word: string) => {
    let out = '';
    let quote = '';
    const chars = [...word];
    for (let i = 0; i < chars.length; i += 1) {
      const c = chars[i] ?? '';
      if (c === '\\') out += chars[++i] ?? '';
      else if (quote === '' && (c === '"' || c === "'")) quote = c;
      else if (c === quote) quote = '';
      else out += c;
    }
    return out;
  };
  for (const [, word] of value.matchAll(token)) if (word !== undefined) words.push(bare(word));
  return words;
}

const HOSTILE = [
  "'",
  '"',
  '$',
  '`',
  '\\',
  '\n',
  '\r',
  '\t',
  ' ',
  '-',
  '--',
  '$(id)',
  '${A}',
  '%n',
  '*',
  '~',
  ';',
  '&',
  '#',
  'é',
  '😀',
  '!',
  '\x01',
  'x',
];
const hostile = fc.oneof(
  fc.array(fc.constantFrom(...HOSTILE), { maxLength: 6 }).map((bits) => bits.join('')),
  fc.string({ unit: 'binary', maxLength: 12 }).map((value) => value.replaceAll('\0', '')),
);
const NAMES = ['A', 'B_1', 'ENV', 'path', 'MAILGUN_KEY', 'HISTORY', 'name'] as const;
const environment = fc.dictionary(fc.constantFrom(...NAMES), hostile, { minKeys: 1 });
const argument = fc.oneof(
  hostile.map((text) => ({ line: `"${written(text)}"`, means: () => [text] })),
  fc.tuple(hostile, fc.constantFrom(...NAMES), hostile).map(([before, name, after]) => ({
    line: `"${written(before)}\${${name}}${written(after)}"`,
    means: (env: Record<string, string>) => [`${before}${env[name] ?? ''}${after}`],
  })),
  fc.constantFrom(...NAMES).map((name) => ({
    line: `$${name}`,
    means: (env: Record<string, string>) => split(env[name] ?? ''),
  })),
);

test('there are shells to try', () => {
  expect(SHELLS.length).toBeGreaterThan(0);
});

describe.each(SHELLS.map((shell) => [shell.join(' '), shell] as const))('under %s', (_, shell) => {
  test('arguments and environment arrive as the unit means them', () => {
    fc.assert(
      fc.property(environment, fc.array(argument, { maxLength: 6 }), (env, args) => {
        const lines = Object.entries(env).map(([name, value]) => `Environment="${name}=${inEnvironment(value)}"`);
        const text = `${lines.join('\n')}\nExecStart=${SHOW} ${args.map(({ line }) => line).join(' ')}`;
        const got = shown(feed(shell, script(text)));
        expect(got.argv).toEqual(args.flatMap(({ means }) => means(env)));
        expect(Object.fromEntries(Object.keys(env).map((name) => [name, got.env.get(name)]))).toEqual(env);
      }),
      { numRuns: 60 },
    );
  }, 30_000);

  test('names that the shell keeps for itself arrive too', () => {
    const names = `Environment=UID=7 IFS=x PWD=/nowhere PPID=1 "OPTIND=a b"`;
    const text = `${names}\nExecStart=/usr/bin/printf "%%s\\\\n" \${UID} \${PWD} \${RANDOM} $OPTIND`;
    expect(feed(shell, script(text))).toEqual({ status: 0, stdout: '7\n/nowhere\n\na\nb\n', stderr: '' });
    const all = feed(shell, script(`${names}\nExecStart=/usr/bin/env -0`)).stdout.split('\0');
    expect(all).toEqual(expect.arrayContaining(['UID=7', 'IFS=x', 'PWD=/nowhere', 'PPID=1', 'OPTIND=a b']));
  });

  test('an environment file beats Environment=, and is found by pattern', () => {
    const [one, two] = [join(dir, 'a b.env'), join(dir, 'a c.env')];
    writeFileSync(one, `A='from file'\nUID=5\nB='$B "quoted"'\n`);
    writeFileSync(two, 'C=2\n');
    const text = `Environment=A=unit D=4\nEnvironmentFile=${dir}/a ?.env\nEnvironmentFile=-/nowhere/.env\nExecStart=${SHOW} \${A}`;
    const { status, stdout } = feed(shell, script(text));
    const { argv, env } = shown({ status, stdout, stderr: '' });
    expect(argv).toEqual(['from file']);
    expect(['A', 'B', 'C', 'D'].map((name) => env.get(name))).toEqual(['from file', '$B "quoted"', '2', '4']);
  });

  test('a login is set up, and the unit may say otherwise', () => {
    const { env } = shown(feed(shell, script(`ExecStart=${SHOW}`)));
    expect(['HOME', 'SHELL', 'USER', 'LOGNAME', 'PATH'].filter((name) => !env.get(name))).toEqual([]);
    expect(env.get('PATH')).toContain('/usr/local/sbin');
    expect(shown(feed(shell, script(`Environment=PATH=/venv/bin\nExecStart=${SHOW}`))).env.get('PATH')).toBe(
      '/venv/bin',
    );
  });

  test('folder, umask and prepared folders hold for the program', () => {
    const folder = join(dir, "it's a folder");
    mkdirSync(folder, { recursive: true });
    const text = `RuntimeDirectory=a b\nWorkingDirectory=${folder}\nUMask=0027\nExecStart=/bin/sh -c "pwd; umask; echo $$RUNTIME_DIRECTORY"`;
    expect(feed(shell, script(text)).stdout).toBe(`${folder}\n0027\n/run/a:/run/b\n`);
  });

  test('preparations run first, one after the other, and cannot eat the script', () => {
    const text = `ExecStartPre=/bin/echo one\nExecStartPre=-/bin/false\nExecStartPre=/bin/cat\nExecStart=/bin/echo two`;
    expect(feed(shell, script(text))).toEqual({ status: 0, stdout: 'one\ntwo\n', stderr: '' });
  });

  test.each([
    ['a preparation that fails', 'ExecStartPre=/bin/sh -c "exit 42"\nExecStart=/bin/echo no', 42],
    ['a missing folder', 'WorkingDirectory=/nowhere\nExecStart=/bin/echo no', 200],
    ['a missing program', 'ExecStart=/nowhere/app', 203],
    ['a program nobody knows', 'ExecStart=no-such-program', 203],
    ['a missing environment file', 'EnvironmentFile=/nowhere/.env\nExecStart=/bin/echo no', 250],
  ])('%s ends the start with its status', (_name, text, status) => {
    expect(feed(shell, script(text))).toMatchObject({ status, stdout: '' });
  });

  test.each([
    ['an optional folder', 'WorkingDirectory=-/nowhere\nExecStart=/bin/pwd', '/\n'],
    ['an optional file', 'EnvironmentFile=-/nowhere/.env\nExecStart=/bin/echo ok', 'ok\n'],
    ['a bare name, whatever PATH the service gets', 'Environment=PATH=/nowhere\nExecStart=echo ok', 'ok\n'],
    ['several commands of a oneshot', 'Type=oneshot\nExecStart=/bin/echo a\nExecStart=/bin/echo b', 'a\nb\n'],
  ])('%s is no obstacle', (_name, text, stdout) => {
    expect(feed(shell, script(text))).toEqual({ status: 0, stdout, stderr: '' });
  });

  test('the program takes the place of the shell', () => {
    const text = 'ExecStart=/bin/sh -c "echo $$PPID"';
    expect(feed(shell, script(text)).stdout.trim()).toBe(String(process.pid));
  });

  test('reload and stop get MAINPID and the surroundings of the service', () => {
    const text = `Environment=A=1\nExecStart=/bin/app\nExecReload=/bin/echo -HUP $MAINPID \${A}\nExecStop=/bin/echo stop`;
    expect(feed(shell, script(text, 'app.service', 'reload'), { MAINPID: '77' }).stdout).toBe('-HUP 77 1\n');
    expect(feed(shell, script(text, 'app.service', 'stop')).stdout).toBe('stop\n');
  });
});
