import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { type Jar, jar, start, status } from './running-brain.ts';

const soon = { timeout: 8000, interval: 100 };
const run = (at: Jar, config: string, env = {}) => start(at, ['runner.py', '--config', config], env);

describe.concurrent('an experiment', { timeout: 20_000 }, () => {
  it('counts a crash that nobody announced, and goes on from its checkpoint', async () => {
    using at = jar();
    const config = at.config('a', { mode: 'unstable_memory' });
    {
      await using first = run(at, config);
      await vi.waitFor(() => expect(at.row('a').cycle).toBeGreaterThan(4), soon);
      first.signal('SIGKILL');
      await first.ended;
    }
    const before = at.row('a');
    expect(before).toMatchObject({ starts: 1, crashes: 0, state: 'running' });
    await using second = run(at, config);
    await second.says(new RegExp(`after a crash, from cycle ${before.cycle}, crash count 1`));
    await vi.waitFor(() => expect(at.row('a').cycle).toBeGreaterThan(before.cycle), soon);
    // This mode loses every second memory with a crash.
    expect(JSON.parse(at.row('a').memory).slice(0, 2)).toEqual(['cycle 1', 'cycle 3']);
    second.signal('SIGTERM');
    expect(await second.ended).toBe(0);
    expect(at.row('a')).toMatchObject({ starts: 2, crashes: 1, state: 'stopped' });
  });

  it('does not count an end that it was asked for as a crash', async () => {
    using at = jar();
    const config = at.config('a');
    for (const starts of [1, 2]) {
      await using one = run(at, config);
      await one.says(/crash count 0/);
      one.signal('SIGTERM');
      expect(await one.ended).toBe(0);
      expect(at.row('a')).toMatchObject({ starts, crashes: 0 });
    }
  });

  it('ends well after its last cycle, and has nothing to do when it is started again', async () => {
    using at = jar();
    const config = at.config('a', { max_cycles: 3 });
    for (const _ of [1, 2]) {
      await using one = run(at, config);
      expect(await one.ended).toBe(0);
      expect(at.row('a')).toMatchObject({ cycle: 3, state: 'finished' });
    }
  });

  it.each([
    ['{"experiment_id": "a"', /not valid JSON/],
    ['{"experiment_id": "a", "mode": "dreaming"}', /"mode" must be one of amnesiac_loop/],
    ['{"mode": "panopticon"}', /'experiment_id' is missing/],
    ['{"experiment_id": "a", "mode": "panopticon", "fault": {"kind": "explode"}}', /crash, hang, eat_memory/],
  ])('says what is wrong with the config %s and ends with 78', async (text, words) => {
    using at = jar();
    at.write('a.json', text);
    await using one = run(at, join(at.dir, 'a.json'));
    expect(await one.ended).toBe(78);
    expect(one.printed()).toMatch(words);
  });

  it('goes on in a new log file when logrotate has moved the old one away', async () => {
    using at = jar();
    await using one = run(at, at.config('a', { max_cycles: 60 }));
    await one.says(/from cycle 0/);
    renameSync(join(at.dir, 'logs/experiments/a.log'), join(at.dir, 'logs/experiments/a.log.1'));
    expect(await one.ended).toBe(0);
    expect(at.read('logs/experiments/a.log')).toMatch(/finished/);
    expect(at.read('logs/experiments/a.log.1')).not.toMatch(/finished/);
  });

  it('stops by itself at its own temperature when there is no coordinator', async () => {
    using at = jar();
    await using one = run(at, at.config('a'), { MAX_TEMP_CELSIUS: '80' });
    at.zones({ 'cpu-thermal': '79000\n' });
    await vi.waitFor(() => expect(at.row('a').cycle).toBeGreaterThan(2), soon);
    at.zones({ 'cpu-thermal': '80000\n' });
    expect(await one.ended).toBe(75);
    expect(at.row('a')).toMatchObject({ state: 'hot' });
  });

  it('crashes on purpose as often as it was told, and lives after that', async () => {
    using at = jar();
    const config = at.config('a', { max_cycles: 4, fault: { kind: 'crash', after: 0, times: 2 } });
    for (const end of ['SIGSEGV', 'SIGSEGV', 0]) {
      await using one = run(at, config);
      expect(await one.ended).toBe(end);
    }
    expect(at.row('a')).toMatchObject({ starts: 3, crashes: 2, state: 'finished' });
  });
});

