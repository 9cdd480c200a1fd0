import { ownUnits } from '../engine/commands/serve.ts';
import { leftAlone } from '../engine/open.ts';
import type { OwnUnits } from '../host/own-units.ts';
import type { HostOutcome } from '../model/outcome.ts';
import type { HostTarget } from '../model/target.ts';
import type { Fleet } from './fleet-command.ts';

/** What units there are, host by host, and why a host could not be asked. */
export async function survey(fleet: Fleet) {
  const found = new Map<HostTarget, OwnUnits>();
  const failed = new Map<HostTarget, HostOutcome>();
  await fleet.look(async (target, run) => {
    const own = await ownUnits(target, run);
    if (own.ok) found.set(target, own.value);
    else failed.set(target, leftAlone(own.failure));
    return own.ok ? { end: 'untouched', failure: { kind: 'skipped', why: '' } } : leftAlone(own.failure);
  });
  return { found, failed };
}
