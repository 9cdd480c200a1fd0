import { type Diagnostic, formatDiagnostic } from '../config/diagnostic.ts';
import { findProject, loadProject, type Project } from '../config/project.ts';
import type { CommonFlags, World } from './world.ts';

/** Usage or configuration was wrong and nothing was contacted: the process ends with 2. */
export class UsageError extends Error {}

/** The project that the command is about. @throws UsageError with every error of every file */
export async function openProject(flags: CommonFlags, world: World): Promise<Project> {
  const folder = await findProject(world.caller, flags.C ?? null);
  if (!folder.ok) throw new UsageError(describe(folder.failure));
  const { FLEET_SSH_CONFIG } = world.caller.env;
  const project = await loadProject(folder.value, {
    caller: world.caller,
    ...(FLEET_SSH_CONFIG === undefined ? {} : { sshConfigFile: FLEET_SSH_CONFIG }),
  });
  if (!project.ok) throw new UsageError(describe(project.failure));
  return project.value;
}

export function describe(diagnostics: readonly Diagnostic[]): string {
  const count = diagnostics.length === 1 ? '1 error' : `${diagnostics.length} errors`;
  return `${diagnostics.map(formatDiagnostic).join('\n\n')}\n\n${count}; no host was contacted`;
}
