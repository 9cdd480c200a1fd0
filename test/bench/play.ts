import { readFileSync, writeFileSync } from 'node:fs';
import { startHost } from '../e2e/rig/hosts.ts';
import { makeImages } from '../e2e/rig/images.ts';
import type { TestHost } from '../e2e/rig/index.ts';
import { kinds } from '../e2e/rig/kinds.ts';
import { sweep } from '../e2e/rig/owner.ts';
import { releasePort, reservePort } from '../e2e/rig/ports.ts';
import { APP, type Job, makeJob, type Tree } from './job.ts';
import { cpuOf, type Line, metered, openLine } from './measure.ts';
import type { Sample } from './report.ts';
import { CONNECTIONS, introduce, type Reached, STARTS, TOOLS, type Tool } from './tools.ts';

/** What is to be played. */
export type Wanted = {
  readonly tools: readonly Tool[];
  readonly counts: readonly number[];
  readonly rtts: readonly number[];
  readonly rounds: number;
  /** Big ones that are as they were, in place of the small job. */
  readonly trees: boolean;
};

const BIG: readonly Tree[] = [
  { name: '20 000 files', files: 20_000, bytes: 40_000_000 },
  { name: '1 GB', files: 67, bytes: 1_024_000_000 },
];

type Bench = Wanted & {
  readonly hosts: readonly TestHost[];
  readonly ports: readonly number[];
  readonly line: Line;
  /** Milliseconds since the start, of these together. */
  hostCpu(hosts: readonly TestHost[]): number;
};

type Took = Omit<Sample, 'job' | 'tool' | 'hosts' | 'rttMs' | 'scenario' | 'round'>;

const say = (text: string) => process.stderr.write(`${text}\n`);

/** Starts the hosts, plays everything on them, and removes them. */
export async function play(wanted: Wanted): Promise<{ readonly samples: readonly Sample[]; readonly delays: string }> {
  await sweep();
  await makeImages([kinds.systemd]);
  const most = Math.max(...wanted.counts);
  const hosts: TestHost[] = [];
  const ports: number[] = [];
  const restore = makeRoom(most);
  let line: Line | undefined;
  try {
    say(`starting ${most} ${most === 1 ? 'host' : 'hosts'}`);
    const names = Array.from({ length: most }, (_, i) => `h${i + 1}`);
    await each(names, async (name) => hosts.push(await startHost(name, 'systemd')));
    for (const _ of hosts) ports.push(await reservePort());
    const doors = hosts.map(({ port }, i) => ({ port: ports[i] ?? 0, to: port }));
    line = await openLine(doors, Math.max(...wanted.rtts));
    const clocks = new Map(await Promise.all(hosts.map(async (host) => [host, await cpuOf(host)] as const)));
    const hostCpu: Bench['hostCpu'] = (some) => some.reduce((sum, host) => sum + (clocks.get(host)?.() ?? 0), 0);
    const samples = await all({ ...wanted, hosts, ports, line, hostCpu });
    // The first column is what the others are compared with.
    const order = [...STARTS, ...CONNECTIONS, ...TOOLS].map(({ name }) => name);
    const sorted = samples.toSorted((a, b) => order.indexOf(a.tool) - order.indexOf(b.tool));
    return { samples: sorted, delays: line.method };
  } finally {
    line?.end();
    await each(hosts, (host) => host[Symbol.asyncDispose]());
    ports.forEach(releasePort);
    restore();
  }
}

/** In order, a few at a time: each boots a whole system, or is looked at by programs of its own. */
async function each<From, To>(items: readonly From[], work: (item: From) => Promise<To>): Promise<readonly To[]> {
  const results: To[] = [];
  const left = items.entries();
  const worker = async () => {
    for (const [i, item] of left) results[i] = await work(item);
  };
  await Promise.all([worker(), worker(), worker(), worker()]);
  return results;
}

const INSTANCES = '/proc/sys/fs/inotify/max_user_instances';

