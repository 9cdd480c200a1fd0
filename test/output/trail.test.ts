import { expect, it } from 'vitest';
import type { PlanView } from '../../src/model/plan.ts';
import { frame } from '../../src/output/live/frame.ts';
import { trackRows } from '../../src/output/live/rows.ts';
import { terminalPaint } from '../../src/output/text/paint.ts';
import { displayWidth } from '../../src/output/text/width.ts';
import { Script } from './events.ts';
import { onTerminal, play } from './run.ts';

const plan: PlanView = {
  ...{ to: 'advance', base: 4 as never, runtime: 'systemd', changes: [{ sign: '~', part: { kind: 'env' } }] },
  ...{ units: [], replaces: [], returns: [], byHand: [], beside: [], logins: [], warnings: [] },
};
const hosts = (n: number) => Array.from({ length: n }, (_, i) => ({ host: `web-${i + 1}`, app: 'shop' }));

function deploy(n: number): Script {
  const script = new Script();
  for (const { host, app } of hosts(n)) {
    script.add(host, { type: 'phase', phase: 'connect' }, app);
    script.add(host, { type: 'planned', plan }, app);
    script.add(host, { type: 'phase', phase: 'stage' }, app);
    script.at += 4000;
    script.add(host, { type: 'phase', phase: 'verify' }, app);
    const [ok, bad] = [
      { check: 'tcp 80', ok: true, detail: 'open', ms: 12 },
      { check: 'http /', ok: true, detail: '200', ms: 30 },
    ];
    script.add(host, { type: 'check', result: { ...bad, ok: false, detail: '502' } }, app);
    for (const result of [bad, ok]) script.add(host, { type: 'check', result }, app);
    script.end(host, { end: 'deployed', generation: 5 as never }, 5000, app);
  }
  return script;
}

/** All that is left on a terminal of 100 columns, with what has been scrolled away. */
async function kept(script: Script, n: number): Promise<string> {
  const { terminal, reporter } = await onTerminal(100, 24, { hosts: hosts(n), env: { NO_COLOR: '1' } });
  for (const event of script.events) reporter.on(event);
  await reporter.close(script.summary('deploy', 0));
  return [...terminal.scrollback, terminal.text()].join('\n');
}

it('a terminal keeps what changed, how the checks ended and when, where the time went, and what to type next', async () => {
  const text = await kept(deploy(2), 2);
  expect(text).toMatch(/^web-1 and web-2 \(systemd\): a new generation after 4: 1 change\n {4}~ secrets \(\.env\)$/m);
  expect(text).toMatch(/^web-1 +http \/ +ok +30ms +200$/m);
  expect(text).toMatch(/^web-2 +tcp 80 +ok +12ms +open$/m);
  expect(text).not.toContain('502');
  expect(text).toMatch(/^web-1 took 5\.0s: building the new release 4\.1s, /m);
  expect(text).toMatch(/^→ `fleet status --host web-1 --host web-2 --app shop` shows what runs; `fleet rollback/m);
});

it('of many hosts it keeps one plan, no rows of checks that passed, and no command that names them all', async () => {
  const text = await kept(deploy(40), 40);
  expect(text.match(/a new generation after 4/g)).toHaveLength(1);
  expect(text).not.toContain('tcp 80');
  expect(text).toContain('→ fleet status, with the same flags, shows what runs');
});

it('without a terminal all of it was told as it came, and is not told again', async () => {
  const { stdout } = await play(deploy(1), 'deploy', 0, { hosts: hosts(1) });
  expect(stdout.match(/tcp 80/g)).toHaveLength(1);
  expect(stdout).not.toContain('took 5.0s');
});

it('what is sent says how fast, and how long it goes on as it went so far', () => {
  const rows = trackRows([{ host: 'web-1', app: 'shop' }]);
  const latest = () => rows.all().map((row) => (row.state === 'active' ? row.latest : ''))[0];
  const at = (ms: number) => ({ at: ms, host: 'web-1' as never, app: 'shop' });
  const send = (ms: number, percent: number) =>
    rows.on({ ...at(ms), type: 'progress', id: 'a', percent, rate: '3.1MB/s' });
  rows.on({ ...at(0), type: 'step', id: 'a', title: 'send the code', state: 'started' });
  send(1000, 10);
  expect(latest()).toBe(' 10 % 3.1MB/s');
  send(11_000, 30);
  expect(latest()).toBe(' 30 % 3.1MB/s, 35s left');
  send(50_000, 100);
  expect(latest()).toBe('100 % 3.1MB/s');
  // The next step begins to count anew.
  rows.on({ ...at(60_000), type: 'step', id: 'b', title: 'send more', state: 'started' });
  send(60_500, 50);
  expect(latest()).toBe(' 50 % 3.1MB/s');
  // A build's last line is shown beside what it is.
  rows.on({ ...at(61_000), type: 'output', id: 'b', stream: 'stdout', line: 'Collecting numpy' });
  expect(latest()).toBe('Collecting numpy');
});

it('a step with a long name leaves half of its row for what is new there, in columns as a terminal counts them', () => {
  const rows = trackRows([{ host: 'web-1', app: 'shop' }]);
  const base = { at: 0, host: 'web-1' as never, app: 'shop' };
  rows.on({ ...base, type: 'step', id: 'b', title: `run ${'日本'.repeat(40)}`, state: 'started' });
  const look = terminalPaint({ NO_COLOR: '1', LANG: 'C.UTF-8' });
  const drawn = () => frame(rows.all(), { columns: 80, rows: 24 }, 1000, look)[0] ?? '';
  expect(displayWidth(drawn())).toBeLessThan(80);
  rows.on({ ...base, type: 'output', id: 'b', stream: 'stdout', line: 'compiling 👩\u200d👩\u200d👧 number 17' });
  expect(drawn()).toContain('compiling 👩\u200d👩\u200d👧 number 17');
  expect(displayWidth(drawn())).toBeLessThan(80);
});
