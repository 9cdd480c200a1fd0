import { historyHost, lockHost, statusHost } from '../../engine/commands/report.ts';
import type { CliContext, HostFlags } from '../context.ts';
import { runFleetCommand } from '../fleet-command.ts';
import { UsageError } from '../refusal.ts';

const reading = (name: string, verb: string) => ({ name, verb, kind: 'reads', inputs: 'skip', reads: true }) as const;

/** `fleet status`: changes nothing, also where an open transaction waits to be finished. */
export const status = (flags: HostFlags & { readonly verify?: boolean }, context: CliContext) =>
  runFleetCommand(
    {
      ...reading('status', 'Look at'),
      work: (target, run) => statusHost(target, run, { verify: flags.verify === true }),
    },
    flags,
    context,
  );

/** `fleet history` */
export const history = (flags: HostFlags, context: CliContext) =>
  runFleetCommand({ ...reading('history', 'Look at'), work: historyHost }, flags, context);

/** `fleet lock`: shows leases and holds; with `--hold` or `--release` changes the hold. @throws UsageError */
export function lock(flags: HostFlags & { readonly hold?: string; readonly release?: boolean }, context: CliContext) {
  const { hold, release } = flags;
  if (hold !== undefined && release)
    throw new UsageError('--hold and --release exclude each other; nothing was contacted');
  if (hold !== undefined && !/^[^\p{Cc}]+$/u.test(hold))
    throw new UsageError('the reason of --hold must be one line of text');
  const change =
    hold !== undefined ? ({ do: 'hold', reason: hold } as const) : ({ do: release ? 'release' : 'show' } as const);
  const kind = change.do === 'show' ? ('reads' as const) : ('changes' as const);
  return runFleetCommand(
    { ...reading('lock', 'Hold or release'), kind, work: (target, run) => lockHost(target, change, run) },
    flags,
    context,
  );
}
