import { type CallSite, call } from '../host/call.ts';
import { parseRunnerLine, type RunnerLine } from '../host/reply.ts';
import type { GenerationId } from '../model/ids.ts';
import { type Difference, type Failure, fail, ok, type Result, type UnitFailure } from '../model/outcome.ts';
import { explain } from '../runtime/diagnose.ts';
import type { Transport } from '../transport/transport.ts';
import { locked } from './locked.ts';
import type { HostRun } from './run.ts';

export type End = Extract<RunnerLine, { say: 'end' }>;

/** What has been heard of one transaction so far; one of these outlives every connection that it is heard over. */
export type Heard = {
  /** Lines of the runner that have arrived, so that a later command goes on where the last one stopped. */
  lines: number;
  awaiting: boolean;
  expired: boolean;
  refused: string | null;
  readonly differences: Difference[];
  readonly units: Map<string, { readonly line: Extract<RunnerLine, { say: 'unit-failed' }>; readonly log: string[] }>;
  decision: 'commit' | 'revert' | 'none' | null;
  end: End | null;
};

export const silence = (): Heard => ({
  lines: 0,
  awaiting: false,
  expired: false,
  refused: null,
  differences: [],
  units: new Map(),
  decision: null,
  end: null,
});

/** Runs a verb of the host program that talks about a transaction, and listens until it is done. */
export async function listen(
  transport: Transport,
  site: CallSite,
  words: { readonly verb: 'activate' | 'watch' | 'confirm' | 'abort'; readonly args: readonly (string | number)[] },
  heard: Heard,
  io: { readonly signal: AbortSignal; readonly timeoutMs: number },
  run: HostRun,
): Promise<Result<void>> {
  const onLine = (stream: 'stdout' | 'stderr', text: string) => {
    if (stream === 'stdout' && text !== '') hear(parseRunnerLine(text), heard, run);
  };
  const reply = await transport.run(call(site, words.verb, ...words.args), { ...io, onLine });
  if (!reply.ok) return reply;
  if (reply.value.code !== 0 && heard.end === null)
    return fail({ kind: 'step-failed', step: words.verb, exit: reply.value });
  return ok(undefined);
}

function hear(line: RunnerLine, heard: Heard, run: HostRun): void {
  // The reply to confirm and abort is not one of the runner's own lines.
  if (line.say === 'decision') {
    heard.decision = line.verdict;
    return;
  }
  heard.lines += 1;
  if (line.say === 'phase') run.emit({ type: 'phase', phase: line.phase });
  else if (line.say === 'note') run.emit({ type: 'note', text: line.text });
  else if (line.say === 'await') heard.awaiting = true;
  else if (line.say === 'expired') heard.expired = true;
  else if (line.say === 'refused') heard.refused ??= line.text;
  else if (line.say === 'differs') {
    const { unit, property, meant, got } = line;
    heard.differences.push({ unit, property, meant, got });
  } else if (line.say === 'end') heard.end = line;
  else if (line.say === 'unit-failed' && !heard.units.has(line.unit)) heard.units.set(line.unit, { line, log: [] });
  else if (line.say === 'unit-log') {
    const log = heard.units.get(line.unit)?.log;
    if (log !== undefined && log.length < 20) log.push(line.text);
  }
}

/** Why the host did not keep the new generation, as far as the host has said. */
export function hostFailure(heard: Heard): Failure | null {
  if (heard.units.size > 0) {
    const units = [...heard.units.values()].map(({ line, log }): UnitFailure => {
      const { unit, result, status } = line;
      return {
        unit,
        result,
        status,
        ...explain(result, status, null),
        log,
      };
    });
    return { kind: 'not-settled', units };
  }
  if (heard.differences.length > 0) return { kind: 'not-as-meant', differences: heard.differences };
  if (heard.refused !== null) {
    return { kind: 'step-failed', step: 'switch generations', exit: { code: 1, stdout: '', stderr: heard.refused } };
  }
  if (heard.expired) return { kind: 'expired', detail: 'no confirmation reached the host before its deadline' };
  return null;
}

/** How a transaction ended that never began, in terms of what the host said. */
export function notBegun(end: End, expected: GenerationId, refused: string | null): Failure | null {
  switch (end.end) {
    case 'busy':
      return locked('another transaction on this host');
    case 'conflict':
      return { kind: 'base-moved', expected, found: end.generation };
    case 'missing':
      return { kind: 'no-target', detail: `generation ${end.generation} is not on the host` };
    case 'io':
      return {
        kind: 'unsupported',
        needs: `writable folders with free space${refused === null ? '' : `: ${refused}`}`,
      };
    case 'committed':
    case 'reverted':
    case 'stuck':
    case 'died':
      return null;
  }
}
