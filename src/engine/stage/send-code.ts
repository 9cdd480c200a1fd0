import { call } from '../host/call.ts';
import { releaseFolder } from '../host/layout.ts';
import type { GenerationId } from '../model/ids.ts';
import type { Exit, Result } from '../model/outcome.ts';
import type { PlanView, StageStep } from '../model/plan.ts';
import type { HostTarget } from '../model/target.ts';
import { Script, sh } from '../shell/sh.ts';
import type { RunIo, SyncRequest } from '../transport/transport.ts';
import { type CodeLogin, sendsCode } from './code-login.ts';
import type { OpenHost } from './open.ts';
import type { Planned } from './plan.ts';
import type { HostRun } from './run.ts';

/** Where code of a release goes, and over which login; `code` is null for the run's own. */
export type CodeRoute = {
  readonly host: OpenHost;
  readonly code: CodeLogin | null;
  readonly target: HostTarget;
  readonly id: GenerationId;
  /** The release to take unchanged files from; null for none. */
  readonly reuse: string | null;
  /** Whether build steps will write in the release, so that no file of it may be another release's too. */
  readonly builds: boolean;
};

/**
 * Sends one tree into a claimed release. Where a login of its own carries it, the release is that account's for just as
 * long, and root's again before anything else happens; a failure leaves it to be dropped.
 */
export async function sendCode(
  { host, code, target, id, reuse, builds }: CodeRoute,
  step: Extract<StageStep, { do: 'sync' }>,
  run: HostRun,
  quick: () => RunIo,
): Promise<Result<Exit>> {
  const release = releaseFolder(target.layout, id);
  const within = (folder: string) => (step.to === '' ? folder : `${folder}/${step.to}`);
  const user = target.layout.user ?? '-';
  const ready = [
    ...(step.to === '' ? [] : [sh`umask 022; mkdir -p ${within(release)} || exit`]),
    ...(code === null ? [] : [call(host.site, 'lend', id, code.user)]),
  ];
  if (ready.length > 0) {
    const made = await host.transport.run(Script.join(ready, '\n'), quick());
    if (!made.ok || made.value.code !== 0) return made;
  }
  const from = reuse === null ? null : within(reuse);
  const linked = code === null && !builds;
  const request: SyncRequest = {
    tree: step.tree,
    to: within(release),
    linkFrom: linked ? from : null,
    copyFrom: linked ? null : from,
    group: host.probe.group ?? target.layout.user ?? 'root',
  };
  const sent = await (code ?? host).transport.sync(request, syncMethod(host, run), {
    signal: run.signal,
    // A slow line may need long; silence is what ends it (keepalive), not the clock.
    timeoutMs: 60 * 60_000,
    onProgress: (percent, rate) => run.emit({ type: 'progress', id: step.id, percent, rate }),
  });
  if (code === null || !sent.ok || sent.value.code !== 0) return sent;
  return host.transport.run(call(host.site, 'reclaim', id, code.user, user), quick());
}

/** rsync where both sides have it; otherwise one tar stream, which needs nothing but tar on the host. */
export const syncMethod = (host: Pick<OpenHost, 'probe'>, run: Pick<HostRun, 'localRsync'>): 'rsync' | 'tar' =>
  run.localRsync && host.probe.facts.tools.has('rsync') ? 'rsync' : 'tar';

/** The plan as it is shown: it says when code has to go the longer way, and why. */
export function shown(
  { plan, view }: Planned,
  host: Pick<OpenHost, 'probe'>,
  run: Pick<HostRun, 'localRsync'>,
): PlanView {
  if (!sendsCode(plan) || syncMethod(host, run) === 'rsync') return view;
  const where = run.localRsync ? 'the host has no rsync' : 'there is no rsync on this machine';
  return { ...view, warnings: [...view.warnings, `${where}: all of the code is sent, as a tar stream`] };
}
