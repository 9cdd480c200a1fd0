import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** The parts of the host program in the order in which they are joined; each is one concern (see its first lines). */
export const PROGRAM_PARTS = [
  'prelude',
  'wait',
  'paths',
  'lock',
  'journal',
  'record',
  'scrub',
  'systemd',
  'nohup',
  'supervise',
  'apply',
  'triggered',
  'adopt',
  'namesakes',
  'before-start',
  'settle',
  'boot',
  'transaction',
  'lease',
  'env-proof',
  'evidence',
  'logrotate',
  'tree',
  'stage',
  'seal',
  'ledger',
  'remove',
  'unrecorded',
  'neighbours',
  'ownership',
  'beside',
  'command',
  'probe',
  'main',
] as const;

// Beside the sources, not compiled: the same relative path from src/host, dist/host and dist/bin.
const FOLDER = new URL('../../src/host/program/', import.meta.url);

/** The program that runs on hosts, as one POSIX sh text. */
export const PROGRAM = PROGRAM_PARTS.map((part) => readFileSync(new URL(`${part}.sh`, FOLDER), 'utf8')).join('\n');

/** Its file name on a host; a changed program is another file, so an old runner never reads half of a new one. */
export const PROGRAM_NAME = `host-${createHash('sha256').update(PROGRAM).digest('hex').slice(0, 16)}.sh`;
