import { findProject } from '../config/find-project.ts';
import { loadProject, type Project } from '../config/project.ts';
import { keepNames, namesIn } from './complete/names.ts';
import type { CliContext, CommonFlags } from './context.ts';
import { refused } from './refusal.ts';

/** The project that the command is about. @throws UsageError with every error of every file */
export async function openProject(flags: CommonFlags, context: CliContext): Promise<Project> {
  const folder = await findProject(context.invoker, flags.C ?? null);
  if (!folder.ok) throw refused(folder.failure);
  const { FLEET_SSH_CONFIG } = context.invoker.env;
  const project = await loadProject(folder.value, {
    invoker: context.invoker,
    ...(FLEET_SSH_CONFIG === undefined ? {} : { sshConfigFile: FLEET_SSH_CONFIG }),
  });
  if (!project.ok) throw refused(project.failure);
  await keepNames(project.value.dir, context.invoker, async () => {
    const { inventory, playbooks } = project.value;
    const values = playbooks.map(({ yaml }) => yaml.value);
    return namesIn(project.value.dir, [...inventory.hosts.keys()], [...inventory.groups.keys()], values);
  });
  return project.value;
}
