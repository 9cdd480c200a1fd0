import { formatDiagnostic } from '../../src/config/diagnostics/diagnostic.ts';
import { loadProject, type Project } from '../../src/config/project.ts';
import { callerIn, folderWith } from './project-folder.ts';
import { STAND_INS } from './stand-ins.ts';

/** A loaded project in a folder of its own; whatever is wrong with it ends the test. */
export async function projectWith(
  files: Readonly<Record<string, string>>,
  options: { readonly ssh?: string; readonly env?: Record<string, string> } = {},
) {
  const folder = await folderWith({ 'inventory/.keep': '', 'playbooks/.keep': '', ...files });
  if (options.ssh !== undefined) await folder.write('ssh_config', options.ssh.replaceAll('DIR', folder.dir));
  const loaded = await loadProject(folder.dir, {
    invoker: callerIn(folder.dir, options.env),
    registry: STAND_INS,
    sshConfigFile: options.ssh === undefined ? 'none' : `${folder.dir}/ssh_config`,
  });
  if (!loaded.ok) throw new Error(loaded.failure.map(formatDiagnostic).join('\n'));
  const project: Project = loaded.value;
  return { ...folder, project };
}