describe.concurrent('the coordinator', { timeout: 20_000 }, () => {
  it('lets so many run at once, the others wait, and the next one in line follows', async () => {
    using at = jar();
    await using coordinator = start(at, ['coordinator.py'], { MAX_CONCURRENT_EXPERIMENTS: '2' });
    await coordinator.says(/ready/);
    await using first = run(at, at.config('one'));
    await first.says(/from cycle/);
    await vi.waitFor(async () => expect((await status(at)).queue).toEqual(['one']), soon);
    await using second = run(at, at.config('two'));
    await vi.waitFor(async () => expect((await status(at)).queue).toEqual(['one', 'two']), soon);
    await using third = run(at, at.config('three'));
    await vi.waitFor(async () => expect((await status(at)).queue).toEqual(['one', 'two', 'three']), soon);
    expect((await status(at)).running).toEqual(['one', 'two']);
    expect(at.row('three').cycle).toBe(0);
    first.signal('SIGTERM');
    await vi.waitFor(() => expect(at.row('three').cycle).toBeGreaterThan(0), soon);
    expect(JSON.parse(at.read('experiments/queue.json'))).toEqual(['two', 'three']);
    expect([second.printed(), third.printed()].join()).not.toContain('Traceback');
  });

  it('lets nobody in whose memory would be too much together with the others', async () => {
    using at = jar();
    await using coordinator = start(at, ['coordinator.py'], { TOTAL_RAM_LIMIT_GB: '12' });
    await coordinator.says(/ready/);
    await using small = run(at, at.config('small'), { EXPERIMENT_RAM_LIMIT: '8G' });
    await small.says(/from cycle/);
    await vi.waitFor(async () => expect((await status(at)).running).toEqual(['small']), soon);
    await using big = run(at, at.config('big'), { EXPERIMENT_RAM_LIMIT: '5G' });
    await vi.waitFor(async () => expect((await status(at)).queue).toEqual(['small', 'big']), soon);
    expect((await status(at)).running).toEqual(['small']);
    expect(big.printed()).toContain('from cycle 0');
  });

  it('keeps the places of all over a restart of its own, and they come back to it', async () => {
    using at = jar();
    const limit = { MAX_CONCURRENT_EXPERIMENTS: '1' };
    await using second = run(at, at.config('late'));
    {
      await using coordinator = start(at, ['coordinator.py'], limit);
      await coordinator.says(/ready/);
      await vi.waitFor(async () => expect((await status(at)).queue).toEqual(['late']), soon);
      coordinator.signal('SIGTERM');
      expect(await coordinator.ended).toBe(0);
    }
    expect(JSON.parse(at.read('experiments/queue.json'))).toEqual(['late']);
    await using first = run(at, at.config('early'));
    await first.says(/from cycle/);
    await using again = start(at, ['coordinator.py'], limit);
    await again.says(/ready/);
    await vi.waitFor(async () => expect((await status(at)).queue).toEqual(['late', 'early']), soon);
    await vi.waitFor(async () => expect((await status(at)).running).toEqual(['late']), soon);
    expect(second.printed()).not.toContain('Traceback');
  });

  it('makes all wait from 75 degrees on and stops them at 85, one with a lower limit before', async () => {
    using at = jar();
    await using coordinator = start(at, ['coordinator.py']);
    await coordinator.says(/ready/);
    await using tough = run(at, at.config('tough'), { MAX_TEMP_CELSIUS: '90' });
    await using tender = run(at, at.config('tender'), { MAX_TEMP_CELSIUS: '80' });
    await vi.waitFor(() => expect([at.row('tough').cycle > 1, at.row('tender').cycle > 1]).toEqual([true, true]), soon);
    at.zones({ 'cpu-thermal': '76000\n' });
    await coordinator.says(/76 °C: throttling/);
    await new Promise((done) => setTimeout(done, 200));
    const stood = at.row('tough').cycle;
    await new Promise((done) => setTimeout(done, 300));
    expect(at.row('tough').cycle).toBe(stood);
    at.zones({ 'cpu-thermal': '60000\n' });
    await vi.waitFor(() => expect(at.row('tough').cycle).toBeGreaterThan(stood), soon);

    at.zones({ 'cpu-thermal': '81000\n' });
    expect(await tender.ended).toBe(75);
    expect(at.row('tough').state).toBe('running');
    at.zones({ 'cpu-thermal': '85000\n' });
    expect(await tough.ended).toBe(75);
    await coordinator.says(/85 °C: emergency stop/);
  });

  it('says what is wrong with a setting', async () => {
    using at = jar();
    await using coordinator = start(at, ['coordinator.py'], { THROTTLE_TEMP_CELSIUS: '75  # warm' });
    expect(await coordinator.ended).toBe(1);
    expect(coordinator.printed()).toContain("THROTTLE_TEMP_CELSIUS must be a number, not '75  # warm'");
  });
});

describe('the guard', () => {
  it.each([
    [{ 'cpu-thermal': '74900\n', 'PMIC-Die': '100000\n' }, 0],
    [{ 'cpu-thermal': '45000\n', 'gpu-thermal': '', 'tj-thermal': '75000\n' }, 1],
    [{ 'CPU-therm': '80000\n' }, 1],
    // Unknown is not hot.
    [{ 'cpu-thermal': '', 'gpu-thermal': '0\n', 'PMIC-Die': '100000\n' }, 0],
  ])('with %j ends with %i', async (zones, code) => {
    using at = jar();
    at.zones(zones);
    await using guard = start(at, ['guard.py']);
    expect(await guard.ended).toBe(code);
  });

  it('calls a limit that is none a mistake, not heat', async () => {
    using at = jar();
    await using guard = start(at, ['guard.py'], { THROTTLE_TEMP_CELSIUS: 'hot' });
    expect(await guard.ended).toBe(255);
  });
});
