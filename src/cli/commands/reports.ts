import { historyHost, lockHost, statusHost, watchHost } from '../../engine/commands/report.ts';
import type { HostOutcome } from '../../model/outcome.ts';
import type { HostTarget } from '../../model/target.ts';
import { statusPicture } from '../../output/live/picture.ts';
import type { CliContext, HostFlags } from '../context.ts';
import { openFleet, runFleetCommand } from '../fleet-command.ts';
import { UsageError } from '../refusal.ts';

const reading = (name: string, verb: string) => ({ name, verb, kind: 'reads', inputs: 'skip', reads: true }) as const;

const STATUS = reading('status', 'Look at');
type StatusFlags = HostFlags & { readonly verify?: boolean; readonly watch?: boolean };

/** `fleet status`: changes nothing, also where an open transaction waits to be finished. @throws UsageError */
export const status = (flags: StatusFlags, context: CliContext) =>
  flags.watch
    ? watchStatus(flags, context)
    : runFleetCommand(
        { ...STATUS, work: (target, run) => statusHost(target, run, { verify: flags.verify === true }) },
        flags,
        context,
      );

/** Milliseconds between two looks, and between two pictures. */
const EVERY = 2000;

/** Draws the table anew until Ctrl-C, over connections that stay open. @throws UsageError */
async function watchStatus(flags: StatusFlags, context: CliContext) {
  const { stdout, signal } = context;
  if (stdout.isTTY !== true || flags.json || flags.verify)
    throw new UsageError(
      '--watch draws on a terminal: leave --json and --verify out, or run `fleet status` again and again',
    );
  const fleet = await openFleet({ ...STATUS, silent: true }, { ...flags, parallel: 1000 }, context);
  const seen = new Map<HostTarget, HostOutcome>();
  const draw = () => {
    const rows = fleet.targets.flatMap((target) => {
      const outcome = seen.get(target);
      return outcome === undefined ? [] : [{ host: target.host, app: target.app, outcome, durationMs: 0 }];
    });
    stdout.write(statusPicture(rows, context.invoker.env, stdout.columns ?? 80, stdout.rows ?? 24));
  };
  const timer = setInterval(draw, EVERY / 2);
  try {
    await fleet.look((target, run) => watchHost(target, run, EVERY, (outcome) => seen.set(target, outcome)));
    return signal.aborted ? 0 : 1;
  } finally {
    clearInterval(timer);
    draw();
  }
}

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
