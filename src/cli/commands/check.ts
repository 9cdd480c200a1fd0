import { resolveTargets } from '../../config/resolve.ts';
import { sharedMachines } from '../../config/rules/same-machine.ts';
import { EVERYTHING } from '../../config/select.ts';
import { count } from '../../util/count.ts';
import type { CliContext, CommonFlags } from '../context.ts';
import { openProject } from '../project.ts';
import { refused } from '../refusal.ts';

/** `fleet check`: everything that can be known offline, for every app on every host. @throws UsageError */
export async function check(flags: CommonFlags, context: CliContext): Promise<0> {
  const project = await openProject(flags, context);
  const resolved = await resolveTargets(project, EVERYTHING);
  if (!resolved.ok) throw refused(resolved.failure);
  const { targets, hints } = resolved.value;
  const warnings = [...resolved.value.warnings, ...(await sharedMachines(project))];
  if (flags.json) {
    const apps = targets.map(({ host, app }) => ({ host, app }));
    context.stdout.write(
      `${JSON.stringify({ v: 1, type: 'summary', command: 'check', exitCode: 0, apps, warnings, hints })}\n`,
    );
    return 0;
  }
  for (const warning of warnings) context.stderr.write(`warning: ${warning}\n`);
  if (flags.quiet) return 0;
  for (const text of hints) context.stderr.write(`hint: ${text}\n`);
  const hosts = new Set(targets.map(({ host }) => host)).size;
  const apps = new Set(targets.map(({ app }) => app)).size;
  context.stdout.write(`ok: ${count(apps, 'app')} on ${count(hosts, 'host')}; no host was contacted\n`);
  return 0;
}
