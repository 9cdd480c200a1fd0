import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';

const root = join(import.meta.dirname, '../..');

type Built = AsyncDisposable & { readonly file: string };

/** The command as a file that node runs, made from the sources: the fast tests need no build. */
export const buildCommand = () =>
  built('cli/main.ts', { 'cli/complete/scripts': 'scripts', 'host/program': 'program' });

/** The library, in the same way. */
export const buildLibrary = () => built('library/index.ts', { 'host/program': 'program' });

async function built(entry: string, beside: Readonly<Record<string, string>>): Promise<Built> {
  mkdirSync(join(root, '.cache'), { recursive: true });
  // Two folders below the project, as dist/bin is.
  const folder = mkdtempSync(join(root, '.cache/built-'));
  const external = ['ssh2', 'node-ssh'];
  const bundle = await rolldown({
    ...{ input: join(root, 'src', entry), platform: 'node' as const, external },
    transform: { target: 'node20' },
  });
  await bundle.write({ dir: folder, format: 'esm', entryFileNames: 'main.js' });
  await bundle.close();
  for (const [from, to] of Object.entries(beside))
    cpSync(join(root, 'src', from), join(folder, to), { recursive: true });
  return { file: join(folder, 'main.js'), [Symbol.asyncDispose]: async () => rmSync(folder, { recursive: true }) };
}
