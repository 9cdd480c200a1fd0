// Makes sure that the test hosts can run: installs and starts what is missing on Debian as root,
// elsewhere says in one line what is missing and fails.
import { spawn, spawnSync } from 'node:child_process';
import { accessSync, closeSync, constants, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** command that proves the package → Debian package */
const tools = {
  docker: 'docker.io',
  mmdebstrap: 'mmdebstrap',
  rsync: 'rsync',
  ssh: 'openssh-client',
  sudo: 'sudo',
  busybox: 'busybox-static',
  dash: 'dash',
  shellcheck: 'shellcheck',
  tmux: 'tmux',
};
const certificates = '/etc/ssl/certs/ca-certificates.crt';
const pidFile = '/var/run/docker.pid';
const cache = fileURLToPath(new URL('../.cache/', import.meta.url));

const say = (text) => process.stdout.write(`engine: ${text}\n`);
const fail = (text) => {
  process.stderr.write(`engine: ${text}\n`);
  process.exit(1);
};

function onPath(command) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return folders.some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function canInstall() {
  return process.getuid?.() === 0 && existsSync('/etc/debian_version') && onPath('apt-get');
}

function missingPackages() {
  const missing = Object.keys(tools).filter((command) => !onPath(command));
  const packages = missing.map((command) => tools[command]);
  // An engine that is reached through DOCKER_HOST needs no engine on this machine.
  if (!process.env.DOCKER_HOST && !onPath('dockerd') && !engineAnswers()) packages.push('docker.io');
  // The file is Debian's; other systems keep their certificates elsewhere.
  if (canInstall() && !existsSync(certificates)) packages.push('ca-certificates');
  return [...new Set(packages)];
}

function apt(args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  return spawnSync('apt-get', ['-o', 'DPkg::Lock::Timeout=120', '-q', ...args], { env, stdio: ['ignore', 2, 2] });
}

function known(name) {
  const found = spawnSync('apt-cache', ['policy', name], { encoding: 'utf8' });
  return found.status === 0 && /Candidate: (?!\(none\))\S/.test(found.stdout);
}

function install(packages) {
  say(`installing ${packages.join(' ')}`);
  if (!packages.every(known) && apt(['update']).status !== 0) fail('apt-get update failed');
  // Newer Debian ships the client in a package of its own.
  const names = packages.includes('docker.io') && known('docker-cli') ? [...packages, 'docker-cli'] : packages;
  const args = ['install', '-y', '--no-install-recommends', ...names];
  if (apt(args).status === 0) return;
  // Lists that are too old name package files which the mirror no longer has.
  if (apt(['update']).status !== 0 || apt(args).status !== 0) fail(`apt-get could not install ${names.join(' ')}`);
}

function engineAnswers() {
  const asked = spawnSync('docker', ['version', '--format', '{{.Server.Version}}'], { timeout: 10_000 });
  return asked.status === 0;
}

function engineProcess() {
  try {
    const pid = Number(readFileSync(pidFile, 'utf8'));
    return /dockerd/.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8')) ? pid : undefined;
  } catch {
    return undefined;
  }
}

function startEngine() {
  if (existsSync('/run/systemd/system')) {
    say('starting docker.service');
    spawnSync('systemctl', ['start', 'docker.service'], { stdio: ['ignore', 2, 2] });
    return;
  }
  mkdirSync(cache, { recursive: true });
  const log = openSync(join(cache, 'dockerd.log'), 'a');
  say('starting dockerd');
  const PATH = `${process.env.PATH}:/usr/sbin:/sbin`;
  const daemon = spawn('dockerd', [], { detached: true, stdio: ['ignore', log, log], env: { ...process.env, PATH } });
  daemon.on('error', (error) => fail(`dockerd does not start: ${error.message}`));
  daemon.unref();
  closeSync(log);
}

async function engineReady() {
  const end = Date.now() + 60_000;
  while (!engineAnswers()) {
    if (Date.now() > end) fail('the Docker engine did not answer within 60 s (see .cache/dockerd.log)');
    await new Promise((done) => setTimeout(done, 100));
  }
}

const missing = missingPackages();
if (missing.length > 0) {
  if (!canInstall())
    fail(`missing on this machine: ${missing.join(', ')} (installed by itself only on Debian as root)`);
  install(missing);
}
if (!engineAnswers()) {
  if (process.env.DOCKER_HOST) fail('the Docker engine named in DOCKER_HOST does not answer');
  if (!canInstall()) fail('the Docker engine does not answer: start it, or check that this user may use it');
  if (engineProcess() === undefined) startEngine();
  await engineReady();
  say('ready');
}
