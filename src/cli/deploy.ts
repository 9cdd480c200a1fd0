import { deployHost } from '../engine/commands/deploy.ts';
import { runFleetCommand } from './fleet-command.ts';
import type { HostFlags, World } from './world.ts';

/** `fleet deploy` */
export const deploy = (flags: HostFlags, world: World) =>
  runFleetCommand(
    { name: 'deploy', verb: 'Deploy to', kind: 'changes', inputs: 'read', work: deployHost },
    flags,
    world,
  );
