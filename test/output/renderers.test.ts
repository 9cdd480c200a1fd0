import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { FleetEvent } from '../../src/model/events.ts';
import { jsonLines } from '../json-lines.ts';
import { deployScript, healthScript, planScript, type Script, START } from './events.ts';
import { onTerminal, play } from './run.ts';

const golden = (name: string) => `golden/${name}.txt`;

beforeEach(() => {
  vi.useFakeTimers({ now: START });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Lets the clock run with the events, and looks at the terminal now and then. */
async function watch(script: Script, command: string, at: readonly number[]) {
  const { terminal, reporter } = await onTerminal(80, 24, { env: { NO_COLOR: '1' } });
  const seen: string[] = [];
  for (const [i, event] of script.events.entries()) {
    await vi.advanceTimersByTimeAsync(Math.max(0, event.at - Date.now()));
    reporter.on(event);
    if (!at.includes(i)) continue;
    await vi.advanceTimersByTimeAsync(100);
    seen.push(terminal.text());
  }
  await reporter.close(script.summary(command, 1));
  return { seen, all: terminal.all(), cursorShown: terminal.cursorShown };
}

describe('one deploy, told by every renderer', () => {
  test('plain: one line per event, then the summary', async () => {
    const { stdout, stderr } = await play(deployScript(), 'deploy', 1);
    await expect(stdout).toMatchFileSnapshot(golden('deploy.plain'));
    expect(stderr).toBe('');
  });

  test('verbose: the output of every step and the changes of every plan as well', async () => {
    const { stdout } = await play(deployScript(), 'deploy', 1, { verbose: true });
    await expect(stdout).toMatchFileSnapshot(golden('deploy.verbose'));
  });

  test('quiet: the summary and the failures only', async () => {
    const { stdout } = await play(deployScript(), 'deploy', 1, { quiet: true });
    await expect(stdout).toMatchFileSnapshot(golden('deploy.quiet'));
  });

  test('json: an object per event, the summary as the last one, failures for people on standard error', async () => {
    const { stdout, stderr } = await play(deployScript(), 'deploy', 1, { mode: 'json' });
    await expect(stdout).toMatchFileSnapshot(golden('deploy.json'));
    await expect(stderr).toMatchFileSnapshot(golden('deploy.json.stderr'));
  });

  test('terminal: a row per host while it runs, then the summary in its place', async () => {
    const { seen, all, cursorShown } = await watch(deployScript(), 'deploy', [6, 16]);
    await expect(seen.join('\n=====\n')).toMatchFileSnapshot(golden('deploy.terminal.live'));
    await expect(all).toMatchFileSnapshot(golden('deploy.terminal.end'));
    expect(cursorShown).toBe(true);
  });
});

describe('lines', () => {
  const coloured = async (options: Parameters<typeof play>[3]) =>
    /\x1b\[\d+m/.test((await play(deployScript(), 'deploy', 1, options)).stdout);

  test('have colours on a terminal, and into a pipe only where FORCE_COLOR asks for them', async () => {
    expect(await coloured({ mode: 'plain', isTTY: true })).toBe(true);
    expect(await coloured({ mode: 'plain', isTTY: true, env: { NO_COLOR: '1' } })).toBe(false);
    expect(await coloured({ mode: 'plain', isTTY: true, env: { TERM: 'dumb' } })).toBe(false);
    expect(await coloured({ mode: 'plain', isTTY: true, env: { FORCE_COLOR: '0' } })).toBe(false);
    expect(await coloured({})).toBe(false);
    expect(await coloured({ env: { FORCE_COLOR: '1', NO_COLOR: '1' } })).toBe(true);
    expect(await coloured({ mode: 'json', env: { FORCE_COLOR: '1' } })).toBe(false);
  });

  test('of a log begin with their time', async () => {
    const { stdout } = await play(deployScript(), 'deploy', 1, { mode: 'plain', stamped: true });
    expect(stdout).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z web-1 \| connecting$/m);
  });
});

describe('what is the result of a command is told at its end', () => {
  test('a plan is a diff, told once for hosts that are alike', async () => {
    const { stdout } = await play(planScript(), 'plan', 0);
    await expect(stdout).toMatchFileSnapshot(golden('plan.plain'));
  });

  test('a plan on a terminal ends with the diff', async () => {
    const { all } = await watch(planScript(), 'plan', []);
    await expect(all).toMatchFileSnapshot(golden('plan.terminal'));
  });

  test('health is a table of checks, each told once', async () => {
    const { stdout } = await play(healthScript(), 'health', 1, { reads: true });
    await expect(stdout).toMatchFileSnapshot(golden('health.plain'));
    expect(stdout.match(/temperature below|active for 3 days|status 502, not 200$/gm)).toHaveLength(6);
  });

  test('on a terminal a table is cut, so what tells why a check failed is told in full below it', async () => {
    const { all } = await watch(healthScript(), 'health', []);
    expect(all).toMatch(/^ +\| FAILED http .*: status 502, not 200$/m);
  });

  test('health in JSON carries the checks of good and of bad hosts', async () => {
    const { stdout } = await play(healthScript(), 'health', 1, { mode: 'json' });
    const last = jsonLines(stdout).at(-1);
    type Check = { readonly ok: boolean; readonly warning?: true };
    const shown = ({ ok, warning }: Check) => (warning ? 'warning' : ok);
    expect(last.hosts.map((host: { checks: Check[] }) => host.checks.map(shown))).toEqual([
      [true, true, 'warning'],
      [true, false],
    ]);
  });
});

test('hosts are told apart by app when several apps are at work', async () => {
  const script = deployScript();
  const event: FleetEvent = { ...script.events[0], app: 'crawler' } as FleetEvent;
  script.events.push(event);
  const hosts = [
    { host: 'web-1', app: 'jarvis' },
    { host: 'web-1', app: 'crawler' },
  ];
  const { stdout } = await play(script, 'deploy', 1, { hosts });
  expect(stdout).toContain('web-1/jarvis | connecting\n');
  expect(stdout).toContain('web-1/crawler | connecting\n');
});

test('a long transfer says how far it is every ten seconds, and a short one says nothing', async () => {
  const script = deployScript();
  const first = script.events.findIndex((event) => event.type === 'progress');
  const progress = script.events[first] as FleetEvent & { type: 'progress' };
  const at = (ms: number, percent: number) => ({ ...progress, at: progress.at + ms, percent });
  script.events.splice(first, 1, progress, at(5000, 50), at(11_000, 60), at(12_000, 70), at(25_000, 80));
  const { stdout } = await play(script, 'deploy', 1);
  expect(stdout.match(/sent \d+ %/g)).toEqual(['sent 60 %', 'sent 80 %']);
});
