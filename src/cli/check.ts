import { resolveTargets } from '../config/resolve.ts';
import { sharedMachines } from '../config/rules/same-machine.ts';
import { EVERYTHING } from '../config/select.ts';
import { openProject } from './project.ts';
import { refused } from './refusal.ts';
import type { CommonFlags, World } from './world.ts';

/** `fleet check`: everything that can be known offline, for every app on every host. @throws UsageError */
export async function check(flags: CommonFlags, world: World): Promise<0> {
  const project = await openProject(flags, world);
  const resolved = await resolveTargets(project, EVERYTHING);
  if (!resolved.ok) throw refused(resolved.failure);
  const { targets, hints } = resolved.value;
  const warnings = [...resolved.value.warnings, ...(await sharedMachines(project))];
  if (flags.json) {
    const apps = targets.map(({ host, app }) => ({ host, app }));
    world.stdout.write(
      `${JSON.stringify({ v: 1, type: 'summary', command: 'check', exitCode: 0, apps, warnings, hints })}\n`,
    );
    return 0;
  }
  for (const warning of warnings) world.stderr.write(`warning: ${warning}\n`);
  if (flags.quiet) return 0;
  for (const text of hints) world.stderr.write(`hint: ${text}\n`);
  const hosts = new Set(targets.map(({ host }) => host)).size;
  const apps = [...new Set(targets.map(({ app }) => app))].join(', ');
  world.stdout.write(`all right: ${apps} on ${hosts} host${hosts === 1 ? '' : 's'}; no host was contacted\n`);
  return 0;
}
