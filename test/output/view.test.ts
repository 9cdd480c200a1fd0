import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { generationId, hostName } from '../../src/model/ids.ts';
import type { HostOutcome } from '../../src/model/outcome.ts';
import { Script, START } from './events.ts';
import { onTerminal, play } from './run.ts';

beforeEach(() => {
  vi.useFakeTimers({ now: START });
});
afterEach(() => {
  vi.useRealTimers();
});

const fleet = (n: number) => Array.from({ length: n }, (_, i) => ({ host: `host-${i + 1}`, app: 'jarvis' }));
const failed: HostOutcome = { end: 'untouched', failure: { kind: 'unreachable', detail: 'connection refused' } };
const deployed: HostOutcome = { end: 'deployed', generation: generationId(5) };
const base = (host: string) => ({ at: Date.now(), host: hostName(host), app: 'jarvis' });
const tick = (ms = 100) => vi.advanceTimersByTimeAsync(ms);

describe('a fleet that is taller than the terminal', () => {
  async function busy(columns: number, rows: number) {
    const shown = await onTerminal(columns, rows, { hosts: fleet(50), env: { NO_COLOR: '1' } });
    for (let i = 1; i <= 35; i += 1) {
      shown.reporter.on({ ...base(`host-${i}`), type: 'phase', phase: 'stage' });
      const outcome = i % 10 === 0 ? failed : deployed;
      if (i <= 30) shown.reporter.on({ ...base(`host-${i}`), type: 'ended', outcome, durationMs: 1200 });
    }
    await tick();
    return shown;
  }

  test('shows every failed and every active host and counts the others, and scrolls nothing away', async () => {
    const { terminal } = await busy(80, 24);
    const text = terminal.text();
    for (const n of [10, 20, 30, 31, 32, 33, 34, 35]) expect(text).toMatch(new RegExp(`^. host-${n} `, 'm'));
    expect(text).not.toMatch(/^. host-(1|36|50) /m);
    expect(text.split('\n').at(-1)).toBe('27 done · 3 failed · 5 running · 15 waiting');
    expect(terminal.scrollback).toEqual([]);
  });

  test('on a higher terminal they all have a row', async () => {
    const { terminal } = await busy(120, 60);
    for (const n of [1, 10, 31, 36, 50]) expect(terminal.text()).toMatch(new RegExp(`^. host-${n} `, 'm'));
  });

  test('on a very low one failed and active hosts share the rows, and the rest is counted', async () => {
    const { terminal } = await busy(80, 8);
    const lines = terminal.text().split('\n');
    expect(lines.length).toBeLessThan(8);
    expect(lines.filter((line) => line.startsWith('✖')).length).toBe(2);
    expect(lines.filter((line) => line.startsWith('▸')).length).toBe(3);
    expect(lines.at(-2)).toBe('1 more failed (all are listed at the end) · 2 more running');
  });

  test('a window made smaller or larger in mid-run leaves no rows behind', async () => {
    const { terminal, reporter } = await busy(80, 24);
    terminal.rows = 40;
    terminal.columns = 100;
    reporter.on({ ...base('host-36'), type: 'phase', phase: 'stage' });
    await tick();
    expect(terminal.text().match(/^. host-31 /gm)).toHaveLength(1);
    expect(terminal.text()).toContain('host-36');
  });

  test('no line is wider than the terminal, in any script', async () => {
    const { terminal, reporter } = await busy(40, 24);
    reporter.on({ ...base('host-31'), type: 'step', id: 's', title: '日本語'.repeat(30), state: 'started' });
    reporter.on({ ...base('host-32'), type: 'output', id: 's', stream: 'stdout', line: 'y'.repeat(500) });
    await tick();
    const wide = (line: string) => [...line].reduce((sum, char) => sum + (/[\u3000-\u9fff]/.test(char) ? 2 : 1), 0);
    const widths = terminal.text().split('\n').map(wide);
    expect(Math.max(...widths)).toBeLessThan(40);
    expect(Math.max(...widths)).toBeGreaterThan(30);
  });
});

