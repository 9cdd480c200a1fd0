import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { resolveHosts } from '../../config/resolve.ts';
import { attended } from '../../local/attended.ts';
import { sshConfigOf, Unwritable } from '../../transport/ssh-config.ts';
import { list } from '../../util/count.ts';
import type { CliContext, CommonFlags } from '../context.ts';
import { openProject } from '../project.ts';
import { refused, UsageError } from '../refusal.ts';

type SshFlags = CommonFlags & { readonly user?: string; readonly identity?: string; readonly acceptNew?: boolean };

/**
 * `fleet ssh`: the system's ssh to one host, with all that the inventory knows of it and of the way there. Keys of hosts are
 * looked for where fleet looks for them, and an unknown one is refused. @throws UsageError
 */
export async function ssh(
  name: string,
  command: readonly string[],
  flags: SshFlags,
  context: CliContext,
): Promise<number> {
  if (flags.json === true) throw new UsageError('what ssh prints is not JSON; `fleet run --json` is for scripts');
  const project = await openProject(flags, context);
  const { env, home, cwd } = context.invoker;
  const found = await resolveHosts(
    project,
    { hosts: [name], groups: [], apps: [], all: false },
    {
      ...(flags.user === undefined ? {} : { user: flags.user }),
      ...(flags.identity === undefined ? {} : { identityFile: [flags.identity] }),
    },
  );
  if (!found.ok) throw refused(found.failure);
  const [host, ...others] = found.value.targets;
  if (host === undefined || others.length > 0)
    throw new UsageError(`${name} names ${list(found.value.targets.map((one) => one.host.name))}: name one host`);
  for (const warning of found.value.warnings) context.stderr.write(`warning: ${warning}\n`);
  const folder = await mkdtemp(join(tmpdir(), 'fleet-ssh-'));
  try {
    const files = sshConfigOf(host.host.name, host.connection, {
      folder,
      homeKnownHosts: join(home, '.ssh', 'known_hosts'),
      acceptNew: flags.acceptNew === true,
    });
    for (const { path, text } of files) await writeFile(path, text, { mode: 0o600 });
    context.begin();
    const ended = await attended(['ssh', '-F', join(folder, 'config'), host.host.name, ...command], { env, cwd });
    if (typeof ended === 'number') return ended;
    throw new UsageError(`ssh ${ended}: install OpenSSH's client to use fleet ssh`);
  } catch (error) {
    if (!(error instanceof Unwritable)) throw error;
    throw new UsageError(
      `${error.message}, which ssh's configuration cannot hold: give ${name} another one in the inventory`,
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
