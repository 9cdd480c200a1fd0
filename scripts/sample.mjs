import { readdirSync } from 'node:fs';

/** What a deploy stands on is always played, and of the other files one in so many: as many seeds in a row play all of them. */
export const ALWAYS = ['lifecycle', 'rollback', 'revert', 'faults/crashes'].map((name) => `test/e2e/${name}.test.ts`);
export const ONE_IN = 4;

export const onHosts = (root) =>
  readdirSync(`${root}/test/e2e`, { recursive: true })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => `test/e2e/${name}`)
    .sort();

/** Files that the sample of a seed, a whole number, does not play. */
export const leftOut = (root, seed) =>
  onHosts(root)
    .filter((file) => !ALWAYS.includes(file))
    .filter((_, i) => (i + seed) % ONE_IN !== 0);
