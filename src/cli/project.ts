import type { Project } from '../config/project.ts';
import { type OpenOptions, openWorld, type World } from '../library/open.ts';
import { keepNames, namesIn } from './complete/names.ts';
import type { CliContext, CommonFlags } from './context.ts';

/** The project that a command is about, and where it stands. @throws Refusal with every error of every file */
export async function openHere(
  { C }: CommonFlags,
  { invoker }: CliContext,
  secrets: Pick<OpenOptions, 'becomePassword' | 'passphrase'> = {},
): Promise<World> {
  const opened = await openWorld({ ...invoker, ...secrets, ...(C === undefined ? {} : { dir: C }) });
  if (!opened.ok) throw opened.failure;
  const { dir, inventory, playbooks } = opened.value.project;
  await keepNames(dir, invoker, async () => {
    const values = playbooks.map(({ yaml }) => yaml.value);
    const [hosts, groups] = [[...inventory.hosts.keys()], [...inventory.groups.keys()]];
    return namesIn(dir, { hosts, groups, channels: [...inventory.notifiers.keys()] }, values);
  });
  return opened.value;
}

/** @throws Refusal with every error of every file */
export const openProject = async (flags: CommonFlags, context: CliContext): Promise<Project> =>
  (await openHere(flags, context)).project;
