import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SHELLS } from '../runtime/shells.ts';
import { workshop } from './workshop.ts';

const MANIFEST = 'version 1\nruntime -\nuser -\nbase 0\ndigest -\n';

describe.each(SHELLS.map((shell) => [shell.join(' '), shell] as const))('a commit, in %s', (_name, shell) => {
  it('whose verdict cannot be written stays open, and whoever comes next finishes it', async () => {
    using shop = workshop();
    const generation = join(shop.state, 'generations/1');
    for (const n of [1, 2]) {
      mkdirSync(join(shop.state, `generations/${n}`), { recursive: true });
      mkdirSync(join(shop.root, `releases/${n}`), { recursive: true });
      writeFileSync(join(shop.state, `generations/${n}/manifest`), MANIFEST);
    }
    symlinkSync('releases/1', join(shop.root, 'current'));
    writeFileSync(
      join(shop.state, 'state'),
      'version 1\nphase AWAIT_CONFIRM\ntxn t\nfrom 0\nto 1\nsettle 0\ndeadline 1\nkeep 1\nrunner 0\nrunner_start 0\nby me\naction deploy\n',
    );
    writeFileSync(join(shop.state, 'decision.t'), 'commit\n');
    const phase = () => /^phase (.*)$/m.exec(readFileSync(join(shop.state, 'state'), 'utf8'))?.[1];

    // A name that no file can take: what a full disk does, whoever runs this.
    mkdirSync(join(generation, 'verdict/in-the-way'), { recursive: true });
    expect(await shop.run(shell, 'verb_recover')).toMatchObject({ code: 74 });
    expect(phase()).toBe('COMMITTED');
    expect(existsSync(join(shop.state, 'log'))).toBe(false);
    expect(existsSync(join(shop.root, 'releases/1'))).toBe(true);

    rmSync(join(generation, 'verdict'), { recursive: true });
    expect(await shop.run(shell, 'verb_recover')).toMatchObject({ code: 0 });
    expect(phase()).toBe('IDLE');
    expect(readFileSync(join(generation, 'verdict'), 'utf8')).toBe('good\n');
    expect(readFileSync(join(shop.state, 'log'), 'utf8')).toMatch(/ t deploy 0 1 committed me\n$/);
  });

  it('whose history has no room leaves no half of a line there', async () => {
    using shop = workshop();
    const log = join(shop.state, 'log');
    const whole = `${'x'.repeat(1015)}\n`;
    writeFileSync(log, whole);
    // Room for a few bytes of the line, and not for all of it; a block of bash is two of the others.
    const block = shell[0] === 'bash' ? 1 : 2;
    const room = (kib: number) => `trap '' 25; ulimit -f ${kib * block}; TXN=t ACTION=deploy FROM=0 TO=1 BY=me`;
    expect((await shop.run(shell, `${room(1)}; history_add committed; say $? | cat`)).stdout).toBe('74\n');
    expect(readFileSync(log, 'utf8')).toBe(whole);
    await shop.run(shell, `${room(9)}; history_add committed`);
    expect(readFileSync(log, 'utf8')).toMatch(/^x{1015}\n\S+ t deploy 0 1 committed me\n$/);
  });
});

describe.each(SHELLS.map((shell) => [shell.join(' '), shell] as const))('a time limit, in %s', (_name, shell) => {
  it.each(['with timeout(1)', 'without'])('ends what takes longer, %s, and passes on what does not', async (how) => {
    using shop = workshop();
    const without = how === 'without' ? "TIMEOUT=''; " : '';
    const body = `${without}limit 1 sleep 20; say $?; limit 9 sh -c 'exit 7'; say $?; say in | limit 9 cat`;
    const begun = Date.now();
    expect((await shop.run(shell, body)).stdout).toBe('124\n7\nin\n');
    expect(Date.now() - begun).toBeLessThan(15_000);
  });

  it('is kept by a timeout of an older syntax too, and nothing is run twice', async () => {
    using shop = workshop();
    const old = 'case $1/$3 in -s/-t) s=$4; shift 4; exec /usr/bin/timeout -s KILL "$s" "$@" ;; esac\nexit 1\n';
    writeFileSync(join(shop.root, 'timeout'), `#!/bin/sh\n${old}`, { mode: 0o755 });
    const body = `PATH=${shop.root}:$PATH; limit 9 sh -c 'echo once; exit 7'; say $?; limit 1 sleep 20; say $?; say "$TIMEOUT"`;
    // busybox's shell takes its own.
    const taken = shell[0] === 'busybox' ? 'timeout -k 2' : 'timeout -s KILL -t';
    expect((await shop.run(shell, body)).stdout).toBe(`once\n7\n124\n${taken}\n`);
  });
});

it('a process whose start nobody could read is not alive, now or ever', async () => {
  using shop = workshop();
  const gone = 'sh -c : & p=$!; wait $p';
  const { stdout } = await shop.run(
    ['dash'],
    `${gone}; alive $p "$(start_time $p)" && say alive || say gone; alive $$ "$(start_time $$)" && say alive`,
  );
  expect(stdout).toBe('gone\nalive\n');
});

it.each([
  ['noclobber', 'say two >"$ROOT/file"; cat "$ROOT/file"', 'two\n'],
  ['errexit', 'false; say on', 'on\n'],
  ['noglob', 'cd "$ROOT"; say f*', 'file\n'],
])('SHELLOPTS=%s of a bash session does not steer the program', async (option, body, stdout) => {
  using shop = workshop();
  writeFileSync(join(shop.root, 'file'), 'one\n');
  const bash = ['env', `SHELLOPTS=${option}`, 'bash', '--posix'];
  expect((await shop.run(bash, body)).stdout).toBe(stdout);
  // The option does come in that way.
  const asked = await shop.run(
    ['env', `SHELLOPTS=${option}`, 'bash', '--posix', '-c', 'set -o | grep "$0"', option],
    '',
  );
  expect(asked.stdout).toMatch(new RegExp(`^${option}\\s+on`));
});
