import { expect, it } from 'vitest';
import { CURES } from './attacks/cures.ts';
import { weakened } from './attacks/weakened.ts';

// Few attacks are drawn in one run; a cure that has moved is noticed in each.
it.each(Object.entries(CURES))('%s is switched off by texts that stand where they should', (_, cure) => {
  expect(weakened(cure)).toMatch(/fleet\.js$/);
});
