import { type CallSite, call } from '../../host/call.ts';
import { parseRunnerLine, type RunnerLine } from '../../host/reply.ts';
import type { EventBody } from '../../model/events.ts';
import type { GenerationId } from '../../model/ids.ts';
import {
  type Failure,
  fail,
  type Left,
  ok,
  type ReadbackMismatch,
  type Result,
  type UnitFailure,
} from '../../model/outcome.ts';
import type { BeforeStep } from '../../model/plan.ts';
import { explain } from '../../runtime/diagnose/diagnose.ts';
import type { Transport } from '../../transport/transport.ts';
import { MOST } from '../../util/capped.ts';
import { type HostRun, QUICK } from '../run.ts';

/** Milliseconds; what is listened to ends by its silence. */
const A_DAY = 86_400_000;

export type End = Extract<RunnerLine, { say: 'end' }>;

/** What has been heard of one transaction so far; one of these outlives every connection that it is heard over. */
export type Transcript = {
  /** Lines of the runner that have arrived, so that a later command goes on where the last one stopped. */
  lines: number;
  /** When the host said anything last; milliseconds since the epoch. */
  at: number;
  awaiting: boolean;
  expired: boolean;
  /** When the switch itself began, as far as it was heard; milliseconds since the epoch. */
  switching: number | null;
  /** What the playbook runs before the start. */
  readonly before: StepTranscript;
  refused: string | null;
  readonly differences: ReadbackMismatch[];
  readonly units: Map<string, { readonly line: Extract<RunnerLine, { say: 'unit-failed' }>; readonly log: string[] }>;
  /** What stays of what was made for it. */
  readonly left: Left[];
  /** What the host said beyond what is kept of it: a host may say anything, for as long as it likes. */
  readonly beyond: { differences: number; units: number };
  /** Notes and phases that were passed on, which whoever shows them keeps. */
  passedOn: number;
  decision: 'commit' | 'revert' | 'none' | null;
  end: End | null;
};

export const newTranscript = (now: number, before: readonly BeforeStep[] = []): Transcript => ({
  lines: 0,
  at: now,
  awaiting: false,
  expired: false,
  switching: null,
  before: { steps: before, broken: null, passedOn: 0 },
  refused: null,
  differences: [],
  units: new Map(),
  left: [],
  beyond: { differences: 0, units: 0 },
  passedOn: 0,
  decision: null,
  end: null,
});

/**
 * Runs a verb of the host program that talks about a transaction, and listens until it is done, however long that takes:
 * the host says every ten seconds that it lives, and only when it falls silent it is `timed-out`.
 */
export async function follow(
  transport: Transport,
  site: CallSite,
  words: { readonly verb: 'activate' | 'watch' | 'confirm' | 'abort'; readonly args: readonly (string | number)[] },
  transcript: Transcript,
  signal: AbortSignal,
  run: HostRun,
): Promise<Result<void>> {
  const silent = new AbortController();
  const timer = setTimeout(() => silent.abort(), QUICK);
  const onLine = (stream: 'stdout' | 'stderr', text: string) => {
    transcript.at = run.now();
    timer.refresh();
    if (stream === 'stdout' && text !== '') record(parseRunnerLine(text), transcript, run);
    // A host that talks without end is as good as a silent one.
    if (transcript.lines > MOST_LINES) silent.abort();
  };
  try {
    const io = { signal: AbortSignal.any([signal, silent.signal]), timeoutMs: A_DAY, onLine };
    const reply = await transport.run(call(site, words.verb, ...words.args), io);
    if (silent.signal.aborted && !signal.aborted)
      return fail({ kind: 'timed-out', what: "the host's next word about the switch", ms: QUICK });
    if (!reply.ok) return reply;
    if (reply.value.code !== 0 && transcript.end === null)
      return fail({ kind: 'step-failed', step: words.verb, exit: reply.value });
    return ok(undefined);
  } finally {
    clearTimeout(timer);
  }
}

