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
import { Script, sh } from '../shell/sh.ts';
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

/** One app of a host, and what is asked of it there besides its state. */
export type Visit = {
  readonly target: HostTarget;
  readonly run: HostRun;
  readonly tasks: readonly BoundTask[];
  readonly asked: { readonly fragments: readonly Fragment[]; readonly withinMs: number };
};

const NOTHING: Visit['asked'] = { fragments: [], withinMs: 0 };

/** One connection, one command (two where the host has not our program yet): all that a plan needs to know. */
export async function openHost(
  target: HostTarget,
  tasks: readonly BoundTask[],
  run: HostRun,
  asked: Visit['asked'] = NOTHING,
): Promise<Result<OpenHost>> {
  const [one] = await openTogether([{ target, tasks, run, asked }]);
  if (one === undefined) throw new Error('no host was opened');
  return one.opened;
}

/** The same for several apps of one host, over one connection that lasts as long as one of them needs it. */
export async function openTogether<V extends Visit>(
  visits: readonly V[],
): Promise<readonly { readonly visit: V; readonly opened: Result<OpenHost> }[]> {
  const [first] = visits;
  if (first === undefined) return [];
  for (const { run } of visits) run.emit({ type: 'phase', phase: 'connect' });
  const connected = await first.run.connect(first.run.signal);
  if (!connected.ok) return visits.map((visit) => ({ visit, opened: connected }));
  const transport = connected.value;
  for (const { run } of visits) run.emit({ type: 'phase', phase: 'probe' });
  const probed = await probeAll(transport, visits);
  let using = probed.filter(({ result }) => result.ok).length;
  if (using === 0) await transport[Symbol.asyncDispose]();
  const leave = async () => {
    using -= 1;
    if (using === 0) await transport[Symbol.asyncDispose]();
  };
  return probed.map(({ visit, result }) => ({
    visit,
    opened: result.ok ? ok({ ...result.value, transport, [Symbol.asyncDispose]: leave }) : result,
  }));
}

type Probed = Pick<OpenHost, 'site' | 'probe' | 'answers' | 'told'>;

async function probeAll<V extends Visit>(transport: Transport, visits: readonly V[]): Promise<readonly Reply<V>[]> {
  const own = await askAll(transport, visits, 'there');
  // A copy that a power cut has left in pieces is no better than none.
  const lacking = own.filter((one) => one.lacking).map(({ visit }) => visit);
  const sent = lacking.length === 0 ? [] : await askAll(transport, lacking, 'sent');
  return own.map((one) => sent.find(({ visit }) => visit === one.visit) ?? one);
}

/** `lacking`: there is no program of ours that could answer. */
type Reply<V> = { readonly visit: V; readonly result: Result<Probed>; readonly lacking: boolean };

/** One command for all. What has been told when it takes too long was told; what was not is a failure of those alone. */
async function askAll<V extends Visit>(
  transport: Transport,
  visits: readonly V[],
  program: 'there' | 'sent',
): Promise<readonly Reply<V>[]> {
  const [first] = visits;
  if (first === undefined) return [];
  const { signal, now } = first.run;
  const asked = visits.map((visit) => {
    const { target, tasks, run } = visit;
    const [nonce, fragments] = [run.newId(), [...tasks, ...visit.asked.fragments]];
    const script = probeScript(target.layout, fragments, nonce, unitNames(tasks), program);
    return { visit, script, partsOf: (stdout: string) => splitProbe(stdout, fragments, nonce) };
  });
  const frame = first.run.newId();
  const heard: string[] = [];
  const timeoutMs = visits.reduce((sum, { asked: { withinMs } }) => sum + withinMs, QUICK);
  const onLine = (stream: 'stdout' | 'stderr', line: string) => {
    if (stream === 'stdout') heard.push(line);
  };
  const from = now();
  const reply = await transport.run(
    framed(
      asked.map(({ script }) => script),
      frame,
    ),
    { signal, timeoutMs, ...(visits.length > 1 ? { onLine } : {}) },
  );
  const to = now();
  const exitOf = visits.length === 1 ? () => reply : exitsIn(reply, heard, frame);
  const answers = asked.map(({ visit, partsOf }, i) => {
    const exit = exitOf(i);
    return { visit, exit, parts: exit.ok ? partsOf(exit.value.stdout) : null };
  });
  // The command has ended with the last of them.
  const up = Math.max(...answers.flatMap(({ parts }) => parts?.up ?? []));
  return answers.map(({ visit, exit, parts }): Reply<V> => {
    if (!exit.ok) return { visit, result: exit, lacking: false };
    if (parts === null) return { visit, result: fail(probeFailure(exit.value)), lacking: exit.value.code !== 78 };
    const probe = parseFacts(parts.state);
    const site = { layout: visit.target.layout, uid: probe.facts.uid, hasProgram: program === 'there' };
    const told = { state: parts.state, from, to, up: reply.ok ? up : parts.up };
    return { visit, result: ok({ site, probe, answers: parts.answers, told }), lacking: false };
  });
}

/** Scripts one after the other, each in a shell of its own and with a line "FRAME STATUS" behind what it has printed. */
function framed(scripts: readonly Script[], frame: string): Script {
  const [only, ...more] = scripts;
  if (only !== undefined && more.length === 0) return only;
  return Script.join(
    scripts.flatMap((script) => [sh`(`, script, sh`)`, sh`printf ${`\n${frame} %s\n`} $?`]),
    '\n',
  );
}

/** How the i-th of them has ended. */
function exitsIn(reply: Result<Exit>, heard: readonly string[], frame: string): (i: number) => Result<Exit> {
  const whole = reply.ok ? reply.value.stdout : heard.map((line) => `${line}\n`).join('');
  const ended = [...whole.matchAll(new RegExp(`(.*?)\n${frame} (\\d+)(?:\n|$)`, 'gs'))];
  return (i) => {
    const [, stdout = '', code = ''] = ended[i] ?? [];
    return code === '' ? reply : ok({ stdout, stderr: reply.ok ? reply.value.stderr : '', code: Number(code) });
  };
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
  // One that has written that it failed is only just ending; the host waits for that.
  if (running && phase !== 'REVERT_FAILED')
    return fail({ kind: 'locked', holder: { kind: 'transaction', txn, phase, running, by } });
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
  asked: Visit['asked'] = NOTHING,
): Promise<Result<OpenHost>> {
  const [again] = await probeAll(host.transport, [{ target, tasks, run, asked }]);
  if (again === undefined) throw new Error('no host was asked');
  return again.result.ok ? ok({ ...host, ...again.result.value }) : again.result;
}

/** The outcome where nothing was begun. A host that an earlier run left stuck still needs a person. */
export const leftAlone = (failure: Failure): HostOutcome =>
  failure.kind === 'needs-repair' ? { end: 'stuck', failure, revert: failure } : { end: 'untouched', failure };
