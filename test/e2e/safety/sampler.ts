import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { text } from '../../text.ts';
import type { TestHost } from '../rig/index.ts';

/** Looks without pause at the command lines of all processes of a host; needles arrive where no list shows them. */
const LOOK = `
import os, sys, threading, time
needles = [line.encode() for line in sys.stdin.readline().split()]
threading.Thread(target=lambda: (sys.stdin.read(), done.append(1)), daemon=True).start()
done, caught, rounds = [], set(), 0
print('ready', flush=True)
while not done:
    rounds += 1
    time.sleep(0.002)
    for pid in os.listdir('/proc'):
        if pid.isdigit():
            try:
                with open('/proc/' + pid + '/cmdline', 'rb') as f: line = f.read()
            except OSError: continue
            if any(needle in line for needle in needles): caught.add(line.replace(b'\\0', b' ').decode(errors='replace'))
print(rounds)
for line in caught: print('caught ' + line)
`;

export type Samples = { readonly rounds: number; readonly caught: readonly string[] };

/** Begins to look at a host's processes; the function ends it and says what was seen. */
export async function watchHost(host: TestHost, needles: readonly string[]): Promise<() => Promise<Samples>> {
  const child = spawn('docker', ['exec', '-i', host.id, 'python3', '-c', LOOK], { stdio: ['pipe', 'pipe', 'inherit'] });
  const output = text(child.stdout);
  const ready = new Promise((done) => child.stdout.once('data', done));
  child.stdin.write(`${needles.join(' ')}\n`);
  await ready;
  return async () => {
    child.stdin.end();
    const lines = (await output).split('\n').slice(1);
    const caught = lines.filter((line) => line.startsWith('caught '));
    return { rounds: Number(lines[0]), caught };
  };
}

/** All that this process has started, and what those have. */
function* descendants(pid: number): Generator<number> {
  let tasks: string[] = [];
  try {
    tasks = readdirSync(`/proc/${pid}/task`);
  } catch {}
  for (const task of tasks) {
    const children = read(`/proc/${pid}/task/${task}/children`).split(' ').filter(Boolean).map(Number);
    for (const child of children) {
      yield child;
      yield* descendants(child);
    }
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** The same for this machine, where only our own processes are looked at. */
export function watchHere(needles: readonly string[]): () => Promise<Samples> {
  const caught = new Set<string>();
  let rounds = 0;
  let over = false;
  const loop = (async () => {
    while (!over) {
      rounds += 1;
      for (const pid of descendants(process.pid)) {
        const line = read(`/proc/${pid}/cmdline`);
        if (needles.some((needle) => line.includes(needle))) caught.add(line.replaceAll('\0', ' '));
      }
      await new Promise((next) => setTimeout(next, 2));
    }
  })();
  return async () => {
    over = true;
    await loop;
    return { rounds, caught: [...caught] };
  };
}