describe('the terminal is given back', () => {
  test('after the end, with the summary where the rows were', async () => {
    const { terminal, reporter } = await onTerminal(80, 24, { hosts: fleet(2) });
    reporter.on({ ...base('host-1'), type: 'phase', phase: 'connect' });
    await tick();
    expect(terminal.cursorShown).toBe(false);
    const script = new Script().end('host-1', deployed, 1).end('host-2', failed, 1);
    await reporter.close(script.summary('deploy', 3));
    expect(terminal.cursorShown).toBe(true);
    expect(terminal.text().split('\n')[0]).toMatch(/^HOST/);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('when the run is abandoned, twice if need be', async () => {
    const { terminal, reporter } = await onTerminal(80, 24);
    await tick();
    expect(terminal.cursorShown).toBe(false);
    reporter.abandon();
    reporter.abandon();
    expect(terminal.cursorShown).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('when drawing fails; the run is then told in plain lines, and the engine hears nothing of it', async () => {
    let broken = false;
    const size = () => {
      if (broken) throw new Error('no such terminal');
      return { columns: 80, rows: 24 };
    };
    const { terminal, stderr, reporter } = await onTerminal(80, 24, { hosts: fleet(2), size } as never);
    await tick();
    broken = true;
    await tick(500);
    expect(terminal.cursorShown).toBe(true);
    reporter.on({ ...base('host-1'), type: 'phase', phase: 'connect' });
    const script = new Script().end('host-1', deployed, 1);
    await reporter.close(script.summary('deploy', 0));
    expect(terminal.text()).toContain('host-1 | connecting');
    expect(terminal.text()).toContain('deploy: 1 deployed');
    expect(stderr.text.match(/the display failed/g)).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('a question in mid-run', () => {
  test('takes the view away and brings it back, with what happened meanwhile', async () => {
    const { terminal, reporter } = await onTerminal(80, 24, { hosts: fleet(2), env: { NO_COLOR: '1' } });
    reporter.on({ ...base('host-1'), type: 'phase', phase: 'connect' });
    await tick();
    expect(terminal.text()).toContain('host-1');
    reporter.suspend();
    expect(terminal.text()).toBe('');
    expect(terminal.cursorShown).toBe(true);
    terminal.write('password: \n');
    reporter.on({ ...base('host-1'), type: 'phase', phase: 'stage' });
    await tick(1000);
    expect(terminal.text()).toBe('password:');
    reporter.resume();
    const lines = terminal.text().split('\n');
    expect(lines[0]).toBe('password:');
    expect(lines[1]).toContain('building the new release');
    expect(terminal.cursorShown).toBe(false);
    reporter.abandon();
  });

  test('and a note at the same time: the view comes back when both are done', async () => {
    const { terminal, reporter } = await onTerminal(80, 24, { hosts: fleet(1) });
    reporter.suspend();
    reporter.suspend();
    reporter.resume();
    await tick();
    expect(terminal.text()).toBe('');
    reporter.resume();
    expect(terminal.text()).toContain('host-1');
    reporter.abandon();
  });

  test('changes nothing for plain lines and JSON', async () => {
    for (const mode of ['plain', 'json'] as const) {
      const { terminal, reporter } = await onTerminal(200, 24, { hosts: fleet(1), mode });
      reporter.suspend();
      reporter.on({ ...base('host-1'), type: 'phase', phase: 'connect' });
      expect(terminal.text()).toContain('host-1');
      reporter.resume();
      reporter.abandon();
    }
  });

  test('may be open when the run ends: the summary is shown all the same', async () => {
    const { terminal, reporter } = await onTerminal(80, 24, { hosts: fleet(1) });
    reporter.suspend();
    await reporter.close(new Script().end('host-1', deployed, 1).summary('deploy', 0));
    expect(terminal.text()).toContain('deploy: 1 deployed');
    expect(terminal.cursorShown).toBe(true);
  });
});

test('colours are there on a terminal and gone with NO_COLOR', async () => {
  for (const env of [{}, { NO_COLOR: '1' }]) {
    const { terminal, reporter } = await onTerminal(80, 24, { hosts: fleet(1), env });
    let written = '';
    const write = terminal._write.bind(terminal);
    terminal._write = (chunk, encoding, done) => {
      written += chunk;
      write(chunk, encoding, done);
    };
    reporter.on({ ...base('host-1'), type: 'ended', outcome: failed, durationMs: 1 });
    await tick();
    await reporter.close(new Script().end('host-1', failed, 1).summary('deploy', 3));
    expect(/\x1b\[\d+m/.test(written)).toBe(!('NO_COLOR' in env));
  }
});

test('a locale without Unicode gets signs of ASCII', async () => {
  const { terminal, reporter } = await onTerminal(80, 24, { hosts: fleet(1), env: { LANG: 'C' } });
  reporter.on({ ...base('host-1'), type: 'ended', outcome: deployed, durationMs: 1 });
  await tick();
  expect(terminal.text()).toMatch(/^ok host-1/);
  reporter.abandon();
});

test('50 hosts with 25 lines of output each cost ten frames a second and no more', async () => {
  const hosts = fleet(50);
  const { terminal, reporter } = await onTerminal(80, 24, { hosts });
  const script = new Script();
  for (let round = 0; round < 25; round += 1) {
    for (const { host } of hosts) {
      const at = base(host);
      if (round % 5 === 0) reporter.on({ ...at, type: 'step', id: 's', title: `step ${round}`, state: 'started' });
      reporter.on({ ...at, type: 'output', id: 's', stream: 'stdout', line: `line ${round} of ${host}` });
      script.add(host, { type: 'output', id: 's', stream: 'stdout', line: `line ${round} of ${host}` });
    }
    await tick(184);
  }
  const [frames, bytes] = [terminal.writes, terminal.bytes];
  reporter.abandon();
  expect(frames).toBeGreaterThan(20);
  expect(frames).toBeLessThanOrEqual(47);
  expect(bytes).toBeLessThan(150_000);
  // The same events line by line, to see that there was something to save.
  const { stdout } = await play(script, 'deploy', 0, { verbose: true, hosts });
  expect(stdout.split('\n').length).toBeGreaterThan(1250);
});
