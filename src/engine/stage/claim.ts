import { call, type InstalledSite, install, installed } from '../../host/call.ts';
import { holderIn } from '../../host/holder.ts';
import { type GenerationRecord, recordFiles } from '../../host/record.ts';
import { type Missing, missingIn, numberOf } from '../../host/reply.ts';
import { type GenerationId, generationId } from '../../model/ids.ts';
import { type Exit, type Failure, fail, ok, type Result } from '../../model/outcome.ts';
import type { Advance } from '../../model/plan.ts';
import type { EnteredHost, OpenHost } from '../open.ts';
import type { RecordEdit } from '../plan/partial.ts';
import { type HostRun, QUICK } from '../run.ts';
import { type Arriving, sentList } from './arriving.ts';

export type Claimed = {
  readonly there: EnteredHost;
  readonly id: GenerationId;
  /** What of the release has to be sent. */
  readonly missing: Missing;
};

/**
 * Takes the host's lease, claims the next generation number and writes its record; nothing live changes. What stands on the
 * host already is taken from the release of the generation before.
 */
export async function claimGeneration(
  host: OpenHost,
  record: GenerationRecord,
  steps: readonly Arriving[],
  how: 'link' | 'copy' | 'nothing',
  run: HostRun,
): Promise<Result<Claimed>> {
  const site = await withProgram(host, run);
  if (!site.ok) return site;
  const files = [...recordFiles(record), { path: 'sent', content: sentList(steps), mode: 0o600 }];
  const reply = await host.transport.unpack(
    files,
    call(site.value, 'stage', record.base, run.by, how),
    unpacking(host, run),
  );
  const entered = reply.ok ? whetherEntered(host, 'stage', record.base, reply.value) : reply;
  if (!entered.ok) return entered;
  const { exit, there } = entered.value;
  const claimed = numberOf(exit.stdout, 'generation');
  if (claimed === undefined) return fail(stepFailed('stage', exit));
  return ok({ there, id: generationId(claimed), missing: missingIn(exit.stdout) });
}

/**
 * Takes the host's lease and makes a generation that is the base but for an edit of its record, its code the same; sealed,
 * and nothing live changes.
 */
export async function varyGeneration(
  host: OpenHost,
  { base, digest }: Pick<Advance, 'base' | 'digest'>,
  { put, gone }: RecordEdit,
  run: HostRun,
): Promise<Result<Omit<Claimed, 'missing'>>> {
  const site = await withProgram(host, run);
  if (!site.ok) return site;
  const anew = [...new Set([...gone, ...put.map(({ path }) => path)])];
  const words = [base, run.by, digest, new Date(run.now()).toISOString(), anew.length, ...anew];
  const reply = await host.transport.unpack(put, call(site.value, 'vary', ...words), unpacking(host, run));
  const entered = reply.ok ? whetherEntered(host, 'stage', base, reply.value) : reply;
  if (!entered.ok) return entered;
  const { exit, there } = entered.value;
  const claimed = numberOf(exit.stdout, 'generation');
  return claimed === undefined ? fail(stepFailed('stage', exit)) : ok({ there, id: generationId(claimed) });
}

const unpacking = ({ probe }: OpenHost, { signal }: HostRun) => ({
  ...{ signal, timeoutMs: 5 * QUICK, gzip: probe.facts.tools.has('gzip') },
});

async function withProgram(host: OpenHost, run: HostRun): Promise<Result<InstalledSite>> {
  if (!host.site.hasProgram) {
    const put = await host.transport.run(install(host.site), unpacking(host, run));
    if (!put.ok) return put;
    if (put.value.code !== 0) return fail(stepFailed('stage', put.value));
  }
  return ok(installed(host.site));
}

/** Takes the host's lease, so that two operators never work on it at once; it ends with the connection. */
export async function enter(host: OpenHost, base: GenerationId, run: HostRun): Promise<Result<EnteredHost>> {
  const script = call(host.site, 'enter', base, run.by);
  const reply = await host.transport.run(script, { signal: run.signal, timeoutMs: QUICK });
  const entered = reply.ok ? whetherEntered(host, 'enter', base, reply.value) : reply;
  return entered.ok ? ok(entered.value.there) : entered;
}

function whetherEntered(
  host: OpenHost,
  verb: string,
  base: GenerationId,
  exit: Exit,
): Result<{ readonly there: EnteredHost; readonly exit: Exit }> {
  const { code, stdout } = exit;
  if (code === 0) return ok({ there: { ...host, site: installed(host.site) }, exit });
  if (code === 75) return fail({ kind: 'locked', holder: holderIn(stdout) });
  if (code !== 76) return fail(stepFailed(verb, exit));
  return fail({ kind: 'base-moved', expected: base, found: generationId(numberOf(stdout, 'found') ?? 0) });
}

export const stepFailed = (step: string, exit: Exit): Failure => ({ kind: 'step-failed', step, exit });
