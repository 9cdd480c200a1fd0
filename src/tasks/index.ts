import { devices } from './devices.ts';
import { directories } from './directories.ts';
import { env } from './env.ts';
import { files } from './files.ts';
import { instances } from './instances/instances.ts';
import { logrotate } from './logrotate.ts';
import { packages } from './packages.ts';
import { run } from './run.ts';
import { sync } from './sync.ts';
import { units } from './units.ts';
import { user } from './user.ts';

/** Every task kind. A new one is an import and an entry here. */
export const TASKS = [
  user,
  packages,
  directories,
  sync,
  env,
  files,
  run,
  units,
  instances,
  devices,
  logrotate,
] as const;
