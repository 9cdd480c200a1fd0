import type { Build, Fought } from './attack.ts';
import type { Deployed, Victim } from './victim.ts';

/** What differs of root's things, and what each deploy said. */
export const told = (harm: readonly string[], log: readonly string[]) =>
  `${harm.length} differ: ${harm.slice(0, 4).join('; ')} [${log.join('; ')}]`;

/**
 * Deploys several times; then he is stopped. The control goes on until he has won, longer than the product has to
 * withstand him, since a race may need luck.
 * @param stop tells how often he has tried
 */
export async function besiege(
  it: Victim,
  { once }: Build,
  rounds: number,
  stop: () => Promise<number> = async () => 1,
  deploy: (round: number) => Promise<Deployed> = () => it.deploy(),
): Promise<Fought> {
  const log: string[] = [];
  let refused = true;
  for (let round = 1; round <= (once ? 5 * rounds : rounds); round += 1) {
    const { outcome, words } = await deploy(round);
    log.push(words === '' ? outcome : `${outcome}: ${words}`);
    refused &&= outcome === 'untouched';
    if (once && (await it.harm()).length > 0) break;
  }
  const harm = await it.harm();
  return { won: harm.length > 0, tries: await stop(), refused, evidence: told(harm, log) };
}
