import { call, installed, look } from '../../host/call.ts';
import { parseHistory } from '../../host/facts.ts';
import type { GenerationId } from '../../model/ids.ts';
import { type Failure, fail, type HostOutcome, ok, type Result } from '../../model/outcome.ts';
import type { BeforeStep } from '../../model/plan.ts';
import type { HostTarget } from '../../model/target.ts';
import type { Transport } from '../../transport/transport.ts';
import { pause } from '../../util/async.ts';
import { verify } from '../checks/verify.ts';
import { needsRepair, type OpenHost } from '../open.ts';
import { type HostRun, QUICK, RECOVERY } from '../run.ts';
import { type End, follow, hostFailure, newTranscript, notBegun } from './transaction.ts';

/** A host that has said nothing for so long, and the deadline is over, is not waited for any more; milliseconds. */
const SILENCE = 300_000;
/** What the host may take to end a step, and all that it has started; milliseconds. */
const STEP_ENDS = 60_000;
/** The last confirmation leaves this long before the deadline; milliseconds. */
const GRACE = 3_000;

/** Between looks whether it is still there to be confirmed; milliseconds. */
const LOOK = 2_000;

const alone = (what: string): Failure => ({
  kind: 'skipped',
  why: `another host of this run ${what}, and the playbook says confirm: together`,
});

export type Switch = {
  readonly from: GenerationId;
  /** 0: the host as fleet found it. */
  readonly to: GenerationId;
  /** Good generations to keep. */
  readonly keep: number;
  /** What the host runs first, while the generation before goes on. */
  readonly before?: readonly BeforeStep[];
  /** What the history calls it. */
  readonly action: 'deploy' | 'env' | 'instances' | 'repair' | 'rollback' | 'remove' | 'remove-keep-data' | 'nohup';
};

/**
 * One transaction on one host:
 *
 *   activate ─> settle ─> verify ─> confirm over a new connection ─> committed
 *      │          │          │
 *      └──────────┴──────────┴─> the host goes back ─> reverted | stuck
 *
 * The host decides and says how it ended; it is waited for as long as it says that it lives, a lost connection is picked
 * up again, and when nobody can be asked any more the outcome is `unknown`, never a guess.
 * @param done the outcome when the host has committed
 */
