import { rollbackHost } from '../engine/rollback.ts';
import { generationId } from '../model/ids.ts';
import { runFleetCommand } from './fleet-command.ts';
import type { HostFlags, World } from './world.ts';

/** `fleet rollback`: needs neither the code nor the secrets of the deploy on this machine. */
export const rollback = (flags: HostFlags & { readonly to?: number }, world: World) => {
  const to = flags.to === undefined ? null : generationId(flags.to);
  return runFleetCommand(
    {
      name: 'rollback',
      verb: 'Roll back',
      kind: 'changes',
      inputs: 'skip',
      work: (target, run) => rollbackHost(target, to, run),
    },
    flags,
    world,
  );
};
