import type { Keeper, OpenTransaction } from '../../src/model/holder.ts';
import { digest, generationId } from '../../src/model/ids.ts';
import type { HistoryEntry, HostReport, Made } from '../../src/model/report.ts';
import { Script } from './events.ts';

const COMMIT = '5d3ed21f0c9a4b7788aa0123456789abcdef0123';
const ALICE = 'alice@laptop';

const made = (id: number, base: number, verdict: Made['verdict'], source: string): Made => ({
  ...{ id: generationId(id), base: generationId(base), digest: digest('0'.repeat(64)), verdict },
  ...{ at: `2026-01-0${id}T10:00:00.000Z`, by: ALICE, source },
});
const entry = (at: string, action: string, from: number, to: number, result: HistoryEntry['result']): HistoryEntry => ({
  ...{ at, txn: at, action, from: generationId(from), to: generationId(to), result, by: ALICE },
});

const ENTRIES = [
  entry('2026-01-01T10:00:09Z', 'deploy', 0, 1, 'committed'),
  entry('2026-01-02T10:00:12Z', 'deploy', 1, 2, 'committed'),
  entry('2026-01-03T10:00:31Z', 'deploy', 2, 3, 'reverted'),
  entry('2026-01-04T08:00:00Z', 'repair', 2, 2, 'committed'),
  entry('2026-01-05T09:30:00Z', 'rollback', 2, 1, 'revert-failed'),
] as const;

export const HISTORY: HostReport = {
  kind: 'history',
  active: generationId(2),
  entries: ENTRIES,
  handled: [
    {
      ...{ at: '2026-01-04T12:00:00Z', verb: 'restart', units: ['jarvis.service', 'crawler@1.service'] },
      ...{ generation: generationId(2), result: 'done', by: ALICE },
    },
  ],
  generations: [made(1, 0, 'good', COMMIT), made(2, 1, 'good', `${COMMIT} dirty`), made(3, 2, 'bad', '-')],
};

const unit = { active: 'active', sub: 'running', pid: 4711, restarts: 0, result: 'success', status: 0 };

const LIVING = {
  ...{ since: null, generation: generationId(2), memory: 13_107_200, memoryMax: 536_870_912 },
  ...{ cpuMs: 1234, statusText: '3 bots are up' },
};

export const STATUS = {
  ...{ kind: 'status', generation: generationId(2), runtime: 'systemd', phase: 'IDLE', open: null, held: null },
  last: ENTRIES[1],
  units: [
    { ...unit, unit: 'jarvis.service', living: LIVING },
    { ...unit, unit: 'crawler@1.service', pid: 4712, restarts: 3 },
  ],
  drift: [],
  byHand: [],
  verified: null,
  watch: null,
  externalDropIns: [],
} as const satisfies HostReport;

export const HOLD = { kind: 'hold', by: ALICE, since: '2026-01-02T03:04:05Z', reason: 'disk swap' } as const;

export const HELD: HostReport = {
  kind: 'lock',
  held: { ...HOLD, reason: 'the disk is being swapped and nobody knows how long' },
  open: null,
};

const down = { active: 'failed', sub: 'failed', pid: 0, restarts: 7, result: 'exit-code', status: 1 };

/** `fleet status`: one host well, one that drifted under a hold, one stuck, one empty. */
export const statusScript = (): Script =>
  new Script()
    .add('web-1', { type: 'phase', phase: 'connect' })
    .add('web-1', { type: 'phase', phase: 'probe' })
    .end('web-1', { end: 'reported', report: STATUS }, 90)
    .end(
      'web-2',
      {
        end: 'reported',
        report: {
          ...STATUS,
          runtime: 'nohup',
          held: HOLD,
          drift: [{ kind: 'changed', path: '/opt/jarvis/.env' }],
          externalDropIns: [],
        },
      },
      91,
    )
    .end(
      'web-3',
      {
        end: 'reported',
        report: {
          ...STATUS,
          phase: 'REVERT_FAILED',
          open: { txn: '1-a', from: 2, to: 1, running: false, by: ALICE },
          last: ENTRIES[4],
          units: [{ ...unit, ...down, unit: 'jarvis.service' }],
          byHand: [{ unit: 'jarvis.service', what: 'stopped', at: '2026-01-04T12:00:00Z', by: ALICE }],
        },
      },
      92,
    )
    .end(
      'web-4',
      {
        end: 'reported',
        report: { ...STATUS, generation: generationId(0), runtime: '-', last: null, units: [] },
      },
      93,
    );

/** `fleet history` of a host with one and of an empty one. */
export const historyScript = (): Script =>
  new Script()
    .add('web-1', { type: 'phase', phase: 'connect' })
    .end('web-1', { end: 'reported', report: HISTORY }, 90)
    .end(
      'web-2',
      {
        end: 'reported',
        report: { kind: 'history', active: generationId(0), entries: [], handled: [], generations: [] },
      },
      91,
    );

/** `fleet lock`: free, held, somebody at work, and a change left open under a hold. */
export function lockScript(): Script {
  const [by, since] = ['bob@desk', HOLD.since];
  const lease: Keeper = { kind: 'run', by, since, generation: generationId(5) };
  const open: OpenTransaction = { txn: '5-a', from: 4, to: 5, running: true, by };
  return new Script()
    .add('web-1', { type: 'phase', phase: 'connect' })
    .end('web-1', { end: 'reported', report: { kind: 'lock', held: null, open: null } }, 90)
    .end('web-2', { end: 'reported', report: HELD }, 91)
    .end('web-3', { end: 'reported', report: { kind: 'lock', held: lease, open: null } }, 92)
    .end('web-4', { end: 'reported', report: { kind: 'lock', held: { ...HOLD, since: null }, open } }, 93);
}
