import { check as checkProject } from '../../library/commands/check.ts';
import type { CheckLine } from '../../output/json-line.ts';
import { count } from '../../util/count.ts';
import type { CliContext, CommonFlags } from '../context.ts';
import { printJson } from '../json.ts';
import { openProject } from '../project.ts';

/** `fleet check`: everything that can be known offline, for every app on every host. @throws Refusal */
export async function check(flags: CommonFlags, context: CliContext): Promise<0> {
  const checked = await checkProject(await openProject(flags, context));
  if (!checked.ok) throw checked.failure;
  const { hosts: apps, warnings, hints } = checked.value;
  if (flags.json) {
    const line: CheckLine = { v: 1, type: 'summary', command: 'check', exitCode: 0, hosts: [], apps, warnings, hints };
    printJson(context, line);
    return 0;
  }
  for (const warning of warnings) context.stderr.write(`warning: ${warning}\n`);
  if (flags.quiet) return 0;
  for (const text of hints) context.stderr.write(`hint: ${text}\n`);
  const different = (key: 'host' | 'app') => new Set(apps.map((one) => one[key])).size;
  context.stdout.write(
    `ok: ${count(different('app'), 'app')} on ${count(different('host'), 'host')}; no host was contacted\n`,
  );
  return 0;
}
