import { fail, ok, type Result } from '../model/outcome.ts';
import type { PrepareStep } from '../model/plan.ts';
import { Script, sh } from '../shell/sh.ts';
import type { Transport } from '../transport/transport.ts';
import type { HostRun } from './run.ts';

/**
 * Runs the steps that touch the live host before activation, all in one command; the first failure ends it.
 * @returns the undo scripts of the steps that were begun, newest first, in either case
 */
export async function prepare(
  transport: Transport,
  steps: readonly PrepareStep[],
  run: HostRun,
): Promise<{ result: Result<void>; undo: readonly PrepareStep[] }> {
  if (steps.length === 0) return { result: ok(undefined), undo: [] };
  const mark = run.newId();
  const begun: PrepareStep[] = [];
  const onLine = (stream: 'stdout' | 'stderr', line: string) => {
    const [word, what, index, code] = line.split(' ');
    const step = steps[Number(index)];
    if (word !== mark) {
      const current = begun.at(-1);
      if (current !== undefined && line !== '') run.emit({ type: 'output', id: current.id, stream, line });
    } else if (step !== undefined && what === 'begin') {
      begun.push(step);
      run.emit({ type: 'step', id: step.id, title: step.title, state: 'started' });
    } else if (step !== undefined) {
      run.emit({ type: 'step', id: step.id, title: step.title, state: code === '0' ? 'done' : 'failed' });
    }
  };
  const framed = steps.map(
    (step, i) => sh`printf ${`\n${mark} begin ${i}\n`}
(
${step.apply}
)
code=$?
printf ${`\n${mark} end ${i} %d\n`} $code
[ $code = 0 ] || exit $code`,
  );
  const timeoutMs = steps.reduce((sum, step) => sum + step.timeoutMs, 0);
  const reply = await transport.run(Script.join(framed, '\n'), { signal: run.signal, timeoutMs, onLine });
  const undo = begun.toReversed().filter((step) => step.undo !== 'keep');
  if (!reply.ok) return { result: reply, undo };
  if (reply.value.code === 0) return { result: ok(undefined), undo };
  return { result: fail({ kind: 'step-failed', step: begun.at(-1)?.title ?? 'prepare', exit: reply.value }), undo };
}

/** Takes prepared steps back in reverse; a failing undo never stops the others. */
export function undoScript(steps: readonly PrepareStep[]): Script | null {
  const undos = steps.flatMap((step) => (step.undo === 'keep' ? [] : [sh`( ${step.undo} ) || failed=1`]));
  return undos.length === 0 ? null : Script.join([sh`failed=0`, ...undos, sh`exit $failed`], '\n');
}