/** Lines of one transaction; an honest one has hundreds. */
const MOST_LINES = 150_000;

/** Phases of the journal that have no limit which the operator has set. */
const AT_WORK: Readonly<Record<string, string>> = {
  BEFORE_START: 'running what comes before the start',
  ACTIVATING: 'switching generations',
  REVERTING: 'on its way back',
  COMMITTED: 'tidying up',
};

function record(line: RunnerLine, transcript: Transcript, run: HostRun): void {
  // The reply to confirm and abort is not one of the runner's own lines.
  if (line.say === 'decision') {
    transcript.decision = line.verdict;
    return;
  }
  // Neither are the words of who watches it.
  if (line.say === 'lives') {
    const at = AT_WORK[line.phase];
    if (at !== undefined && line.seconds % 30 === 0)
      run.emit({
        type: 'note',
        text: `the host is still ${at}, with nothing new for ${line.seconds} s; it is waited for`,
      });
    return;
  }
  if (line.say === 'end' && (line.end === 'died' || line.end === 'full')) {
    transcript.end = line;
    return;
  }
  transcript.lines += 1;
  if (line.say === 'phase' && line.phase === 'activate') transcript.switching ??= run.now();
  // Each attempt at the way back tells anew.
  if (line.say === 'phase' && line.phase === 'revert') transcript.left.length = 0;
  if (line.say === 'phase' || line.say === 'note' || line.say === 'kept' || line.say === 'away')
    passOn(line, transcript, run);
  else if (line.say === 'step') recordStep({ ...line, text: short(line.text) }, transcript.before, run.emit);
  else if (line.say === 'await') transcript.awaiting = true;
  else if (line.say === 'expired') transcript.expired = true;
  else if (line.say === 'left') {
    const { kind, name, because } = line.left;
    if (transcript.left.length < MOST) transcript.left.push({ kind, name: short(name), because: short(because) });
  } else if (line.say === 'refused') transcript.refused ??= short(line.text);
  else if (line.say === 'differs') {
    const { unit, property, meant, got } = line;
    if (transcript.differences.length === MOST) transcript.beyond.differences += 1;
    else
      transcript.differences.push({
        unit: short(unit),
        property: short(property),
        meant: short(meant),
        got: short(got),
      });
  } else if (line.say === 'end') transcript.end = line;
  else if (line.say === 'unit-failed' && !transcript.units.has(short(line.unit))) {
    const [unit, result, state] = [short(line.unit), short(line.result), short(line.state)];
    if (transcript.units.size === MOST) transcript.beyond.units += 1;
    else transcript.units.set(unit, { line: { ...line, unit, result, state }, log: [] });
  } else if (line.say === 'unit-log') {
    const log = transcript.units.get(short(line.unit))?.log;
    if (log !== undefined && log.length < 20) log.push(short(line.text));
  }
}

function passOn(
  line: Extract<RunnerLine, { say: 'phase' | 'note' | 'kept' | 'away' }>,
  transcript: Transcript,
  run: HostRun,
): void {
  if (transcript.passedOn > MOST) return;
  transcript.passedOn += 1;
  if (transcript.passedOn > MOST)
    run.emit({ type: 'note', text: '… and more, which is not shown: the host goes on and on' });
  else if (line.say === 'phase') run.emit({ type: 'phase', phase: line.phase });
  else if (line.say === 'kept') run.emit({ type: 'kept', units: line.units.slice(0, MOST).map(short) });
  else if (line.say === 'away') run.emit({ type: 'away', unit: short(line.unit), ms: line.ms });
  else run.emit({ type: 'note', text: short(line.text) });
}

/** As much of a line as anybody reads; a copy, which does not keep what it was cut out of in memory. */
const LONGEST = 2000;
const short = (text: string): string =>
  text.length <= 40 ? text : Buffer.from(text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text).toString('utf8');

