import { runCommandOn } from '../../engine/commands/run.ts';
import type { Summary } from '../../model/events.ts';
import type { Chosen } from '../choose.ts';
import { Refusal } from '../refusal.ts';

/** As whom a command runs on the hosts, how its words are read, and how long it may take. */
export type RunOptions = {
  /** The account that it runs as; else root where fleet has it there. */
  readonly as?: string;
  /** One text for `sh -c`; else each word is what it is, and no shell reads it. */
  readonly shell?: boolean;
  /** Milliseconds that it may take on a host; ten minutes unless told. */
  readonly timeoutMs?: number;
};

/** A command on every host, side by side. It ends with the worst exit status, where every host could be asked. @throws Refusal */
export async function run(
  chosen: Chosen,
  argv: readonly string[],
  { as, shell = false, timeoutMs = 600_000 }: RunOptions,
): Promise<Summary> {
  if (as !== undefined && !/^[A-Za-z_][\w.-]*\$?$/.test(as))
    throw new Refusal(`what it runs as must be the name of an account, not ${JSON.stringify(as)}`);
  const command = { argv, shell, as: as ?? null, timeoutMs };
  const results = await chosen.run((_target, host) => runCommandOn(command, host));
  const statuses = results.flatMap(({ outcome }) =>
    outcome.end === 'done' && outcome.work.kind === 'command' ? [outcome.work.code ?? 1] : [],
  );
  return chosen.finish(results, (usual) => (usual === 1 ? Math.max(1, ...statuses) : usual));
}
