import { call } from '../../host/call.ts';
import { numberOf, parseRunnerLine } from '../../host/reply.ts';
import type { HostFacts } from '../../model/facts.ts';
import { type GenerationId, generationId } from '../../model/ids.ts';
import { fail, type HostOutcome, ok, type Result } from '../../model/outcome.ts';
import type { HostTarget } from '../../model/target.ts';
import { forwardingTrouble } from '../checks/forwarding.ts';
import { ownChecks } from '../checks/own.ts';
import { leftAlone, type OpenHost, openHost, recoverHost, unrecorded } from '../open.ts';
import { shutOut } from '../plan/ownership.ts';
import { moved } from '../plan/plan.ts';
import { type HostRun, QUICK } from '../run.ts';
import { activate, type Switch } from '../switch/activate.ts';

/** What the operator asked for. */
export type RollbackRequest =
  | { readonly to: 'previous'; readonly keepData: boolean }
  | { readonly to: 'generation'; readonly id: GenerationId }
  /** Before the first deploy; a removal, so it is never where another request leads by itself, but with `keepData`. */
  | { readonly to: 'nothing'; readonly keepData: boolean }
  /** The active generation, run without systemd. */
  | { readonly to: 'nohup' };

/** Where a rollback goes on one host. */
export type Goal =
  | { readonly go: 'switch'; readonly to: GenerationId }
  | { readonly go: 'remove'; readonly keepData: boolean }
  | { readonly go: 'nohup' };

/** Goal and what reaching it would delete, read before any host of the run is changed. */
export type Survey = { readonly goal: Goal; readonly deletes: readonly string[] };

/** Looks where the rollback would go, and what it would delete there; changes nothing but what a dead run left open. */
export async function previewRollback(
  target: HostTarget,
  request: RollbackRequest,
  run: HostRun,
): Promise<Result<Survey>> {
  const opened = await openHost(target, [], run);
  if (!opened.ok) return opened;
  await using connection = opened.value;
  const twin = await run.alone(connection.probe.facts);
  if (twin !== null) return fail(twin);
  const host = await recoverHost(connection, target, [], run);
  if (!host.ok) return host;
  const { elsewhere } = host.value.probe;
  if (elsewhere !== null) return fail({ kind: 'unsupported', needs: moved(target.layout.app, elsewhere) });
  const lost = unrecorded(host.value.probe, target.layout);
  if (lost !== null && !(request.to === 'nothing' && request.keepData)) return fail(lost);
  const goal = rollbackGoal(host.value.probe.facts, request);
  if (!goal.ok) return goal;
  const shut = goal.value.go === 'switch' ? await shutOut(host.value, goal.value.to, run.signal) : null;
  if (shut !== null) return fail(shut);
  const deletes = goal.value.go === 'remove' && !goal.value.keepData ? await ownedData(host.value, run) : [];
  return ok({ goal: goal.value, deletes });
}

/** Data, secrets and accounts that a full rollback removes, in words. */
async function ownedData(host: OpenHost, run: HostRun): Promise<readonly string[]> {
  const reply = await host.transport.run(call(host.site, 'owned_data'), { signal: run.signal, timeoutMs: QUICK });
  if (!reply.ok) return ['whatever the app has written (the host did not answer when asked what that is)'];
  return reply.value.stdout.split('\n').flatMap((line) => {
    const [word, first = '', ...rest] = line.split(' ');
    if (word === 'data') return [`${rest.join(' ')} with everything in it (${Math.ceil(Number(first) / 1024)} MiB)`];
    if (word === 'account') return [`the account ${first}`];
    return word === 'env' ? [[first, ...rest].join(' ')] : [];
  });
}

/**
 * Takes one host to its goal by the deploy's own path: the host settles on it and is checked, or goes back. It never asks
 * the playbook's preconditions: the way back must be open when the host is in a bad way, which is when it is needed.
 */
export async function rollbackHost(target: HostTarget, goal: Goal, run: HostRun): Promise<HostOutcome> {
  const opened = await openHost(target, [], run);
  if (!opened.ok) return { end: 'untouched', failure: opened.failure };
  await using connection = opened.value;
  const recovered = await recoverHost(connection, target, [], run);
  if (!recovered.ok) return leftAlone(recovered.failure);
  const host = recovered.value;
  if (run.signal.aborted) return { end: 'untouched', failure: { kind: 'cancelled', phase: 'plan' } };
  const from = host.probe.facts.active;
  const change = (to: GenerationId, action: Switch['action']): Switch => ({ from, to, keep: target.keep, action });
  const done = (generation: GenerationId): HostOutcome => ({ end: 'rolled-back', from, generation });
  switch (goal.go) {
    case 'switch': {
      return await proved(goal.to, change(goal.to, 'rollback'), done(goal.to));
    }
    case 'remove': {
      const action = goal.keepData ? 'remove-keep-data' : 'remove';
      // Without a record there is no way back that a transaction could keep open.
      if (from === 0 || host.probe.facts.unrecorded) return await purge(host, goal.keepData, run);
      const outcome = await activate(host, target, change(generationId(0), action), { end: 'removed' }, run);
      return outcome.end === 'removed' ? await purge(host, goal.keepData, run) : outcome;
    }
    case 'nohup': {
      const cloned = await clone(host, from, run);
      if (!cloned.ok) return { end: 'untouched', failure: cloned.failure };
      return await proved(from, change(cloned.value, 'nohup'), done(cloned.value));
    }
  }

  /** Switches over, to be proved by the checks of a generation. */
  async function proved(generation: GenerationId, to: Switch, end: HostOutcome): Promise<HostOutcome> {
    const checks = await ownChecks(host, target, generation, run);
    const closed = await forwardingTrouble(host.transport, checks, run.signal);
    return closed === null
      ? await activate(host, { ...target, checks }, to, end, run)
      : { end: 'untouched', failure: closed };
  }
}

