import type { RunnerLine } from '../../host/reply.ts';
import type { EventBody } from '../../model/events.ts';
import type { Failure } from '../../model/outcome.ts';
import type { BeforeStep } from '../../model/plan.ts';

/** What has been heard of the steps that the host runs before the switch. */
export type HeardSteps = {
  /** All of them, by index. */
  readonly steps: readonly BeforeStep[];
  /** The one that failed, and its last lines; a status of null is its time limit. */
  broken: { readonly step: BeforeStep; readonly status: number | null; readonly log: string[] } | null;
  /** Lines that were passed on. */
  told: number;
};

/** A day of what a step says now and then. */
const MOST = 20_000;

/** Keeps what is needed of a line; the rest goes on to whoever shows it. */
export function hearStep(
  { index, what, text }: Extract<RunnerLine, { say: 'step' }>,
  heard: HeardSteps,
  emit: (event: EventBody) => void,
): void {
  const step = heard.steps[index];
  if (step === undefined || heard.told > MOST) return;
  heard.told += 1;
  const { id, title } = step;
  if (what === 'begin') emit({ type: 'step', id, title, state: 'started' });
  else if (what === 'done') emit({ type: 'step', id, title, state: 'done' });
  else if (what === 'output') emit({ type: 'output', id, stream: 'stdout', line: text });
  else if (what === 'log') {
    if (heard.broken !== null && heard.broken.log.length < 20) heard.broken.log.push(text);
  } else {
    heard.broken ??= { step, status: what === 'late' ? null : Number(text) || 1, log: [] };
    emit({ type: 'step', id, title, state: 'failed' });
  }
}

/** Why the host did not begin the switch, or null. */
export function brokenStep({ broken }: HeardSteps): Failure | null {
  if (broken === null) return null;
  const { step, status, log } = broken;
  const failed = { kind: 'before-start', step: step.title, log } as const;
  return status === null ? { ...failed, why: 'late', limitMs: step.timeoutMs } : { ...failed, why: 'failed', status };
}
