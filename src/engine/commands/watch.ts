import { look } from '../../host/call.ts';
import { textsOf } from '../../host/reply.ts';
import type { BoundCheck } from '../../model/check.ts';
import type { UnitState } from '../../model/facts.ts';
import type { AppLook, CheckLook, Level, LiveLook, TransactionLook } from '../../model/look.ts';
import type { CheckResult, Failure, HostOutcome } from '../../model/outcome.ts';
import type { HostTarget } from '../../model/target.ts';
import { explain } from '../../runtime/diagnose/diagnose.ts';
import { pause } from '../../util/async.ts';
import { type Found, scrubbed } from '../checks/scrub.ts';
import { checkIo, checkOnce } from '../checks/verify.ts';
import { type OpenHost, openAgain, openHost } from '../open.ts';
import { type HostRun, QUICK } from '../run.ts';
import { answered, askedOf, gathered, probed } from './health.ts';
import { readHistory } from './report.ts';

export type Patience = {
  /** Milliseconds that one host may take. */
  readonly hostMs: number;
  /** How often what is bad is asked again, and how many milliseconds apart. */
  readonly again: number;
  readonly everyMs: number;
};

/** What is known from before; it need not be confirmed. */
export type Known = {
  readonly isDown: boolean;
  readonly level: (check: string) => Level;
};

export type SeenApp = Pick<Extract<AppLook, { seen: true }>, 'live' | 'transaction' | 'checks'>;

/** That the host is not there: it may be the way to it as well. */
export const isSilence = ({ kind }: Failure): boolean =>
  kind === 'unreachable' || kind === 'connection-lost' || kind === 'timed-out';

/**
 * Looks at one app as `healthHost` does, for a monitor: what has turned bad is asked again before it counts, a host that
 * does not answer over a new connection, and what is bad brings along what is known of why. @param tell hears it
 */
export async function watchHost(
  target: HostTarget,
  outer: HostRun,
  { hostMs, again, everyMs }: Patience,
  known: Known,
  tell: (seen: SeenApp) => void,
): Promise<HostOutcome> {
  const limit = AbortSignal.timeout(hostMs);
  const run = { ...outer, signal: AbortSignal.any([outer.signal, limit]) };
  for (let tries = known.isDown ? 1 : 2; ; tries -= 1) {
    const outcome = await attempt(target, run, { again, everyMs }, known, tell);
    const silent = 'failure' in outcome && isSilence(outcome.failure);
    if (limit.aborted && !outer.signal.aborted && 'failure' in outcome && outcome.end !== 'unhealthy')
      return { end: 'untouched', failure: { kind: 'timed-out', what: 'looking at the host', ms: hostMs } };
    if (!silent || tries === 1 || run.signal.aborted) return outcome;
    await pause(everyMs, run.signal);
  }
}

async function attempt(
  target: HostTarget,
  run: HostRun,
  { again, everyMs }: Pick<Patience, 'again' | 'everyMs'>,
  known: Known,
  tell: (seen: SeenApp) => void,
): Promise<HostOutcome> {
  const before = () => null;
  const questions = gathered([...target.checks, ...target.defaultChecks], before);
  const opened = await openHost(target, [], run, questions);
  if (!opened.ok) return { end: 'untouched', failure: opened.failure };
  await using first = opened.value;
  let host: OpenHost = first;
  const wanted = askedOf([...target.checks, ...target.defaultChecks], host.probe.facts.active);
  const isNews = (found: Found) => levelOf(found) !== 'ok' && levelOf(found) !== known.level(found.check);
  const ioOf = (there: OpenHost) => {
    const io = checkIo(there, run, before);
    return there === first ? answered(io, questions, there) : io;
  };
  const ask = (check: BoundCheck) => checkOnce(check, ioOf(host), run.now);
  const covered = new Map(wanted.map((check) => [check, coveredUnits(check, host.probe.units)]));
  const checks = wanted.filter((check) => covered.get(check)?.length === 0);
  let found = await Promise.all(checks.map(ask));
  const services = () => probed(host.probe).map((one) => settled(one, first.probe.units, host.probe.units));
  for (let i = 0; i < again && !isSwitching(host) && [...services(), ...found].some(isNews); i += 1) {
    await pause(everyMs, run.signal);
    const next = await openAgain(host, target, [], run);
    if (!next.ok) return { end: 'untouched', failure: next.failure };
    host = next.value;
    found = await Promise.all(checks.map((check, at) => askAgain(found[at], () => ask(check), isNews)));
  }
  if (run.signal.aborted) return { end: 'untouched', failure: { kind: 'cancelled', phase: 'verify' } };
  const { facts } = host.probe;
  const all: readonly Found[] = [...services(), ...found];
  const results = await scrubbed(all, facts.generations.length === 0 ? null : host, run.signal);
  const settings = (label: string) =>
    wanted.find((check) => check.label === label || covered.get(check)?.some((unit) => label === `service ${unit}`));
  const seen = await evidence(host, results, settings, run);
  if (run.signal.aborted) return { end: 'untouched', failure: { kind: 'cancelled', phase: 'verify' } };
  tell(seen);
  const bad = isSwitching(host) ? [] : results.filter(({ ok }) => !ok);
  return bad.length === 0
    ? { end: 'healthy', generation: facts.active, checks: results }
    : { end: 'unhealthy', generation: facts.active, failure: { kind: 'unhealthy', checks: results } };
}

const askAgain = async (before: Found | undefined, ask: () => Promise<Found>, isNews: (found: Found) => boolean) =>
  before !== undefined && !isNews(before) ? before : ask();

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

/** The services of which a check says what the probe says of each of them anyway: all that it is about, or none. */
function coveredUnits({ written }: BoundCheck, units: readonly UnitState[]): readonly string[] {
  const { unit = [] } = JSON.parse(written) as { readonly unit?: unknown };
  const named = typeof unit === 'object' && unit !== null && 'name' in unit ? unit.name : unit;
  const names = [named].flat() as readonly string[];
  return names.every((name) => units.some((one) => one.unit === name)) ? names : [];
}

/** What is bad, with what the host knows of why. */
async function evidence(
  host: OpenHost,
  results: readonly CheckResult[],
  settings: (check: string) => Pick<BoundCheck, 'recoverAfter' | 'confirm'> | undefined,
  run: HostRun,
): Promise<SeenApp> {
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
