// Makes sure that the tests can run: installs and starts what is missing on Debian as root, elsewhere says in one line
// what is missing and fails. With --no-hosts only what the fast tests need, which is no Docker engine.
import { spawn, spawnSync } from 'node:child_process';
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** By what needs them: command that proves the package → Debian package. The tests start no others. */
const programs = JSON.parse(readFileSync(new URL('programs.json', import.meta.url), 'utf8'));
const args = process.argv.slice(2);
const hosts = !args.includes('--no-hosts');
const tools = hosts ? { ...programs.fast, ...programs.hosts } : programs.fast;
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
  if (!hosts) return [...new Set(packages)];
  // An engine that is reached through DOCKER_HOST needs no engine on this machine.
  if (!process.env.DOCKER_HOST && !onPath('dockerd') && !engineAnswers()) packages.push('docker.io');
  // The file is Debian's; other systems keep their certificates elsewhere.
  if (canInstall() && !existsSync(certificates)) packages.push('ca-certificates');
  return [...new Set(packages)];
}

function apt(words) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  return spawnSync('apt-get', ['-o', 'DPkg::Lock::Timeout=120', '-q', ...words], { env, stdio: ['ignore', 2, 2] });
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
  const words = ['install', '-y', '--no-install-recommends', ...names];
  const installed = withoutStarting(() => {
    if (apt(words).status === 0) return true;
    // Lists that are too old name package files which the mirror no longer has.
    return apt(['update']).status === 0 && apt(words).status === 0;
  });
  if (!installed) fail(`apt-get could not install ${names.join(' ')}`);
}

/** The tests start what they need themselves; a login from outside must not come to this machine with them. */
function withoutStarting(work) {
  const policy = '/usr/sbin/policy-rc.d';
  const ours = !existsSync(policy);
  const hadSshd = onPath('sshd');
  if (ours) writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    return work();
  } finally {
    if (ours) rmSync(policy, { force: true });
    if (!hadSshd && onPath('sshd')) spawnSync('systemctl', ['disable', 'ssh.service'], { stdio: 'ignore' });
  }
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

const unknown = args.filter((arg) => arg !== '--no-hosts');
if (unknown.length > 0) fail(`unknown: ${unknown.join(' ')} (known: --no-hosts)`);
const missing = missingPackages();
if (missing.length > 0) {
  if (!canInstall())
    fail(`missing on this machine: ${missing.join(', ')} (installed by itself only on Debian as root)`);
  install(missing);
}
if (hosts && !engineAnswers()) {
  if (process.env.DOCKER_HOST) fail('the Docker engine named in DOCKER_HOST does not answer');
  if (!canInstall()) fail('the Docker engine does not answer: start it, or check that this user may use it');
  if (engineProcess() === undefined) startEngine();
  await engineReady();
  say('ready');
}