/** The systemd of a host needs some of what the kernel gives to each account. @returns what puts the limit back */
function makeRoom(count: number): () => void {
  const limit = readFileSync(INSTANCES, 'utf8');
  const wanted = 8 * count + 64;
  if (Number(limit) >= wanted) return () => {};
  try {
    writeFileSync(INSTANCES, String(wanted));
  } catch {
    throw new Error(`${count} hosts need more room: as root, sysctl fs.inotify.max_user_instances=${wanted}`);
  }
  return () => writeFileSync(INSTANCES, limit);
}

async function all(bench: Bench): Promise<readonly Sample[]> {
  const samples: Sample[] = [];
  for (const tree of bench.trees ? BIG : [APP]) {
    const job = makeJob(tree);
    try {
      if (!bench.trees) samples.push(...(await starts(bench, job)));
      for (const count of bench.counts) {
        for (const rttMs of bench.rtts) samples.push(...(await rounds(bench, job, count, rttMs)));
      }
    } finally {
      job.remove();
    }
  }
  return samples;
}

/** The first hosts at their doors, and every tool told. */
async function reach(
  { hosts, ports, line }: Bench,
  job: Job,
  count: number,
  rttMs: number,
): Promise<readonly Reached[]> {
  const address = await line.delay(rttMs);
  const reached = hosts.slice(0, count).map((host, i) => ({ host, address, port: ports[i] ?? 0 }));
  introduce(job, reached);
  return reached;
}

async function starts(bench: Bench, job: Job): Promise<readonly Sample[]> {
  const samples: Sample[] = [];
  const common = { job: 'a program only started', hosts: 0, scenario: 'start' };
  for (const rttMs of bench.rtts) {
    const reached = await reach(bench, job, 1, rttMs);
    for (let round = 1; round <= 2 * bench.rounds; round += 1) {
      for (const tool of rttMs === 0 ? [...STARTS, ...CONNECTIONS] : CONNECTIONS)
        samples.push({ ...common, tool: tool.name, rttMs, round, ...(await take(bench, job, tool, reached)) });
    }
  }
  return samples;
}

async function rounds(bench: Bench, job: Job, count: number, rttMs: number): Promise<readonly Sample[]> {
  const samples: Sample[] = [];
  const reached = await reach(bench, job, count, rttMs);
  for (let round = 1; round <= bench.rounds; round += 1) {
    // Who goes first is another one each round.
    const first = round % bench.tools.length;
    for (const tool of [...bench.tools.slice(first), ...bench.tools.slice(0, first)]) {
      for await (const { scenario, ...took } of story(bench, job, tool, reached, round)) {
        samples.push({ job: job.tree.name, tool: tool.name, hosts: count, rttMs, scenario, round, ...took });
        const where = `${job.tree.name}, ${count === 1 ? '1 host' : `${count} hosts`}, ${rttMs} ms, round ${round}`;
        say(`${where}: ${tool.name}, ${scenario}: ${Math.round(took.wallMs)} ms`);
      }
    }
  }
  return samples;
}

/** A first deploy, one with nothing to do, and one of a change; each proved on every host. */
async function* story(bench: Bench, job: Job, tool: Tool, reached: readonly Reached[], round: number) {
  let pids: readonly string[] = [];
  const proved = async (scenario: string, restarts: boolean) => {
    const took = await take(bench, job, tool, reached);
    const now = await each(reached, ({ host }) => job.verify(host));
    const wrong = reached.filter((_, i) => (now[i] === pids[i]) === restarts).map(({ host }) => host.name);
    if (wrong.length > 0)
      throw new Error(`${tool.name}, ${scenario}: ${wrong.join(', ')} ${restarts ? 'did not restart' : 'restarted'}`);
    pids = now;
    return { scenario, ...took };
  };
  await each(reached, ({ host }) => job.reset(host));
  job.begin(round);
  yield proved('first', true);
  yield proved('no-op', false);
  if (bench.trees) yield proved('no-op again', false);
  job.change();
  yield proved('one file', true);
}

async function take({ line, hostCpu }: Bench, job: Job, tool: Tool, reached: readonly Reached[]): Promise<Took> {
  const hosts = reached.map(({ host }) => host);
  await line.counts();
  const before = hostCpu(hosts);
  const took = await metered(job.folder, tool.command(job, reached));
  return { ...took, hostCpuMs: hostCpu(hosts) - before, ...(await line.counts()) };
}
