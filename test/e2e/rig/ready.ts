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

async function booted(id: string): Promise<boolean> {
  const state = await run('docker', ['exec', id, 'systemctl', 'is-system-running', '--wait']);
  return /^(running|degraded)/.test(state.stdout);
}

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
