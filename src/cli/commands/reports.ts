import type { Summary } from '../../model/events.ts';
import { statusPicture } from '../../output/live/picture.ts';
import type { CliContext, HostFlags } from '../context.ts';
import { onHosts } from '../fleet-command.ts';
import { UsageError } from '../refusal.ts';

const READS = { reads: true } as const;

type StatusFlags = HostFlags & { readonly verify?: boolean; readonly watch?: boolean };

/** `fleet status`: changes nothing, also where an open transaction waits to be finished. @throws Refusal */
export const status = (flags: StatusFlags, context: CliContext) =>
  flags.watch
    ? watchStatus(flags, context)
    : onHosts(READS, flags, context, ({ fleet, options }) =>
        fleet.status({ ...options, verify: flags.verify === true }),
      );

/** Milliseconds between two looks, and between two pictures. */
const EVERY = 2000;

/** Draws the table anew until Ctrl-C, over connections that stay open. @throws Refusal */
async function watchStatus(flags: StatusFlags, context: CliContext) {
  const { stdout, invoker } = context;
  if (stdout.isTTY !== true || flags.json || flags.verify)
    throw new UsageError(
      '--watch draws on a terminal: leave --json and --verify out, or run `fleet status` again and again',
    );
  return onHosts({ silent: true, format: () => '' }, flags, context, async ({ fleet, options, about }) => {
    const seen = new Map<string, Summary['hosts'][number]>();
    const key = (one: { readonly host: string; readonly app: string }) => `${one.host}\0${one.app}`;
    const draw = () => {
      const rows = about().hosts.flatMap((one) => seen.get(key(one)) ?? []);
      stdout.write(statusPicture(rows, invoker.env, stdout.columns ?? 80, stdout.rows ?? 24));
    };
    const timer = setInterval(draw, EVERY / 2);
    const stream = fleet.watch({ ...options, everyMs: EVERY });
    try {
      for await (const one of stream) seen.set(key(one), { ...one, durationMs: 0 });
    } finally {
      clearInterval(timer);
      draw();
    }
    return stream.ended;
  });
}

/** `fleet history` */
export const history = (flags: HostFlags, context: CliContext) =>
  onHosts(READS, flags, context, ({ fleet, options }) => fleet.history(options));

/** `fleet lock`: shows leases and holds; with `--hold` or `--release` changes the hold. @throws Refusal */
export const lock = (
  { hold, release = false, ...flags }: HostFlags & { readonly hold?: string; readonly release?: boolean },
  context: CliContext,
) =>
  onHosts(READS, flags, context, ({ fleet, options }) =>
    fleet.lock({ ...options, release, ...(hold === undefined ? {} : { hold }) }),
  );
