import { previewRollback, type RollbackRequest, rollbackHost, type Survey } from '../../engine/commands/rollback.ts';
import { leftAlone } from '../../engine/open.ts';
import type { Summary } from '../../model/events.ts';
import { generationId } from '../../model/ids.ts';
import type { HostOutcome } from '../../model/outcome.ts';
import type { HostTarget } from '../../model/target.ts';
import type { Chosen } from '../choose.ts';

/** Where back to. */
export type RollbackOptions = {
  /** The previous good generation unless told. `nothing`: before the first deploy; `nohup`: the same one without systemd. */
  readonly to?: number | 'previous' | 'nothing' | 'nohup';
  /** A rollback to nothing keeps data, `.env` and the account that owns them. */
  readonly keepData?: boolean;
};

/**
 * Needs neither the code nor the secrets of the deploy on this machine. All hosts are looked at first; where one of them
 * cannot go back, none is changed. @throws Refusal
 */
export async function rollback(chosen: Chosen, options: RollbackOptions): Promise<Summary> {
  const request = requestOf(options);
  const surveys = new Map<HostTarget, Survey>();
  const looked = await chosen.look(async (target, run): Promise<HostOutcome> => {
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
  if (surveys.size < chosen.targets.length) {
    chosen.tell(looked);
    return chosen.finish(looked);
  }
  const losing = [...surveys].filter(([, { goal }]) => goal.go === 'remove' && !goal.keepData);
  const apps = losing.map(([{ host, app }, { deletes }]) => ({ host, app, deletes }));
  if (apps.length > 0) await chosen.agree({ ask: 'delete', apps });
  const results = await chosen.run((target, run) => {
    const survey = surveys.get(target);
    if (survey === undefined) throw new Error(`no survey of ${target.host}`);
    return rollbackHost(target, survey.goal, run);
  });
  return chosen.finish(results);
}

function requestOf({ to = 'previous', keepData = false }: RollbackOptions): RollbackRequest {
  if (typeof to === 'number') return { to: 'generation', id: generationId(to) };
  return to === 'nohup' ? { to } : { to, keepData };
}
