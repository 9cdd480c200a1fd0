import type { EventBody, FleetEvent, Summary } from '../../model/events.ts';
import type { HostName } from '../../model/ids.ts';
import type { HostOutcome } from '../../model/outcome.ts';
import type { PlanView } from '../../model/plan.ts';
import { Secret } from '../../model/secret.ts';
import type { HostTarget } from '../../model/target.ts';
import type { Connect } from '../../transport/transport.ts';
import { mapLimited } from '../../util/async.ts';
import { slots } from '../../util/slots.ts';
import type { HostRun, Share } from '../run.ts';
import { barrier, type Participant } from './barrier.ts';
import { type Meeting, meetings } from './same-machine.ts';
import { type Aside, endedWell, inPlace, inPlaces, inTurn, mayBegin, mayGoOn, stopsOthers } from './schedule.ts';

/** Everything a run over many hosts needs from the outside. */
export type FleetRun = {
  readonly signal: AbortSignal;
  readonly now: () => number;
  readonly report: (event: FleetEvent) => void;
  readonly connect: (target: HostTarget) => Connect;
  readonly by: string;
  readonly newId: () => string;
  readonly localRsync: boolean;
  /** Hosts at a time, whatever the playbook's batch says. */
  readonly parallel: number;
  /** `changes`: canaries, batches and the playbook's failure mode apply; `reads`: all hosts at once. */
  readonly kind: 'changes' | 'reads';
  /** Secrets of a host besides those that its targets bring along. */
  readonly secrets?: (host: HostName) => readonly Secret[];
};

/**
 * Runs one command on every target. Apps go one after the other, and holders of exclusive names last; one host's failure
 * never stops a host that has begun, and a host that could not be reached stops nobody.
 */
export async function runFleet(
  targets: readonly HostTarget[],
  work: (target: HostTarget, run: HostRun) => Promise<HostOutcome>,
  fleet: FleetRun,
): Promise<Summary['hosts']> {
  const ended = new Map<HostTarget, Summary['hosts'][number]>();
  const groups = fleet.kind === 'reads' ? [targets] : inTurn(targets);
  const apps = new Map<string, { stopped: boolean; proven: number }>();
  // Exclusive names that may still be at work on a host which was to give them up.
  const kept = new Map<string, HostTarget>();
  const meet = meetings();
  for (const group of groups) {
    const [first] = group;
    if (first === undefined) continue;
    const { policy, app } = first;
    const together =
      fleet.kind === 'changes' && policy.confirm === 'together'
        ? { staged: barrier(group.length), healthy: barrier(group.length) }
        : null;
    // Holders of exclusive names may have to give up some to one another.
    const pace = { ...policy, waves: policy.waves || first.exclusiveOwned.length > 0 };
    // Who waits for all the others cannot wait for a place; and looking needs no caution.
    const all = fleet.kind === 'reads' || together !== null;
    const parallel = together === null ? fleet.parallel : group.length;
    const progress = apps.get(app) ?? { stopped: false, proven: 0 };
    apps.set(app, progress);
    const whyNot = (target: HostTarget) => {
      if (fleet.signal.aborted) return 'the run was interrupted before this host was started';
      if (progress.stopped) return 'an earlier host failed, and the playbook says onFailure: stop';
      const name = target.exclusiveOwned.find((one) => kept.has(one));
      if (name === undefined) return null;
      return `it is to take over ${name}, and ${kept.get(name)?.host} did not end as wanted and may still run it`;
    };
    const one = async (target: HostTarget, meeting: Meeting) => {
      const why = whyNot(target);
      const part = together === null ? undefined : { staged: together.staged(), healthy: together.healthy() };
      const outcome = await onHost(target, why === null ? work : skipped(why), fleet, meeting, part, (end) =>
        ended.set(target, end),
      );
      meeting.leave();
      part?.staged.leave(outcome.end === 'unchanged');
      part?.healthy.leave(outcome.end === 'unchanged');
      if (endedWell(outcome)) progress.proven += 1;
      if (policy.onFailure === 'stop' && stopsOthers(outcome)) progress.stopped = true;
      if (fleet.kind === 'changes' && mayGoOn(outcome))
        for (const name of target.exclusiveReleased) kept.set(name, target);
    };
    await inPlaces(
      group,
      ({ waiting, running }) =>
        all ? parallel - running : mayBegin(pace, parallel, { waiting, running, proven: progress.proven }),
      (round) => {
        const met = meet(round.length);
        return round.map((target) => one(target, met(target)));
      },
    );
  }
  return targets.flatMap((target) => ended.get(target) ?? []);
}

const skipped = (why: string) => async (): Promise<HostOutcome> => ({
  end: 'untouched',
  failure: { kind: 'skipped', why },
});

async function onHost(
  target: HostTarget,
  work: (target: HostTarget, run: HostRun) => Promise<HostOutcome>,
  fleet: FleetRun,
  { alone }: Meeting,
  part: { readonly staged: Participant; readonly healthy: Participant } | undefined,
  keep: (result: Summary['hosts'][number]) => void,
): Promise<HostOutcome> {
  const begun = fleet.now();
  const run = shareOf(target, fleet, alone);
  const together =
    part === undefined
      ? {}
      : {
          together: {
            staged: () => part.staged.arrive(),
            healthy: (withinMs: number) => part.healthy.arrive(withinMs),
          },
        };
  const result = endOf(target, fleet, run, await work(target, { ...run, ...together }), begun);
  keep(result);
  return result.outcome;
}

