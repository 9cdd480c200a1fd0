import { expect } from 'vitest';

/** Set by `npm test` alone: whoever runs some tests by themselves, or `npm run test:all`, leaves nothing out. */
const seed = process.env.FLEET_DRAW;

/**
 * Where a story is played that is written for several hosts, or versions of one: on each of them, and in `npm test` on
 * one, drawn by the seed of the run and the name of the file.
 */
export function drawn<const Place>(...places: readonly Place[]): readonly Place[] {
  if (seed === undefined) return places;
  const file = expect.getState().testPath ?? '';
  const sum = [...file.slice(file.indexOf('/test/e2e/'))].reduce(
    (total, letter) => total * 31 + letter.charCodeAt(0),
    7,
  );
  const at = (Number(seed) + (sum % 9973)) % places.length;
  return places.filter((_, i) => i === at);
}
