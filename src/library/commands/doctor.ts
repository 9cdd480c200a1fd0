import { doctorHost } from '../../engine/commands/doctor.ts';
import type { Summary } from '../../model/events.ts';
import type { Fix } from '../../model/finding.ts';
import type { HostTarget } from '../../model/target.ts';
import type { Chosen } from '../choose.ts';

/** Looks at all hosts first, shows what it would put right, and puts it right where somebody agrees. @throws Refusal */
export async function mend(chosen: Chosen): Promise<Summary> {
  const agreed = new Map<HostTarget, readonly Fix[]>();
  const looked = await chosen.look(async (target, run) => {
    const outcome = await doctorHost(target, run);
    const found = outcome.end === 'reported' && outcome.report.kind === 'doctor' ? outcome.report.findings : [];
    const fixes = found.flatMap(({ fix }) => fix ?? []);
    if (fixes.length > 0) agreed.set(target, fixes);
    return outcome;
  });
  if (agreed.size === 0) {
    chosen.tell(looked);
    return chosen.finish(looked);
  }
  await chosen.agree({ ask: 'mend', apps: [...agreed].map(([{ host, app }, fixes]) => ({ host, app, fixes })) });
  return chosen.finish(await chosen.run((target, run) => doctorHost(target, run, agreed.get(target))));
}
