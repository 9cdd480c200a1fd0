import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Invoker } from '../../src/config/invoker.ts';

/** A folder with files, gone when the test ends. Files whose text begins with `#!` are executable. */
export async function folderWith(files: Readonly<Record<string, string>>) {
  const dir = await mkdtemp(join(tmpdir(), 'fleet-config-'));
  const write = async (path: string, text: string) => {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), text);
    if (text.startsWith('#!')) await chmod(join(dir, path), 0o755);
  };
  for (const [path, text] of Object.entries(files)) await write(path, text);
  const remove = () => rm(dir, { recursive: true, force: true });
  return { dir, write, [Symbol.asyncDispose]: remove };
}

/** An invoker with no agent and no keys, whose home is the folder itself. */
export const callerIn = (dir: string, env: Record<string, string> = {}): Invoker => ({
  env: { PATH: process.env.PATH, ...env },
  cwd: dir,
  home: dir,
  user: 'operator',
});
