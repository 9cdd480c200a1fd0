import { randomBytes } from 'node:crypto';
import { formatDiagnostic } from '../../../src/config/diagnostics/diagnostic.ts';
import { loadProject } from '../../../src/config/project.ts';
import { resolveTargets } from '../../../src/config/resolve.ts';
import { deployHost } from '../../../src/engine/commands/deploy.ts';
import { rollbackHost } from '../../../src/engine/commands/rollback.ts';
import { type FleetRun, runFleet } from '../../../src/engine/fleet/fleet.ts';
import type { HostRun } from '../../../src/engine/run.ts';
import type { HostOutcome } from '../../../src/model/outcome.ts';
import type { HostTarget } from '../../../src/model/target.ts';
import { connector } from '../../../src/transport/connect.ts';
import type { Connect } from '../../../src/transport/transport.ts';
import type { Project } from '../fleet.ts';

/** What a test may put between the engine and its host. */
export type Between = { readonly wrap: (connect: Connect) => Connect; readonly now: () => number };

const nothing: Between = { wrap: (connect) => connect, now: Date.now };

async function targetOf(project: Project): Promise<HostTarget> {
  const invoker = { env: {}, cwd: project.folder, home: project.home, user: 'tester' };
  const loaded = await loadProject(project.folder, { invoker, sshConfigFile: `${project.home}/ssh_config` });
  if (!loaded.ok) throw new Error(loaded.failure.map(formatDiagnostic).join('\n'));
  const all = { hosts: [], groups: [], apps: [], all: true };
  const resolved = await resolveTargets(loaded.value, all, {}, 'read');
  if (!resolved.ok) throw new Error(resolved.failure.map(formatDiagnostic).join('\n'));
  const [target] = resolved.value.targets;
  if (target === undefined) throw new Error('the project has no target');
  return target;
}

async function onHost(
  project: Project,
  work: (target: HostTarget, run: HostRun) => Promise<HostOutcome>,
  { wrap, now }: Between,
): Promise<HostOutcome> {
  const target = await targetOf(project);
  const connect = connector(target.connection, {
    accepted: { keys: new Map(), judged: Promise.resolve() },
    ...{ acceptNew: false, becomePassword: async () => null, passphrase: async () => null },
    ...{ connectTimeoutMs: 10_000, keepaliveMs: 5_000, retries: 1, homeKnownHosts: `${project.home}/known` },
  });
  const fleet: FleetRun = {
    ...{ now, by: 'tester@test', newId: () => randomBytes(6).toString('hex'), localRsync: true, parallel: 1 },
    ...{ signal: new AbortController().signal, report: () => {}, kind: 'changes' },
    connect: () => wrap(connect),
  };
  const [ended] = await runFleet([target], work, fleet);
  if (ended === undefined) throw new Error('the run has no end');
  return ended.outcome;
}

/** The engine's own deploy over a real connection, in this process. */
export const deploy = (project: Project, between: Between = nothing) => onHost(project, deployHost, between);

/** Back to before the first deploy, data included. */
export const removeAll = (project: Project, between: Between = nothing) =>
  onHost(project, (target, run) => rollbackHost(target, { go: 'remove', keepData: false }, run), between);
