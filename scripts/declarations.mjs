// The library's types in one file that needs no other of ours: what src/library/index.ts exports, and what that is made
// of. `node scripts/declarations.mjs` prints it, and test/library/api.txt is how it was last agreed to.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { dts } from 'rolldown-plugin-dts';

const root = fileURLToPath(new URL('../', import.meta.url));
const { dependencies = {} } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));

/** @param folder where tsc wrote the declarations of src */
export async function declarations(folder) {
  const bundle = await rolldown({
    ...{ input: join(folder, 'library/index.d.ts'), external: /^[^./]/, checks: { pluginTimings: false } },
    plugins: [dts({ dtsInput: true, tsconfig: false })],
  });
  const { output } = await bundle.generate({ format: 'esm' });
  await bundle.close();
  const [{ code }, ...more] = output;
  const foreign = [...code.matchAll(/^import .* from ["'](.*)["'];$/gm)].map(([, name]) => name);
  const strange = foreign.filter((name) => !name.startsWith('node:') && !Object.hasOwn(dependencies, name));
  if (more.length > 0 || strange.length > 0)
    throw new Error(`the library's types need what the package does not bring: ${strange.join(', ')}`);
  // Which file it was in is nobody's business.
  return docsOnLines(code.replace(/^\/\/.*\n/gm, ''));
}

/**
 * Each doc before what it is about, on a line of its own: the printer leaves it at the end of the line before, where
 * TypeScript takes it for nobody's, and no editor shows it.
 */
const docsOnLines = (code) =>
  code
    .replace(/^( *)(.*\S) (\/\*\*(?:(?!\*\/).)*\*\/);$/gm, '$1$2;\n$1$3')
    .replace(/^( *)(.*;) (\/\*\*(?:(?!\*\/).)*\*\/)$/gm, '$1$2\n$1$3')
    .replace(/^( *)(\/\*\*(?:(?!\*\/).)*\*\/)(?=[\w['"(])/gm, '$1$2\n$1');

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  mkdirSync(`${root}.cache`, { recursive: true });
  const folder = mkdtempSync(join(root, '.cache/declarations-'));
  try {
    // What is wrong in them is told by `npm run check`.
    const options = ['--emitDeclarationOnly', '--noCheck', '--incremental', 'false', '--outDir', folder];
    const tsc = ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json', ...options];
    const { status, stdout } = spawnSync(process.execPath, tsc, { cwd: root, encoding: 'utf8' });
    if (status !== 0) throw new Error(`tsc made no declarations:\n${stdout}`);
    process.stdout.write(await declarations(folder));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
