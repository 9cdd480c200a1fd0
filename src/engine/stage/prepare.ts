import { call, type InstalledSite, library } from '../../host/call.ts';
import { fail, ok, type Result } from '../../model/outcome.ts';
import type { PrepareStep } from '../../model/plan.ts';
import { Script, sh } from '../../shell/sh.ts';
import type { EnteredHost } from '../open.ts';
import type { HostRun } from '../run.ts';

export type Prepared = {
  readonly result: Result<void>;
  /** Whether there was anything to do: after a lost link nobody knows how far the host came. */
  readonly touched: boolean;
  /** What is known to have been begun. */
  readonly begun: readonly PrepareStep[];
};

/** Runs the steps that touch the live host before activation, all in one command; the first failure ends it. */
export async function prepare(host: EnteredHost, steps: readonly PrepareStep[], run: HostRun): Promise<Prepared> {
  if (steps.length === 0) return { result: ok(undefined), touched: false, begun: [] };
  const mark = run.newId();
  const begun: { step: PrepareStep; i: number }[] = [];
  const onLine = (stream: 'stdout' | 'stderr', line: string) => {
    const [word, what, index, code] = line.split(' ');
    const step = steps[Number(index)];
    if (word !== mark) {
      const current = begun.at(-1)?.step;
      if (current !== undefined && line !== '') run.emit({ type: 'output', id: current.id, stream, line });
    } else if (step !== undefined && what === 'begin') {
      // Once: a host that says it again and again must not fill the memory.
      if (begun.some(({ i }) => i === Number(index))) return;
      begun.push({ step, i: Number(index) });
      run.emit({ type: 'step', id: step.id, title: step.title, state: 'started' });
    } else if (step !== undefined) {
      run.emit({ type: 'step', id: step.id, title: step.title, state: code === '0' ? 'done' : 'failed' });
    }
  };
  const tools = library(host.site);
  const framed = steps.map((step, i) =>
    frame(i, mark, Script.join([tools, noteUndo(mark, i, step), inTurn(host.site, step, step.apply)], '\n')),
  );
  const timeoutMs = steps.reduce((sum, step) => sum + step.timeoutMs, 0);
  const reply = await host.transport.run(Script.join(framed, '\n'), { signal: run.signal, timeoutMs, onLine });
  const failed = reply.ok && reply.value.code !== 0;
  return {
    result: failed
      ? fail({ kind: 'step-failed', step: begun.at(-1)?.step.title ?? 'prepare', exit: reply.value })
      : reply.ok
        ? ok(undefined)
        : reply,
    touched: true,
    begun: begun.map(({ step }) => step),
  };
}

const frame = (i: number, mark: string, work: Script) => sh`printf ${`\n${mark} begin ${i}\n`}
(
${work}
)
code=$?
printf ${`\n${mark} end ${i} %d\n`} $code
[ $code = 0 ] || exit $code`;

/**
 * Notes on the host how to undo step `i` of a run, before the step is taken: what is taken back must not depend on the
 * operator's machine, nor on how far a run came. Uses the host program's functions.
 */
function noteUndo(run: string, i: number, { makes, title, undo }: PrepareStep): Script {
  // Whatever it does, services may only see it when they start.
  const restart = sh`note_touched layout`;
  if (makes === undefined && undo === 'keep') return restart;
  const words = [`${run}.${i}`, makes?.kind ?? 'other', makes?.name ?? '-', title.replaceAll('\n', ' ')];
  return sh`${restart}
note_undo ${words} ${undo === 'keep' ? ':' : undo.text} || exit 74`;
}

/** A script of a step that changes what all apps of a host share waits for theirs. */
const inTurn = (site: InstalledSite, step: PrepareStep, script: Script): Script =>
  step.shared === true ? call(site, 'shared', script.text) : script;
