// `npm run test:package`: packs what was built, looks at what is in it, installs it into an empty folder without running
// any script, and uses it there: the command, the library, its types. `--nodes 20,22,24` does so with these versions of
// Node too, from the npm package `node`. scripts/package-files.txt is what is in it; `-u` writes it anew. `--quick` stops
// once it has looked: nothing is installed.
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';

const root = fileURLToPath(new URL('../', import.meta.url));
const { name, version } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
/** Bytes of the package as it is sent, and unpacked. */
const MOST = { size: 1_000_000, unpackedSize: 4_000_000 };

const folder = mkdtempSync(join(tmpdir(), 'fleet-package-'));
const say = (text) => process.stdout.write(`package: ${text}\n`);
function fail(text) {
  process.stderr.write(`package: ${text}\n`);
  rmSync(folder, { recursive: true, force: true });
  process.exit(1);
}

function run(command, args, options = {}) {
  const { error, status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', ...options });
  if (error !== undefined || status !== 0)
    fail(`${command} ${args.join(' ')} ended with ${status ?? error.message}\n${stdout}${stderr}`);
  return stdout;
}

const LIST = `${root}scripts/package-files.txt`;
/** Parts of the code are as many as it takes, and have the digest of what they hold in their names. */
const listed = (path) => path.replace(/^dist\/bin\/[\w-]+-[\w-]{8}\.js$/, 'dist/bin/PART-DIGEST.js');

const [packed] = JSON.parse(
  run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], { cwd: root }),
);
const paths = packed.files.map(({ path }) => path);
const files = [...new Set(paths.map(listed))].sort();
if (process.argv.includes('-u')) writeFileSync(LIST, `${files.join('\n')}\n`);
const expected = readFileSync(LIST, 'utf8').trimEnd().split('\n');
const strange = files.filter((path) => !expected.includes(path));
if (strange.length > 0) fail(`in the package and not in its list: ${strange.join(', ')}`);
// A folder that is no checkout does not know its commit; what is published does (scripts/release.mjs).
const known = (path) => path !== 'dist/bin/commit' || existsSync(`${root}.git`);
const missing = expected.filter((path) => known(path) && !files.includes(path));
if (missing.length > 0) fail(`not in the package: ${missing.join(', ')}`);
for (const [what, most] of Object.entries(MOST))
  if (packed[what] > most) fail(`${what} is ${packed[what]} bytes, more than ${most}`);
const reading = paths.filter(
  (path) => path.endsWith('.js') && readFileSync(`${root}${path}`, 'utf8').includes('../src/'),
);
if (reading.length > 0) fail(`read the sources, which are not in the package: ${reading.join(', ')}`);
say(`${paths.length} files, ${packed.size} bytes, ${packed.unpackedSize} unpacked`);

const { messages, pkg } = await publint({ pkgDir: root, strict: true });
if (messages.length > 0) fail(messages.map((message) => formatMessage(message, pkg)).join('\n'));
const tarball = join(folder, packed.filename);
const attw = fileURLToPath(import.meta.resolve('@arethetypeswrong/cli/package.json')).replace(
  'package.json',
  'dist/index.js',
);
run(process.execPath, [attw, tarball, '--profile', 'esm-only']);
say('publint and attw have nothing to say');
if (process.argv.includes('--quick')) {
  rmSync(folder, { recursive: true, force: true });
  process.exit(0);
}

const home = join(folder, 'home');
const into = join(folder, 'empty');
for (const one of [home, into]) mkdirSync(one);
writeFileSync(join(into, 'package.json'), '{ "private": true }\n');
run('npm', ['install', '--ignore-scripts', '--omit=dev', '--prefer-offline', '--no-audit', tarball], { cwd: into });
const brought = readdirSync(join(into, 'node_modules'), { recursive: true }).filter((path) =>
  /(^|node_modules\/)(@[^/]+\/)?[^/@.][^/]*\/package\.json$/.test(path),
).length;
if (brought !== 1) fail(`${brought - 1} packages are installed with it`);
say('installed without scripts, and no package with it');

