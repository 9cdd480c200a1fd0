import { describe, expect, it } from 'vitest';
import { exitCode, exitCodeOf } from '../../src/library/exit-code.ts';
import { generationId } from '../../src/model/ids.ts';
import type { Failure, HostOutcome } from '../../src/model/outcome.ts';

const g = generationId(1);
const failure: Failure = { kind: 'unreachable', detail: '' };
const cancelled: Failure = { kind: 'cancelled', phase: 'stage' };

const OUTCOMES: [HostOutcome, number][] = [
  [{ end: 'unchanged', generation: g }, 0],
  [{ end: 'deployed', generation: g }, 0],
  [{ end: 'rolled-back', from: g, generation: g }, 0],
  [{ end: 'removed' }, 0],
  [{ end: 'planned', pending: true, generation: g }, 0],
  [{ end: 'reported', report: { kind: 'lock', held: null, open: null } }, 0],
  [{ end: 'healthy', generation: g, checks: [] }, 0],
  [{ end: 'unhealthy', generation: g, failure }, 1],
  [{ end: 'reverted', generation: g, failure }, 1],
  [{ end: 'reverted', generation: g, failure: cancelled }, 130],
  [{ end: 'untouched', failure }, 3],
  [{ end: 'untouched', failure: cancelled }, 130],
  [{ end: 'stuck', failure, revert: failure }, 4],
  [{ end: 'unknown', failure }, 4],
];

describe('the exit code', () => {
  it.each(OUTCOMES)('of %j is %i', (outcome, code) => expect(exitCodeOf(outcome)).toBe(code));

  it('of a run is its worst host, by the order 4 > 130 > 1 > 3 > 0', () => {
    const of = (codes: number[], interrupted = false) =>
      exitCode(
        codes.map((code) => OUTCOMES.find(([, c]) => c === code)?.[0] ?? { end: 'removed' }),
        interrupted,
      );
    expect(of([])).toBe(0);
    expect(of([0, 3])).toBe(3);
    expect(of([3, 1, 0])).toBe(1);
    expect(of([1, 130])).toBe(130);
    expect(of([130, 4, 1])).toBe(4);
    expect(of([0], true)).toBe(130);
  });
});
