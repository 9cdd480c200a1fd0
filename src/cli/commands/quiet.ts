import { ack as acknowledge, explain, pauseFor, pauses, unpause } from '../../library/commands/orders.ts';
import { acknowledged, paused, pauseLine, trail } from '../../output/messages/monitor/trail.ts';
import type { CliContext, CommonFlags } from '../context.ts';
import { inWords, printJson } from '../json.ts';
import { openHere } from '../project.ts';
import { UsageError } from '../refusal.ts';

/** `fleet health --explain ID` @throws Refusal */
export const explainProblem = (id: string, flags: CommonFlags, context: CliContext): Promise<number> =>
  inWords('health', flags, context, async ({ stdout }) => {
    stdout.write(trail(id, await explain(await openHere(flags, context), id), Date.now()));
    return 0;
  });

/** `fleet ack ID` @throws Refusal */
export const ack = (
  id: string,
  { until, ...flags }: CommonFlags & { readonly until?: string },
  context: CliContext,
): Promise<number> =>
  inWords('ack', flags, context, async ({ stdout }) => {
    const done = await acknowledge(await openHere(flags, context), id, until);
    stdout.write(acknowledged(id, done.subject, done.until, done.at));
    return 0;
  });

type PauseFlags = CommonFlags & {
  readonly for?: string;
  readonly reason?: string;
  readonly list?: boolean;
  readonly end?: string;
};

/** `fleet pause HOST|APP|HOST/APP --for 2h --reason …`, `--list`, `--end ID` @throws Refusal */
export const pauseHosts = (name: string | undefined, flags: PauseFlags, context: CliContext): Promise<number> =>
  inWords('pause', flags, context, (words) => changePauses(name, flags, words, context));

/** @param context whose words are for people @param whole the same, whose standard output is for scripts with `--json` */
async function changePauses(
  name: string | undefined,
  flags: PauseFlags,
  context: CliContext,
  whole: CliContext,
): Promise<number> {
  const world = await openHere(flags, context);
  const now = Date.now();
  if (flags.list === true) {
    for (const one of await pauses(world)) {
      if (flags.json === true) printJson(whole, { type: 'pause', ...one, v: 1 });
      else context.stdout.write(`${pauseLine(one, now)}\n`);
    }
    return 0;
  }
  if (flags.end !== undefined) {
    context.stdout.write(`ended: ${pauseLine(await unpause(world, flags.end), now)}\n`);
    return 0;
  }
  if (name === undefined) throw new UsageError('say what is to be paused: a host, an app, or HOST/APP');
  if (flags.for === undefined) throw new UsageError('say for how long with --for, such as 2h: a pause always ends');
  if (flags.reason === undefined) throw new UsageError('say why with --reason, in one line of text');
  context.stdout.write(paused(await pauseFor(world, name, { for: flags.for, reason: flags.reason }), now));
  return 0;
}
