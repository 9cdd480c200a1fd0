import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SHELLS } from '../runtime/shells.ts';
import { workshop } from './workshop.ts';

// What root makes of what an account's own `tar` says of its tree, where `tar` is busybox's.

/** All of it is one account's here; whose it becomes is proved on hosts. */
const BUSY = `PATH=$ROOT/bin:$PATH
  mkdir -p "$ROOT/bin"
  for tool in tar find stat readlink ln grep; do ln -sf "$(which_file busybox)" "$ROOT/bin/$tool"; done`;
const ALONE =
  'own_tree() { chmod 0755 .; }\nend_build() { :; }\nmkdir -p "$G/.staging-1" && id -un >"$G/.staging-1/lent"';
const TAKE = 'root_enter && take 1';
const OLD_WAY = 'take_apart() { take_whole; }';
const LOOK = `cd "$ROOT/releases/1" && find . | LC_ALL=C sort | while IFS= read -r n; do stat -c '%a %s %F' "./$n"; printf '%s %s\\n' "$n" "$(readlink "./$n")"; done`;

/** A release as no build should leave it, but may. */
const ODD = `mkdir -p "$ROOT/releases/1" && cd "$ROOT/releases/1" && umask 022
  mkdir -p empty/deep -- "with blank/'quotes\\"" -dash/-n 'back\\slash'
  mkdir -m 0700 closed && mkdir -m 2775 shared && echo x >closed/file && chmod 0400 closed/file
  echo x >"with blank/'quotes\\"/ \\\\ " && echo x >./-dash/-rf && echo x >'a -> b' && echo x >"$(printf '\\351\\377')" && : >none
  echo x >one && ln one two && chmod 0755 one && mkfifo pipe
  ln -s one relative && ln -s /etc/passwd absolute && ln -s ../../.. up && ln -s nowhere dangling && ln -s closed folder
  ln -s ' x\\y ' ./-link && ln -s ../one "with blank/'quotes\\"/l" && ln -s x 'l -> l'
  mkdir locked && ln -s ../one locked/link && chmod 0555 locked
  i=0; while [ $i -lt 300 ]; do echo $i >shared/$i; i=$((i + 1)); done
  cd "$ROOT"`;

type Entry = { readonly name: string; readonly type: '0' | '1' | '2' | '5'; readonly to?: string };

