import { readdir, readFile, readlink } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Ends what a demo host has started and what outlived its channel, such as a supervised service. Its processes are
 * known by the folder's name in their environment, or, when a service was given a clean one, by working in the app's
 * folder without a terminal (somebody who looks around in there has one).
 */
export async function killLeftovers(root: string): Promise<void> {
  for (let round = 0; round < 20; round += 1) {
    const pids = await processesOf(root);
    if (pids.length === 0) return;
    for (const pid of pids) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended by itself.
      }
    }
    await sleep(25);
  }
}

/** Empty where there is no /proc to look at. */
async function processesOf(root: string): Promise<number[]> {
  const names = await readdir('/proc').catch(() => []);
  const pids = names.filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(pids.map(async (pid) => ((await belongs(pid, root)) ? [pid] : [])));
  return found.flat().filter((pid) => pid !== process.pid);
}

async function belongs(pid: number, root: string): Promise<boolean> {
  const environ = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
  if (environ.split('\0').includes(`FLEET_DEMO_ROOT=${root}`)) return true;
  const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => '');
  return cwd.startsWith(`${root}/host/`) && !(await hasTerminal(pid));
}

/** Field 7 of stat is the controlling terminal; the name before it may itself hold spaces and brackets. */
async function hasTerminal(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[4] !== '0';
}
