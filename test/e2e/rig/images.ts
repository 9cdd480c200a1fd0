import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { docker, run } from './docker.ts';
import type { Kind } from './kinds.ts';
import { claim, release } from './owner.ts';

const recipes = fileURLToPath(new URL('../images/', import.meta.url));
/** The engine's images belong to all checkouts on this machine, and so does the sign that one is being made. */
const locks = join(tmpdir(), 'fleet-test-images');
const buildMs = 10 * 60_000;
const DAY_MS = 24 * 3600_000;

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

/** Those of other recipes go once no run can be about to start a host of them, e.g. one of another checkout. */
async function removeOlder(image: string, { recipe, suite }: Kind): Promise<void> {
  const list = await docker(['images', '--format', '{{.Repository}}:{{.Tag}}', `fleet-test/${recipe}`]);
  const others = list.split('\n').filter((name) => name !== image && name.includes(`:${suite}-`));
  const madeAt = async (name: string) =>
    Date.parse(await docker(['image', 'inspect', '--format', '{{.Created}}', name]));
  // An image that a host still uses stays: docker refuses to remove it.
  await Promise.allSettled(
    others.map(async (name) => (await madeAt(name)) < Date.now() - DAY_MS && docker(['rmi', name])),
  );
}

async function build(image: string, kind: Kind): Promise<void> {
  const started = Date.now();
  process.stdout.write(`images: making ${image}, which takes a minute; no test has begun\n`);
  const args = [join(recipes, 'build.sh'), kind.recipe, kind.suite, image];
  const result = await run('bash', args, { timeoutMs: buildMs });
  if (result.code !== 0) throw new Error(`image ${image} could not be built:\n${result.stderr.trim()}`);
  process.stdout.write(`images: made ${image} in ${((Date.now() - started) / 1000).toFixed(1)} s\n`);
  await removeOlder(image, kind);
}

/** The image of a kind, which the set-up of the run has made: a test's own time is not for that. */
export async function imageOf(kind: Kind): Promise<string> {
  const image = imageName(kind);
  if (!(await isPresent(image))) throw new Error(`the image ${image} is gone; the next run makes it again`);
  return image;
}

/** Makes what this engine lacks of the images of these kinds, two at a time; no other process makes the same one. */
export async function makeImages(kinds: readonly Kind[]): Promise<void> {
  const left = new Map(kinds.map((kind) => [imageName(kind), kind]));
  const worker = async () => {
    for (const [image, kind] of left) {
      left.delete(image);
      await make(image, kind);
    }
  };
  await Promise.all([worker(), worker()]);
}

async function make(image: string, kind: Kind): Promise<void> {
  if (await isPresent(image)) return;
  mkdirSync(locks, { recursive: true });
  const lock = join(locks, image.replaceAll(/[/:]/g, '-'));
  const end = Date.now() + buildMs;
  while (!claim(lock)) {
    if (Date.now() > end) throw new Error(`another process did not finish making ${image}`);
    await new Promise((done) => setTimeout(done, 250));
  }
  try {
    if (!(await isPresent(image))) await build(image, kind);
  } finally {
    release(lock);
  }
}
