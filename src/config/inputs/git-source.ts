import { runCommand } from '../../local/command.ts';
import type { Source } from '../../model/target.ts';
import type { Caller } from '../caller.ts';

/** The git commit that a folder stands at, and whether anything in the folder differs from it; null without git. */
export async function gitSource(folder: string, caller: Caller): Promise<Source | null> {
  const options = { cwd: folder, env: { ...caller.env, GIT_OPTIONAL_LOCKS: '0' }, timeoutMs: 10_000 };
  const [commit, status] = await Promise.all([
    runCommand(['git', 'rev-parse', '--verify', 'HEAD'], options),
    runCommand(['git', 'status', '--porcelain', '--', '.'], options),
  ]);
  if (!commit.ran || commit.code !== 0 || !status.ran || status.code !== 0) return null;
  return { commit: commit.stdout.trim(), dirty: status.stdout !== '' };
}
