import { call, installed } from '../../host/call.ts';
import { holderIn } from '../../host/holder.ts';
import { numberOf } from '../../host/reply.ts';
import { type GenerationId, generationId } from '../../model/ids.ts';
import { type Exit, type Failure, fail, ok, type Result } from '../../model/outcome.ts';
import type { EnteredHost, OpenHost } from '../open.ts';
import { type HostRun, QUICK } from '../run.ts';

/** Takes the host's lease and claims the next generation number; nothing live changes. */
export async function claimGeneration(
  host: OpenHost,
  base: GenerationId,
  run: HostRun,
): Promise<Result<{ readonly there: EnteredHost; readonly id: GenerationId }>> {
  const entered = await callToEnter(host, 'stage', base, run);
  if (!entered.ok) return entered;
  const claimed = numberOf(entered.value.exit.stdout, 'generation');
  if (claimed === undefined) return fail(stepFailed('stage', entered.value.exit));
  return ok({ there: entered.value.there, id: generationId(claimed) });
}

/** Takes the host's lease, so that two operators never work on it at once; it ends with the connection. */
export async function enter(host: OpenHost, base: GenerationId, run: HostRun): Promise<Result<EnteredHost>> {
  const entered = await callToEnter(host, 'enter', base, run);
  return entered.ok ? ok(entered.value.there) : entered;
}

async function callToEnter(
  host: OpenHost,
  verb: 'enter' | 'stage',
  base: GenerationId,
  run: HostRun,
): Promise<Result<{ readonly there: EnteredHost; readonly exit: Exit }>> {
  const reply = await host.transport.run(call(host.site, verb, base, run.by), { signal: run.signal, timeoutMs: QUICK });
  if (!reply.ok) return reply;
  const { code, stdout } = reply.value;
  if (code === 0) return ok({ there: { ...host, site: installed(host.site) }, exit: reply.value });
  if (code === 75) return fail({ kind: 'locked', holder: holderIn(stdout) });
  if (code !== 76) return fail(stepFailed(verb, reply.value));
  return fail({ kind: 'base-moved', expected: base, found: generationId(numberOf(stdout, 'found') ?? 0) });
}

export const stepFailed = (step: string, exit: Exit): Failure => ({ kind: 'step-failed', step, exit });
