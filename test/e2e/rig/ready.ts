import { connect } from 'node:net';
import { run } from './docker.ts';
import type { Kind } from './kinds.ts';

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));

/** True when an SSH server behind the port says its name. */
function sshAnswers(port: number, timeoutMs = 2_000): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    const finish = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(timeoutMs, () => finish(false));
    socket.on('error', () => finish(false));
    socket.on('close', () => finish(false));
    socket.once('data', (data) => finish(data.toString('latin1').startsWith('SSH-')));
  });
}

/** Asked again on the host, as long as its systemd has no ears yet: each command that the engine starts there costs more. */
const BOOTED = `for i in $(seq 40); do
  systemctl is-system-running --wait 2>/dev/null | grep -Eq '^(running|degraded)' && exit; sleep 0.05
done; exit 1`;

const booted = async (id: string) => (await run('docker', ['exec', id, 'sh', '-c', BOOTED])).code === 0;

/** Waits until the host has booted and its SSH server answers; throws with the host's own words if it does not. */
export async function waitReady(id: string, kind: Kind, port: number, timeoutMs = 60_000): Promise<void> {
  const end = Date.now() + timeoutMs;
  const until = async (what: string, test: () => Promise<boolean>) => {
    while (!(await test())) {
      if (Date.now() > end) {
        const log = await run('docker', ['logs', '--tail', '20', id]);
        throw new Error(`test host ${id.slice(0, 12)}: ${what}\n${log.stdout}${log.stderr}`);
      }
      await pause(50);
    }
  };
  if (kind.systemd) await until('systemd did not finish booting', () => booted(id));
  await until('no SSH server answered', () => sshAnswers(port));
}
