import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { generationId } from '../../src/model/ids.ts';
import { when } from '../../src/output/messages/report.ts';
import { jsonLines } from '../json-lines.ts';
import { type Script, START } from './events.ts';
import { historyScript, lockScript, STATUS, statusScript } from './reports.ts';
import { onTerminal, play } from './run.ts';

const hosts = ['web-1', 'web-2', 'web-3', 'web-4'].map((host) => ({ host, app: 'jarvis' }));
const READS = { hosts, reads: true } as const;
const SCRIPTS = { status: statusScript, history: historyScript, lock: lockScript };
const each = Object.entries(SCRIPTS);

beforeEach(() => {
  vi.useFakeTimers({ now: START });
});
afterEach(() => {
  vi.useRealTimers();
});

async function watched(script: Script, command: string): Promise<string> {
  const { terminal, reporter } = await onTerminal(80, 60, { ...READS, env: { NO_COLOR: '1' } });
  for (const event of script.events) reporter.on(event);
  await vi.advanceTimersByTimeAsync(100);
  await reporter.close(script.summary(command, 0));
  return terminal.all();
}

describe.each(each)('fleet %s', (command, script) => {
  test('is a report and nothing else', async () => {
    const { stdout } = await play(script(), command, 0, READS);
    await expect(stdout).toMatchFileSnapshot(`golden/${command}.plain.txt`);
    expect(stdout).not.toMatch(/connecting|OUTCOME/);
  });

  test('on a terminal too, within its width', async () => {
    await expect(await watched(script(), command)).toMatchFileSnapshot(`golden/${command}.terminal.txt`);
  });

  test('tells the way there with --verbose', async () => {
    const { stdout } = await play(script(), command, 0, { ...READS, verbose: true });
    expect(stdout).toContain('web-1 | connecting\n');
    expect(stdout).toContain('web-1 | read: ');
  });

  test('in JSON is the whole report, with the event and in the summary', async () => {
    const { stdout } = await play(script(), command, 0, { ...READS, mode: 'json' });
    const all = jsonLines(stdout);
    const told = all.flatMap((line) => (line.type === 'ended' ? [line.outcome.report] : []));
    // Each record stands beside the sentence that scripts have found there all along.
    const records = told.map(
      ({ heldBy: held, transaction: open, drifted: drift, foreign: externalDropIns, ...report }) => ({
        ...report,
        ...(report.kind === 'history' ? {} : { held, open }),
        ...(report.kind === 'status' ? { drift, externalDropIns } : {}),
      }),
    );
    expect(records).toEqual(script().ends.map(({ outcome }) => 'report' in outcome && outcome.report));
    const summary = all.at(-1).hosts;
    expect(summary.map((host: { report: unknown }) => host.report)).toEqual(told);
    expect(new Set(summary.map((host: { outcome: unknown }) => host.outcome))).toEqual(new Set(['reported']));
  });

  test('with a host that failed also says how each ended, and what to do', async () => {
    const mixed = script().end('web-9', { end: 'untouched', failure: { kind: 'unreachable', detail: 'refused' } }, 9);
    const { stdout } = await play(mixed, command, 3, READS);
    expect(stdout).toContain('OUTCOME');
    expect(stdout).toContain('x web-9: untouched');
    expect(stdout).toMatch(/^web-1 /m);
  });
});

test('a note is told on the way, since nothing else would', async () => {
  const script = statusScript().add('web-1', { type: 'note', text: 'going on without root' });
  expect((await play(script, 'status', 0, READS)).stdout).toContain('web-1 | note: going on without root\n');
});

test('no text of a host is obeyed, whatever field it stands in', async () => {
  const bad = 'x\x1b[2J\nweb-2  free';
  const entry = { ...STATUS.last, at: bad, action: bad, by: bad };
  const unit = { ...STATUS.units[0], unit: bad, active: bad, sub: bad, result: bad };
  const held = { kind: 'hold', by: bad, since: bad, reason: bad } as const;
  const open = { txn: bad, from: 1, to: 2, running: true, by: bad };
  const drift = [
    { kind: 'changed', path: bad },
    { kind: 'down', unit: bad, active: bad, sub: bad },
    { kind: 'told', text: bad },
  ] as const;
  const script = statusScript()
    .end('web-5', { end: 'reported', report: { kind: 'lock', held, open } }, 1)
    .end(
      'web-6',
      {
        end: 'reported',
        report: { ...STATUS, runtime: bad, phase: bad, held, open, last: entry, units: [unit], drift },
      },
      1,
    )
    .end(
      'web-7',
      {
        end: 'reported',
        report: {
          kind: 'history',
          active: generationId(1),
          entries: [entry],
          handled: [{ ...entry, verb: bad, units: [bad], generation: generationId(1), result: 'done' }],
          generations: [
            { ...entry, id: generationId(1), base: generationId(0), digest: '' as never, verdict: 'good', source: bad },
          ],
        },
      },
      1,
    );
  const { stdout } = await play(script, 'status', 0, READS);
  expect(stdout).not.toMatch(/\x1b/);
  expect(stdout).not.toMatch(/^web-2 {2}free/m);
  expect(stdout.match(/\\x1b\[2J/g)?.length).toBeGreaterThan(12);
  expect(await watched(script, 'status')).toContain('\\x1b[2J');
});

test('a time is shortened only when it is one', () => {
  expect(['2026-01-02T03:04:05Z', '2026-01-02T03:04:05.678Z', 'yesterday', ''].map(when)).toEqual([
    '2026-01-02 03:04:05',
    '2026-01-02 03:04:05',
    'yesterday',
    '',
  ]);
});
