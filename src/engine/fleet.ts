import type { EventBody, FleetEvent, Summary } from '../model/events.ts';
import type { HostOutcome } from '../model/outcome.ts';
import { Secret } from '../model/secret.ts';
import type { HostTarget } from '../model/target.ts';
import type { Connect } from '../transport/transport.ts';
import { barrier, type Participant } from './barrier.ts';
import type { HostRun } from './run.ts';
import { endedWell, inParallel, nextWave, stopsOthers } from './schedule.ts';

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
};

/**
 * Runs one command on every target. Apps go one after the other; one host's failure never stops a host that has begun,
 * and a host that could not be reached stops nobody.
 */
export async function runFleet(
  targets: readonly HostTarget[],
  work: (target: HostTarget, run: HostRun) => Promise<HostOutcome>,
  fleet: FleetRun,
): Promise<Summary['hosts']> {
  const ended = new Map<HostTarget, Summary['hosts'][number]>();
  const apps = fleet.kind === 'reads' ? [targets] : byApp(targets);
  for (const group of apps) {
    const policy = group[0]?.policy;
    if (policy === undefined) continue;
    const together = fleet.kind === 'changes' && policy.confirm === 'together' ? barrier(group.length) : null;
    // Who waits for all the others cannot wait for a later wave; and looking needs no caution.
    const all = fleet.kind === 'reads' || together !== null;
    const parallel = together === null ? fleet.parallel : group.length;
    let stopped = false;
    let proven = 0;
    const whyNot = () => {
      if (fleet.signal.aborted) return 'the run was interrupted before this host was started';
      return stopped ? 'an earlier host failed, and the playbook says onFailure: stop' : null;
    };
    let rest: readonly HostTarget[] = group;
    while (rest.length > 0) {
      const wave = all ? rest : nextWave(rest, policy, parallel, proven);
      rest = rest.slice(wave.length);
      await inParallel(wave, parallel, async (target) => {
        const why = whyNot();
        const part = together?.();
        const outcome = await onHost(target, why === null ? work : skipped(why), fleet, part, (end) =>
          ended.set(target, end),
        );
        part?.leave(outcome.end === 'unchanged');
        if (endedWell(outcome)) proven += 1;
        if (policy.onFailure === 'stop' && stopsOthers(outcome)) stopped = true;
      });
    }
  }
  return targets.flatMap((target) => ended.get(target) ?? []);
}

const skipped = (why: string) => async (): Promise<HostOutcome> => ({
  end: 'untouched',
  failure: { kind: 'skipped', why },
});

/** Targets app by app, in the order in which the apps first appear. */
const byApp = (targets: readonly HostTarget[]): HostTarget[][] =>
  [...new Set(targets.map(({ app }) => app))].map((app) => targets.filter((target) => target.app === app));

async function onHost(
  target: HostTarget,
  work: (target: HostTarget, run: HostRun) => Promise<HostOutcome>,
  fleet: FleetRun,
  part: Participant | undefined,
  keep: (result: Summary['hosts'][number]) => void,
): Promise<HostOutcome> {
  const begun = fleet.now();
  const emit = emitter(target, fleet);
  const { signal, now, by, newId, localRsync } = fleet;
  const outcome = clear(
    await work(target, {
      ...{ signal, now, by, newId, localRsync, emit, connect: fleet.connect(target) },
      connectCode: codeConnect(target, fleet),
      ...(part === undefined ? {} : { together: () => part.arrive() }),
    }),
    target,
  );
  const durationMs = now() - begun;
  emit({ type: 'ended', outcome, durationMs });
  keep({ host: target.host, app: target.app, outcome, durationMs });
  return outcome;
}

function codeConnect(target: HostTarget, { connect }: FleetRun): Connect | null {
  const { connection, codeUser } = target;
  return codeUser === null
    ? null
    : connect({ ...target, connection: { ...connection, user: codeUser, become: 'none' } });
}

const redactor = (target: HostTarget) => Secret.redactor(target.tasks.flatMap((task) => task.secrets));

/** Stamps events, and clears known secrets out of whatever a host printed. */
function emitter(target: HostTarget, fleet: FleetRun): (event: EventBody) => void {
  const redact = redactor(target);
  const { host, app } = target;
  return (body) => {
    const at = fleet.now();
    if (body.type === 'output') fleet.report({ ...body, line: redact(body.line), at, host, app });
    else if (body.type === 'check')
      fleet.report({ ...body, result: { ...body.result, detail: redact(body.result.detail) }, at, host, app });
    else if (body.type === 'note') fleet.report({ ...body, text: redact(body.text), at, host, app });
    else fleet.report({ ...body, at, host, app });
  };
}

/** Fields of an outcome that hold words of our own, which a secret that happens to be one of them must not change. */
const OURS = new Set(['end', 'kind', 'phase', 'check', 'unit', 'result', 'what', 'why']);

/** The same for what an outcome quotes from a host. */
function clear(outcome: HostOutcome, target: HostTarget): HostOutcome {
  const redact = redactor(target);
  const walk = (value: unknown): unknown => {
    if (typeof value === 'string') return redact(value);
    if (Array.isArray(value)) return value.map(walk);
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, OURS.has(key) ? inner : walk(inner)]));
  };
  return walk(outcome) as HostOutcome;
}
