import { readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { docker } from './docker.ts';

/** When a process started, so that a reused process id is not taken for the old process (Linux only). */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

export function ownerTag(): string {
  return `${process.pid}-${startOf(process.pid)}`;
}

function ownerLives(tag: string): boolean {
  const [pid, start] = tag.split('-');
  try {
    process.kill(Number(pid), 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
  return startOf(Number(pid)) === start;
}

/** Takes a file as a sign of ownership; false when a living process has it. */
export function claim(path: string): boolean {
  for (let attempt = 0; attempt < 3; attempt += 1) {
    try {
      writeFileSync(path, ownerTag(), { flag: 'wx' });
      return true;
    } catch {
      if (holderLives(path)) return false;
      release(path);
    }
  }
  return false;
}

function holderLives(path: string): boolean {
  try {
    const tag = readFileSync(path, 'utf8');
    // Empty: the other process has created the file and is about to write.
    return tag === '' || ownerLives(tag);
  } catch {
    return false;
  }
}

export function release(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Gone already.
  }
}

export const hostLabel = 'fleet-test';
export const ownerLabel = 'fleet-test-owner';

/** Removes test hosts whose test process is gone, e.g. after a kill. */
export async function sweep(): Promise<void> {
  const format = `{{.ID}} {{.Label "${ownerLabel}"}}`;
  const listed = await docker(['ps', '--all', '--filter', `label=${hostLabel}=1`, '--format', format]);
  const lines = listed.split('\n').filter((line) => line !== '');
  const dead = lines.map((line) => line.split(' ')).filter(([, tag]) => !ownerLives(tag ?? ''));
  // One by one: a run beside this one may be removing the same container.
  await Promise.allSettled(dead.map(([id]) => docker(['rm', '--force', '--volumes', id ?? ''])));
}
