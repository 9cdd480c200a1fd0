import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { healthCron } from '../../src/cli/commands/cron.ts';
import type { Patience } from '../../src/library/commands/monitor.ts';
import type { Channel } from '../../src/model/notice.ts';
import { decode, encode, type MonitorState } from '../../src/monitor/state.ts';
import type { Bench } from './bench.ts';

const FLAGS = { host: [], group: [], app: [], parallel: 10 };
/** As in a real run, with less time between. */
const PATIENCE = { hostMs: 60_000, again: 2, everyMs: 300, sendMs: 20_000 };

export const SILENT = { stdout: '', stderr: '' };

/** Nothing listens where the inventory says from now on, or what did before does again. */
export function moveHosts(bench: Bench<string>, names: readonly string[], away: boolean): void {
  const file = join(bench.folder, 'inventory', 'hosts.yaml');
  const { hosts } = JSON.parse(readFileSync(file, 'utf8'));
  for (const name of names) hosts[name].port = away ? 1 : bench.hosts[name]?.line.port;
  writeFileSync(file, JSON.stringify({ hosts }));
}

/** The folder in which the monitor remembers. */
export function stateFolderOf({ folder }: Bench<string>): string {
  const all = join(folder, '.local', 'state', 'fleet');
  const [only, ...more] = readdirSync(all);
  if (only === undefined || more.length > 0) throw new Error(`not one state: ${[only, ...more]}`);
  return join(all, only);
}

/** Changes what the monitor remembers, as if time had gone on. */
export function remember(bench: Bench<string>, change: (state: MonitorState) => MonitorState): void {
  const file = join(stateFolderOf(bench), 'monitor');
  const decoded = decode(readFileSync(file, 'utf8'));
  if ('why' in decoded) throw new Error(decoded.why);
  writeFileSync(file, encode(change(decoded.state)));
}

/** One run of the cron job, in this process: so that channels can be given to it, or times. @param channels null for those of the inventory */
export async function cron(
  bench: Bench<string>,
  channels: readonly Channel[] | null = [],
  flags: object = {},
  times: Partial<Patience> = {},
) {
  const said = { stdout: '', stderr: '' };
  const world = bench.world();
  const sink = (name: 'stdout' | 'stderr', stream: NodeJS.WriteStream) =>
    Object.assign(stream, {
      write(text: string, done?: () => void) {
        said[name] += text;
        done?.();
        return true;
      },
    });
  const context = { ...world, stdout: sink('stdout', world.stdout), stderr: sink('stderr', world.stderr) };
  const given = { ...(channels === null ? {} : { channels }), patience: { ...PATIENCE, ...times } };
  return { code: await healthCron({ ...FLAGS, ...flags }, context, given), ...said };
}