/** Why the host did not keep the new generation, as far as the host has said. */
export function hostFailure(transcript: Transcript): Failure | null {
  const broken = brokenStep(transcript.before);
  if (broken !== null) return broken;
  if (transcript.units.size > 0) {
    const units = [...transcript.units.values()].map(({ line, log }): UnitFailure => {
      const { unit, result, status } = line;
      return {
        unit,
        result,
        status,
        ...explain(result, status, null),
        log,
      };
    });
    const more = transcript.beyond.units;
    const rest = { result: '', status: 0, cause: '', fix: '', log: [] };
    return { kind: 'not-settled', units: more === 0 ? units : [...units, { unit: `… and ${more} more`, ...rest }] };
  }
  if (transcript.differences.length > 0) {
    const more = transcript.beyond.differences;
    const rest = more === 0 ? [] : [{ unit: `… and ${more} more`, property: '', meant: '', got: '' }];
    return { kind: 'not-as-meant', differences: [...transcript.differences, ...rest] };
  }
  if (transcript.refused !== null) {
    return {
      kind: 'step-failed',
      step: 'switch generations',
      exit: { code: 1, stdout: '', stderr: transcript.refused },
    };
  }
  if (transcript.expired) return { kind: 'expired', detail: 'no confirmation reached the host before its deadline' };
  return null;
}

/** How a transaction ended that never began, in terms of what the host said. */
export function notBegun(end: End, expected: GenerationId, refused: string | null): Failure | null {
  switch (end.end) {
    case 'busy':
      return { kind: 'locked', holder: { kind: 'lock', at: 'switch' } };
    case 'conflict':
      return { kind: 'base-moved', expected, found: end.generation };
    case 'missing':
      return { kind: 'no-target', detail: `generation ${end.generation} is not on the host` };
    case 'io':
    case 'full':
      return {
        kind: 'unsupported',
        needs: `writable folders with free space${refused === null ? '' : `: ${refused}`}${end.end === 'full' ? ' (its disk is full or read-only, so its program could not even begin)' : ''}`,
      };
    case 'committed':
    case 'reverted':
    case 'stuck':
    case 'died':
      return null;
  }
}

/** What has been heard of the steps that the host runs before the switch. */
type StepTranscript = {
  /** All of them, by index. */
  readonly steps: readonly BeforeStep[];
  /** The one that failed, and its last lines; a status of null is its time limit. */
  broken: { readonly step: BeforeStep; readonly status: number | null; readonly log: string[] } | null;
  /** Lines that were passed on. */
  passedOn: number;
};

/** A day of what a step says now and then. */
const MOST_OF_STEPS = 20_000;

/** Keeps what is needed of a line; the rest goes on to whoever shows it. */
function recordStep(
  { index, what, text }: Extract<RunnerLine, { say: 'step' }>,
  transcript: StepTranscript,
  emit: (event: EventBody) => void,
): void {
  const step = transcript.steps[index];
  if (step === undefined || transcript.passedOn > MOST_OF_STEPS) return;
  transcript.passedOn += 1;
  const { id, title } = step;
  if (what === 'begin') emit({ type: 'step', id, title, state: 'started' });
  else if (what === 'done') emit({ type: 'step', id, title, state: 'done' });
  else if (what === 'output') emit({ type: 'output', id, stream: 'stdout', line: text });
  else if (what === 'log') {
    if (transcript.broken !== null && transcript.broken.log.length < 20) transcript.broken.log.push(text);
  } else {
    transcript.broken ??= { step, status: what === 'late' ? null : Number(text) || 1, log: [] };
    emit({ type: 'step', id, title, state: 'failed' });
  }
}

/** Why the host did not begin the switch, or null. */
function brokenStep({ broken }: StepTranscript): Failure | null {
  if (broken === null) return null;
  const { step, status, log } = broken;
  const failed = { kind: 'before-start', step: step.title, log } as const;
  return status === null ? { ...failed, why: 'late', limitMs: step.timeoutMs } : { ...failed, why: 'failed', status };
}
