import { serveHost } from '../../engine/commands/serve.ts';
import { matchUnits, type OwnUnits } from '../../host/own-units.ts';
import type { HostOutcome } from '../../model/outcome.ts';
import type { HostTarget } from '../../model/target.ts';
import type { Verb } from '../../model/work.ts';
import { mayStop, noSuchUnit } from '../../output/messages/work.ts';
import { confirm } from '../ask.ts';
import type { CliContext, HostFlags } from '../context.ts';
import { openFleet } from '../fleet-command.ts';
import { UsageError } from '../refusal.ts';
import { survey } from '../survey.ts';

export type ServeFlags = HostFlags & { readonly rolling?: boolean; readonly signal?: string };

const WORD: Readonly<Record<Verb, string>> = {
  start: 'Start them on',
  stop: 'Stop them on',
  restart: 'Restart them on',
  reload: 'Reload them on',
  enable: 'Enable them on',
  disable: 'Disable them on',
  kill: 'Kill them on',
  'reset-failed': 'Reset their failed state on',
};

/** Verbs after which a service may be away. */
const STOPS: ReadonlySet<Verb> = new Set(['stop', 'kill']);

/**
 * `fleet start`, `stop`, `restart` …: all hosts are asked for their units first; where a name fits none, nothing is done
 * anywhere. @throws UsageError
 */
export async function serve(
  verb: Verb,
  words: readonly string[],
  flags: ServeFlags,
  context: CliContext,
): Promise<number> {
  const rolling = flags.rolling === true;
  const signal = (flags.signal ?? 'TERM').replace(/^SIG/, '').toUpperCase();
  if (!/^[A-Z0-9+-]{1,12}$/.test(signal) || signal.startsWith('-'))
    throw new UsageError(`--signal must be a signal such as HUP or USR1, not ${JSON.stringify(flags.signal)}`);
  const fleet = await openFleet(
    {
      ...{ name: verb, verb: WORD[verb], kind: 'changes', inputs: 'skip', reads: true },
      pace: rolling ? 'one by one' : 'at once',
    },
    flags,
    context,
  );
  const { found, failed } = await survey(fleet);
  await check(verb, words, found, flags, context);
  const asked = { verb, words, signal, healthy: rolling };
  let stopped = false;
  return fleet.finish(
    await fleet.run(async (target, run) => {
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

/** Refuses names that fit nothing, and asks before services of several hosts are stopped. @throws UsageError */
async function check(
  verb: Verb,
  words: readonly string[],
  found: ReadonlyMap<HostTarget, OwnUnits>,
  flags: ServeFlags,
  context: CliContext,
): Promise<void> {
  if (found.size === 0) return;
  const matched = [...found].map(([target, own]) => ({ host: target.host, ...matchUnits(words, own) }));
  const unmatched = words.filter((word) => matched.every((one) => one.unmatched.includes(word)));
  if (unmatched.length > 0) {
    const known = [...found.values()].flatMap(({ units }) => units);
    throw new UsageError(`${noSuchUnit(unmatched, known)}\nno host was changed`);
  }
  const meant = matched.filter(({ units }) => units.length > 0);
  const hosts = [...new Set(meant.map(({ host }) => host))];
  if (!STOPS.has(verb) || hosts.length < 2 || flags.yes) return;
  const question = mayStop(verb, [...new Set(meant.flatMap(({ units }) => units))], hosts);
  if (await confirm(question, context)) return;
  throw new UsageError(`${question}\nnot confirmed, so nothing was changed; --yes confirms without asking`);
}
