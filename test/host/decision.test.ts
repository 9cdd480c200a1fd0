import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SHELLS } from '../runtime/shells.ts';
import { workshop } from './workshop.ts';

let shop: ReturnType<typeof workshop>;
beforeEach(() => {
  shop = workshop();
});
afterEach(() => shop[Symbol.dispose]());

/** Many at the same moment, each saying what it took the verdict to be. */
const race = (count: number, decide: string) => `i=0
  while [ $i -lt ${count} ]; do
    case $((i % 2)) in 0) want=commit ;; *) want=revert ;; esac
    ( until [ -f "$ROOT/go" ]; do sleep 0.02; done; ${decide} t $want ) &
    i=$((i + 1))
  done
  say go >"$ROOT/go"
  wait`;

describe.each(SHELLS.map((shell) => [shell.join(' '), shell] as const))('the decision, in %s', (_name, shell) => {
  it('is one and the same for 50 who want it otherwise at the same time', { timeout: 60_000 }, async () => {
    const { stdout } = await shop.run(shell, race(50, 'decide'));
    const said = stdout.trim().split('\n');
    const verdict = readFileSync(join(shop.state, 'decision.t'), 'utf8').trim();
    expect(['commit', 'revert']).toContain(verdict);
    expect(said).toHaveLength(50);
    expect(new Set(said)).toEqual(new Set([verdict]));
    expect(await shop.run(shell, 'ls -A "$S"')).toMatchObject({ stdout: expect.not.stringContaining('.decision') });
  });
});

it('that the racers agree is not by chance: with a plain file they do not', { timeout: 60_000 }, async () => {
  const naive = 'naive() { [ -f "$S/n" ] || { sleep 0.0$(($$ % 10)); say "$2" >"$S/n"; }; say "$2"; }\n';
  const { stdout } = await shop.run(['dash'], naive + race(20, 'naive'));
  expect(new Set(stdout.trim().split('\n')).size).toBe(2);
});
