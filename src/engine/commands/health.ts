import { TELL_GENERATION } from '../../checks/app/generation.ts';
import { restartsFinding } from '../../checks/use.ts';
import type { Fragment } from '../../host/call.ts';
import type { ProbeReply } from '../../host/facts.ts';
import type { Before, BoundCheck, CheckIo, Memory, Question } from '../../model/check.ts';
import type { Drift, UnitState } from '../../model/facts.ts';
import { type CheckResult, type HostOutcome, ok } from '../../model/outcome.ts';
import type { HostTarget } from '../../model/target.ts';
import { explain } from '../../runtime/diagnose/diagnose.ts';
import type { Script } from '../../shell/sh.ts';
import { acted } from '../checks/acts.ts';
import { watched } from '../checks/probation.ts';
import { type Found, scrubbed } from '../checks/scrub.ts';
import { checkIo, checkOnce } from '../checks/verify.ts';
import { type OpenHost, openTogether, type Visit } from '../open.ts';
import type { Share } from '../run.ts';

/**
 * The services of the active generations, the playbooks' checks and those that health has by itself, once each. Read-only;
 * takes no lock. For all apps of a host one connection, and one command for all that is read there.
 * @param memoryOf what earlier looks have seen
 */
export async function healthOf(
  shares: readonly Share[],
  memoryOf: (target: HostTarget) => Memory,
): Promise<readonly HostOutcome[]> {
  const all = await openTogether(shares.map((share) => visitOf(share, memoryOf(share.target))));
  return Promise.all(
    all.map(async ({ visit, opened }): Promise<HostOutcome> => {
      return opened.ok ? judge(visit, opened.value) : { end: 'untouched', failure: opened.failure };
    }),
  );
}

/** What is asked of an app on a host. */
export type HealthVisit = Visit & {
  readonly checks: readonly BoundCheck[];
  readonly asked: Gathered;
  readonly memory: Memory;
};

export function visitOf({ target, run }: Share, memory: Memory): HealthVisit {
  const checks = [...target.checks, ...target.defaultChecks];
  return { target, run, tasks: [], checks, memory, asked: gathered(checks, memory.before) };
}

async function judge(
  { target, run, checks, memory, asked: questions }: HealthVisit,
  opened: OpenHost,
): Promise<HostOutcome> {
  await using host = opened;
  run.emit({ type: 'phase', phase: 'verify' });
  const { facts, open } = host.probe;
  const io = answered(checkIo(host, run, memory), questions, host);
  const asked = askedOf(checks, facts.active);
  const judged = asked.some(({ label }) => label === 'generation');
  const found: readonly Found[] = [
    ...probed(host.probe, target, checks, memory.before),
    ...(open === null || judged
      ? []
      : [{ ...unfinished(open.by, facts.phase, open.running), quotes: 'never' as const }]),
    ...(await Promise.all(asked.map((check) => checkOnce(check, io, run.now)))),
  ];
  const results = await scrubbed(found, facts.generations.length === 0 ? null : host, run.signal);
  for (const result of results) run.emit({ type: 'check', result });
  const bad = results.filter((result) => !result.ok);
  return bad.length === 0
    ? { end: 'healthy', generation: facts.active, checks: results }
    : { end: 'unhealthy', generation: facts.active, failure: { kind: 'unhealthy', checks: results } };
}

/**
 * What the probe alone tells, besides an open transaction. A service that was restarted since the last look is up with a
 * warning, unless a check of the playbook judges that.
 */
export function probed(
  { facts, units, probation, acts }: ProbeReply,
  { policy, unasked }: Pick<HostTarget, 'policy' | 'unasked'>,
  checks: readonly BoundCheck[],
  before: Before,
): readonly Found[] {
  const elsewhere = new Set(checks.flatMap(unitsOf));
  const asked = (name: HostTarget['unasked'][number]) => !unasked.includes(name);
  const told = [
    ...(asked('generation') ? [deployed(facts.active)] : []),
    ...facts.drift.flatMap(unrecorded),
    ...(asked('generation') && facts.altered.length > 0 ? [tampered(facts.altered)] : []),
    ...(facts.unsafe.length === 0 ? [] : [{ check: 'root', ok: false, detail: facts.unsafe.join('; '), ms: 0 }]),
    ...(asked('services') ? units : []).map((unit) => {
      const found = { check: `service ${unit.unit}`, ok: isWell(unit, facts.drift), detail: inWords(unit), ms: 0 };
      return unit.pid === 0 || elsewhere.has(unit.unit) ? found : restarted(found, unit, before);
    }),
  ].map((result) => ({ ...result, quotes: 'never' as const }));
  return [...told, ...watched(probation, policy), ...acted(acts, before)];
}

function restarted(found: CheckResult, { unit, restarts }: UnitState, before: Before): CheckResult {
  const { level, text, reading } = restartsFinding(unit, restarts, { warn: 1 }, before);
  const readings = reading === undefined ? {} : { readings: [reading] };
  if (level === 'ok' || !found.ok) return { ...found, ...readings };
  return { ...found, ...readings, warning: true, detail: `${text}; ${found.detail}` };
}

/** The units that a check is about which says of each what the probe says of services. */
export function unitsOf({ written }: Pick<BoundCheck, 'written'>): readonly string[] {
  const { unit = [] } = JSON.parse(written) as { readonly unit?: unknown };
  const named = typeof unit === 'object' && unit !== null && 'name' in unit ? unit.name : unit;
  return [named].flat() as readonly string[];
}

/** Labels of what says nothing where nothing is deployed. */
const OF_A_GENERATION = ['generation', '.env', 'limits of the services'];

/** Of what is asked of an app, what says something of it as it is. */
export const askedOf = (checks: readonly BoundCheck[], active: number): readonly BoundCheck[] =>
  active === 0 ? checks.filter(({ label }) => !OF_A_GENERATION.includes(label)) : checks;

type Gathered = { readonly fragments: readonly (Fragment & { readonly script: Script })[]; readonly withinMs: number };

/** What all checks ask, each thing once. What takes its time goes side by side, so that the longest counts. */
export function gathered(checks: readonly BoundCheck[], before: Before): Gathered {
  const questions = new Map<string, Question>();
  for (const check of checks) {
    const question = check.asks(before);
    if (question !== null && question.script !== TELL_GENERATION) questions.set(question.script.text, question);
  }
  const all = [...questions.values()];
  return {
    fragments: all.map(({ script, slow }, i) => ({ name: `check ${i}`, probe: script, script, slow: slow === true })),
    withinMs: Math.max(0, ...all.map(({ withinMs }) => withinMs)),
  };
}

/** Checks get what was asked ahead for them. */
export function answered(io: CheckIo, { fragments }: Gathered, { answers, told }: OpenHost): CheckIo {
  const texts = new Map(fragments.map(({ name, script }) => [script.text, answers.get(name)]));
  texts.set(TELL_GENERATION.text, withoutOwnLines(told.state));
  return {
    ...io,
    async ask(question) {
      const text = texts.get(question.script.text);
      return text === undefined ? io.ask(question) : ok({ ...told, text });
    },
  };
}

/** What of the probe has a line of its own in what health says. */
const withoutOwnLines = (state: string) => state.replace(/^(altered|drift (down|unrecorded)) .*\n/gm, '');

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
