import { healthHost } from '../engine/health.ts';
import { runFleetCommand } from './fleet-command.ts';
import type { HostFlags, World } from './world.ts';

/** `fleet health`: read-only, takes no lock. */
export const health = (flags: HostFlags, world: World) =>
  runFleetCommand({ name: 'health', verb: 'Check', kind: 'reads', inputs: 'skip', work: healthHost }, flags, world);
