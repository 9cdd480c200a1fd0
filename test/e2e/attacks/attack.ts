import { describe, expect, it } from 'vitest';
import { cli } from '../fleet.ts';
import { type AttackId, CURES, type Replacement } from './cures.ts';
import { weakened } from './weakened.ts';

/** `npm run test:attack` says how many rounds the attack at random has; FLEET_SEED says which, and where. */
const { FLEET_ATTACK, FLEET_SEED = 1 + Math.floor(Math.random() * 1e6) } = process.env;
export const ROUNDS = Number(FLEET_ATTACK ?? 3);
export const SEED = Number(FLEET_SEED);
export const LONG = FLEET_ATTACK !== undefined;

/** What came of an attack. */
export type Fought = {
  /** Whether the attacker got what he wanted even once. */
  readonly won: boolean;
  /** How often he tried: races that he could have won, or 1 for what needs no luck. */
  readonly tries: number;
  /** Whether fleet would have nothing to do with what he had prepared, so that there was nothing to race with. */
  readonly refused: boolean;
  readonly evidence: string;
};

export type Build = {
  readonly cli: string;
  /** For the names of what this run makes on the host: both builds are tried on the same one. */
  readonly tag: string;
  /** Stop at the first success: the control has to win once, the product has to withstand all of it. */
  readonly once: boolean;
};

/**
 * One attack, as two tests: it gets nothing from the product, and it does from a build in which what holds it off is
 * switched off.
 * @param apart whether what the control does to the host would be seen by the other: then that one goes first, alone
 * @param least how many tries the product must have withstood, where it let him try
 */
export function attack(
  id: AttackId,
  how: string,
  fight: (build: Build) => Promise<Fought>,
  least = 1,
  timeoutMs = 300_000,
  apart = false,
): void {
  const cure: readonly Replacement[] = CURES[id];
  describe(`${id}: ${how}`, () => {
    const each = apart ? it : it.concurrent;
    const loses = async () => {
      const fought = await fight({ cli, tag: 'cured', once: false });
      if (process.env.FLEET_ATTACK_EVIDENCE) process.stdout.write(`${id} ${JSON.stringify(fought)}\n`);
      expect(fought, fought.evidence).toMatchObject({ won: false });
      if (!fought.refused) expect(fought.tries, fought.evidence).toBeGreaterThanOrEqual(least);
    };
    each('gets nothing', { timeout: timeoutMs }, loses);
    each('wins where the cure is switched off', { timeout: timeoutMs }, async () => {
      const fought = await fight({ cli: weakened(cure), tag: 'bare', once: true });
      if (process.env.FLEET_ATTACK_EVIDENCE) process.stdout.write(`${id} ${JSON.stringify(fought)}\n`);
      expect(fought, fought.evidence).toMatchObject({ won: true });
    });
  });
}
