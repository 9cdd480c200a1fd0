import {
  type Answers,
  type CallSite,
  call,
  type Fragment,
  type InstalledSite,
  probeScript,
  splitProbe,
} from '../host/call.ts';
import { type ProbeReply, parseFacts } from '../host/facts.ts';
import { stateFolder } from '../host/layout.ts';
import { textOf } from '../host/reply.ts';
import type { HostFacts } from '../model/facts.ts';
import { generationId } from '../model/ids.ts';
import type { Layout } from '../model/layout.ts';
import { type Exit, type Failure, fail, type HostOutcome, ok, type Result } from '../model/outcome.ts';
import type { HostTarget } from '../model/target.ts';
import type { BoundTask } from '../model/task.ts';
import type { Transport } from '../transport/transport.ts';
import { unitNames } from './plan/namesakes.ts';
import { type HostRun, QUICK, RECOVERY } from './run.ts';

/** A connected host whose state is known. */
export type OpenHost = AsyncDisposable & {
  readonly transport: Transport;
  readonly site: CallSite;
  readonly probe: ProbeReply;
  /** What the fragments of tasks, or of checks, printed. */
  readonly answers: Answers;
  /** What the probe itself printed, and when, by this machine's clock; `up`: when it ended, in hundredths of seconds since the host came up. */
  readonly told: { readonly state: string; readonly from: number; readonly to: number; readonly up: number };
};

/** One whose lease this connection has. */
export type EnteredHost = OpenHost & { readonly site: InstalledSite };

/** One connection, one command (two where the host has not our program yet): all that a plan needs to know, or that checks ask. */
export async function openHost(
  target: HostTarget,
  tasks: readonly BoundTask[],
  run: HostRun,
  asked: { readonly fragments: readonly Fragment[]; readonly withinMs: number } = { fragments: [], withinMs: 0 },
): Promise<Result<OpenHost>> {
  run.emit({ type: 'phase', phase: 'connect' });
  const connected = await run.connect(run.signal);
  if (!connected.ok) return connected;
  const transport = connected.value;
  run.emit({ type: 'phase', phase: 'probe' });
  const probed = await probeHost(transport, target, tasks, run, asked);
  if (!probed.ok) {
    await transport[Symbol.asyncDispose]();
    return probed;
  }
  return ok({ ...probed.value, transport, [Symbol.asyncDispose]: () => transport[Symbol.asyncDispose]() });
}

type Probed = Pick<OpenHost, 'site' | 'probe' | 'answers' | 'told'>;

async function probeHost(
  transport: Transport,
  target: HostTarget,
  tasks: readonly BoundTask[],
  run: HostRun,
  asked: { readonly fragments: readonly Fragment[]; readonly withinMs: number } = { fragments: [], withinMs: 0 },
): Promise<Result<Probed>> {
  const nonce = run.newId();
  const fragments = [...tasks, ...asked.fragments];
  let from = run.now();
  const ask = (program: 'there' | 'sent') => {
    const script = probeScript(target.layout, fragments, nonce, unitNames(tasks), program);
    from = run.now();
    return transport.run(script, { signal: run.signal, timeoutMs: QUICK + asked.withinMs });
  };
  const partsOf = (stdout: string) => splitProbe(stdout, fragments, nonce);
  const own = await ask('there');
  if (!own.ok) return own;
  const hasProgram = partsOf(own.value.stdout) !== null;
  // A copy that a power cut has left in pieces is no better than none.
  const reply = hasProgram || own.value.code === 78 ? own : await ask('sent');
  if (!reply.ok) return reply;
  const parts = partsOf(reply.value.stdout);
  if (parts === null) return fail(probeFailure(reply.value));
  const probe = parseFacts(parts.state);
  const site = { layout: target.layout, uid: probe.facts.uid, hasProgram };
  const told = { state: parts.state, from, to: run.now(), up: parts.up };
  return ok({ site, probe, answers: parts.answers, told });
}