const cli = join(into, 'node_modules', name, 'dist/bin/fleet.js');
if ((statSync(join(into, 'node_modules/.bin/fleet')).mode & 0o111) === 0) fail('node_modules/.bin/fleet cannot be run');
const env = { HOME: home, PATH: process.env.PATH };
function call(node, ...words) {
  return run(node, [cli, ...words], { cwd: into, env });
}
const program = join(into, 'program.mjs');
writeFileSync(
  program,
  `import { openFleet, Refusal } from '${name}';
const [, , dir, missing] = process.argv;
const opened = await openFleet({ dir });
const refused = await openFleet({ dir: missing });
if (!opened.ok || refused.ok || !(refused.failure instanceof Refusal)) throw new Error('another library');
`,
);
/** Mail is others' code in a part of its own, which nothing else loads. */
function sendsMail(node, project, label) {
  const smtp = { host: '127.0.0.1', port: 1, tls: 'none' };
  const notify = { post: { mail: { to: ['ops@example.com'], smtp } } };
  writeFileSync(join(project, 'inventory/notify.yaml'), JSON.stringify({ notify }));
  const { stdout, stderr } = spawnSync(node, [cli, '-C', project, 'notify', '--test'], { encoding: 'utf8', env });
  if (!/NOT TOLD.*refused/.test(stdout)) fail(`${label}: mail\n${stdout}${stderr}`);
}

function tryWith(node, label) {
  const project = join(folder, `project-${label}`);
  if (call(node, '--version').trim() !== version) fail(`${label}: another version`);
  call(node, 'init', project);
  if (!call(node, '-C', project, 'check').startsWith('ok: ')) fail(`${label}: check`);
  sendsMail(node, project, label);
  if (!call(node, 'completion', 'bash').includes('complete ')) fail(`${label}: completion`);
  if (!call(node, 'help', 'sync').includes('from: string')) fail(`${label}: help`);
  run(node, [program, project, into], { cwd: into, env });
  if (!call(node, 'demo').includes('done: the demo host is stopped')) fail(`${label}: demo`);
  say(`works with node ${label}`);
}
tryWith(process.execPath, process.version);

// As somebody's own program sees the types: with all their files checked, and nothing of ours around them.
cpSync(`${root}node_modules/@types/node`, join(into, 'node_modules/@types/node'), { recursive: true });
cpSync(`${root}node_modules/undici-types`, join(into, 'node_modules/undici-types'), { recursive: true });
writeFileSync(
  join(into, 'program.mts'),
  `import { type Fleet, openFleet } from '${name}';
export async function deploy(dir: string): Promise<number> {
  const opened = await openFleet({ dir });
  if (!opened.ok) throw opened.failure;
  const fleet: Fleet = opened.value;
  const ended = await fleet.deploy({ hosts: ['web-1'] });
  return ended.ok ? ended.value.exitCode : 2;
}
`,
);
const strict = [
  '--noEmit',
  '--strict',
  '--skipLibCheck',
  'false',
  '--target',
  'es2023',
  '--module',
  'nodenext',
  '--types',
  'node',
];
run(process.execPath, [`${root}node_modules/typescript/bin/tsc`, ...strict, 'program.mts'], { cwd: into });
say('its types are whole');

const at = process.argv.indexOf('--nodes');
for (const wanted of at < 0 ? [] : process.argv[at + 1].split(',')) {
  const there = join(folder, `node-${wanted}`);
  mkdirSync(there);
  writeFileSync(join(there, 'package.json'), '{ "private": true }\n');
  // The package of the platform holds the program itself; that of the name only fetches it by a script.
  const arch = `node-linux-${process.arch}@${wanted}`;
  run('npm', ['install', '--ignore-scripts', '--no-audit', arch], { cwd: there });
  tryWith(join(there, `node_modules/node-linux-${process.arch}/bin/node`), wanted);
}
rmSync(folder, { recursive: true, force: true });
