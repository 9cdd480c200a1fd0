import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type CommandResult, lastLines, runCommand } from './command.ts';
import { readLocalText } from './file.ts';
import { replaceable, replaceFile } from './replace.ts';

// A timer of systemd's on the operator's machine: root's own among those of the system, anybody else's in their home.

export type Place = {
  /** Where the units stand. */
  readonly folder: string;
  readonly system: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
};

export function timerPlace(env: Place['env'], home: string): Place {
  const system = process.getuid?.() === 0;
  const own = join(env.XDG_CONFIG_HOME || join(home, '.config'), 'systemd/user');
  return { folder: system ? '/etc/systemd/system' : own, system, env };
}

/** Its text; empty where there is none. @throws where it cannot be read */
export async function readUnit({ folder }: Place, name: string): Promise<string> {
  try {
    return await readLocalText(join(folder, name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

/** Writes both units and starts the timer. @returns why that did not come to be, or null */
export async function installTimer(place: Place, name: string, units: Record<'service' | 'timer', string>) {
  await mkdir(place.folder, { recursive: true });
  for (const [kind, text] of Object.entries(units))
    await replaceFile(await replaceable(join(place.folder, `${name}.${kind}`)), text, 0o644);
  return (
    (await systemctl(place, 'daemon-reload')) ??
    (await systemctl(place, 'enable', `${name}.timer`)) ??
    (await systemctl(place, 'restart', `${name}.timer`))
  );
}

/** Stops the timer and takes both units away. @returns why it may still run, or null */
export async function removeTimer(place: Place, name: string): Promise<string | null> {
  const stopped = await systemctl(place, 'disable', '--now', `${name}.timer`);
  for (const kind of ['service', 'timer']) await rm(join(place.folder, `${name}.${kind}`), { force: true });
  return stopped ?? (await systemctl(place, 'daemon-reload'));
}

/** Whether the timers of somebody run while they are not logged in; null where nobody says. */
export async function lingers({ env, system }: Place, user: string): Promise<boolean | null> {
  if (system) return true;
  const said = await run(['loginctl', 'show-user', '--property=Linger', '--value', user], env);
  return said.ran && said.code === 0 ? said.stdout.trim() === 'yes' : null;
}

async function systemctl({ env, system }: Place, ...words: readonly string[]): Promise<string | null> {
  const all: readonly [string, ...string[]] = ['systemctl', ...(system ? [] : ['--user']), ...words];
  const ended = await run(all, env);
  if (!ended.ran) return `${all.join(' ')}: ${ended.why}`;
  return ended.code === 0 ? null : `${all.join(' ')} ended with ${ended.code}: ${lastLines(ended.stderr, 2)}`;
}

const run = (words: readonly [string, ...string[]], env: Place['env']): Promise<CommandResult> =>
  runCommand(words, { cwd: '/', env: { ...env, LC_ALL: 'C' }, timeoutMs: 30_000 });