/** What failed on a host where sudo gave no root says so: whoever reads of it learns why. */
export function forLackOfRoot(failure: Failure, { transport, probe }: Pick<OpenHost, 'transport' | 'probe'>): Failure {
  const why = probe.facts.uid === 0 ? null : transport.noRoot();
  if (why === null) return failure;
  if (failure.kind === 'step-failed') return { ...failure, noRoot: why };
  return failure.kind === 'unsupported'
    ? { ...failure, needs: `${failure.needs}. Root was missing because ${why}` }
    : failure;
}

const probeFailure = (exit: Exit): Failure =>
  exit.code === 78 ? needsRepair(exit) : { kind: 'step-failed', step: 'probe', exit };

/** In the host's own words. */
export const needsRepair = ({ stdout }: Exit): Extract<Failure, { kind: 'needs-repair' }> => ({
  kind: 'needs-repair',
  detail: textOf(stdout, 'error') ?? stdout.trim(),
});

/** Why root does not work in the app's root as it stands, or null. */
export const unsafeRoot = ({ unsafe }: HostFacts): Failure | null =>
  unsafe.length === 0 ? null : { kind: 'unsafe-root', why: unsafe.join('; ') };

/** That something runs of which the host has no record, or null. */
export const unrecorded = ({ facts, units }: ProbeReply, layout: Layout): Failure | null =>
  !facts.unrecorded
    ? null
    : {
        kind: 'unrecorded',
        folder: stateFolder(layout, facts.uid),
        generation: facts.active,
        newest: facts.generations.at(-1)?.id ?? generationId(0),
        running: units.filter(({ active }) => active === 'active').map(({ unit }) => unit),
      };

/**
 * Finishes what a dead run left on the host, before anything new is begun there.
 * @returns the host as it is afterwards, or why it must be left alone
 */
export async function recoverHost(
  host: OpenHost,
  target: HostTarget,
  tasks: readonly BoundTask[],
  run: HostRun,
): Promise<Result<OpenHost>> {
  const { open, facts } = host.probe;
  if (facts.held !== null) return fail({ kind: 'locked', holder: facts.held });
  const unsafe = unsafeRoot(facts);
  if (unsafe !== null) return fail(unsafe);
  if (open === null) return ok(host);
  const { txn, by, running } = open;
  const { phase } = facts;
  if (running) return fail({ kind: 'locked', holder: { kind: 'transaction', txn, phase, running, by } });
  const script = call(host.site, 'recover');
  const reply = await host.transport.run(script, { signal: run.signal, timeoutMs: RECOVERY });
  if (!reply.ok) return reply;
  if (reply.value.code === 75) return fail({ kind: 'locked', holder: { kind: 'recovery', by } });
  if (reply.value.code === 78) return fail(needsRepair(reply.value));
  if (reply.value.code !== 0) return fail({ kind: 'step-failed', step: 'finish an earlier run', exit: reply.value });
  const way = `an earlier deploy by ${by} was left in ${phase} on its way from ${open.from} to ${open.to}`;
  const done =
    textOf(reply.value.stdout, 'recovered') === undefined
      ? 'something else is live since, so it was closed'
      : 'it was finished first';
  run.emit({ type: 'note', text: `${way}; ${done}` });
  return openAgain(host, target, tasks, run);
}

/** The same host as it is by now, over the same connection. */
export async function openAgain(
  host: OpenHost,
  target: HostTarget,
  tasks: readonly BoundTask[],
  run: HostRun,
  asked?: { readonly fragments: readonly Fragment[]; readonly withinMs: number },
): Promise<Result<OpenHost>> {
  const again = await probeHost(host.transport, target, tasks, run, asked);
  return again.ok ? ok({ ...host, ...again.value }) : again;
}

/** The outcome where nothing was begun. A host that an earlier run left stuck still needs a person. */
export const leftAlone = (failure: Failure): HostOutcome =>
  failure.kind === 'needs-repair' ? { end: 'stuck', failure, revert: failure } : { end: 'untouched', failure };