function shareOf(target: HostTarget, fleet: FleetRun, alone: Meeting['alone']): HostRun {
  const { signal, now, by, newId, localRsync } = fleet;
  return {
    ...{ signal, now, by, newId, localRsync, alone, emit: emitter(target, fleet), connect: fleet.connect(target) },
    connectCode: codeConnect(target, fleet),
  };
}

/** What is told of how an app has ended on a host. */
function endOf(
  target: HostTarget,
  fleet: FleetRun,
  { emit, now }: HostRun,
  end: HostOutcome,
  begun: number,
): Summary['hosts'][number] {
  const outcome = within(end, redactor(target, fleet));
  const durationMs = now() - begun;
  emit({ type: 'ended', outcome, durationMs });
  return { host: target.host, app: target.app, outcome, durationMs };
}

/** How hosts are looked at that may not answer. */
export type Patience = {
  /** Those of which it is smaller come first. */
  readonly rank: (target: HostTarget) => number;
  /** So many times as many hosts as have places may be waited for: that costs nothing. */
  readonly waiting: number;
};

/**
 * Looks at hosts, all apps of one at once: each has one place, and one connection, however many apps it has. Where there is
 * patience, none is taken while a host is being connected to, and while its work waits `aside`.
 */
export async function lookAtHosts(
  targets: readonly HostTarget[],
  work: (shares: readonly Share[], aside: Aside) => Promise<readonly HostOutcome[]>,
  fleet: FleetRun,
  patience: Patience | null = null,
): Promise<Summary['hosts']> {
  const ended = new Map<HostTarget, Summary['hosts'][number]>();
  const places = slots(fleet.parallel);
  const shared = (target: HostTarget, aside: Aside): HostRun => {
    const run = shareOf(target, fleet, async () => null);
    return patience === null ? run : { ...run, connect: (signal) => aside(() => run.connect(signal)) };
  };
  const look = async (apps: readonly HostTarget[], aside: Aside) => {
    const begun = fleet.now();
    const shares = apps.map((target): Share => ({ target, run: shared(target, aside) }));
    const late = skipped('the run was interrupted before this host was started');
    const outcomes = await (fleet.signal.aborted ? Promise.all(shares.map(late)) : work(shares, aside));
    for (const [i, { target, run }] of shares.entries()) {
      const outcome = outcomes[i];
      if (outcome !== undefined) ended.set(target, endOf(target, fleet, run, outcome, begun));
    }
  };
  const { rank, waiting } = patience ?? { rank: () => 0, waiting: 1 };
  const first = ([one]: readonly HostTarget[]) => (one === undefined ? 0 : rank(one));
  const hosts = byConnection(targets).toSorted((a, b) => first(a) - first(b));
  await mapLimited(hosts, fleet.parallel * waiting, (apps) => inPlace(places, (aside) => look(apps, aside)));
  return targets.flatMap((target) => ended.get(target) ?? []);
}

function byConnection(targets: readonly HostTarget[]): readonly (readonly HostTarget[])[] {
  const groups = new Map<string, HostTarget[]>();
  for (const target of targets) {
    const key = JSON.stringify([target.host, target.connection]);
    groups.set(key, [...(groups.get(key) ?? []), target]);
  }
  return [...groups.values()];
}

function codeConnect(target: HostTarget, { connect }: FleetRun): Connect | null {
  const { connection, uploadUser } = target;
  return uploadUser === null
    ? null
    : connect({ ...target, connection: { ...connection, user: uploadUser, become: 'none' } });
}

const redactor = ({ host, tasks }: HostTarget, { secrets }: FleetRun) =>
  Secret.redactor([...tasks.flatMap((task) => task.secrets), ...(secrets?.(host) ?? [])]);

/** Stamps events, and clears known secrets out of whatever a host printed. */
function emitter(target: HostTarget, fleet: FleetRun): (event: EventBody) => void {
  const redact = redactor(target, fleet);
  const { host, app } = target;
  return (body) => {
    const at = fleet.now();
    if (body.type === 'output') fleet.report({ ...body, line: redact(body.line), at, host, app });
    else if (body.type === 'check')
      fleet.report({ ...body, result: { ...body.result, detail: redact(body.result.detail) }, at, host, app });
    else if (body.type === 'planned')
      // Of what the host said of itself: command lines of what was started by hand, paths, what differs.
      fleet.report({ ...body, plan: { ...body.plan, ...clearHost(body.plan, redact) }, at, host, app });
    else if (body.type === 'note') fleet.report({ ...body, text: redact(body.text), at, host, app });
    else fleet.report({ ...body, at, host, app });
  };
}

/** Fields of an outcome that hold words of our own, which a secret that happens to be one of them must not change. */
const OURS = new Set(['end', 'kind', 'phase', 'check', 'unit', 'result', 'what', 'why', 'by']);

const clearHost = ({ beside, warnings }: PlanView, redact: (text: string) => string) =>
  within({ beside, warnings }, redact);

/** Every text of a value but those of ours. */
function within<T>(whole: T, redact: (text: string) => string): T {
  const walk = (value: unknown): unknown => {
    if (typeof value === 'string') return redact(value);
    if (Array.isArray(value)) return value.map(walk);
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, OURS.has(key) ? inner : walk(inner)]));
  };
  return walk(whole) as T;
}
