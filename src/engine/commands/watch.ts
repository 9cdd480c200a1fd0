import { look } from '../../host/call.ts';
import { textsOf } from '../../host/reply.ts';
import type { BoundCheck, Memory } from '../../model/check.ts';
import type { UnitState } from '../../model/facts.ts';
import type { AppLook, CheckLook, Level, LiveLook, TransactionLook } from '../../model/look.ts';
import type { CheckResult, Failure, HostOutcome, Result } from '../../model/outcome.ts';
import type { HostTarget } from '../../model/target.ts';
import { explain } from '../../runtime/diagnose/diagnose.ts';
import { pause, within } from '../../util/async.ts';
import { type Found, scrubbed } from '../checks/scrub.ts';
import { checkIo, checkOnce } from '../checks/verify.ts';
import type { Aside } from '../fleet/schedule.ts';
import { type OpenHost, openAgain, openTogether } from '../open.ts';
import { type HostRun, QUICK, type Share } from '../run.ts';
import { answered, askedOf, type HealthVisit, probed, unitsOf, visitOf } from './health.ts';
import { readHistory } from './report.ts';

export type Patience = {
  /** Milliseconds that one host may take. */
  readonly hostMs: number;
  /** How often what is bad is asked again, and how many milliseconds apart. */
  readonly again: number;
  readonly everyMs: number;
};

/** What is known of an app from before; it need not be confirmed. */
export type Known = {
  readonly isDown: boolean;
  readonly level: (check: string) => Level;
  readonly memory: Memory;
};

export type SeenApp = Pick<Extract<AppLook, { seen: true }>, 'live' | 'transaction' | 'checks' | 'unjudged'>;

/** How an app on a host has ended, and what was seen of it; null where it could not be looked at. */
type Ended = { readonly outcome: HostOutcome; readonly seen: SeenApp | null };

/** That the host is not there: it may be the way to it as well. */
export const isSilence = ({ kind }: Failure): boolean =>
  kind === 'unreachable' || kind === 'connection-lost' || kind === 'timed-out';

/**
 * Looks at all apps of a host as `healthOf` does, for a monitor: what has turned bad is asked again before it counts, a
 * host that does not answer over a new connection, and what is bad brings along what is known of why.
 * @param knownOf what is known of each @param tell hears what was seen @param aside for what waits for time to pass
 */
export async function watchHost(
  shares: readonly Share[],
  { hostMs, again, everyMs }: Patience,
  knownOf: (target: HostTarget) => Known,
  tell: (target: HostTarget, seen: SeenApp) => void,
  aside: Aside,
): Promise<readonly HostOutcome[]> {
  const limit = within(new AbortController().signal, hostMs);
  const late: HostOutcome = {
    end: 'untouched',
    failure: { kind: 'timed-out', what: 'looking at the host', ms: hostMs },
  };
  const ends = new Map<HostTarget, HostOutcome>();
  let left = shares.map(({ target, run }) => ({
    target,
    run: { ...run, signal: AbortSignal.any([run.signal, limit]) },
  }));
  for (let tries = 2; left.length > 0; tries -= 1) {
    const visits = left.map((share) => visitOf(share, knownOf(share.target).memory));
    const ended = await Promise.all(
      (await openTogether(visits)).map(async ({ visit, opened }) => ({
        visit,
        ...(await attempt(visit, opened, { again, everyMs }, knownOf(visit.target), aside)),
      })),
    );
    for (const { visit, outcome, seen } of ended) {
      if (seen !== null) tell(visit.target, seen);
      const cut = limit.aborted && 'failure' in outcome && outcome.end !== 'unhealthy';
      ends.set(visit.target, cut && !shares.some(({ run }) => run.signal.aborted) ? late : outcome);
    }
    const isOver = limit.aborted || tries === 1;
    left = ended.flatMap(({ visit: { target, run }, outcome }) =>
      isOver || run.signal.aborted || knownOf(target).isDown || !wasSilent(outcome) ? [] : [{ target, run }],
    );
    if (left.length > 0) await aside(() => pause(everyMs, AbortSignal.any(left.map(({ run }) => run.signal))));
  }
  return shares.map(({ target }) => ends.get(target) ?? late);
}

const wasSilent = (outcome: HostOutcome): boolean => 'failure' in outcome && isSilence(outcome.failure);

