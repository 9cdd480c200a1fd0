import { fileURLToPath } from 'node:url';
import type { TestHost } from './host.ts';

const source = (name: string) => fileURLToPath(new URL(`../images/jetson/${name}`, import.meta.url));
const program = (name: string, folder: string) => ({ source: source(name), target: `${folder}/${name}`, mode: 0o755 });

/** Copied into the container of a Jetson: see images/jetson. */
export const jetsonFiles = [
  program('boot-jetson', '/sbin'),
  program('nvpmodel', '/usr/sbin'),
  program('jetson_clocks', '/usr/bin'),
  program('tegrastats', '/usr/bin'),
  { source: source('nv_tegra_release'), target: '/etc/nv_tegra_release', mode: 0o644 },
];

/** A swap file needs a real file system, which a volume has; and the engine's own filter forbids swapon. */
export const jetsonOptions = {
  SecurityOpt: ['seccomp=unconfined'],
  // The drivers behind the nodes that boot-jetson makes.
  DeviceCgroupRules: ['c 10:229 rwm', 'c 10:200 rwm', 'c 10:237 rwm'],
  Mounts: [{ Type: 'volume', Source: '', Target: '/mnt/nvme' }],
};

/** Writes what the zones cpu-thermal and tj-thermal read, in degrees; null for what no sensor says. */
export async function heat(host: TestHost, degrees: number | null): Promise<void> {
  const text = degrees === null ? '' : String(degrees * 1000);
  await host.out(`for i in 0 2; do echo '${text}' >/sys/class/thermal/thermal_zone$i/temp; done`);
}

/** Gives the machine back what a Jetson takes of it, which no container keeps to itself: swap files and swappiness. */
export async function release(host: TestHost): Promise<void> {
  await host.sh(`for f in /mnt/nvme/*; do swapoff "$f" 2>/dev/null; done
    cat /var/lib/jetson/swappiness >/proc/sys/vm/swappiness`);
}
