import { fail, ok, type Result } from '../model/outcome.ts';
import type { PrepareStep } from '../model/plan.ts';
import { Script, sh } from '../shell/sh.ts';
import { noteUndo, undoSteps } from './ledger.ts';
import type { OpenHost } from './open.ts';
import type { HostRun } from './run.ts';

export type Prepared = {
  readonly result: Result<void>;
  /** Takes back what was begun; null when nothing was. */
  readonly undo: Script | null;
  /** Titles of what `undo` takes back. */
  readonly begun: readonly PrepareStep[];
};

/** Runs the steps that touch the live host before activation, all in one command; the first failure ends it. */
export async function prepare(host: OpenHost, steps: readonly PrepareStep[], run: HostRun): Promise<Prepared> {
  if (steps.length === 0) return { result: ok(undefined), undo: null, begun: [] };
  const mark = run.newId();
  const begun: { step: PrepareStep; i: number }[] = [];
  const onLine = (stream: 'stdout' | 'stderr', line: string) => {
    const [word, what, index, code] = line.split(' ');
    const step = steps[Number(index)];
    if (word !== mark) {
      const current = begun.at(-1)?.step;
      if (current !== undefined && line !== '') run.emit({ type: 'output', id: current.id, stream, line });
    } else if (step !== undefined && what === 'begin') {
      begun.push({ step, i: Number(index) });
      run.emit({ type: 'step', id: step.id, title: step.title, state: 'started' });
    } else if (step !== undefined) {
      run.emit({ type: 'step', id: step.id, title: step.title, state: code === '0' ? 'done' : 'failed' });
    }
  };
  const framed = steps.map((step, i) => frame(step, i, mark, noteUndo(host.site, mark, i, step)));
  const timeoutMs = steps.reduce((sum, step) => sum + step.timeoutMs, 0);
  const reply = await host.transport.run(Script.join(framed, '\n'), { signal: run.signal, timeoutMs, onLine });
  const failed = reply.ok && reply.value.code !== 0;
  return {
    result: failed
      ? fail({ kind: 'step-failed', step: begun.at(-1)?.step.title ?? 'prepare', exit: reply.value })
      : reply.ok
        ? ok(undefined)
        : reply,
    // After a lost link nobody knows how far the host came: all of it is undone, and an undo of nothing is harmless.
    undo: undoSteps(host.site, mark, reply.ok ? begun : steps.map((step, i) => ({ step, i }))),
    begun: begun.map(({ step }) => step),
  };
}

const frame = (step: PrepareStep, i: number, mark: string, note: Script | null) => sh`printf ${`\n${mark} begin ${i}\n`}
${note ?? sh`:`}
(
${step.apply}
)
code=$?
printf ${`\n${mark} end ${i} %d\n`} $code
[ $code = 0 ] || exit $code`;
