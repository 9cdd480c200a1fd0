// `npm run test:package`: packs what was built, looks at what is in it, installs it into an empty folder without running
// any script, and calls it there. `--nodes 22,24` calls it with these versions of Node too, from the npm package `node`.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';

const root = fileURLToPath(new URL('../', import.meta.url));
const { name, version } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
/** Bytes of the package as it is sent, and unpacked. */
const MOST = { size: 950_000, unpackedSize: 4_000_000 };
/** Packages that an installation brings along. */
const MOST_PACKAGES = 30;

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

/** What belongs into it: parts have the digest of what they hold in their name. */
const EXPECTED = [
  /^(CHANGELOG|README|SECURITY)\.md$/,
  /^LICENSE$/,
  /^package\.json$/,
  /^docs\/(HOST|README|THREATS)\.md$/,
  /^docs\/(explanation|guides|reference)\/[\w-]+\.md$/,
  /^docs\/pictures\/\w+\.svg$/,
  /^schemas\/\w+\.schema\.json$/,
  /^dist\/man\/fleet(-[\w-]+)?\.1$/,
  /^dist\/bin\/(fleet|[\w-]+)\.js$/,
  /^dist\/bin\/THIRD-PARTY\.txt$/,
  /^dist\/bin\/app\/server\.mjs$/,
  /^dist\/bin\/program\/([\w-]+\/)?[\w-]+\.sh$/,
  /^dist\/bin\/scripts\/fleet\.(bash|zsh|fish)$/,
  /^dist\/bin\/starter\//,
];

const [packed] = JSON.parse(
  run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], { cwd: root }),
);
const paths = packed.files.map(({ path }) => path);
const strange = paths.filter((path) => !EXPECTED.some((one) => one.test(path)));
if (strange.length > 0) fail(`in the package and not expected: ${strange.join(', ')}`);
const missing = EXPECTED.filter((one) => !paths.some((path) => one.test(path)));
if (missing.length > 0) fail(`not in the package: ${missing.join(', ')}`);
for (const [what, most] of Object.entries(MOST))
  if (packed[what] > most) fail(`${what} is ${packed[what]} bytes, more than ${most}`);
const reading = readdirSync(`${root}dist/bin`).filter(
  (file) => file.endsWith('.js') && readFileSync(`${root}dist/bin/${file}`, 'utf8').includes('../src/'),
);
if (reading.length > 0) fail(`read the sources, which are not in the package: ${reading.join(', ')}`);
say(`${paths.length} files, ${packed.size} bytes, ${packed.unpackedSize} unpacked`);

const { messages, pkg } = await publint({ pkgDir: root });
if (messages.length > 0) fail(messages.map((message) => formatMessage(message, pkg)).join('\n'));

const home = join(folder, 'home');
const into = join(folder, 'empty');
for (const one of [home, into]) mkdirSync(one);
writeFileSync(join(into, 'package.json'), '{ "private": true }\n');
run(
  'npm',
  ['install', '--ignore-scripts', '--omit=dev', '--prefer-offline', '--no-audit', join(folder, packed.filename)],
  { cwd: into },
);
const brought = readdirSync(join(into, 'node_modules'), { recursive: true }).filter((path) =>
  /(^|node_modules\/)(@[^/]+\/)?[^/@.][^/]*\/package\.json$/.test(path),
).length;
if (brought > MOST_PACKAGES) fail(`${brought} packages are installed with it, more than ${MOST_PACKAGES}`);
say(`installed without scripts, ${brought} packages with it`);

const cli = join(into, 'node_modules', name, 'dist/bin/fleet.js');
if ((statSync(join(into, 'node_modules/.bin/fleet')).mode & 0o111) === 0) fail('node_modules/.bin/fleet cannot be run');
const env = { HOME: home, PATH: process.env.PATH };
function call(node, ...words) {
  return run(node, [cli, ...words], { cwd: into, env });
}
function tryWith(node, label) {
  const project = join(folder, `project-${label}`);
  if (call(node, '--version').trim() !== version) fail(`${label}: another version`);
  call(node, 'init', project);
  if (!call(node, '-C', project, 'check').startsWith('ok: ')) fail(`${label}: check`);
  if (!call(node, 'completion', 'bash').includes('complete ')) fail(`${label}: completion`);
  if (!call(node, 'help', 'sync').includes('from: string')) fail(`${label}: help`);
  if (!call(node, 'demo').includes('done: the demo host is stopped')) fail(`${label}: demo`);
  say(`works with node ${label}`);
}
tryWith(process.execPath, process.version);

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
