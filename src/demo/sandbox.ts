import { chmod, mkdir, mkdtemp, readdir, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Account } from './exec.ts';

export type Sandbox = Account & { readonly root: string; readonly identityFile: string };

/** Where the system's own commands are; the caller's PATH is not the host's. */
const SYSTEM = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** A `crontab` that keeps its table in the temporary folder, so that a demo never touches the caller's. */
const CRONTAB = `#!/bin/sh
table=\${FLEET_DEMO_ROOT:?}/crontab
case \${1:--} in
  -l) [ -f "$table" ] || { echo 'no crontab for this demo' >&2; exit 1; }; exec cat "$table" ;;
  -r) exec rm -f "$table" ;;
  -) exec cat > "$table" ;;
  *) exec cp -- "$1" "$table" ;;
esac
`;

/** Lays out the folder of a demo host: its key, its home, its own commands. */
export async function makeSandbox(privateKey: string, user: string): Promise<Sandbox> {
  const root = await mkdtemp(join(await realpath(tmpdir()), 'fleet-demo-'));
  const [home, bin, identityFile] = [join(root, 'home'), join(root, 'bin'), join(root, 'identity')];
  await mkdir(home);
  await mkdir(bin);
  await writeFile(identityFile, privateKey, { mode: 0o600 });
  await writeFile(join(bin, 'crontab'), CRONTAB, { mode: 0o755 });
  const env = {
    HOME: home,
    PATH: `${bin}:${SYSTEM}`,
    USER: user,
    LOGNAME: user,
    SHELL: '/bin/sh',
    LANG: 'C.UTF-8',
    /** Below it the host program keeps its state under the app's root and does not act as root, even when the caller is. */
    FLEET_DEMO_ROOT: root,
  };
  return { root, home, identityFile, env };
}

/** Removes the folder, releases that were made read-only included. */
export async function removeSandbox(root: string): Promise<void> {
  try {
    await rm(root, { recursive: true, force: true, maxRetries: 3 });
  } catch {
    await makeWritable(root);
    await rm(root, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function makeWritable(folder: string): Promise<void> {
  await chmod(folder, 0o700);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) await makeWritable(join(folder, entry.name));
  }
}
