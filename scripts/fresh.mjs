// `npm run test:fresh`: the commands of the README, those two and how the command is installed, in a bare Debian 12 with Node and nothing else. It is a folder, not
// a machine: no Docker engine runs in it, so the tests on hosts are left out. Mirrors, registry, proxies and certificates
// are those of this machine's own apt and npm.
import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const SUITE = 'bookworm';
const root = fileURLToPath(new URL('../', import.meta.url));
const started = Date.now();
const say = (text) => process.stdout.write(`fresh: ${text}\n`);
const seconds = (since) => `${((Date.now() - since) / 1000).toFixed(0)} s`;

let folder;
const clear = () => folder !== undefined && rmSync(folder, { recursive: true, force: true });
function fail(text) {
  process.stderr.write(`fresh: ${text}\n`);
  clear();
  process.exit(1);
}

function asked(command, ...args) {
  const { error, status, stdout } = spawnSync(command, args, { encoding: 'utf8' });
  return error === undefined && status === 0 ? stdout.trim() : '';
}

/** Runs a program to its end; nothing else happens meanwhile but that an interrupted run removes its folder. */
function run(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'], ...options });
    const stop = () => child.kill();
    process.on('SIGINT', stop).on('SIGTERM', stop);
    const end = (code) => {
      process.off('SIGINT', stop).off('SIGTERM', stop);
      resolve(code);
    };
    child.on('error', (error) => {
      process.stderr.write(`${error.message}\n`);
      end(127);
    });
    child.on('close', (code) => end(code ?? 130));
  });
}

/** The suite from the mirrors that this machine's apt reads, with its own settings of how to reach them. */
async function debian() {
  const lists = asked(
    'apt-get',
    'indextargets',
    '--format',
    '$(CODENAME) $(RELEASE) $(REPO_URI)',
    'Created-By: Packages',
  );
  const rows = lists.split('\n').map((line) => line.split(' '));
  const here = /^VERSION_CODENAME=(.*)$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1];
  const uri = (want) => rows.find((row) => row.slice(0, 2).includes(want))?.[2];
  const main = process.env.FLEET_TEST_MIRROR ?? uri(here);
  const security = rows.find((row) => row.slice(0, 2).some((name) => name.endsWith('-security')))?.[2];
  if (main === undefined) fail('no Debian mirror in the apt settings; set FLEET_TEST_MIRROR');
  const settings = asked('apt-config', 'dump').split('\n');
  const reach = /^Acquire::(https?::|Check-Valid-Until|Check-Date|Retries)/;
  const sources = [`deb ${main} ${SUITE} main`, ...(security ? [`deb ${security} ${SUITE}-security main`] : [])];
  const options = settings.filter((line) => reach.test(line)).map((line) => `--aptopt=${line}`);
  const code = await run('mmdebstrap', ['--quiet', '--variant=minbase', ...options, SUITE, folder, ...sources]);
  // As the installer leaves it on a machine.
  if (code === 0) writeFileSync(join(folder, 'etc/hosts'), '127.0.0.1 localhost\n::1 localhost ip6-localhost\n');
  return code;
}

/** Into the same place of the new folder. */
function copy(path, to = path) {
  if (path === '' || !existsSync(path)) return;
  mkdirSync(dirname(join(folder, to)), { recursive: true });
  cpSync(path, join(folder, to), { recursive: true, dereference: true });
}

/** @returns the environment of whoever sits at the new machine */
function node() {
  copy(process.execPath, '/usr/local/bin/node');
  copy(join(asked('npm', 'root', '--global'), 'npm'), '/usr/local/lib/node_modules/npm');
  symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(folder, 'usr/local/bin/npm'));
  chmodSync(join(folder, 'usr/local/lib/node_modules/npm/bin/npm-cli.js'), 0o755);
  copy(asked('npm', 'config', 'get', 'globalconfig'), '/usr/local/etc/npmrc');
  copy(asked('npm', 'config', 'get', 'userconfig'), '/root/.npmrc');
  const env = { PATH: '/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin', HOME: '/root', LANG: 'C.UTF-8' };
  const reach = /^(https?_proxy|no_proxy|NODE_EXTRA_CA_CERTS|npm_config_(registry|cafile|proxy|https_proxy|noproxy))$/i;
  for (const [name, value] of Object.entries(process.env)) if (reach.test(name)) env[name] = value;
  const cafile = asked('npm', 'config', 'get', 'cafile');
  for (const file of [env.NODE_EXTRA_CA_CERTS ?? '', cafile]) if (file.startsWith('/')) copy(file);
  return env;
}

function project() {
  const left = new Set(['node_modules', 'dist', '.cache', '.git']);
  const options = { recursive: true, verbatimSymlinks: true, filter: (path) => !left.has(relative(root, path)) };
  cpSync(root, join(folder, 'root/fleet'), options);
}

/** In mounts and process numbers of its own: what is left running or mounted ends with it. Its root is a mount, as a machine's is. */
async function there(env, command) {
  say(`$ ${command}`);
  const begun = Date.now();
  const enter = [
    'mount --rbind "$0" "$0"',
    'for each in dev sys; do mount --rbind "/$each" "$0/$each"; done',
    'mount -t proc proc "$0/proc"',
    'exec chroot "$0" sh -c "cd /root/fleet && $1"',
  ].join(' && ');
  const own = ['--mount', '--propagation', 'private', '--pid', '--fork', '--kill-child'];
  const code = await run('unshare', [...own, 'sh', '-c', enter, folder, command], { env });
  if (code !== 0) fail(`failed with ${code} after ${seconds(begun)}: ${command}`);
  say(`done in ${seconds(begun)}: ${command}`);
}

if (process.getuid?.() !== 0) fail('a Debian in a folder needs root');
if (asked('mmdebstrap', '--version') === '')
  fail('mmdebstrap is missing: `node scripts/engine.mjs` installs it on Debian');
folder = mkdtempSync(join(tmpdir(), 'fleet-fresh-'));
chmodSync(folder, 0o755);
say(`a bare Debian (${SUITE}) in ${folder}, with Node ${process.version}`);
if ((await debian()) !== 0) fail('the Debian could not be made');
const env = node();
project();
say(`made in ${seconds(started)}`);
await there(env, 'npm ci && npm run demo');
await there(env, `npm ci && npm run build && npm install --global "./$(npm pack --silent)" && cd / && fleet --help`);
await there(env, 'npm ci && npm test -- --no-hosts');
clear();
say(
  `the commands of the README work on a bare Debian (${seconds(started)}); left out: the tests on hosts, as a folder has no Docker engine`,
);
