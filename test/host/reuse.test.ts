import { linkSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../src/model/digest.ts';
import { workshop } from './workshop.ts';

// What of a release on its way is taken from the one before, and what has to be sent.

const SHELLS: readonly (readonly [string, readonly string[]])[] = [
  ['dash', ['dash']],
  ['bash', ['bash', '--posix']],
  ['busybox', ['busybox', 'sh']],
];
const OLD: Readonly<Record<string, readonly [text: string, mode: number]>> = {
  'same.py': ['same\n', 0o644],
  'lib/deep/same.py': ['deep\n', 0o644],
  'run.sh': ['run\n', 0o755],
  'becomes-program.sh': ['b\n', 0o644],
  'changed.py': ['before\n', 0o644],
  'gone.py': ['gone\n', 0o644],
  'with space.py': ['space\n', 0o644],
};
const sent = [
  `${sha256('same\n')} ./same.py`,
  `${sha256('deep\n')} ./lib/deep/same.py`,
  `${sha256('run\n')} ./run.sh`,
  'x ./run.sh',
  `${sha256('b\n')} ./becomes-program.sh`,
  'x ./becomes-program.sh',
  `${sha256('after\n')} ./changed.py`,
  `${sha256('new\n')} ./new.py`,
  `${sha256('space\n')} ./with space.py`,
  'l ./link -> same.py',
];
const MISSING = ['./becomes-program.sh', './changed.py', './link', './new.py'];

function host() {
  const shop = workshop();
  const [old, fresh] = [1, 2].map((n) => join(shop.root, `releases/${n}`)) as [string, string];
  for (const [path, [text, mode]] of Object.entries(OLD)) {
    mkdirSync(dirname(join(old, path)), { recursive: true });
    writeFileSync(join(old, path), text, { mode });
  }
  symlinkSync('same.py', join(old, 'link'));
  const staging = join(shop.state, 'generations/.staging-2');
  for (const folder of [join(shop.state, 'generations/1'), staging]) mkdirSync(folder);
  const list = (lines: readonly string[]) => writeFileSync(join(staging, 'sent'), `${lines.join('\n')}\n`);
  list(sent);
  return { ...shop, old, fresh, staging, list };
}
const BEGIN = '(cd "$R/releases/1" && note_tree "$G/1")';
const inode = (path: string) => statSync(path).ino;

describe.each(SHELLS)('%s', (_shell, shell) => {
  it.each(['link', 'copy'] as const)('takes what is the same by %s, and names the rest', async (how) => {
    using shop = host();
    const { stdout } = await shop.run(shell, `${BEGIN}; reuse 2 1 ${how}`);
    const told = stdout.trim().split('\n').sort();
    // Where cp is too old for it all is sent, which is right too; the tests on hosts say where that is.
    if (told.join() === 'missing') return expect(shell[0]).toBe('busybox');
    expect(told).toEqual(MISSING.map((path) => `missing ${path}`));
    for (const path of ['same.py', 'lib/deep/same.py', 'run.sh', 'with space.py']) {
      expect(readFileSync(join(shop.fresh, path))).toEqual(readFileSync(join(shop.old, path)));
      expect(inode(join(shop.fresh, path)) === inode(join(shop.old, path))).toBe(how === 'link');
      expect(statSync(join(shop.fresh, path)).mode).toBe(statSync(join(shop.old, path)).mode);
    }
    expect(() => statSync(join(shop.fresh, 'gone.py'))).toThrow();
    expect(() => statSync(join(shop.fresh, 'changed.py'))).toThrow();
  });

  it.each([
    ['nothing is to be taken', 'reuse 2 1 nothing'],
    ['the base was never sealed', 'rm "$G/1/sums"; reuse 2 1 link'],
    ['there is no base', 'reuse 2 0 link'],
    [
      'more is another than is worth telling',
      'i=0; while [ $i -lt 2001 ]; do say "x$i ./f$i"; i=$((i + 1)); done >>"$G/.staging-2/sent"; reuse 2 1 link',
    ],
  ])('all is missing where %s', async (_, body) => {
    using shop = host();
    expect((await shop.run(shell, `${BEGIN}; ${body}`)).stdout).toBe('missing\n');
    expect(() => statSync(join(shop.fresh, 'same.py'))).toThrow();
  });

  it('a file of another group is sent again: a second name of it would take the base along', async () => {
    using shop = host();
    const other = 'group_to_share() { say none; }; ';
    expect((await shop.run(shell, `${BEGIN}; ${other}reuse 2 1 link`)).stdout).toContain('missing ./same.py');
    expect(() => statSync(join(shop.fresh, 'same.py'))).toThrow();
    const same = `group_to_share() { say ${statSync(join(shop.old, 'same.py')).gid}; }; `;
    const { stdout } = await shop.run(shell, `${BEGIN}; ${same}reuse 2 1 link`);
    expect(stdout).not.toContain('missing ./same.py');
    const asked = `printf 'user %s\n' root >"$G/.staging-2/manifest"; PRIVILEGED=1; group_to_share 2 -l; group_to_share 2 ''`;
    expect((await shop.run(shell, asked)).stdout).toBe('0\n');
  });

  it('what came of it is compared, and a base that is not as it was sealed is not believed again', async () => {
    using shop = host();
    shop.list([`${sha256('same\n')} ./same.py`]);
    // Content, but neither size nor time nor inode: what nobody sees who only looks.
    const body = `${BEGIN}; reuse 2 1 copy; cd "$R/releases/2" && printf 'evil\\n' >same.py; (as_sent 2); say "code $?"; altered 1; say looked`;
    const { stdout } = await shop.run(shell, body);
    if (stdout.startsWith('missing\n')) return expect(shell[0]).toBe('busybox');
    expect(stdout).toBe('changed same.py\ncode 67\nlooked\n');
    // The numbers are gone from the seal, and the sums decide.
    expect(readFileSync(join(shop.state, 'generations/1/seal'), 'utf8')).toMatch(
      /^\S+ \S+ \S+ 0 \d+ \d+ \.\/same\.py$/m,
    );
    const bitRot = `cd "$R/releases/1" && t=$(stat -c %y same.py) && printf 'evil\\n' >same.py && touch -d "$t" same.py; altered 1`;
    expect((await shop.run(shell, bitRot)).stdout).toBe('same.py\n');
  });

  it('sums that were taken when it came are those that it is sealed with', async () => {
    using shop = host();
    mkdirSync(shop.fresh);
    writeFileSync(join(shop.fresh, 'same.py'), 'same\n');
    shop.list([`${sha256('same\n')} ./same.py`]);
    const seal = 'cd "$R/releases/2" && as_sent 2 && note_tree "$G/.staging-2"; cat "$G/.staging-2/sums"';
    expect((await shop.run(shell, seal)).stdout).toBe(`${sha256('same\n')} ./same.py\n`);
    // Another name of it changes nothing; the sums of a release that is lent to a build are taken anew.
    linkSync(join(shop.fresh, 'same.py'), join(shop.fresh, 'built.py'));
    const built = `cp "$G/.staging-2/sums" "$R/before"; echo '${sha256('same\n')} ./same.py' >"$G/.staging-2/sent"; rm "$R/releases/2/built.py"; verb_lend 2 -; echo more >"$R/releases/2/built.py"; cd "$R/releases/2" && note_tree "$G/.staging-2"; cut -d' ' -f2 "$G/.staging-2/sums"`;
    expect((await shop.run(shell, built)).stdout).toBe('./built.py\n./same.py\n');
  });
});
