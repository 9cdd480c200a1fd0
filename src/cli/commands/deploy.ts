import { deployHost } from '../../engine/commands/deploy.ts';
import type { CliContext, HostFlags } from '../context.ts';
import { runFleetCommand } from '../fleet-command.ts';

/** `fleet deploy` */
export const deploy = (flags: HostFlags, context: CliContext) =>
  runFleetCommand(
    { name: 'deploy', verb: 'Deploy to', kind: 'changes', inputs: 'read', work: deployHost },
    flags,
    context,
  );
