import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openStore } from '../../src/library/store.ts';
import { tryLock } from '../../src/local/lock.ts';
import type { DiskStep } from '../../src/local/replace.ts';
import { replaceState } from '../../src/local/state.ts';
import { batchFor, STDOUT } from '../../src/monitor/outbox.ts';
import { decode, EMPTY, encode, type MonitorState } from '../../src/monitor/state.ts';

const folder = mkdtempSync(join(tmpdir(), 'fleet-state-'));
afterAll(() => rmSync(folder, { recursive: true }));

const state = (seq: number): MonitorState => ({ ...EMPTY, seq });

describe('a state file', () => {
  it.each<DiskStep>(['make', 'write', 'sync', 'rename', 'sync folder', 'sweep'])(
    'is whole, the old or the new one, after a run that dies before the step "%s"',
    async (fatal) => {
      const file = join(mkdtempSync(join(folder, 'x')), 'monitor');
      await replaceState(file, encode(state(1)));
      const died = replaceState(file, encode(state(2)), (step) => {
        if (step === fatal) throw new Error('killed');
      });
      await expect(died).rejects.toThrow('killed');
      const seq = fatal === 'sync folder' || fatal === 'sweep' ? 2 : 1;
      expect(decode(readFileSync(file, 'utf8'))).toEqual({ state: state(seq) });
      // The next one gets on, and tidies up.
      await replaceState(file, encode(state(3)));
      expect(decode(readFileSync(file, 'utf8'))).toEqual({ state: state(3) });
      expect(readdirSync(join(file, '..'))).toEqual(['monitor']);
    },
  );

  it('is rid of what a run that was killed had half-written', async () => {
    const file = join(mkdtempSync(join(folder, 'x')), 'monitor');
    writeFileSync(join(file, '..', '.monitor.0123456789ab'), 'half');
    await replaceState(file, 'text');
    expect(readdirSync(join(file, '..'))).toEqual(['monitor']);
  });

  it('is for our own user alone', async () => {
    const file = join(folder, 'own');
    await replaceState(file, 'text');
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('is known to be damaged wherever it was cut off or changed', () => {
    const text = encode(state(12));
    for (let end = 0; end < text.length - 1; end += 1)
      expect(decode(text.slice(0, end)), String(end)).toHaveProperty('why');
    for (let at = 0; at < text.length - 1; at += 1) {
      const other = `${text.slice(0, at)}${text[at] === 'x' ? 'y' : 'x'}${text.slice(at + 1)}`;
      expect(decode(other), String(at)).toHaveProperty('why');
    }
    expect(decode(text)).toEqual({ state: state(12) });
  });
});

describe('a store', () => {
  const open = (name: string) => {
    const env = { XDG_STATE_HOME: join(folder, name) };
    return openStore({ dir: '/srv/shop', invoker: { env, cwd: '/', home: '/nonexistent', user: 'alice' } });
  };

  it('sets aside what it cannot read, and says so once', async () => {
    const store = await open('aside');
    const file = join(store.folder, 'monitor');
    writeFileSync(file, 'fleet-monitor 1 nonsense\n{}\n');
    expect(await store.read()).toEqual(EMPTY);
    await store.update((one) => [one, null]);
    const [told, ...more] = batchFor(await store.read(), STDOUT, Date.now())?.alerts ?? [];
    expect(told?.about).toEqual({ what: 'state-set-aside', path: `${file}.unreadable`, why: 'is damaged' });
    expect(more).toEqual([]);
    expect(readFileSync(`${file}.unreadable`, 'utf8')).toContain('nonsense');
    await store.update((one) => [one, null]);
    expect(batchFor(await store.read(), STDOUT, Date.now())?.alerts).toHaveLength(1);
  });

  it('loses nothing of two who change it at once', async () => {
    const store = await open('both');
    await Promise.all(
      Array.from({ length: 20 }, () => store.update((one) => [{ ...one, seq: one.seq + 1 }, null] as const)),
    );
    expect((await store.read()).seq).toBe(EMPTY.seq + 20);
  });
});

describe('the lock of a run', () => {
  it('is told of, with since when, and not waited for', async () => {
    const lock = join(folder, 'run');
    const first = await tryLock(lock);
    const second = await tryLock(lock);
    expect([first.ours, second.ours]).toEqual([true, false]);
    if (second.ours || !first.ours) throw new Error('both have it');
    expect(second.owner.split('\n')[0]).toBe(String(process.pid));
    expect(Math.abs(Date.now() - second.since)).toBeLessThan(60_000);
    await first.release();
    expect((await tryLock(lock)).ours).toBe(true);
  });

  it('of a run that was killed is free', async () => {
    const lock = join(folder, 'stale');
    await tryLock(lock);
    writeFileSync(lock, readFileSync(lock, 'utf8').replace(/^\d+/, '999999'));
    expect((await tryLock(lock)).ours).toBe(true);
  });
});
