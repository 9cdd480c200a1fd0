import { mkdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { weakenedBy } from '../attacks/weakened.ts';
import { CACHE } from '../fleet.ts';
import { run } from './docker.ts';
import { makeImages } from './images.ts';
import { kinds } from './kinds.ts';
import { sweep } from './owner.ts';

const engine = fileURLToPath(new URL('../../../scripts/engine.mjs', import.meta.url));

/** Runs once before the tests on hosts: engine, leftovers of killed runs, images. */
export async function setup(): Promise<void> {
  const result = await run(process.execPath, [engine], { timeoutMs: 15 * 60_000 });
  process.stdout.write(result.stdout);
  if (result.code !== 0) throw new Error(result.stderr.trim());
  rmSync(CACHE, { recursive: true, force: true });
  mkdirSync(CACHE, { recursive: true });
  await sweep();
  await makeImages(Object.values(kinds));
}

export async function teardown(): Promise<void> {
  await sweep();
  rmSync(weakenedBy(process.pid), { recursive: true, force: true });
}
