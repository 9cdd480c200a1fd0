import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** The parts of the host program in the order in which they are joined; each is one concern (see its first lines). */
export const PROGRAM_PARTS = [
  'base/prelude',
  'base/wait',
  'base/paths',
  'base/lock',
  'base/journal',
  'base/record',
  'base/scrub',
  'runtime/systemd',
  'runtime/nohup',
  'runtime/supervise',
  'switch/apply',
  'switch/restarts',
  'runtime/triggered',
  'runtime/by-hand',
  'switch/adopt',
  'switch/namesakes',
  'switch/before-start',
  'switch/settle',
  'switch/probation',
  'switch/act',
  'runtime/boot',
  'switch/transaction',
  'stage/lease',
  'stage/env-proof',
  'stage/evidence',
  'stage/logrotate',
  'stage/tree',
  'stage/stage',
  'stage/seal',
  'switch/ledger',
  'switch/mend',
  'switch/remove',
  'look/unrecorded',
  'look/neighbours',
  'look/ownership',
  'look/beside',
  'look/command',
  'look/alone',
  'look/probe',
  'look/use',
  'look/machine',
  'look/reading',
  'look/doctor',
  'look/logs',
  'main',
] as const;

// Beside the sources, not compiled: the same relative path from src/host and dist/bin.
const FOLDER = new URL('./program/', import.meta.url);

/** The program that runs on hosts, as one POSIX sh text. */
export const PROGRAM = PROGRAM_PARTS.map((part) => readFileSync(new URL(`${part}.sh`, FOLDER), 'utf8')).join('\n');

/** Its file name on a host; a changed program is another file, so an old runner never reads half of a new one. */
export const PROGRAM_NAME = `host-${createHash('sha256').update(PROGRAM).digest('hex').slice(0, 16)}.sh`;
