import { serveHost, signalName } from '../../engine/commands/serve.ts';
import type { Summary } from '../../model/events.ts';
import type { HostOutcome } from '../../model/outcome.ts';
import type { Verb } from '../../model/work.ts';
import type { Chosen } from '../choose.ts';
import { Refusal } from '../refusal.ts';
import { survey } from './survey.ts';

/** In which order hosts are gone through by a verb, and what `kill` sends. */
export type ServeOptions = {
  /** Host by host, each proved healthy before the next; stops at the first that is not. */
  readonly rolling?: boolean;
  /** For `kill`: which one, TERM unless told. */
  readonly killSignal?: string;
};

/** Verbs after which a service may be away. */
const STOPS: ReadonlySet<Verb> = new Set(['stop', 'kill']);

/**
 * All hosts are asked for their units first; where a name fits none, nothing is done anywhere.
 * @param words units of the active generations, by name or glob @throws Refusal
 */
export async function serve(
  chosen: Chosen,
  verb: Verb,
  words: readonly string[],
  { rolling = false, killSignal = 'TERM' }: ServeOptions,
): Promise<Summary> {
  const signal = signalName(killSignal.toUpperCase());
  if (signal === null)
    throw new Refusal(`the signal must be one such as HUP or USR1, not ${JSON.stringify(killSignal)}`);
  const { units, failed } = await survey(chosen, words);
  const meant = [...units].filter(([, of]) => of.length > 0);
  const hosts = [...new Set(meant.map(([{ host }]) => host as string))];
  if (STOPS.has(verb) && hosts.length > 1)
    await chosen.agree({ ask: 'stop', verb, units: [...new Set(meant.flatMap(([, of]) => of))], hosts });
  const asked = { verb, words, signal, healthy: rolling };
  let stopped = false;
  return chosen.finish(
    await chosen.run(async (target, run) => {
      const unseen = failed.get(target);
      if (unseen !== undefined) return unseen;
      if (stopped) return skipped;
      const outcome = await serveHost(target, asked, run);
      stopped = rolling && outcome.end !== 'done';
      return outcome;
    }),
  );
}

const skipped: HostOutcome = {
  end: 'untouched',
  failure: { kind: 'skipped', why: 'a host before it did not come back healthy, and --rolling stops there' },
};
