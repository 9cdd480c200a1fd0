import { restartsSince } from '../../checks/use.ts';
import { call, look } from '../../host/call.ts';
import { parseHistory } from '../../host/facts.ts';
import { holderIn } from '../../host/holder.ts';
import { numberOf, textsOf } from '../../host/reply.ts';
import { type Before, NO_MEMORY } from '../../model/check.ts';
import type { Drift } from '../../model/facts.ts';
import type { Keeper } from '../../model/holder.ts';
import type { HostOutcome, Result } from '../../model/outcome.ts';
import type { HostTarget } from '../../model/target.ts';
import { pause } from '../../util/async.ts';
import { stillByHand } from '../by-hand.ts';
import { LIVING, withLiving } from '../living.ts';
import { type OpenHost, openAgain, openHost } from '../open.ts';
import { type HostRun, QUICK } from '../run.ts';

/** `fleet status` on one host: what is active, what is open, how the last transaction ended. Never changes anything. */
export const statusHost = (
  target: HostTarget,
  run: HostRun,
  { verify = false, before = NO_MEMORY.before }: { readonly verify?: boolean; readonly before?: Before } = {},
): Promise<HostOutcome> => reading(target, run, (host) => statusOf(host, run, verify, before), WITH_LIVING);

/**
 * The same again and again over one connection, until the signal ends it; a host that is lost is connected to anew.
 * @param every milliseconds between two looks
 */
export async function watchHost(
  target: HostTarget,
  run: HostRun,
  every: number,
  before: Before,
  show: (outcome: HostOutcome) => void,
): Promise<HostOutcome> {
  let last: HostOutcome = { end: 'untouched', failure: { kind: 'cancelled', phase: 'connect' } };
  const told = (outcome: HostOutcome) => {
    last = outcome;
    show(outcome);
  };
  while (!run.signal.aborted) {
    const opened = await openHost(target, [], run, WITH_LIVING);
    if (run.signal.aborted && !opened.ok) break;
    if (!opened.ok) told({ end: 'untouched', failure: opened.failure });
    else {
      await using host = opened.value;
      for (let now: Result<OpenHost> = opened; now.ok; now = await openAgain(host, target, [], run, WITH_LIVING)) {
        const outcome = await statusOf(now.value, run, false, before);
        if (outcome === null) break;
        told(outcome);
        await pause(every, run.signal);
        if (run.signal.aborted) break;
      }
    }
    await pause(every, run.signal);
  }
  return last;
}

const WITH_LIVING = { fragments: [LIVING], withinMs: 0 };

/** Null when the host could not be asked. */
async function statusOf(host: OpenHost, run: HostRun, verify: boolean, before: Before): Promise<HostOutcome | null> {
  const { facts, units, open } = host.probe;
  const history = await readHistory(host, run);
  if (history === null) return null;
  const verified = verify && facts.active !== 0 ? await verifyRelease(host, run) : null;
  const altered = verified?.altered ?? facts.altered;
  return {
    end: 'reported',
    report: {
      kind: 'status',
      generation: facts.active,
      runtime: host.probe.runtime,
      phase: facts.phase,
      open,
      held: facts.held,
      last: history.entries.at(-1) ?? null,
      watch: host.probe.probation,
      units: withLiving(units, host.answers.get(LIVING.name) ?? '', facts.active, host.told.to).map((unit) => {
        const since = restartsSince(unit.unit, unit.restarts, before);
        return since === null ? unit : { ...unit, restartsSince: since };
      }),
      drift: [
        ...facts.unsafe.map((text): Drift => ({ kind: 'told', text })),
        ...facts.drift,
        ...altered.map((path): Drift => ({ kind: 'altered', path })),
      ],
      byHand: stillByHand(host.probe),
      verified: verified?.files ?? null,
      externalDropIns: facts.externalDropIns,
    },
  };
}

/** `fleet history` on one host. */
export const historyHost = (target: HostTarget, run: HostRun): Promise<HostOutcome> =>
  reading(target, run, async (host) => {
    const history = await readHistory(host, run);
    if (history === null) return null;
    return {
      end: 'reported',
      report: {
        kind: 'history',
        active: host.probe.facts.active,
        entries: history.entries,
        handled: history.handled,
        generations: history.made,
      },
    };
  });

/** `fleet lock` on one host: shows who is at work; with a change, holds the host for a reason or lets go of it. */
export const lockHost = (
  target: HostTarget,
  change: { readonly do: 'show' } | { readonly do: 'hold'; readonly reason: string } | { readonly do: 'release' },
  run: HostRun,
): Promise<HostOutcome> =>
  reading(target, run, async (host) => {
    const { open, facts } = host.probe;
    if (change.do === 'show') return { end: 'reported', report: { kind: 'lock', held: facts.held, open } };
    const words = change.do === 'hold' ? [run.by, change.reason] : [];
    const reply = await host.transport.run(call(host.site, change.do, ...words), {
      signal: run.signal,
      timeoutMs: QUICK,
    });
    if (!reply.ok) return { end: 'untouched', failure: reply.failure };
    if (reply.value.code === 75)
      return { end: 'untouched', failure: { kind: 'locked', holder: holderIn(reply.value.stdout) } };
    if (reply.value.code !== 0)
      return { end: 'untouched', failure: { kind: 'step-failed', step: change.do, exit: reply.value } };
    const held: Keeper | null =
      change.do === 'hold' ? { kind: 'hold', by: run.by, since: null, reason: change.reason } : null;
    return { end: 'reported', report: { kind: 'lock', held, open } };
  });

async function reading(
  target: HostTarget,
  run: HostRun,
  read: (host: OpenHost) => Promise<HostOutcome | null>,
  asked?: typeof WITH_LIVING,
): Promise<HostOutcome> {
  const opened = await openHost(target, [], run, asked);
  if (!opened.ok) return { end: 'untouched', failure: opened.failure };
  await using host = opened.value;
  const outcome = await read(host);
  return outcome ?? { end: 'untouched', failure: { kind: 'connection-lost', detail: 'the history could not be read' } };
}

/** Null when the host could not be asked. */
export async function readHistory(host: OpenHost, run: HostRun): Promise<ReturnType<typeof parseHistory> | null> {
  const reply = await host.transport.run(look(host.site, 'history'), { signal: run.signal, timeoutMs: QUICK });
  return reply.ok ? parseHistory(reply.value.stdout, host.probe.facts.generations) : null;
}

/** Every file of the active release against what was sealed; null where the host could not tell. */
async function verifyRelease(host: OpenHost, run: HostRun) {
  const { active } = host.probe.facts;
  // Reads all of it, on a slow disk perhaps.
  const io = { signal: run.signal, timeoutMs: 10 * QUICK };
  const reply = await host.transport.run(look(host.site, 'verify', String(active)), io);
  const files = reply.ok ? numberOf(reply.value.stdout, 'verified') : undefined;
  if (!reply.ok || files === undefined) return null;
  return { files, altered: textsOf(reply.value.stdout, 'altered').map((file) => `releases/${active}/${file}`) };
}
