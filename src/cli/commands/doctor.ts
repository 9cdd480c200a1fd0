import { doctorHost } from '../../engine/commands/doctor.ts';
import type { Fix } from '../../model/finding.ts';
import type { HostTarget } from '../../model/target.ts';
import { fixWords } from '../../output/messages/doctor/finding.ts';
import { clean } from '../../util/sanitize.ts';
import { confirm } from '../ask.ts';
import type { CliContext, HostFlags } from '../context.ts';
import { type FleetCommand, openFleet, runFleetCommand } from '../fleet-command.ts';
import { UsageError } from '../refusal.ts';

const DOCTOR = {
  name: 'doctor',
  verb: 'Examine',
  inputs: 'folders',
  reads: true,
} as const satisfies Partial<FleetCommand>;

/**
 * `fleet doctor`: reads only; with `--fix` it looks at all hosts first, shows what it would put right, and asks.
 * @param names hosts, as by --host @throws UsageError
 */
export async function doctor(
  names: readonly string[],
  { fix = false, ...given }: HostFlags & { readonly fix?: boolean },
  context: CliContext,
): Promise<number> {
  const flags = { ...given, host: [...given.host, ...names] };
  if (!fix)
    return runFleetCommand(
      { ...DOCTOR, kind: 'reads', work: (target, run) => doctorHost(target, run) },
      flags,
      context,
    );
  const fleet = await openFleet({ ...DOCTOR, verb: 'Put right what is safe on', kind: 'changes' }, flags, context);
  const agreed = new Map<HostTarget, readonly Fix[]>();
  const looked = await fleet.look(async (target, run) => {
    const outcome = await doctorHost(target, run);
    const found = outcome.end === 'reported' && outcome.report.kind === 'doctor' ? outcome.report.findings : [];
    const fixes = found.flatMap(({ fix }) => fix ?? []);
    if (fixes.length > 0) agreed.set(target, fixes);
    return outcome;
  });
  if (agreed.size === 0) {
    for (const { host, app, outcome, durationMs } of looked)
      fleet.report({ type: 'ended', at: Date.now(), host, app, outcome, durationMs });
    return fleet.finish(looked);
  }
  await agree(agreed, flags, context);
  return fleet.finish(await fleet.run((target, run) => doctorHost(target, run, agreed.get(target))));
}

async function agree(
  fixes: ReadonlyMap<HostTarget, readonly Fix[]>,
  flags: HostFlags,
  context: CliContext,
): Promise<void> {
  const lines = [...fixes].map(
    ([{ host, app }, all]) => `${app} on ${host}:\n${all.map((one) => `  - ${clean(fixWords(one))}`).join('\n')}`,
  );
  const text = `this would be put right:\n${lines.join('\n')}`;
  if (flags.yes) {
    if (!flags.quiet && !flags.json) context.stderr.write(`${text}\n`);
    return;
  }
  if (await confirm(`${text}\nDo it?`, context)) return;
  throw new UsageError(`${text}\nnot confirmed, so nothing was changed; --yes confirms without asking`);
}
