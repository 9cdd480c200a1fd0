import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { Secret } from '../model/secret.ts';
import type { World } from './world.ts';

const canAsk = (world: World) => world.stdin.isTTY === true && world.stderr.isTTY === true;

/** Asks on the terminal without echo; null where there is none. */
export async function askSecret(question: string, name: string, world: World): Promise<Secret | null> {
  if (!canAsk(world)) return null;
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: world.stdin, output: silent, terminal: true });
  world.stderr.write(question);
  try {
    return new Secret(name, await lines.question('', { signal: world.signal }));
  } catch {
    return null;
  } finally {
    lines.close();
    world.stderr.write('\n');
  }
}

/** Asks a yes-or-no question; anything but yes is no, and so is a missing terminal. */
export async function confirm(question: string, world: World): Promise<boolean> {
  if (!canAsk(world)) return false;
  const lines = createInterface({ input: world.stdin, output: world.stderr });
  try {
    return /^y(es)?$/i.test((await lines.question(`${question} [y/N] `, { signal: world.signal })).trim());
  } catch {
    return false;
  } finally {
    lines.close();
  }
}
