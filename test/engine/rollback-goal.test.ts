import { describe, expect, it } from 'vitest';
import { type RollbackRequest, rollbackGoal } from '../../src/engine/commands/rollback.ts';
import { generationId } from '../../src/model/ids.ts';
import { factsWith, generation } from '../facts.ts';

const PREVIOUS: RollbackRequest = { to: 'previous', keepData: false };
const to = (id: number): RollbackRequest => ({ to: 'generation', id: generationId(id) });

// 1 <- 2 <- 4 (3 failed on top of 2); 5 was left again, so 6 stands on 4.
const HISTORY = [
  generation(1, 'good', 0),
  generation(2, 'good', 1),
  generation(3, 'bad', 2),
  generation(4, 'good', 2),
  generation(5, 'good', 4),
  generation(6, 'good', 4),
];
const at = (active: number, generations = HISTORY) => factsWith({ active: generationId(active), generations });

describe('a rollback', () => {
  it.each([
    [6, 4],
    [5, 4],
    [4, 2],
    [2, 1],
  ])('from %i goes to what it was built on, %i', (active, goal) => {
    expect(rollbackGoal(at(active), PREVIOUS)).toEqual({ ok: true, value: { go: 'switch', to: goal } });
  });

  it('from the first generation is none, and names both ways to take the app away', () => {
    const { ok, ...rest } = rollbackGoal(at(1), PREVIOUS);
    expect({ ok, ...rest }).toMatchObject({ ok: false, failure: { kind: 'no-target' } });
    expect(JSON.stringify(rest)).toMatch(/`fleet rollback --full --keep-data` .*`fleet rollback --full` deletes/);
  });

  it('from the first generation with --keep-data takes the app away and leaves its data', () => {
    const goal = rollbackGoal(at(1), { to: 'previous', keepData: true });
    expect(goal).toEqual({ ok: true, value: { go: 'remove', keepData: true } });
  });

  it('skips a base that never became healthy', () => {
    const generations = [generation(1, 'good', 0), generation(2, 'bad', 1), generation(3, 'good', 2)];
    expect(rollbackGoal(at(3, generations), PREVIOUS)).toEqual({ ok: true, value: { go: 'switch', to: 1 } });
  });

  it('refuses when what came before was pruned', () => {
    const goal = rollbackGoal(at(6, [generation(6, 'good', 4)]), PREVIOUS);
    expect(goal).toMatchObject({ ok: false, failure: { kind: 'no-target' } });
  });

  it('never loops over records that name each other', () => {
    const generations = [generation(1, 'bad', 2), generation(2, 'good', 1)];
    expect(rollbackGoal(at(2, generations), PREVIOUS).ok).toBe(false);
  });

  it.each([
    [to(6), 'is the active one'],
    [to(3), 'never became healthy'],
    [to(9), 'is not on the host'],
  ])('refuses %j and says why', (request, why) => {
    expect(rollbackGoal(at(6), request)).toMatchObject({
      ok: false,
      failure: { detail: expect.stringContaining(why) },
    });
  });

  it.each([PREVIOUS, to(1), { to: 'nohup' } as const])('refuses %j where nothing is deployed', (request) => {
    const goal = rollbackGoal(factsWith(), request);
    expect(goal).toMatchObject({ ok: false, failure: { detail: 'nothing is deployed there' } });
  });

  it('goes on with a removal that was cut off before its end', () => {
    const goal = rollbackGoal(at(0), { to: 'nothing', keepData: true });
    expect(goal).toEqual({ ok: true, value: { go: 'remove', keepData: true } });
  });
});
