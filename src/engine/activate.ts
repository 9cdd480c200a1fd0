import { call } from '../host/call.ts';
import type { GenerationId } from '../model/ids.ts';
import { type Failure, fail, type HostOutcome, ok, type Result } from '../model/outcome.ts';
import type { HostTarget } from '../model/target.ts';
import type { Transport } from '../transport/transport.ts';
import type { OpenHost } from './open.ts';
import { type HostRun, pause, QUICK } from './run.ts';
import { hostFailure, listen, notBegun, silence } from './transaction.ts';
import { verify } from './verify.ts';

/** Time that the host is given, beyond the deadline, to take a release back; milliseconds. */
const REVERT_TIME = 300_000;
/** The last confirmation leaves this long before the deadline; milliseconds. */
const GRACE = 3_000;

const ALONE: Failure = {
  kind: 'skipped',
  why: 'another host of this run did not become healthy, and the playbook says confirm: together',
};

export type Switch = {
  readonly from: GenerationId;
  /** 0: the host as fleet found it. */
  readonly to: GenerationId;
  /** Good generations to keep. */
  readonly keep: number;
  /** What the history calls it. */
  readonly action: 'deploy' | 'repair' | 'rollback' | 'remove' | 'remove-keep-data' | 'nohup';
};

/**
 * One transaction on one host:
 *
 *   activate ─> settle ─> verify ─> confirm over a new connection ─> committed
 *      │          │          │
 *      └──────────┴──────────┴─> the host goes back ─> reverted | stuck
 *
 * The host decides and says how it ended; a lost connection is picked up again, and when nobody can be asked any more
 * the outcome is `unknown`, never a guess.
 * @param done the outcome when the host has committed
 */
export async function activate(
  host: OpenHost,
  target: HostTarget,
  change: Switch,
  done: HostOutcome,
  run: HostRun,
): Promise<HostOutcome> {
  const txn = `${change.to}-${run.newId()}`;
  const heard = silence();
  const { settleMs, deadlineMs } = target.policy;
  const deadline = run.now() + deadlineMs;
  // After `activate` the program is there, whatever the probe saw.
  const installed = { ...host.site, hasProgram: true };
  const lines: { transport: Transport; fresh: Transport[] } = { transport: host.transport, fresh: [] };

  try {
    const settle = Math.ceil(settleMs / 1000);
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
    const io = { signal: run.signal, timeoutMs: deadlineMs + REVERT_TIME };
    let begun = await listen(lines.transport, host.site, { verb: 'activate', args }, heard, io, run);
    // The host goes on by itself; so the watch goes on too, over a new connection.
    while (!begun.ok && begun.failure.kind === 'connection-lost' && heard.end === null && !run.signal.aborted) {
      run.emit({ type: 'note', text: 'the connection broke off; the host goes on, and is asked again over a new one' });
      const again = await reconnect(deadline - GRACE, run.signal);
      if (!again.ok) break;
      lines.transport = again.value;
      const seen = [txn, heard.lines];
      begun = heard.awaiting
        ? ok(undefined)
        : await listen(again.value, installed, { verb: 'watch', args: seen }, heard, io, run);
    }
    if (!begun.ok) return await giveUp(begun.failure);
    if (heard.end !== null || !heard.awaiting) return ended(null);

    run.emit({ type: 'phase', phase: 'verify' });
    const results = await verify(
      { ...host, site: installed, transport: lines.transport },
      change.to === 0 ? [] : target.checks,
      deadline - GRACE,
      run,
    );
    if (run.signal.aborted) return await giveUp({ kind: 'cancelled', phase: 'verify' });
    const bad = results.filter((result) => !result.ok);
    if (bad.length > 0) return await giveUp({ kind: 'unhealthy', checks: results });

    run.emit({ type: 'phase', phase: 'commit' });
    if (run.together !== undefined && !(await run.together())) return await giveUp(ALONE);
    const fresh = await reconnect(deadline - GRACE, run.signal);
    if (!fresh.ok) return await giveUp(fresh.failure);
    const confirmed = await ask('confirm', fresh.value);
    if (!confirmed.ok) return await giveUp(confirmed.failure);
    return ended(null);
  } finally {
    await Promise.all(lines.fresh.map((transport) => transport[Symbol.asyncDispose]()));
  }

  function ask(verb: 'confirm' | 'abort', transport: Transport, signal = run.signal): Promise<Result<void>> {
    return listen(
      transport,
      installed,
      { verb, args: [txn, heard.lines] },
      heard,
      { signal, timeoutMs: REVERT_TIME },
      run,
    );
  }

  async function reconnect(until: number, signal: AbortSignal): Promise<Result<Transport>> {
    for (;;) {
      const fresh = await run.connect(signal);
      if (fresh.ok) lines.fresh.push(fresh.value);
      if (fresh.ok || signal.aborted || run.now() >= until) return fresh;
      await pause(1000, signal);
    }
  }

  /** Tells the host to go back and waits for its word, over whatever connection can be had. Never under Ctrl-C's signal. */
  async function giveUp(failure: Failure): Promise<HostOutcome> {
    if (failure.kind === 'step-failed' && failure.step === 'activate') return { end: 'untouched', failure };
    const signal = AbortSignal.timeout(deadlineMs + REVERT_TIME);
    const lost = failure.kind === 'connection-lost' || failure.kind === 'timed-out';
    let asked: Result<void> = lost ? fail(failure) : await ask('abort', lines.transport, signal);
    while (!asked.ok && heard.end === null && !signal.aborted) {
      const fresh = await reconnect(run.now() + deadlineMs + QUICK, signal);
      if (!fresh.ok) return { end: 'unknown', failure };
      asked = await ask('abort', fresh.value, signal);
      if (!asked.ok) await pause(1000, signal);
    }
    return ended(failure);
  }

  async function ended(ours: Failure | null): Promise<HostOutcome> {
    const failure = hostFailure(heard) ?? ours ?? { kind: 'expired', detail: 'the host went back by itself' };
    const end = heard.end;
    if (end === null || end.end === 'died') return afterDeath(failure);
    const refused = notBegun(end, change.from, heard.refused);
    if (refused !== null) return { end: 'untouched', failure: refused };
    switch (end.end) {
      case 'committed':
        return done;
      case 'reverted':
        return { end: 'reverted', failure, generation: end.generation };
      default:
        return {
          end: 'stuck',
          failure,
          revert: { kind: 'needs-repair', detail: `generation ${change.from} did not come up again` },
        };
    }
  }

  /** The runner was killed on the host: recovery finishes the transaction, and the decision says which way. */
  async function afterDeath(failure: Failure): Promise<HostOutcome> {
    const signal = AbortSignal.timeout(REVERT_TIME);
    const fresh = await reconnect(run.now() + QUICK, signal);
    if (!fresh.ok) return { end: 'unknown', failure };
    const reply = await fresh.value.run(call(installed, 'recover'), { signal, timeoutMs: REVERT_TIME });
    if (!reply.ok) return { end: 'unknown', failure };
    if (reply.value.code !== 0)
      return { end: 'stuck', failure, revert: { kind: 'needs-repair', detail: reply.value.stdout.trim() } };
    const asked = await ask('confirm', fresh.value, signal);
    if (!asked.ok) return { end: 'unknown', failure };
    return heard.decision === 'commit' ? done : { end: 'reverted', failure, generation: change.from };
  }
}
