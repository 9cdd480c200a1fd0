import type { Fleet } from '../../library/fleet.ts';
import type { Verb } from '../../model/work.ts';
import type { CliContext, HostFlags } from '../context.ts';
import { onHosts } from '../fleet-command.ts';

type ServeFlags = HostFlags & { readonly rolling?: boolean; readonly signal?: string };

/** `fleet start`, `stop`, `restart` … @throws Refusal */
export const serve = (
  verb: Verb,
  units: readonly string[],
  { rolling = false, signal = 'TERM', ...flags }: ServeFlags,
  context: CliContext,
): Promise<number> =>
  onHosts({ reads: true }, flags, context, ({ fleet, options }) =>
    fleet[methodOf(verb)](units, { ...options, rolling, killSignal: signal }),
  );

const methodOf = (verb: Verb): Exclude<Verb, 'reset-failed'> | (keyof Fleet & 'resetFailed') =>
  verb === 'reset-failed' ? 'resetFailed' : verb;
