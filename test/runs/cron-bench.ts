import { healthCron } from '../../src/cli/commands/cron.ts';
import type { Channel } from '../../src/model/notice.ts';
import type { Bench } from './bench.ts';

const FLAGS = { host: [], group: [], app: [], parallel: 10 };
/** As in a real run, with less time between. */
const PATIENCE = { hostMs: 60_000, again: 2, everyMs: 300 };

export const SILENT = { stdout: '', stderr: '' };

/** One run of the cron job, in this process: so that channels can be given to it. */
export async function cron(bench: Bench<string>, channels: readonly Channel[] = [], flags: object = {}) {
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
  return { code: await healthCron({ ...FLAGS, ...flags }, context, { channels, patience: PATIENCE }), ...said };
}
