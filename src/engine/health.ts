import type { CheckResult, HostOutcome } from '../model/outcome.ts';
import type { HostTarget } from '../model/target.ts';
import { explain } from '../runtime/diagnose.ts';
import { openHost } from './open.ts';
import type { HostRun } from './run.ts';
import { scrubbed } from './scrub.ts';
import { checkIo, checkOnce } from './verify.ts';

/** The services of the active generation and the playbook's checks, once each. Read-only; takes no lock. */
export async function healthHost(target: HostTarget, run: HostRun): Promise<HostOutcome> {
  const opened = await openHost(target, [], run);
  if (!opened.ok) return { end: 'untouched', failure: opened.failure };
  await using host = opened.value;
  run.emit({ type: 'phase', phase: 'verify' });
  const { facts, units, open } = host.probe;
  const io = checkIo(host, run.signal);
  const found: CheckResult[] = [
    deployed(facts.active),
    ...(open === null ? [] : [unfinished(open.by, facts.phase, open.running)]),
    ...units.map((unit): CheckResult => {
      const up =
        unit.active === 'active' ||
        (unit.active === 'inactive' &&
          unit.result === 'success' &&
          unit.sub === 'dead' &&
          isOneshot(facts.drift, unit.unit));
      const why = unit.active === 'failed' ? `: ${explain(unit.result, unit.status).cause}` : '';
      const detail = `${unit.active} (${unit.sub}), pid ${unit.pid}, restarts ${unit.restarts}${why}`;
      return { check: `service ${unit.unit}`, ok: up, detail, ms: 0 };
    }),
    ...(await Promise.all(target.checks.map((check) => checkOnce(check, io, run.now)))),
  ];
  const results = facts.active === 0 ? found : await scrubbed(found, host, run.signal);
  for (const result of results) run.emit({ type: 'check', result });
  const bad = results.filter((result) => !result.ok);
  return bad.length === 0
    ? { end: 'healthy', generation: facts.active, checks: results }
    : { end: 'unhealthy', generation: facts.active, failure: { kind: 'unhealthy', checks: results } };
}

const deployed = (active: number): CheckResult => ({
  check: 'deployed',
  ok: active !== 0,
  detail: active === 0 ? 'nothing is deployed there' : `generation ${active}`,
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
const isOneshot = (drift: readonly string[], unit: string): boolean =>
  !drift.some((text) => text.startsWith(`${unit} is `));
