import { chmod, cp, mkdir, readdir, rename } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { CliContext } from '../context.ts';
import { UsageError } from '../refusal.ts';
import { STARTER } from '../starter.ts';

/** `fleet init`: writes a project that `fleet check` accepts; never over something that is there. @throws UsageError */
export async function init(folder: string, context: CliContext): Promise<0> {
  const into = resolve(context.invoker.cwd, folder);
  await mkdir(into, { recursive: true });
  const there = new Set(await readdir(into));
  const names = (await readdir(STARTER)).map((from) => ({ from, to: from === 'gitignore' ? '.gitignore' : from }));
  const taken = names.filter(({ to }) => there.has(to)).map(({ to }) => to);
  if (taken.length > 0) {
    throw new UsageError(
      `${into} already has ${taken.join(', ')}; nothing was written\nchoose an empty folder: fleet init FOLDER`,
    );
  }
  for (const { from, to } of names) {
    // Copied under another name first, so that an interrupted copy is not taken for a project.
    await cp(join(STARTER, from), join(into, `.fleet-init-${from}`), { recursive: true });
    await rename(join(into, `.fleet-init-${from}`), join(into, to));
  }
  await chmod(join(into, 'secrets/app.env'), 0o600);
  const lines = names.map(({ to }) => `  ${to}`).join('\n');
  context.stdout.write(
    `wrote in ${into}:\n${lines}\n\nnext:\n  1. put your machine's address into inventory/hosts.yaml\n  2. fleet check\n  3. fleet plan --all\n  4. fleet deploy --all\n`,
  );
  return 0;
}
