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

/** Asks for a line of text; null where there is no terminal. */
export async function askText(question: string, world: World): Promise<string | null> {
  if (!canAsk(world)) return null;
  const lines = createInterface({ input: world.stdin, output: world.stderr });
  try {
    return (await lines.question(question, { signal: world.signal })).trim();
  } catch {
    return null;
  } finally {
    lines.close();
  }
}

/** Asks a yes-or-no question; anything but yes is no, and so is a missing terminal. */
export const confirm = async (question: string, world: World): Promise<boolean> =>
  /^y(es)?$/i.test((await askText(`${question} [y/N] `, world)) ?? '');
