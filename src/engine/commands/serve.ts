import { call } from '../../host/call.ts';
import { holderIn } from '../../host/holder.ts';
import { matchUnits, type OwnUnits, parseOwn } from '../../host/own-units.ts';
import { parseRunnerLine, textOf, textsOf } from '../../host/reply.ts';
import { NO_MEMORY } from '../../model/check.ts';
import { generationId } from '../../model/ids.ts';
import {
  type Exit,
  type Failure,
  fail,
  type HostOutcome,
  ok,
  type Result,
  type UnitFailure,
} from '../../model/outcome.ts';
import type { HostTarget } from '../../model/target.ts';
import type { Standing, UnitWork, Verb } from '../../model/work.ts';
import { explain } from '../../runtime/diagnose/diagnose.ts';
import { sh } from '../../shell/sh.ts';
import { signalName } from '../../unit/values/signal.ts';
import { pause } from '../../util/async.ts';
import { capped, MOST } from '../../util/capped.ts';
import { leftAlone, needsRepair, openHost, unsafeRoot } from '../open.ts';
import { type HostRun, QUICK } from '../run.ts';
import { healthOf } from './health.ts';

export { signalName };

export type Asked = {
  readonly verb: Verb;
  /** Units of the active generation, by name or glob. */
  readonly words: readonly string[];
  /** For `kill`, as `signalName` has it. */
  readonly signal: string;
  /** Whether all checks of the app must pass behind it. */
  readonly healthy: boolean;
};

const OWN = { name: 'own units', probe: sh`tell_own` };

/** The units of an app's active generation on a host. Read-only. */
export async function ownUnits(target: HostTarget, run: HostRun): Promise<Result<OwnUnits>> {
  const opened = await openHost(target, [], run, { fragments: [OWN], withinMs: QUICK });
  if (!opened.ok) return opened;
  await using host = opened.value;
  return ok(parseOwn(host.answers.get(OWN.name) ?? ''));
}

/** One verb on the units of one host that the words name; the host itself waits until they are at rest. */
export async function serveHost(target: HostTarget, asked: Asked, run: HostRun): Promise<HostOutcome> {
  const opened = await openHost(target, [], run, { fragments: [OWN], withinMs: QUICK });
  if (!opened.ok) return leftAlone(opened.failure);
  await using host = opened.value;
  const { facts, open } = host.probe;
  const unsafe = unsafeRoot(facts);
  if (unsafe !== null) return { end: 'untouched', failure: unsafe };
  if (open !== null) {
    const { txn, running, by } = open;
    return untouched({ kind: 'locked', holder: { kind: 'transaction', txn, phase: facts.phase, running, by } });
  }
  const { units } = matchUnits(asked.words, parseOwn(host.answers.get(OWN.name) ?? ''));
  const generation = facts.active;
  const nothing = { kind: 'units', verb: asked.verb, units: [] } as const;
  if (units.length === 0) return { end: 'done', generation, work: nothing };
  run.emit({ type: 'phase', phase: 'settle' });
  const { settleMs, deadlineMs } = target.policy;
  const seconds = Math.max(1, Math.round(deadlineMs / 1000));
  const words = [asked.verb, run.by, run.newId(), generation, settleWord(settleMs), seconds, asked.signal, ...units];
  // Not under Ctrl-C: what was begun is brought to an end.
  const io = {
    signal: new AbortController().signal,
    timeoutMs: deadlineMs * (units.length + 1) + settleMs + 2 * QUICK,
  };
  const reply = await host.transport.run(call(host.site, 'service', ...words), io);
  if (!reply.ok) return { end: 'failed', generation, work: nothing, failure: reply.failure };
  const { code, stdout } = reply.value;
  if (code === 75) return untouched({ kind: 'locked', holder: holderIn(stdout) });
  if (code === 78) return leftAlone(needsRepair(reply.value));
  if (code === 76) {
    const found = generationId(Number(textOf(stdout, 'end')?.split(' ')[1]) || 0);
    return untouched({ kind: 'base-moved', expected: generation, found });
  }
  for (const text of capped(textsOf(stdout, 'note'), MOST, (more) => more)) run.emit({ type: 'note', text });
  for (const text of textsOf(stdout, 'again')) {
    const [unit = '', by = ''] = text.split(' ');
    run.emit({ type: 'again', unit, by });
  }
  const work = { ...nothing, units: workIn(stdout) };
  if (textOf(stdout, 'end') !== 'done')
    return { end: 'failed', generation, work, failure: failureIn(reply.value, `${asked.verb} ${units.join(' ')}`) };
  if (!asked.healthy) return { end: 'done', generation, work };
  const well = await untilHealthy(target, run);
  return well.ok ? { end: 'done', generation, work } : { end: 'failed', generation, work, failure: well.failure };
}

const untouched = (failure: Failure): HostOutcome => ({ end: 'untouched', failure });

/** Seconds with hundredths, as `settle` of the host program takes them. */
const settleWord = (ms: number) => (ms / 1000).toFixed(2);

/** Lines "was|is UNIT ACTIVE SUB PID enabled|disabled|-", in pairs. */
function workIn(reply: string): readonly UnitWork[] {
  const standing = (key: string) =>
    new Map(
      textsOf(reply, key).map((line): [string, Standing] => {
        const [unit = '', active = 'unknown', sub = '', pid, boot] = line.split(' ');
        return [
          unit,
          {
            active,
            sub: sub === '-' ? '' : sub,
            pid: Number(pid) || 0,
            enabled: boot === '-' ? null : boot === 'enabled',
          },
        ];
      }),
    );
  const is = standing('is');
  return [...standing('was')].map(([unit, was]) => ({ unit, was, is: is.get(unit) ?? was }));
}

function failureIn(exit: Exit, step: string): Failure {
  const lines = exit.stdout.split('\n').map(parseRunnerLine);
  const units = lines.flatMap((line): UnitFailure[] => {
    if (line.say !== 'unit-failed') return [];
    const { unit, result, status } = line;
    const log = lines.flatMap((one) => (one.say === 'unit-log' && one.unit === unit ? [one.text] : [])).slice(0, 20);
    return [{ unit, result, status, ...explain(result, status, null), log }];
  });
  if (units.length > 0) return { kind: 'not-settled', units };
  const stderr = textOf(exit.stdout, 'refused') ?? textOf(exit.stdout, 'error') ?? exit.stderr;
  return { kind: 'step-failed', step, exit: { code: exit.code === 0 ? 1 : exit.code, stdout: '', stderr } };
}

/** Asked again and again until the playbook's deadline, as a deploy does. */
async function untilHealthy(target: HostTarget, run: HostRun): Promise<Result<void>> {
  const end = run.now() + target.policy.deadlineMs;
  for (;;) {
    const [outcome] = await healthOf([{ target, run: { ...run, emit: () => {} } }], () => NO_MEMORY);
    if (outcome === undefined) throw new Error('no health was looked at');
    if (outcome.end === 'healthy') return ok(undefined);
    if (run.now() >= end || run.signal.aborted)
      return fail('failure' in outcome ? outcome.failure : { kind: 'cancelled', phase: 'verify' });
    await pause(1000, run.signal);
  }
}
