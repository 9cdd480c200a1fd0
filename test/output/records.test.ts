import { expect, test } from 'vitest';
import type { Drift } from '../../src/model/facts.ts';
import type { Holder } from '../../src/model/holder.ts';
import { generationId } from '../../src/model/ids.ts';
import type { Failure } from '../../src/model/outcome.ts';
import { jsonLines } from '../json-lines.ts';
import { Script } from './events.ts';
import { HOLD, STATUS } from './reports.ts';
import { play } from './run.ts';

const by = HOLD.by;
/** Each with the sentence that scripts have found in JSON since version 1. */
const HOLDERS: readonly (readonly [Holder, string])[] = [
  [HOLD, 'alice@laptop, who holds it since 2026-01-02T03:04:05Z: disk swap'],
  [
    { kind: 'run', by, since: HOLD.since, generation: generationId(5) },
    'alice@laptop, who is staging generation 5 since 2026-01-02T03:04:05Z',
  ],
  [
    { kind: 'run', by, since: HOLD.since, generation: null },
    'alice@laptop, who is repairing since 2026-01-02T03:04:05Z',
  ],
  [
    { kind: 'transaction', txn: '5-ab', phase: 'SETTLING', running: true, by },
    'alice@laptop (transaction 5-ab, SETTLING)',
  ],
  [
    { kind: 'transaction', txn: '5-ab', phase: 'SETTLING', running: false, by },
    'transaction 5-ab of alice@laptop is in phase SETTLING',
  ],
  [{ kind: 'recovery', by }, 'alice@laptop'],
  [{ kind: 'lock', at: 'claim' }, 'a transaction is under way'],
  [{ kind: 'lock', at: 'switch' }, 'another transaction on this host'],
];

const unit = 'a.service';
const generation = generationId(3);
const DRIFT: readonly (readonly [Drift, string])[] = [
  [{ kind: 'changed', path: '/etc/x' }, '/etc/x was changed by hand'],
  [{ kind: 'altered', path: 'releases/3/x' }, 'releases/3/x was changed on the host'],
  [{ kind: 'gone', path: 'releases/3' }, 'releases/3 is gone'],
  [{ kind: 'disabled', unit }, 'a.service does not start at boot'],
  [{ kind: 'down', unit, active: 'failed', sub: 'failed' }, 'a.service is failed (failed)'],
  [{ kind: 'down', unit, active: 'inactive', sub: '' }, 'a.service is inactive'],
  [{ kind: 'stray', unit, pid: 7, generation }, 'a.service runs (supervisor 7), and generation 3 has no such service'],
  [{ kind: 'outdated', unit, pid: 7, generation }, 'a.service runs from generation 3 (supervisor 7)'],
  [
    { kind: 'untold', unit, pid: 7, folder: '/s/run/a.service' },
    'a.service runs, and /s/run/a.service does not tell of it (supervisor 7)',
  ],
  [{ kind: 'unrecorded', folder: '/s', app: 'app', generation }, '/s has no record of what is live, generation 3'],
  [
    { kind: 'unrecorded', folder: '/s', app: 'app', generation: generationId(0) },
    '/s has no record of what is live, a service of app',
  ],
  [{ kind: 'told', text: 'the moon is full' }, 'the moon is full'],
];

async function json(script: Script): Promise<unknown[]> {
  const { stdout } = await play(script, 'status', 0, { mode: 'json', reads: true });
  return jsonLines(stdout);
}

test.each(HOLDERS)('%j is the same sentence in JSON as ever, with the record beside it', async (heldBy, sentence) => {
  const locked: Failure = { kind: 'locked', holder: heldBy };
  const expected = { kind: 'locked', holder: sentence, hold: heldBy.kind === 'hold', heldBy };
  const untouched = await json(new Script().end('web-1', { end: 'untouched', failure: locked }, 1));
  expect(untouched[0]).toMatchObject({ type: 'ended', outcome: { end: 'untouched', failure: expected } });
  expect(untouched.at(-1)).toMatchObject({ hosts: [{ failure: { ...expected, next: expect.any(Array) } }] });
  const stuck = await json(new Script().end('web-1', { end: 'stuck', failure: locked, revert: locked }, 1));
  expect(stuck[0]).toMatchObject({ outcome: { failure: expected, revert: expected } });
  expect(stuck.at(-1)).toMatchObject({ hosts: [{ failure: expected, revert: expected }] });
  if (heldBy.kind !== 'hold' && heldBy.kind !== 'run') return;
  const lock = new Script().end('web-1', { end: 'reported', report: { kind: 'lock', held: heldBy, open: null } }, 1);
  expect((await json(lock)).at(-1)).toMatchObject({ hosts: [{ report: { held: sentence, heldBy, open: null } }] });
});

test('drift and an open transaction are the same sentences in JSON as ever, with the records beside them', async () => {
  const drift = DRIFT.map(([one]) => one);
  const open = { txn: '5-ab', from: 2, to: 3, by };
  for (const [running, state] of [
    [true, 'at work now'],
    [false, 'left unfinished: the next deploy or rollback finishes it first'],
  ] as const) {
    const report = { ...STATUS, drift, open: { ...open, running } };
    const lines = await json(new Script().end('web-1', { end: 'reported', report }, 1));
    expect(lines.at(-1)).toMatchObject({
      hosts: [
        {
          report: {
            ...{ drift: DRIFT.map(([, sentence]) => sentence), drifted: drift, held: null, heldBy: null },
            ...{ open: `alice@laptop going from generation 2 to 3, ${state}`, transaction: { ...open, running } },
          },
        },
      ],
    });
  }
});

test('drop-ins that are not from fleet are where they were in JSON', async () => {
  const externalDropIns = [{ unit: 'app.service', path: '/etc/systemd/system/app.service.d/by-hand.conf' }];
  const lines = await json(new Script().end('web-1', { end: 'reported', report: { ...STATUS, externalDropIns } }, 1));
  expect(lines.at(-1)).toMatchObject({ hosts: [{ report: { foreign: externalDropIns } }] });
  expect(JSON.stringify(lines)).not.toContain('externalDropIns');
});

test('a login for code that the host cannot give says what there is not', async () => {
  const failure: Failure = { kind: 'code-login-refused', uploadUser: 'app', detail: '', needs: 'shell' };
  const [ended, summary] = await json(new Script().end('web-1', { end: 'untouched', failure }, 1));
  const message = 'the code could not be sent as app (uploadUser): there is no shell';
  expect(ended).toMatchObject({ outcome: { failure: { codeUser: 'app', detail: 'there is no shell' } } });
  expect(summary).toMatchObject({ hosts: [{ failure: { detail: 'there is no shell', message } }] });
});
