import { MachineContainer } from './container.ts';
import { TestHost } from './host.ts';
import { imageOf } from './images.ts';
import { type KindName, kinds } from './kinds.ts';
import { releasePort, reservePort } from './ports.ts';

export type Hosts<Wanted> = { readonly [Name in keyof Wanted]: TestHost } & AsyncDisposable;

/** A port can be lost to a foreign program between reserving and starting; another one will do. */
async function create(name: string, kind: KindName): Promise<TestHost> {
  const image = await imageOf(kinds[kind]);
  for (let attempt = 1; ; attempt += 1) {
    const port = await reservePort();
    try {
      const container = await new MachineContainer(image, name, kinds[kind], port).start();
      return new TestHost(name, kind, container.getId(), port);
    } catch (error) {
      releasePort(port);
      if (attempt === 3 || !/already (allocated|in use)/.test(String(error))) throw error;
    }
  }
}

/** Starts one host, waits until it is up. */
export async function startHost(name: string, kind: KindName): Promise<TestHost> {
  const host = await create(name, kind);
  try {
    await host.ready();
    return host;
  } catch (error) {
    await host[Symbol.asyncDispose]();
    throw error;
  }
}

/** Starts hosts side by side: `await using hosts = await startHosts({ web: 'systemd', edge: 'plain' })`. */
export async function startHosts<const Wanted extends Record<string, KindName>>(
  wanted: Wanted,
): Promise<Hosts<Wanted>> {
  const entries = Object.entries(wanted);
  const outcomes = await Promise.allSettled(entries.map(([name, kind]) => startHost(name, kind)));
  const started = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  const dispose = async () => {
    await Promise.all(started.map((host) => host[Symbol.asyncDispose]()));
  };
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed !== undefined) {
    await dispose();
    throw failed.reason;
  }
  const byName = Object.fromEntries(started.map((host) => [host.name, host]));
  return { ...byName, [Symbol.asyncDispose]: dispose } as Hosts<Wanted>;
}
