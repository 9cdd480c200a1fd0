import type { ProbeReply } from '../../host/facts.ts';
import type { Drift, UnitState } from '../../model/facts.ts';
import type { CheckResult, HostOutcome } from '../../model/outcome.ts';
import type { HostTarget } from '../../model/target.ts';
import { explain } from '../../runtime/diagnose/diagnose.ts';
import { type Found, scrubbed } from '../checks/scrub.ts';
import { checkIo, checkOnce } from '../checks/verify.ts';
import { openHost } from '../open.ts';
import type { HostRun } from '../run.ts';

/** The services of the active generation and the playbook's checks, once each. Read-only; takes no lock. */
export async function healthHost(target: HostTarget, run: HostRun): Promise<HostOutcome> {
  const opened = await openHost(target, [], run);
  if (!opened.ok) return { end: 'untouched', failure: opened.failure };
  await using host = opened.value;
  run.emit({ type: 'phase', phase: 'verify' });
  const { facts, open } = host.probe;
  const io = checkIo(host, run.signal);
  const found: Found[] = [
    ...probed(host.probe),
    ...(open === null ? [] : [unfinished(open.by, facts.phase, open.running)]),
    ...(await Promise.all(target.checks.map((check) => checkOnce(check, io, run.now)))),
  ];
  const results = await scrubbed(found, facts.generations.length === 0 ? null : host, run.signal);
  for (const result of results) run.emit({ type: 'check', result });
  const bad = results.filter((result) => !result.ok);
  return bad.length === 0
    ? { end: 'healthy', generation: facts.active, checks: results }
    : { end: 'unhealthy', generation: facts.active, failure: { kind: 'unhealthy', checks: results } };
}

/** What the probe alone tells, besides an open transaction. */
export function probed({ facts, units }: ProbeReply): readonly Found[] {
  return [
    deployed(facts.active),
    ...facts.drift.flatMap(unrecorded),
    ...(facts.altered.length === 0 ? [] : [tampered(facts.altered)]),
    ...(facts.unsafe.length === 0 ? [] : [{ check: 'root', ok: false, detail: facts.unsafe.join('; '), ms: 0 }]),
    ...units.map((unit) => {
      const ok = isWell(unit, facts.drift);
      return { check: `service ${unit.unit}`, ok, detail: inWords(unit), ms: 0 };
    }),
  ];
}

/** A service whose supervisor the host had to look for, since the state folder does not tell of it. */
const UNRECORDED = 'unrecorded';

/** What a trigger starts need not run: it is well as long as its last run did not fail. */
function isWell({ unit, active, sub, result, startedBy }: UnitState, drift: readonly Drift[]): boolean {
  if (sub === UNRECORDED) return false;
  if (active === 'active') return true;
  if (startedBy !== undefined)
    return active === 'inactive' || active === 'deactivating' || (active === 'activating' && sub !== 'auto-restart');
  return active === 'inactive' && result === 'success' && sub === 'dead' && isOneshot(drift, unit);
}

function inWords({ active, sub, pid, restarts, result, status, startedBy }: UnitState): string {
  if (active === 'taken')
    return `its unit file is that of the app ${sub} of this host by now, and so is what runs under its name`;
  const by = startedBy === undefined || startedBy.length === 0 ? '' : `, started by ${startedBy.join(' and ')}`;
  const why = active === 'failed' ? `: ${explain(result, status).cause}` : '';
  if (by !== '' && active === 'inactive') return `${active} (${sub})${by}; its last run ended well`;
  if (sub === UNRECORDED) return `${active}, pid ${pid}, but fleet's record on the host does not tell of it`;
  return `${active} (${sub}), pid ${pid}, restarts ${restarts}${by}${why}`;
}

const deployed = (active: number): CheckResult => ({
  check: 'deployed',
  ok: active !== 0,
  detail: active === 0 ? 'nothing is deployed there' : `generation ${active}`,
  ms: 0,
});

const unrecorded = (drift: Drift): readonly CheckResult[] =>
  drift.kind !== 'unrecorded' ? [] : [{ check: 'record', ok: false, detail: noRecord(drift), ms: 0 }];

const noRecord = ({ folder, app, generation }: Extract<Drift, { kind: 'unrecorded' }>): string =>
  `${folder} has no record of what is live, ${generation === 0 ? `a service of ${app}` : `generation ${generation}`}`;

const tampered = (files: readonly string[]): CheckResult => ({
  check: 'release',
  ok: false,
  detail: `not as it was deployed: ${files.slice(0, 3).join(', ')}${files.length > 3 ? ` and ${files.length - 3} more` : ''}`,
  ms: 0,
});

const unfinished = (by: string, phase: string, running: boolean): CheckResult => ({
  check: 'transaction',
  ok: running,
  detail: running
    ? `a deploy by ${by} is at work (${phase})`
    : `a deploy by ${by} was left in ${phase}; the next deploy finishes it`,
  ms: 0,
});

/** A oneshot that has done its work is down and well; the host reports it as drift only when it is not. */
const isOneshot = (drift: readonly Drift[], unit: string): boolean =>
  !drift.some((one) => one.kind === 'down' && one.unit === unit);