/** An archive as no tool would write it. */
function archive(entries: readonly Entry[]): Buffer {
  const heads = entries.map(({ name, type, to = '' }) => {
    const head = Buffer.alloc(512);
    const put = (text: string, at: number) => head.write(text, at, 'latin1');
    put(name, 0);
    put('0000777\0', 100);
    put('0000000\0'.repeat(2), 108);
    put(`${'0'.repeat(11)}\0`.repeat(2), 124);
    put(`        ${type}${to}`, 148);
    put('ustar\x0000', 257);
    const sum = head.reduce((all, byte) => all + byte, 0);
    put(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    return head;
  });
  return Buffer.concat([...heads, Buffer.alloc(1024)]);
}

const NOTHING: readonly Entry[] = [{ name: './', type: '5' }];
type Told = { readonly rest?: readonly Entry[]; readonly links?: readonly string[] };

/** @returns how it went, and what has come into a folder beside the release */
async function taken(shell: readonly string[], told: Told, way = '') {
  using shop = workshop();
  const precious = join(shop.root, 'precious');
  mkdirSync(precious);
  mkdirSync(join(shop.root, 'releases/1'), { recursive: true });
  const at = (text: string) => text.replace('PRECIOUS', precious);
  writeFileSync(join(shop.root, 'rest'), archive((told.rest ?? NOTHING).map((it) => ({ ...it, to: at(it.to ?? '') }))));
  writeFileSync(join(shop.root, 'links'), (told.links ?? []).map((line) => `${at(line)}\n`).join(''));
  const words = 'as_user() { case $* in *tar\\ -c*) cat "$ROOT/rest" ;; *) cat "$ROOT/links" ;; esac; }';
  const run = await shop.run(shell, [BUSY, ALONE, words, way, TAKE].join('\n'));
  return { ...run, harm: readdirSync(precious) };
}

/** Some tars would write through the first. */
const LINKED: readonly Entry[] = [
  { name: './d', type: '2', to: 'PRECIOUS' },
  { name: './e', type: '2', to: '/etc/passwd' },
];

describe.each(SHELLS.map((shell) => [shell.join(' '), shell] as const))('in %s', (_name, shell) => {
  it('a release arrives as GNU’s tar would have brought it', { timeout: 120_000 }, async () => {
    const [apart, whole] = await Promise.all(
      [BUSY, ''].map(async (tools) => {
        using shop = workshop();
        return await shop.run(shell, [ODD, tools, ALONE, TAKE, LOOK, 'chmod -R u+w "$ROOT/releases"'].join('\n'));
      }),
    );
    expect(apart?.stdout.split('\n').length).toBeGreaterThan(600);
    expect(apart?.stdout.replace(/.*\n\.\/pipe \n/, '')).toBe(whole?.stdout.replace(/.*\n\.\/pipe \n/, ''));
  });

  it('links of an archive are none that root makes', async () => {
    expect(await taken(shell, { rest: LINKED }, OLD_WAY)).toMatchObject({ code: 0 });
    const { code, stdout, harm } = await taken(shell, { rest: LINKED });
    expect({ code, harm }).toEqual({ code: 65, harm: [] });
    expect(stdout).toMatch(/^error cannot copy what was built: it changed while it was copied/);
  });

  it('a link that is told plainly is made', async () => {
    expect(await taken(shell, { links: ['./d/evil', 'PRECIOUS'] })).toMatchObject({ code: 0, harm: [] });
  });

  it.each<readonly [string, Told]>([
    ['a second name of a file outside', { rest: [{ name: './x', type: '1', to: 'PRECIOUS/../rest' }] }],
    ['a link below a link', { links: ['./d', 'PRECIOUS', './d/evil', 'x'] }],
    ['a link above the tree', { links: ['./../../../precious/evil', 'x'] }],
    ['a link by its whole path', { links: ['PRECIOUS/evil', 'x'] }],
    ['a link without a name', { links: ['./', 'x'] }],
    ['a link that leads nowhere', { links: ['./x'] }],
    ['two of the same name', { links: ['./x', 'PRECIOUS', './x', 'evil'] }],
  ])('%s is refused', async (_what, told) => {
    expect(await taken(shell, told)).toMatchObject({ code: 65, harm: [] });
  });

  it('whatever the modes in it are, nobody can be in it before it is root’s', async () => {
    using shop = workshop();
    mkdirSync(join(shop.root, 'releases/1'), { recursive: true });
    symlinkSync('x', join(shop.root, 'releases/1/x'));
    const modes = 'chmod 0777 "$ROOT/releases/1"\nown_tree() { stat -c "%a %n" .. .; }';
    expect(await shop.run(shell, [ALONE, modes, TAKE].join('\n'))).toMatchObject({ stdout: '700 ..\n777 .\n' });
  });

  it('a name or a target that is no single line is refused', async () => {
    for (const odd of ['ln -s x "$(printf \'a\\nb\')"', 'ln -s "$(printf \'a\\nb\')" x', 'ln -s "x$NL" x']) {
      using shop = workshop();
      mkdirSync(join(shop.root, 'releases/1'), { recursive: true });
      const run = await shop.run(shell, [`(cd "$ROOT/releases/1" && ${odd})`, BUSY, ALONE, TAKE].join('\n'));
      expect(run, odd).toMatchObject({ code: 65, stdout: expect.stringContaining('has a line break in it') });
    }
  });

  it('thousands of files and links are there in time', { timeout: 120_000 }, async () => {
    using shop = workshop();
    const many = `mkdir -p "$ROOT/releases/1/d" && cd "$ROOT/releases/1/d" && seq 5000 | xargs touch && ln -s x l && cd "$ROOT"`;
    const run = await shop.run(shell, [many, BUSY, ALONE, TAKE, 'ls "$ROOT/releases/1/d" | wc -l'].join('\n'));
    expect(run.stdout.trim()).toBe('5001');
  });
});
