import { readdirSync, readFileSync } from 'node:fs';

/** A process and all that come from it, each stopped, so that none starts another while they are looked for. */
export function family(pid: number): readonly number[] {
  const found = new Set([pid]);
  for (let before = 0; before < found.size; ) {
    before = found.size;
    for (const one of found) stop(one);
    for (const { pid: child, parent } of processes()) if (found.has(parent)) found.add(child);
  }
  return [...found];
}

function stop(pid: number): void {
  try {
    process.kill(pid, 'SIGSTOP');
  } catch {
    // It has ended by itself.
  }
}

/** Parents stand before their children only by chance. Without /proc none is found. */
function processes(): readonly { readonly pid: number; readonly parent: number }[] {
  try {
    return readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? statOf(Number(name)) : []));
  } catch {
    return [];
  }
}

function statOf(pid: number): { pid: number; parent: number }[] {
  try {
    // The second field is a name in parentheses, which may hold anything.
    const rest = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1) ?? '';
    return [{ pid, parent: Number(rest.split(' ')[1]) }];
  } catch {
    return [];
  }
}
