import { stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fail, ok, type Result } from '../model/outcome.ts';
import { type Diagnostic, diagnostic, wholeFile } from './diagnostics/diagnostic.ts';
import type { Invoker } from './invoker.ts';

// Apart from what reads a project, since completion has no time for that.

/**
 * The project folder: the nearest one, from where the command was typed upwards, that has `inventory/` and `playbooks/`.
 * @param dir what `-C` names, relative to the invoker's folder; then no other folder is tried
 */
export async function findProject(
  invoker: Invoker,
  dir: string | null,
): Promise<Result<string, readonly Diagnostic[]>> {
  if (dir !== null) {
    const named = resolve(invoker.cwd, dir);
    if (await isProject(named)) return ok(named);
    return fail([
      diagnostic(wholeFile('-C'), `${dir} is no fleet project: it needs the folders inventory/ and playbooks/`),
    ]);
  }
  for (let folder = invoker.cwd; ; folder = dirname(folder)) {
    if (await isProject(folder)) return ok(folder);
    if (folder === dirname(folder)) break;
  }
  const message = 'no folder from here upwards has inventory/ and playbooks/';
  return fail([diagnostic(wholeFile(invoker.cwd), message, 'name the project with -C, or make one: fleet init')]);
}

const isFolder = (path: string) =>
  stat(path).then(
    (info) => info.isDirectory(),
    () => false,
  );

const isProject = async (folder: string) =>
  (await isFolder(join(folder, 'inventory'))) && (await isFolder(join(folder, 'playbooks')));
