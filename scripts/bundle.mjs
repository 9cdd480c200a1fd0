// Joins what tsc wrote into a few files: a command that starts in a third of the time. Each command's part is loaded when
// it is called, and the library shares them. What is no code is put beside them, so that a package needs no sources; so are
// the library's types, the manual pages, the licences of what was joined in, and the commit that it was built from.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { minifySync } from 'rolldown/utils';
import { declarations } from './declarations.mjs';

const root = fileURLToPath(new URL('../', import.meta.url));
const out = `${root}dist/bin`;
const library = `${root}dist/lib`;

/**
 * Parts by when they are needed: what every start reads, what reads a project, what works on hosts. Small ones that many
 * share would take longer to find than to run.
 */
const STAGES = {
  // How the others are loaded.
  first: ['local/code-cache'],
  // Completion is asked at every TAB.
  start: ['cli/program', 'cli/complete/answer'],
  project: ['cli/commands/check', 'library/fleet'],
  hosts: ['cli/fleet-command', 'library/choose', 'engine/commands/deploy'],
};

/** Not ours; or what stands for a piece of theirs, below. */
const isTheirs = (id) => /\/node_modules\/|^\0/.test(id);

/** Which part a module is of; null where it is loaded with what asks for it. */
function stages(graph) {
  const file = (name) => `${root}dist/${name}.js`;
  const loaded = (names) => {
    const found = new Set(names.map(file));
    for (const id of found) for (const next of graph.getModuleInfo(id)?.importedIds ?? []) found.add(next);
    return found;
  };
  const parts = new Map();
  for (const [part, names] of Object.entries(STAGES))
    for (const id of loaded(names)) if (!parts.has(id)) parts.set(id, part);
  // `--version` loads nothing else; and the command begins with `main`, which nothing that it shares may load.
  for (const id of loaded(['cli/main'])) parts.set(id, 'version');
  parts.delete(file('cli/main'));
  // What is not ours in a part of its own, which can be made smaller.
  return (id) => {
    const part = parts.get(id);
    return part === undefined ? null : isTheirs(id) ? `${part}-others` : part;
  };
}

/** Parts in machine code, which are not needed: what asks for one does without where it is not there. */
const withoutNative = {
  name: 'without native parts',
  resolveId: (id) => (id.endsWith('.node') || id === 'cpu-features' ? `\0${id}` : undefined),
  load: (id) => (/^\0.*(\.node|cpu-features)$/.test(id) ? 'throw new Error("not there")' : undefined),
};

/** A part that has nothing of ours is read by nobody here; ours stay as they are, for whoever reads a stack. */
const smallerOthers = {
  name: 'smaller others',
  renderChunk(code, { fileName, moduleIds }) {
    if (!moduleIds.every(isTheirs)) return null;
    const { code: less, errors } = minifySync(fileName, code, { module: true });
    if (errors.length > 0) throw new Error(`${fileName}: ${errors[0].message}`);
    return { code: less };
  },
};

let partOf;
const bundle = await rolldown({
  input: { fleet: `${root}dist/cli/main.js`, library: `${root}dist/library/index.js` },
  ...{ platform: 'node', plugins: [withoutNative, smallerOthers], preserveEntrySignatures: 'allow-extension' },
  // A command loads its own part when it is called, where another one does not need that as well.
  checks: { ineffectiveDynamicImport: false },
});
for (const folder of [out, library]) rmSync(folder, { recursive: true, force: true });
const name = (id, chunking) => {
  partOf ??= stages(chunking);
  return partOf(id);
};
const { output } = await bundle.write({
  ...{ dir: out, format: 'cjs', entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js', comments: false },
  codeSplitting: { includeDependenciesRecursively: false, groups: [{ name, debugName: 'stages' }] },
});
await bundle.close();
// A start that loads what reads a project takes twice as long.
const late = output
  .filter(({ name }) => name === 'start' || name === 'answer')
  .flatMap(({ imports }) => imports.filter((file) => /\/(project|hosts)-/.test(file)));
if (late.length > 0) throw new Error(`every start loads ${late.join(', ')}`);
const importsOf = new Map(output.map(({ fileName, imports = [] }) => [fileName, imports]));
for (const [file, imports] of importsOf) {
  if (imports.includes('fleet.js')) throw new Error(`${file} begins the command`);
  // Of two parts that need each other the one that is loaded first finds the other without anything in it.
  const needed = new Set(imports);
  for (const one of needed) for (const next of importsOf.get(one) ?? []) needed.add(next);
  if (needed.has(file)) throw new Error(`${file} needs itself: ${[...needed].join(', ')}`);
}

// Parts that CommonJS loads are known whole before they run, and so can be kept compiled: src/local/code-cache.ts. Whoever
// imports the library finds what it exports by name.
writeFileSync(`${out}/package.json`, '{"type":"commonjs"}\n');
const { exports: exported } = output.find(({ fileName }) => fileName === 'library.js');
mkdirSync(library, { recursive: true });
writeFileSync(
  `${library}/index.js`,
  `import library from '../bin/library.js';\n\nexport const { ${exported.join(', ')} } = library;\n`,
);

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

writeFileSync(`${library}/index.d.ts`, await declarations(`${root}dist`));

const commit = spawnSync('git', ['describe', '--always', '--dirty', '--abbrev=40', '--exclude=*'], { cwd: root });
if (commit.status === 0) writeFileSync(`${out}/commit`, commit.stdout);

await import('./manual.mjs');
