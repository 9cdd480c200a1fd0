import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));
const MIB = 1024 ** 2;

/** Where the processes of a run write down which file they are at; the run is known by its main process. */
export const running = (main: number) => join(root, '.cache', 'running', String(main));

export type Limits = { readonly mib: number; readonly minutes: number };

/** A sweep may take hours; and so may a look at a host in the middle of a test, which says so itself. */
function limits(): Limits {
  const { FLEET_SWEEP = '', FLEET_TEST_MINUTES = FLEET_SWEEP === '' ? '20' : 'Infinity' } = process.env;
  return { mib: 1024, minutes: Number(FLEET_TEST_MINUTES) };
}

/** What is wrong with a process that is at a file since then, or null. */
export function excess({ mib, minutes }: Limits, held: number, ms: number): string | null {
  if (held > mib * MIB) return `holds ${Math.round(held / MIB)} MiB of memory, more than ${mib}`;
  return ms > minutes * 60_000 ? `has not ended after ${minutes} minutes` : null;
}

/** Bytes of memory that a process holds; null when it is gone. Linux only, like the tests. */
export function heldBy(pid: number): number | null {
  try {
    const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kib === undefined ? null : Number(kib) * 1024;
  } catch {
    return null;
  }
}

/** Looks from outside, since a file that is caught in a loop cannot look at itself. Ends a process that is at fault. */
export function watch(folder: string, allowed: Limits, say: (text: string) => void): () => readonly string[] {
  const wrong: string[] = [];
  const look = (name: string) => {
    const entry = join(folder, name);
    const pid = Number(name);
    const held = heldBy(pid);
    const [begun = '', file = ''] = held === null ? [] : readFileSync(entry, 'utf8').split('\n');
    const why = held === null || file === '' ? null : excess(allowed, held, Date.now() - Number(begun));
    if (held === null || why !== null) rmSync(entry, { force: true });
    if (why === null) return;
    const line = `${relative(root, file)} ${why}: process ${pid} is ended, and the run fails`;
    wrong.push(line);
    say(line);
    process.kill(pid, 'SIGKILL');
  };
  const lookAtAll = () => {
    for (const name of existsSync(folder) ? readdirSync(folder) : []) {
      try {
        look(name);
      } catch {
        // It has ended between two looks.
      }
    }
  };
  const timer = setInterval(lookAtAll, 500);
  return () => {
    clearInterval(timer);
    return wrong;
  };
}

let stop: (() => readonly string[]) | undefined;

/** Once per project of a run; all of them have one main process, and one folder. */
export function setup(): void {
  const folder = running(process.pid);
  mkdirSync(folder, { recursive: true });
  stop ??= watch(folder, limits(), (text) => process.stderr.write(`\ntests: ${text}\n\n`));
}

export function teardown(): void {
  const wrong = stop?.() ?? [];
  stop = undefined;
  rmSync(running(process.pid), { recursive: true, force: true });
  if (wrong.length > 0) throw new Error(`\n${wrong.join('\n')}`);
}
