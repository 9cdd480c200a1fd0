import type { Drift } from '../model/facts.ts';
import { generationId } from '../model/ids.ts';

/** Parses a line "drift KIND SUBJECT…" without its first word; what it does not know is told as it stands. */
export function parseDrift(record: string): Drift {
  const [kind, ...words] = record.split(' ');
  const [first = '', second = ''] = words;
  const all = words.join(' ');
  const last = words.slice(2).join(' ');
  const numbered = { pid: Number(first) || 0, generation: generationId(Number(second) || 0), unit: last };
  switch (kind) {
    case 'changed':
    case 'gone':
      return { kind, path: all };
    case 'disabled':
      return { kind, unit: all };
    case 'down':
      return { kind, unit: first, active: second, sub: last === '-' ? '' : last };
    case 'stray':
    case 'outdated':
      return { kind, ...numbered };
    case 'untold':
      return { kind, pid: numbered.pid, unit: second, folder: last };
    case 'unrecorded':
      return { kind, generation: generationId(Number(first) || 0), app: second, folder: last };
    default:
      return { kind: 'told', text: record };
  }
}
