import { call } from '../../host/call.ts';
import { releaseFolder } from '../../host/layout.ts';
import type { GenerationId } from '../../model/ids.ts';
import type { Exit, Result } from '../../model/outcome.ts';
import type { StageStep } from '../../model/plan.ts';
import type { HostTarget } from '../../model/target.ts';
import type { RunIo, SyncMethod, SyncRequest } from '../../transport/transport.ts';
import type { EnteredHost } from '../open.ts';
import type { HostRun } from '../run.ts';
import type { CodeLogin } from './code-login.ts';

/** Where code of a release goes, and over which login; `code` is null for the run's own. */
export type CodeRoute = {
  readonly host: EnteredHost;
  readonly code: CodeLogin | null;
  readonly method: SyncMethod;
  readonly target: HostTarget;
  readonly id: GenerationId;
  /** The generation whose release to take unchanged files from; null for none. */
  readonly reuse: GenerationId | null;
  /** Whether build steps will write in the release, so that no file of it may be another release's too. */
  readonly builds: boolean;
};

/** A slow line may need long; silence is what ends it (keepalive), not the clock. Milliseconds. */
export const UNHURRIED = 60 * 60_000;

/**
 * Sends one tree into a claimed release. Where a login of its own carries it, the release is that account's for just as
 * long, and then root's again, by copying, before anything else happens; a failure leaves it to be dropped.
 */
export async function sendCode(
  { host, code, method, target, id, reuse, builds }: CodeRoute,
  step: Extract<StageStep, { do: 'sync' }>,
  run: HostRun,
  quick: () => RunIo,
): Promise<Result<Exit>> {
  if (code !== null) {
    const made = await host.transport.run(call(host.site, 'lend', id, code.user, 'code', step.to), quick());
    if (!made.ok || made.value.code !== 0) return made;
  }
  const linked = code === null && !builds && host.probe.sealed;
  const from = reuse === null ? null : code === null ? besides(reuse, step.to) : folderIn(target, reuse, step.to);
  const request: SyncRequest = {
    tree: step.tree,
    to: code === null ? call(host.site, 'within', id, step.to) : folderIn(target, id, step.to),
    linkFrom: linked ? from : null,
    copyFrom: linked ? null : from,
    group: host.probe.group ?? target.layout.user ?? 'root',
  };
  const sent = await (code ?? host).transport.sync(request, method, {
    signal: run.signal,
    timeoutMs: UNHURRIED,
    onProgress: (percent, rate) => run.emit({ type: 'progress', id: step.id, percent, rate }),
  });
  if (code === null || !sent.ok || sent.value.code !== 0) return sent;
  return host.transport.run(call(host.site, 'take', id), quick());
}

const folderIn = ({ layout }: HostTarget, generation: GenerationId, to: string) =>
  to === '' ? releaseFolder(layout, generation) : `${releaseFolder(layout, generation)}/${to}`;

/**
 * The same folder of another release, from the one that receives. Below somebody's home only the folder that we stand in
 * is sure, and rsync wants an absolute path.
 */
const besides = (generation: GenerationId, to: string): string =>
  [
    '/proc/self/cwd/..',
    ...to
      .split('/')
      .filter(Boolean)
      .map(() => '..'),
    generation,
    to,
  ]
    .filter((part) => part !== '')
    .join('/');
