import { type CallSite, look } from '../../host/call.ts';
import type { Quotes } from '../../model/check.ts';
import type { CheckResult } from '../../model/outcome.ts';
import { Script, sh } from '../../shell/sh.ts';
import type { Transport } from '../../transport/transport.ts';
import { QUICK } from '../run.ts';

/** What a check found; where nothing says so, words of the host's programs may stand in what has not passed. */
export type Found = CheckResult & { readonly quotes?: Quotes };

/**
 * Clears the host's own secrets out of what checks quote; only the host knows those of its generations.
 * What passed and holds nothing but words of ours is not sent.
 * @param host null where there is no generation yet, and so no secret
 */
export async function scrubbed(
  found: readonly Found[],
  host: { readonly transport: Transport; readonly site: CallSite } | null,
  signal: AbortSignal,
): Promise<readonly CheckResult[]> {
  const results = found.map(({ quotes: _, ...result }): CheckResult => result);
  const quoting = found.flatMap((result, i) => (mayQuote(result) ? [i] : []));
  if (host === null || quoting.length === 0) return results;
  const details = quoting.map((i) => (results[i]?.detail ?? '').replaceAll('\n', ' '));
  // printf is part of the shell, so that nothing of this stands in a process list.
  const script = Script.join([sh`printf '%s\n' ${details} |`, sh`(`, look(host.site, 'scrub'), sh`)`], '\n');
  const reply = await host.transport.run(script, { signal, timeoutMs: QUICK });
  const lines = reply.ok && reply.value.code === 0 ? reply.value.stdout.split('\n') : [];
  const hidden = 'not shown: the host could not be asked to clear its secrets out of it';
  const shown = new Map(quoting.map((at, i) => [at, lines.length > i + 1 ? (lines[i] ?? '') : hidden]));
  return results.map((result, i) => ({ ...result, detail: shown.get(i) ?? result.detail }));
}

const mayQuote = ({ ok, quotes = 'failing', warning }: Found): boolean =>
  quotes === 'failing' && (!ok || warning === true);
