import { findProject, loadProject, type Project } from '../config/project.ts';
import { refused } from './refusal.ts';
import type { CommonFlags, World } from './world.ts';

/** The project that the command is about. @throws UsageError with every error of every file */
export async function openProject(flags: CommonFlags, world: World): Promise<Project> {
  const folder = await findProject(world.caller, flags.C ?? null);
  if (!folder.ok) throw refused(folder.failure);
  const { FLEET_SSH_CONFIG } = world.caller.env;
  const project = await loadProject(folder.value, {
    caller: world.caller,
    ...(FLEET_SSH_CONFIG === undefined ? {} : { sshConfigFile: FLEET_SSH_CONFIG }),
  });
  if (!project.ok) throw refused(project.failure);
  return project.value;
}