export async function activate(
  host: OpenHost,
  target: HostTarget,
  change: Switch,
  done: HostOutcome,
  run: HostRun,
): Promise<HostOutcome> {
  // All are switched at the same time: whoever waited in the middle of it for a slow one would go back meanwhile.
  if (run.together !== undefined && !(await run.together.staged()))
    return { end: 'untouched', failure: alone('could not be made ready') };
  if (run.signal.aborted) return { end: 'untouched', failure: { kind: 'cancelled', phase: 'stage' } };
  const txn = `${change.to}-${run.newId()}`;
  const before = change.before ?? [];
  const transcript = newTranscript(run.now(), before);
  const { settleMs, deadlineMs } = target.policy;
  const longest = before.reduce((sum, { timeoutMs }) => sum + timeoutMs + STEP_ENDS, run.now());
  /** The host counts from the switch on, which comes when all steps before the start are done. */
  const deadline = () => (before.length === 0 ? longest : (transcript.switching ?? longest)) + deadlineMs;
  const there = installed(host.site);
  const left = { gone: false, next: run.now() + LOOK };
  const lines: { transport: Transport; fresh: Transport[] } = { transport: host.transport, fresh: [] };
  /**
   * The new connection that the confirmation goes over. It proves that the host can be reached after the switch, and is on
   * its way from then on, while services settle and checks are asked.
   */
  let way: Promise<Result<Transport>> | null = null;
  const unneeded = new AbortController();
  const reachAnew = () => reconnect(deadline() - GRACE, AbortSignal.any([run.signal, unneeded.signal]));
  const heard: HostRun = {
    ...run,
    emit(event) {
      if (event.type === 'phase' && event.phase === 'settle') way ??= reachAnew();
      run.emit(event);
    },
  };

  try {
    const settle = (Math.ceil(settleMs / 10) / 100).toFixed(2);
    const args = [
      txn,
      change.from,
      change.to,
      settle,
      Math.ceil(deadlineMs / 1000),
      change.keep,
      run.by,
      change.action,
    ];
    // The checks ask over it.
    lines.transport.ahead();
    let begun = await follow(lines.transport, host.site, { verb: 'activate', args }, transcript, run.signal, heard);
    // The host goes on by itself; so the watch goes on too, over a new connection.
    while (
      !begun.ok &&
      isLost(begun.failure) &&
      transcript.end === null &&
      !run.signal.aborted &&
      run.now() < patience()
    ) {
      run.emit({ type: 'note', text: 'the connection broke off; the host goes on, and is asked again over a new one' });
      const again = await reconnect(deadline() - GRACE, run.signal);
      if (!again.ok) break;
      lines.transport = again.value;
      const seen = [txn, transcript.lines];
      begun = transcript.awaiting
        ? ok(undefined)
        : await follow(again.value, there, { verb: 'watch', args: seen }, transcript, run.signal, run);
    }
    if (!begun.ok) return await giveUp(begun.failure);
    if (transcript.end !== null || !transcript.awaiting) return await ended(null);

    run.emit({ type: 'phase', phase: 'verify' });
    way ??= reachAnew();
    const checked = await verify(
      { ...host, site: there },
      lines,
      change.to === 0 ? [] : target.checks,
      deadline() - GRACE,
      run,
      async () => {
        run.emit({ type: 'note', text: 'the connection broke off; the checks are asked again over a new one' });
        return reconnect(deadline() - GRACE, run.signal);
      },
      gone,
    );
    if (run.signal.aborted) return await giveUp({ kind: 'cancelled', phase: 'verify' });
    if (!checked.ok) return await giveUp(checked.failure);
    if (checked.value.some((result) => !result.ok)) return await giveUp({ kind: 'unhealthy', checks: checked.value });

    run.emit({ type: 'phase', phase: 'commit' });
    if (run.together !== undefined && !(await run.together.healthy(deadline() - GRACE - run.now())))
      return await giveUp(alone('did not become healthy in time'));
    let confirmed = await confirm(await way);
    // One that has waited for the checks may have broken off meanwhile.
    if (!confirmed.ok && isLost(confirmed.failure) && transcript.end === null)
      confirmed = await confirm(await reconnect(deadline() - GRACE, run.signal));
    if (!confirmed.ok) return await giveUp(confirmed.failure);
    return await ended(null);
  } finally {
    unneeded.abort();
    await way;
    await Promise.all(lines.fresh.map((transport) => transport[Symbol.asyncDispose]()));
  }

  /** Whether the host has gone back by itself, which its history tells; not asked all the time. */
  async function gone(): Promise<boolean> {
    if (left.gone || run.now() < left.next) return left.gone;
    left.next = run.now() + LOOK;
    const reply = await lines.transport.run(look(there, 'history'), { signal: run.signal, timeoutMs: QUICK });
    left.gone = reply.ok && parseHistory(reply.value.stdout, []).entries.some((entry) => entry.txn === txn);
    return left.gone;
  }

  /** Until when a host is worth asking that does not answer. */
  function patience(): number {
    return Math.max(deadline(), transcript.at) + SILENCE;
  }

  function ask(verb: 'confirm' | 'abort', transport: Transport, signal = run.signal): Promise<Result<void>> {
    return follow(transport, there, { verb, args: [txn, transcript.lines] }, transcript, signal, run);
  }

  async function confirm(way: Result<Transport>): Promise<Result<void>> {
    return way.ok ? ask('confirm', way.value) : way;
  }

  async function reconnect(until: number, signal: AbortSignal): Promise<Result<Transport>> {
    for (;;) {
      const fresh = await run.connect(signal);
      if (fresh.ok) {
        lines.fresh.push(fresh.value);
        fresh.value.ahead();
      }
      if (fresh.ok || signal.aborted || run.now() >= until) return fresh;
      await pause(1000, signal);
    }
  }

  /** Tells the host to go back and waits for its word, over whatever connection can be had. Never under Ctrl-C's signal. */
  async function giveUp(failure: Failure): Promise<HostOutcome> {
    if (failure.kind === 'step-failed' && failure.step === 'activate') return { end: 'untouched', failure };
    let asked: Result<void> = isLost(failure) ? fail(failure) : await ask('abort', lines.transport, NEVER);
    while (!asked.ok && transcript.end === null && run.now() < patience()) {
      const fresh = await reconnect(run.now() + deadlineMs + QUICK, NEVER);
      if (!fresh.ok) return { end: 'unknown', failure };
      asked = await ask('abort', fresh.value, NEVER);
      if (!asked.ok) await pause(1000, NEVER);
    }
    return asked.ok || transcript.end !== null ? ended(failure) : { end: 'unknown', failure };
  }

  async function ended(ours: Failure | null): Promise<HostOutcome> {
    const theirs = hostFailure(transcript) ?? ours;
    const end = transcript.end;
    if (end === null || end.end === 'died') return afterDeath(theirs);
    const failure = theirs ?? { kind: 'expired', detail: 'the host went back by itself' };
    const refused = notBegun(end, change.from, transcript.refused);
    if (refused !== null) return { end: 'untouched', failure: refused };
    switch (end.end) {
      case 'committed':
        return done;
      case 'reverted':
        return wentBack(failure, end.generation);
      default:
        return stuck(failure, `generation ${change.from} did not come up again`);
    }
  }

  function wentBack(failure: Failure, generation: GenerationId): HostOutcome {
    const { left } = transcript;
    return { end: 'reverted', failure, generation, ...(left.length === 0 ? {} : { left }) };
  }

  /** The runner was killed on the host: recovery finishes the transaction, and the decision says which way. */
  async function afterDeath(theirs: Failure | null): Promise<HostOutcome> {
    const failure: Failure = theirs ?? { kind: 'runner-died', when: 'at work' };
    do {
      const fresh = await reconnect(run.now() + QUICK, NEVER);
      if (!fresh.ok) return { end: 'unknown', failure };
      const reply = await fresh.value.run(call(there, 'recover'), { signal: NEVER, timeoutMs: RECOVERY });
      // 75: somebody is at it, a boot or a runner that is not dead after all; it is heard to the end.
      transcript.end = null;
      const asked = reply.ok ? await ask('abort', fresh.value, NEVER) : reply;
      if (!reply.ok || !asked.ok) continue;
      if (reply.value.code === 78) return stuck(failure, needsRepair(reply.value).detail);
      // Its own last words, which recovery has brought.
      if (spoken()) return ended(failure);
      if (transcript.decision === 'commit') return done;
      if (reply.value.code === 0)
        return transcript.decision === 'none'
          ? { end: 'untouched', failure: theirs ?? { kind: 'runner-died', when: 'before it began' } }
          : wentBack(failure, change.from);
      // 74: it could not finish, and is not there any more. Whoever comes next does.
      if (reply.value.code !== 75) return { end: 'unknown', failure };
    } while (run.now() < patience());
    return { end: 'unknown', failure };
  }

  function spoken(): boolean {
    const end: End | null = transcript.end;
    return end !== null && end.end !== 'died' && end.end !== 'full';
  }
}

/** Taking back has no signal: every wait in it has its own end. */
const NEVER = new AbortController().signal;

/** The host may well go on, and be asked over another connection. */
const isLost = ({ kind }: Failure): boolean => kind === 'connection-lost' || kind === 'timed-out';

const stuck = (failure: Failure, detail: string): HostOutcome => ({
  end: 'stuck',
  failure,
  revert: { kind: 'needs-repair', detail },
});
