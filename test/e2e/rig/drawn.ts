import { createHash } from 'node:crypto';
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
  // Mixed, since the seed itself says which files are played: by its parity a file would have the same host each time.
  const mixed = createHash('sha256').update(`${seed} ${file.slice(file.indexOf('/test/e2e/'))}`);
  const at = mixed.digest().readUInt32BE() % places.length;
  return places.filter((_, i) => i === at);
}
