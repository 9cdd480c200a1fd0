import { join } from 'node:path';
import { expect, it } from 'vitest';
// @ts-expect-error: a script, which has no types
import { ALWAYS, leftOut, ONE_IN, onHosts } from '../../scripts/sample.mjs';

const root = join(import.meta.dirname, '../..');
const all: string[] = onHosts(root);

it('what a deploy stands on is in every sample, and as many samples in a row play every file', () => {
  expect(all.length).toBeGreaterThan(80);
  expect(all).toEqual(expect.arrayContaining(ALWAYS));
  const samples = Array.from({ length: ONE_IN }, (_, i) => {
    const left: string[] = leftOut(root, 7919 + i);
    return all.filter((file) => !left.includes(file));
  });
  for (const sample of samples) {
    expect(sample).toEqual(expect.arrayContaining(ALWAYS));
    expect(sample.length).toBeLessThan(all.length / ONE_IN + ALWAYS.length);
  }
  expect([...new Set(samples.flat())].sort()).toEqual(all);
});
