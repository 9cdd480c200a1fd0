import { previewRollback, type RollbackRequest, rollbackHost, type Survey } from '../../engine/commands/rollback.ts';
import { leftAlone } from '../../engine/open.ts';
import { generationId } from '../../model/ids.ts';
import type { HostOutcome } from '../../model/outcome.ts';
import type { HostTarget } from '../../model/target.ts';
import { askText } from '../ask.ts';
import type { CliContext, HostFlags } from '../context.ts';
import { openFleet } from '../fleet-command.ts';
import { UsageError } from '../refusal.ts';

export type RollbackFlags = HostFlags & {
  readonly to?: number;
  readonly full?: boolean;
  readonly keepData?: boolean;
  readonly nohup?: boolean;
};

/**
 * `fleet rollback`: needs neither the code nor the secrets of the deploy on this machine. All hosts are looked at first;
 * where one of them cannot go back, none is changed. @throws UsageError
 */
export async function rollback(flags: RollbackFlags, context: CliContext): Promise<number> {
  const request = requestOf(flags);
  const fleet = await openFleet(
    { name: 'rollback', verb: 'Roll back', kind: 'changes', inputs: 'skip' },
    flags,
    context,
  );
  const surveys = new Map<HostTarget, Survey>();
  const looked = await fleet.look(async (target, run): Promise<HostOutcome> => {
    const survey = await previewRollback(target, request, run);
    if (!survey.ok) return leftAlone(survey.failure);
    surveys.set(target, survey.value);
    return {
      end: 'untouched',
      failure: {
        kind: 'skipped',
        why: 'another host of this rollback cannot go back; name hosts with --host to leave it out',
      },
    };
  });
  if (surveys.size < fleet.targets.length) {
    for (const { host, app, outcome, durationMs } of looked)
      fleet.report({ type: 'ended', at: Date.now(), host, app, outcome, durationMs });
    return fleet.finish(looked);
  }
  await agreeToDelete(surveys, flags, context);
  const results = await fleet.run((target, run) => {
    const survey = surveys.get(target);
    if (survey === undefined) throw new Error(`no survey of ${target.host}`);
    return rollbackHost(target, survey.goal, run);
  });
  return fleet.finish(results);
}

function requestOf({ to, full, keepData = false, nohup }: RollbackFlags): RollbackRequest {
  if ([to !== undefined, full === true, nohup === true].filter(Boolean).length > 1) {
    throw new UsageError('--to, --full and --nohup exclude each other; nothing was contacted');
  }
  if (nohup) return { to: 'nohup' };
  if (full) return { to: 'nothing', keepData };
  return to === undefined ? { to: 'previous', keepData } : { to: 'generation', id: generationId(to) };
}

/** Deleting data wants more than a yes: the app's name, typed. */
async function agreeToDelete(
  surveys: ReadonlyMap<HostTarget, Survey>,
  flags: RollbackFlags,
  context: CliContext,
): Promise<void> {
  const losing = [...surveys].filter(([, { goal }]) => goal.go === 'remove' && !goal.keepData);
  const [first] = losing;
  if (first === undefined || flags.yes) return;
  const list = losing.map(
    ([{ host, app }, { deletes }]) =>
      `${app} on ${host}:\n${deletes.map((what) => `  - ${what}`).join('\n') || '  - its code and units'}`,
  );
  const text = `this rollback removes the app and DELETES for good:\n${list.join('\n')}\n(--keep-data keeps data, .env and account)`;
  const word = first[0].app;
  if ((await askText(`${text}\ntype ${word} to go on: `, context)) === word) return;
  throw new UsageError(`${text}\nnot confirmed, so nothing was changed; --yes confirms without asking`);
}
