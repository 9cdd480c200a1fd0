import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';

const root = join(import.meta.dirname, '../..');

/** The command as a file that node runs, made from the sources: the fast tests need no build. */
export async function buildCommand(): Promise<AsyncDisposable & { readonly cli: string }> {
  mkdirSync(join(root, '.cache'), { recursive: true });
  // Two folders below the project, as dist/bin is.
  const folder = mkdtempSync(join(root, '.cache/command-'));
  const external = ['ssh2', 'node-ssh'];
  const bundle = await rolldown({
    ...{ input: join(root, 'src/cli/main.ts'), platform: 'node' as const, external },
    transform: { target: 'node20' },
  });
  await bundle.write({ dir: folder, format: 'esm', entryFileNames: 'fleet.js' });
  await bundle.close();
  cpSync(join(root, 'src/cli/complete/scripts'), join(folder, 'scripts'), { recursive: true });
  return { cli: join(folder, 'fleet.js'), [Symbol.asyncDispose]: async () => rmSync(folder, { recursive: true }) };
}