/** Removes what no generation holds any more: releases, records, and what the ledger says was made. */
async function purge(host: OpenHost, keepData: boolean, run: HostRun): Promise<HostOutcome> {
  const script = call(host.site, 'purge', keepData ? 'keep-data' : 'full');
  const reply = await host.transport.run(script, { signal: AbortSignal.timeout(5 * QUICK), timeoutMs: 5 * QUICK });
  if (!reply.ok) return { end: 'unknown', failure: reply.failure };
  if (reply.value.code !== 0)
    return {
      end: 'stuck',
      failure: { kind: 'step-failed', step: 'remove the rest', exit: reply.value },
      revert: reverted,
    };
  for (const line of reply.value.stdout.split('\n').map(parseRunnerLine)) {
    const note = (text: string) => run.emit({ type: 'note', text });
    if (line.say === 'left') note(`could not be undone, and is left: ${line.left.name}`);
    if (line.say === 'note') note(line.text);
    if (line.say === 'spared')
      note(
        `left as it is: ${line.kind === 'account' ? 'the account ' : ''}${line.name}: the app ${line.app} of this host uses it`,
      );
  }
  return { end: 'removed' };
}

const reverted = {
  kind: 'needs-repair',
  detail: 'the services are stopped; the same command finishes the removal',
} as const;

async function clone(host: OpenHost, from: GenerationId, run: HostRun): Promise<Result<GenerationId>> {
  const script = call(host.site, 'clone', from, 'nohup', run.by);
  const reply = await host.transport.run(script, { signal: run.signal, timeoutMs: QUICK });
  if (!reply.ok) return reply;
  const id = numberOf(reply.value.stdout, 'generation');
  if (id !== undefined) return ok(generationId(id));
  if (reply.value.code === 64)
    return fail({ kind: 'unsupported', needs: `generation ${from} cannot run without systemd` });
  return fail({ kind: 'step-failed', step: 'copy the generation', exit: reply.value });
}

/**
 * Where a rollback goes: the named generation, or the last good one that the active one was built on. Following the
 * base, not the number, a second rollback goes further back and a generation once left is not a target again.
 */
export function rollbackGoal(facts: HostFacts, request: RollbackRequest): Result<Goal> {
  const none = (detail: string) => fail({ kind: 'no-target' as const, detail });
  const known = new Map(facts.generations.map((generation) => [generation.id, generation]));
  const good = facts.generations
    .filter((generation) => generation.verdict === 'good')
    .map((generation) => generation.id);
  const rest = facts.generations.length > 0 || (facts.remains && request.to === 'nothing' && !request.keepData);
  if (facts.active === 0 && !(request.to === 'nothing' && (rest || facts.unrecorded)))
    return none('nothing is deployed there');
  switch (request.to) {
    case 'nothing':
      return ok({ go: 'remove', keepData: request.keepData });
    case 'nohup':
      return ok({ go: 'nohup' });
    case 'generation': {
      const { id } = request;
      const others = `good generations there: ${good.join(', ') || 'none'}`;
      if (id === facts.active) return none(`generation ${id} is the active one; ${others}`);
      if (!known.has(id)) return none(`generation ${id} is not on the host; ${others}`);
      if (known.get(id)?.verdict !== 'good') return none(`generation ${id} never became healthy; ${others}`);
      return ok({ go: 'switch', to: id });
    }
    case 'previous': {
      const visited = new Set<GenerationId>([facts.active]);
      let at = known.get(facts.active)?.base;
      while (at !== undefined && at !== 0 && !visited.has(at)) {
        if (known.get(at)?.verdict === 'good') return ok({ go: 'switch', to: at });
        visited.add(at);
        at = known.get(at)?.base;
      }
      if (at === 0 && request.keepData) return ok({ go: 'remove', keepData: true });
      const first = at === 0 ? 'the first one, and there is none before it' : 'the oldest one on the host';
      return none(
        `generation ${facts.active} is ${first}; \`fleet rollback --full --keep-data\` takes the app off the host and ` +
          'leaves its data, .env and account, and `fleet rollback --full` deletes those too',
      );
    }
  }
}