async function attempt(
  { target, run, checks: all, memory, asked: questions }: HealthVisit,
  opened: Result<OpenHost>,
  { again, everyMs }: Pick<Patience, 'again' | 'everyMs'>,
  known: Known,
  aside: Aside,
): Promise<Ended> {
  const stopped = (failure: Failure): Ended => ({ outcome: { end: 'untouched', failure }, seen: null });
  if (!opened.ok) return stopped(opened.failure);
  await using first = opened.value;
  let host: OpenHost = first;
  const wanted = askedOf(all, host.probe.facts.active);
  const isNews = (found: Found) => levelOf(found) !== 'ok' && levelOf(found) !== known.level(found.check);
  const ioOf = (there: OpenHost) => {
    const io = checkIo(there, run, memory);
    return there === first ? answered(io, questions, there) : io;
  };
  const ask = (check: BoundCheck) => checkOnce(check, ioOf(host), run.now);
  let found = await Promise.all(wanted.map(async (check) => ({ check, result: await ask(check) })));
  const services = () =>
    probed(host.probe, target, all, memory.before).map((one) => settled(one, first.probe.units, host.probe.units));
  /** Of a service that is down a check of it says nothing new. */
  const isTold = (check: BoundCheck) => {
    const told = services();
    const states = unitsOf(check).map((unit) => told.find((one) => one.check === `service ${unit}`)?.ok);
    return states.includes(false) && !states.includes(undefined);
  };
  const judged = () => [...services(), ...found.flatMap(({ check, result }) => (isTold(check) ? [] : [result]))];
  let rounds = 1;
  for (; rounds <= again && !isSwitching(host) && judged().some(isNews); rounds += 1) {
    await aside(() => pause(everyMs, run.signal));
    const next = await openAgain(host, target, [], run);
    if (!next.ok) return stopped(next.failure);
    host = next.value;
    const again = found.map(async (one) => (isNews(one.result) ? { ...one, result: await ask(one.check) } : one));
    found = await Promise.all(again);
  }
  if (run.signal.aborted) return stopped({ kind: 'cancelled', phase: 'verify' });
  const { facts } = host.probe;
  const unjudged = wanted.filter(isTold).map(({ label }) => label);
  const results = await scrubbed(judged(), facts.generations.length === 0 ? null : host, run.signal);
  const settings = (label: string) =>
    wanted.find((check) => check.label === label || unitsOf(check).some((unit) => label === `service ${unit}`));
  const tries = (result: CheckResult) => (isNews(result) ? rounds : 1);
  const seen = { ...(await evidence(host, results, settings, tries, run)), unjudged };
  if (run.signal.aborted) return stopped({ kind: 'cancelled', phase: 'verify' });
  const bad = isSwitching(host) ? [] : results.filter(({ ok }) => !ok);
  const outcome: HostOutcome =
    bad.length === 0
      ? { end: 'healthy', generation: facts.active, checks: results }
      : { end: 'unhealthy', generation: facts.active, failure: { kind: 'unhealthy', checks: results } };
  return { outcome, seen };
}

/** One that starts again and again is up now and then, and not well. */
function settled(found: Found, before: readonly UnitState[], now: readonly UnitState[]): Found {
  const of = (units: readonly UnitState[]) =>
    units.find(({ unit }) => found.check === `service ${unit}`)?.restarts ?? 0;
  const times = of(now) - of(before);
  if (!found.ok || times <= 0) return found;
  return { ...found, ok: false, detail: `${found.detail}; it was started again while it was looked at` };
}

const levelOf = ({ ok, warning }: CheckResult): Level => (!ok ? 'crit' : warning === true ? 'warn' : 'ok');

/** A transaction that will end by itself. */
const isSwitching = ({ probe }: OpenHost): boolean =>
  probe.open?.running === true && (probe.leftMs === null || probe.leftMs >= 0);

/** What is bad, with what the host knows of why. */
async function evidence(
  host: OpenHost,
  results: readonly CheckResult[],
  settings: (check: string) => Pick<BoundCheck, 'recoverAfter' | 'confirm'> | undefined,
  tries: (result: CheckResult) => number,
  run: HostRun,
): Promise<Omit<SeenApp, 'unjudged'>> {
  const { facts, units, open, leftMs } = host.probe;
  const bad = new Set(results.filter((one) => levelOf(one) !== 'ok').map(({ check }) => check));
  const [single, ...others] = units;
  const only = others.length === 0 ? single : undefined;
  /** Whose words tell of a check: the service that it is, or the only one there is. */
  const speaker = (check: string) => units.find(({ unit }) => check === `service ${unit}`) ?? only;
  const asked = [...new Set([...bad].flatMap((check) => speaker(check)?.unit ?? []))];
  const words = asked.length === 0 ? new Map<string, readonly string[]>() : await lastWords(host, asked, run);
  return {
    live: { generation: facts.active, change: bad.size === 0 ? null : await changeOf(host, run) },
    transaction: open === null ? null : ({ ...open, phase: facts.phase, leftMs } satisfies TransactionLook),
    checks: results.map((result): CheckLook => {
      const { check, detail, readings = [] } = result;
      const { recoverAfter = 1, confirm = { runs: 1, of: 1 } } = settings(check) ?? {};
      const level = levelOf(result);
      const unit = units.find((one) => check === `service ${one.unit}`);
      const why = level === 'ok' || unit === undefined ? null : explain(unit.result, unit.status);
      const hasFailed = unit?.active === 'failed' || unit?.sub === 'auto-restart';
      return {
        ...{ check, level, detail, readings, recoverAfter, confirm },
        evidence: why === null || !hasFailed ? [] : [why.cause, why.fix],
        log: level === 'ok' ? [] : (words.get(speaker(check)?.unit ?? '') ?? []),
        fix: null,
        tries: tries(result),
        event: result.event ?? null,
      };
    }),
  };
}

async function lastWords(host: OpenHost, units: readonly string[], run: HostRun) {
  const io = { signal: run.signal, timeoutMs: QUICK };
  const reply = await host.transport.run(look(host.site, 'said', ...units), io);
  const lines = reply.ok ? textsOf(reply.value.stdout, 'said') : [];
  return new Map(
    units.map((unit) => [
      unit,
      lines.filter((line) => line.startsWith(`${unit} `)).map((line) => line.slice(unit.length + 1)),
    ]),
  );
}

/** Which change made the active generation live. */
async function changeOf(host: OpenHost, run: HostRun): Promise<LiveLook['change']> {
  const history = await readHistory(host, run);
  const { active } = host.probe.facts;
  const last = history?.entries.findLast(({ to, result }) => to === active && result === 'committed');
  const at = Date.parse(last?.at ?? '');
  return last === undefined || Number.isNaN(at) ? null : { at, by: last.by, from: last.from };
}
