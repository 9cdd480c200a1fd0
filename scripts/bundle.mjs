// Joins what tsc wrote into a few files: a command that starts in a third of the time. Each command's part is loaded when
// it is called. What is no code is put beside them, so that a package needs no sources; so are the manual pages, and the
// licences of what was joined in.
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const root = fileURLToPath(new URL('../', import.meta.url));
const out = `${root}dist/bin`;

const bundle = await rolldown({
  input: `${root}dist/cli/main.js`,
  platform: 'node',
  // They load native parts where there are any.
  external: ['ssh2', 'node-ssh'],
});
rmSync(out, { recursive: true, force: true });
const { output } = await bundle.write({
  ...{ dir: out, format: 'esm', entryFileNames: 'fleet.js', chunkFileNames: '[name]-[hash].js' },
});
await bundle.close();

// Found by the same relative path from the module beside them in src, and from dist/bin.
for (const [from, to] of [
  ['cli/complete/scripts', 'scripts'],
  ['cli/starter', 'starter'],
  ['demo/app', 'app'],
  ['host/program', 'program'],
])
  cpSync(`${root}src/${from}`, `${out}/${to}`, { recursive: true });

const joined = output
  .flatMap(({ moduleIds = [] }) => moduleIds)
  .flatMap((id) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id) ?? []);
const licences = [...new Set(joined)].sort().map((folder) => {
  const { name, version, license } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'));
  const file = readdirSync(folder).find((one) => /^licen[cs]e/i.test(one));
  const text = file === undefined ? '' : `\n${readFileSync(`${folder}/${file}`, 'utf8').trim()}\n`;
  return `${name} ${version}: ${license}\n${text}`;
});
writeFileSync(`${out}/THIRD-PARTY.txt`, `Part of fleet's own files:\n\n${licences.join('\n---\n\n')}`);

await import('./manual.mjs');
