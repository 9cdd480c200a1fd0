import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { docker, run } from './docker.ts';
import type { Kind } from './kinds.ts';
import { claim, release } from './owner.ts';

const recipes = fileURLToPath(new URL('../images/', import.meta.url));
const cache = fileURLToPath(new URL('../../../.cache/', import.meta.url));
const buildMs = 10 * 60_000;

/** The tag holds a hash of everything that the image is made from: a changed recipe is a new image. */
function imageName({ recipe, suite }: Kind): string {
  const hash = createHash('sha256').update(readFileSync(join(recipes, 'build.sh')));
  for (const file of readdirSync(join(recipes, recipe)).sort()) {
    hash.update(`\n${file}\n`).update(readFileSync(join(recipes, recipe, file)));
  }
  return `fleet-test/${recipe}:${suite}-${hash.digest('hex').slice(0, 12)}`;
}

async function isPresent(image: string): Promise<boolean> {
  return (await run('docker', ['image', 'inspect', '--format', '{{.Id}}', image])).code === 0;
}

async function removeOlder(image: string, { recipe, suite }: Kind): Promise<void> {
  const list = await docker(['images', '--format', '{{.Repository}}:{{.Tag}}', `fleet-test/${recipe}`]);
  const older = list.split('\n').filter((name) => name !== image && name.includes(`:${suite}-`));
  // An image that a host of another run still uses stays: docker refuses to remove it.
  await Promise.allSettled(older.map((name) => docker(['rmi', name])));
}

async function build(image: string, kind: Kind): Promise<void> {
  const started = Date.now();
  process.stdout.write(`images: building ${image}\n`);
  const args = [join(recipes, 'build.sh'), kind.recipe, kind.suite, image];
  const result = await run('bash', args, { timeoutMs: buildMs });
  if (result.code !== 0) throw new Error(`image ${image} could not be built:\n${result.stderr.trim()}`);
  process.stdout.write(`images: built ${image} in ${((Date.now() - started) / 1000).toFixed(1)} s\n`);
  await removeOlder(image, kind);
}

/** Returns the image of a kind, building it first if this engine has none of this recipe. */
export async function ensureImage(kind: Kind): Promise<string> {
  const image = imageName(kind);
  if (await isPresent(image)) return image;
  mkdirSync(cache, { recursive: true });
  const lock = join(cache, `${image.replaceAll(/[/:]/g, '-')}.lock`);
  const end = Date.now() + buildMs;
  while (!claim(lock)) {
    if (Date.now() > end) throw new Error(`another process did not finish building ${image}`);
    await new Promise((done) => setTimeout(done, 250));
  }
  try {
    if (!(await isPresent(image))) await build(image, kind);
  } finally {
    release(lock);
  }
  return image;
}
