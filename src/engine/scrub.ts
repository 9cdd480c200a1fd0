import { type CallSite, look } from '../host/call.ts';
import type { CheckResult } from '../model/outcome.ts';
import { Script, sh } from '../shell/sh.ts';
import type { Transport } from '../transport/transport.ts';
import { QUICK } from './run.ts';

/**
 * Clears the host's own secrets out of what checks quote from services; only the host knows those of its generations.
 * What passed and fits on its line is not sent: it is words of ours.
 */
export async function scrubbed(
  results: readonly CheckResult[],
  host: { readonly transport: Transport; readonly site: CallSite },
  signal: AbortSignal,
): Promise<readonly CheckResult[]> {
  if (results.every(({ ok, detail }) => ok && !detail.includes('…'))) return results;
  const details = results.map(({ detail }) => detail.replaceAll('\n', ' '));
  // printf is part of the shell, so that nothing of this stands in a process list.
  const script = Script.join([sh`printf '%s\n' ${details} |`, sh`(`, look(host.site, 'scrub'), sh`)`], '\n');
  const reply = await host.transport.run(script, { signal, timeoutMs: QUICK });
  const lines = reply.ok && reply.value.code === 0 ? reply.value.stdout.split('\n') : [];
  const hidden = 'not shown: the host could not be asked to clear its secrets out of it';
  return results.map((result, i) => ({
    ...result,
    detail: lines.length > i + 1 ? (lines[i] ?? '') : result.ok ? result.detail : hidden,
  }));
}
