import { join } from 'node:path';
import type { Project } from '../config/project.ts';
import { NotAFile, readLocalText } from '../local/file.ts';
import { withLock } from '../local/lock.ts';
import { makeStateFolder, projectFolder, replaceState, setAside, stateFolder } from '../local/state.ts';
import type { Memory } from '../model/check.ts';
import { enqueue, ofOurs, STDOUT } from '../monitor/outbox.ts';
import { lastOf } from '../monitor/readings.ts';
import { decode, EMPTY, encode, type MonitorState } from '../monitor/state.ts';
import { reachesIn } from '../monitor/trend.ts';
import { cleanAll } from '../util/sanitize.ts';

/** What the monitor of one project remembers, on this machine, for this user. */
export type Store = {
  readonly folder: string;
  /** As it is now; nothing is changed. */
  read(): Promise<MonitorState>;
  /** Changes it while nobody else does; it is on the disk when this has come back. */
  update<T>(change: (state: MonitorState) => readonly [MonitorState, T]): Promise<T>;
};

/** More than any state has grown to. */
const MOST = 64 * 1024 * 1024;

type Of = Pick<Project, 'dir' | 'invoker'>;

const placeOf = ({ dir, invoker }: Of): string => projectFolder(stateFolder(invoker.env, invoker.home), dir);

/** What a monitor remembers, for one who only looks: nothing is made, and what cannot be read is nothing. */
export async function stateOf(project: Of): Promise<MonitorState> {
  const decoded = await readLocalText(join(placeOf(project), 'monitor'), MOST).then(decode, () => null);
  return decoded !== null && 'state' in decoded ? decoded.state : EMPTY;
}

/** What checks of an app get of it. */
export const memoryOf = (state: MonitorState, host: string, app: string): Memory => ({
  before: lastOf(state, host, app),
  reachesIn: reachesIn(state, host, app, Date.now),
});

/** @throws what the system says where there can be no such folder, or nothing may be read or written in it */
export async function openStore(project: Of): Promise<Store> {
  const folder = placeOf(project);
  const file = join(folder, 'monitor');
  await makeStateFolder(folder);
  const read = async (): Promise<MonitorState | string> => {
    try {
      const decoded = decode(await readLocalText(file, MOST));
      return 'state' in decoded ? decoded.state : decoded.why;
    } catch (error) {
      if (error instanceof NotAFile) return error.message;
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return EMPTY;
      throw error;
    }
  };
  return {
    folder,
    async read() {
      const found = await read();
      return typeof found === 'string' ? EMPTY : found;
    },
    update: (change) =>
      withLock(file, async () => {
        const found = await read();
        const [state, value] = change(typeof found === 'string' ? await anew(found) : found);
        await replaceState(file, encode(state));
        return value;
      }),
  };

  /** What cannot be read is kept for whoever wants to know, and said once. */
  async function anew(why: string): Promise<MonitorState> {
    const about = { what: 'state-set-aside', path: cleanAll(await setAside(file)), why: cleanAll(why) } as const;
    return enqueue(EMPTY, [ofOurs('warning', about, Date.now())], [STDOUT], Date.now());
  }
}
