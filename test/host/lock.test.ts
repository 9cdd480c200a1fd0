import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SHELLS } from '../runtime/shells.ts';
import { printed, workshop } from './workshop.ts';

/** A PATH that has no flock: what the program finds decides which lock it takes. */
const WITHOUT = 'have() { [ "$1" != flock ] && which_file "$1" >/dev/null; }\n';
const WAYS = [
  ['dash, with flock', ['dash'], ''],
  ...SHELLS.map((shell) => [`${shell.join(' ')}, without flock`, shell, WITHOUT] as const),
] as const;

let shop: ReturnType<typeof workshop>;
beforeEach(() => {
  shop = workshop();
});
afterEach(() => shop[Symbol.dispose]());

const HOLD = 'lock "$S/lock" 9 5 || exit 75\nsay held $$\nexec sleep 60';
const TRY = 'lock "$S/lock" 9 0 || exit 75\nsay got it';

describe.each(WAYS)('the lock in %s', (_name, shell, before) => {
  it('has one holder at a time while 30 want it, and each gets it', { timeout: 60_000 }, async () => {
    // mkdir tells two holders apart: the second one finds the folder there.
    const body = `${before}lock "$S/lock" 9 50 || { say gave up; exit 75; }
      mkdir "$ROOT/inside" || { say two at once; exit 1; }
      sleep 0.01; rmdir "$ROOT/inside"; say done`;
    const ends = await Promise.all(Array.from({ length: 30 }, () => shop.run(shell, body)));
    expect(ends.filter(({ stdout }) => stdout !== 'done\n')).toEqual([]);
  });

  it('is refused while its holder lives, and free as soon as the holder was killed', async () => {
    const holder = shop.start(shell, before + HOLD);
    await printed(holder, 'held');
    expect(await shop.run(shell, before + TRY)).toMatchObject({ code: 75, stdout: '' });
    holder.child.kill('SIGKILL');
    await holder.ended;
    expect(await shop.run(shell, before + TRY)).toMatchObject({ code: 0, stdout: 'got it\n' });
  });
});

describe.each(WAYS)('what the apps of a host share, in %s', (_name, shell, before) => {
  // Without root it belongs to the login; a folder of its own for the test.
  const home = (text: string) => `${before}shared_folder() { say "$ROOT"; }\n${text}`;

  it('is changed by one at a time, in a process that goes on', { timeout: 60_000 }, async () => {
    const body = home(`
      inside() { mkdir "$ROOT/inside" || { say two at once; return 1; }; sleep 0.05; rmdir "$ROOT/inside"; }
      shared inside && shared inside && say done`);
    const ends = await Promise.all(Array.from({ length: 8 }, () => shop.run(shell, body)));
    expect(ends.filter(({ stdout }) => stdout !== 'done\n')).toEqual([]);
    // Nothing tells afterwards that there was a lock.
    expect(readdirSync(shop.root).filter((name) => name.includes('shared'))).toEqual([]);
  });

  it('tells how its change ended, and is free when its holder was killed', async () => {
    expect(await shop.run(shell, home('shared sh -c "exit 7"'))).toMatchObject({ code: 7 });
    const holder = shop.start(shell, home('stay() { say held; sleep 60; }\nshared stay'));
    await printed(holder, 'held');
    const next = shop.start(shell, home('shared say free'));
    await new Promise((done) => setTimeout(done, 500));
    expect(next.child.exitCode).toBeNull();
    const children = spawnSync('pgrep', ['-P', String(holder.child.pid)], { encoding: 'utf8' }).stdout.split('\n');
    for (const pid of [holder.child.pid, ...children]) if (Number(pid) > 0) process.kill(Number(pid), 'SIGKILL');
    expect(await next.ended).toMatchObject({ code: 0, stdout: 'free\n' });
  });
});

describe('that one process at a time is inside', () => {
  it('is something that the folder does tell: without a lock several are', async () => {
    const body = 'mkdir "$ROOT/inside" || { say two at once; exit 1; }\nsleep 0.2; rmdir "$ROOT/inside"; say done';
    const ends = await Promise.all(Array.from({ length: 10 }, () => shop.run(['dash'], body)));
    expect(ends.filter(({ stdout }) => stdout === 'two at once\n').length).toBeGreaterThan(0);
  });
});

describe.each(SHELLS.map((shell) => [shell.join(' '), shell] as const))(
  'a lock without flock, in %s',
  (_name, shell) => {
    const file = () => join(shop.state, 'lock');
    /** A holder that this boot has never seen, or that died in it. */
    const dead = (pid: number) => `${pid}.1.gone`;

    it('is taken over from a holder who died, by one of many', { timeout: 60_000 }, async () => {
      writeFileSync(file(), `${dead(4_000_001)}\n`);
      const body = `${WITHOUT}lock "$S/lock" 9 0 || exit 75\nsay won\nexec sleep 60`;
      const many = Array.from({ length: 20 }, () => shop.start(shell, body));
      // Whoever wins lives on, so that all the others meet a living holder; they have ended when one is left.
      const ends: (number | null)[] = [];
      await new Promise<void>((done) => {
        for (const { ended } of many) ended.then(({ code }) => ends.push(code) === many.length - 1 && done());
      });
      expect(ends).toEqual(Array.from({ length: 19 }, () => 75));
      for (const { child } of many) child.kill('SIGKILL');
      const said = (await Promise.all(many.map(({ ended }) => ended))).map(({ stdout }) => stdout);
      expect(said.filter((text) => text === 'won\n')).toHaveLength(1);
    });

    it('is taken over through a chain of holders who died while taking over', async () => {
      writeFileSync(file(), `${dead(4_000_001)}\n`);
      writeFileSync(`${file()}.after.${dead(4_000_001)}`, `${dead(4_000_002)}\n`);
      writeFileSync(`${file()}.after.${dead(4_000_002)}`, `${dead(4_000_003)}\n`);
      const winner = shop.start(shell, `${WITHOUT}lock "$S/lock" 9 0 || exit 75\nsay held $$\nexec sleep 60`);
      await printed(winner, 'held');
      // The chain was shortened to the one who holds it, and nobody else gets in.
      expect(readFileSync(file(), 'utf8')).toMatch(new RegExp(`^${winner.child.pid}\\.`));
      expect(existsSync(`${file()}.after.${dead(4_000_001)}`)).toBe(false);
      expect(await shop.run(shell, WITHOUT + TRY)).toMatchObject({ code: 75 });
      winner.child.kill('SIGKILL');
      await winner.ended;
      expect(await shop.run(shell, WITHOUT + TRY)).toMatchObject({ code: 0 });
    });

    it('is not kept by a stranger who was given the number of a dead holder', async () => {
      writeFileSync(file(), `${process.pid}.1.gone\n`);
      expect(await shop.run(shell, WITHOUT + TRY)).toMatchObject({ code: 0 });
    });
  },
);
