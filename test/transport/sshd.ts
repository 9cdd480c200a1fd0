import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { type KeyPair, makeKey } from './keys.ts';

/** A real OpenSSH server on 127.0.0.1 with a throw-away configuration. */
export type Sshd = AsyncDisposable & {
  readonly dir: string;
  readonly port: number;
  readonly user: string;
  readonly key: KeyPair;
  /** `type base64` of each host key. */
  readonly hostKeys: readonly string[];
  readonly process: ChildProcess;
};

export async function startSshd(
  settings: readonly string[] = [],
  hostKeyTypes: readonly string[] = ['ed25519'],
): Promise<Sshd> {
  const binary = '/usr/sbin/sshd';
  try {
    accessSync(binary);
  } catch {
    throw new Error(`${binary} is missing: install openssh-server to run this test`);
  }
  const dir = mkdtempSync(join(tmpdir(), 'fleet-sshd-'));
  chmodSync(dir, 0o755);
  // Compiled-in privilege separation folder; sshd refuses to start as root without it.
  if (userInfo().uid === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  const key = makeKey(dir, 'id');
  const hosts = hostKeyTypes.map((type) => makeKey(dir, `host_${type}`, type));
  writeFileSync(join(dir, 'authorized_keys'), `${key.publicLine}\n`, { mode: 0o600 });
  const port = await freePort();
  const config = [
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    ...hosts.map(({ file }) => `HostKey ${file}`),
    `AuthorizedKeysFile ${join(dir, 'authorized_keys')}`,
    `PidFile ${join(dir, 'pid')}`,
    'StrictModes no',
    'UsePAM no',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'PermitRootLogin prohibit-password',
    // What the login scripts of whoever runs the test print or cost is not under test.
    `SetEnv HOME=${dir}`,
    ...settings,
  ];
  writeFileSync(join(dir, 'config'), `${config.join('\n')}\n`);
  const child = spawn(binary, ['-D', '-e', '-f', join(dir, 'config')], { stdio: ['ignore', 'ignore', 'pipe'] });
  await listening(child);
  return {
    dir,
    port,
    user: userInfo().username,
    key,
    hostKeys: hosts.map(({ publicLine }) => publicLine),
    process: child,
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null) {
        child.kill();
        await once(child, 'exit');
      }
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function listening(child: ChildProcess): Promise<void> {
  let log = '';
  return new Promise((resolve, reject) => {
    child.stderr?.on('data', (chunk) => {
      log += chunk;
      if (log.includes('Server listening')) resolve();
    });
    child.once('exit', (code) => reject(new Error(`sshd ended with ${code}: ${log}`)));
  });
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
