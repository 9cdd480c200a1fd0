import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { docker } from '../e2e/rig/docker.ts';
import type { TestHost } from '../e2e/rig/index.ts';
import { text } from '../text.ts';
import type { Counts, Order } from './line.ts';
import type { Command } from './tools.ts';

const beside = (file: string) => fileURLToPath(new URL(file, import.meta.url));

export type Metered = { readonly wallMs: number; readonly cpuMs: number; readonly memoryBytes: number };

/** Runs a command to its end, and ends what it leaves behind. @throws all that it said when it failed */
export async function metered(folder: string, { words, env }: Command): Promise<Metered> {
  const file = join(folder, 'meter.json');
  const meter = spawn('python3', [beside('meter.py'), file, ...words], {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = Promise.all([text(meter.stdout), text(meter.stderr)]);
  const [code] = await once(meter, 'close');
  if (code !== 0) throw new Error(`${words.join(' ')}: code ${code}\n${(await said).join('\n')}`);
  const took: Metered = JSON.parse(readFileSync(file, 'utf8'));
  rmSync(file);
  return took;
}

/** The way to all hosts, each with a door of its own. */
export type Line = {
  /** How delays are made. */
  readonly method: string;
  /** Sets the delay. @returns the address that the doors have now */
  delay(rttMs: number): Promise<string>;
  /** What has passed since this was last asked. */
  counts(): Promise<Counts>;
  end(): void;
};

const HERE = '127.0.0.1';

/** @param doors the port that is listened on, and that of the host */
export async function openLine(
  doors: readonly { readonly port: number; readonly to: number }[],
  farMs: number,
): Promise<Line> {
  const tun = farMs > 0 ? await openTun(farMs) : null;
  const child = fork(beside('line.ts'), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const ask = async (order: Order): Promise<unknown> => {
    child.send(order);
    return (await once(child, 'message'))[0];
  };
  const addresses = [HERE, ...(tun === null ? [] : [tun.here])];
  await ask({ doors: doors.map((door) => ({ ...door, addresses })) });
  return {
    method: tun === null ? 'a proxy holds what it passes on' : 'packets are held in a TUN device',
    async delay(rttMs) {
      if (tun !== null) return rttMs === 0 ? HERE : tun.there;
      await ask({ holdMs: rttMs / 2 });
      return HERE;
    },
    counts: async () => (await ask('count')) as Counts,
    end() {
      child.disconnect();
      tun?.end();
    },
  };
}

/** Null where there is none, or it needs more rights than we have. */
async function openTun(rttMs: number) {
  // Another bench on this machine has another part of the network.
  const part = `127.${200 + (process.pid % 50)}.${process.pid % 250}`;
  const [here, there] = [`${part}.1`, `${part}.2`];
  const child = spawn('python3', [beside('tun.py'), here, there, String(rttMs / 2)], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const ready = await Promise.race([
    once(child.stdout, 'data').then(() => true),
    once(child, 'close').then(() => false),
  ]);
  return ready ? { here, there, end: () => child.stdin.end() } : null;
}

/** Where the kernel counts the time of a host, with all that runs on it. */
export async function cpuOf(host: TestHost): Promise<() => number> {
  const pid = await docker(['inspect', '--format', '{{.State.Pid}}', host.id]);
  const groups = readFileSync(`/proc/${pid}/cgroup`, 'utf8').split('\n');
  const own = (line: string) => line.slice(line.indexOf('/'), line.indexOf(host.id) + host.id.length);
  const [first] = groups.filter((line) => /:cpu,cpuacct:|:cpuacct:|^0::/.test(line) && line.includes(host.id)).map(own);
  const scope = first === undefined ? '' : `${first}${existsSync(`/sys/fs/cgroup${first}.scope`) ? '.scope' : ''}`;
  const old = `/sys/fs/cgroup/cpuacct${scope}/cpuacct.usage`;
  if (existsSync(old)) return () => Number(readFileSync(old, 'utf8')) / 1e6;
  const stat = `/sys/fs/cgroup${scope}/cpu.stat`;
  return () => Number(/^usage_usec (\d+)/m.exec(readFileSync(stat, 'utf8'))?.[1]) / 1000;
}
