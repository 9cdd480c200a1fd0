import type { Drift } from '../../model/facts.ts';
import { unreachable } from '../../model/outcome.ts';

/** A difference between what was deployed and the host. */
export function drifted(drift: Drift): string {
  switch (drift.kind) {
    case 'changed':
      return `${drift.path} was changed by hand`;
    case 'altered':
      return `${drift.path} was changed on the host`;
    case 'gone':
      return `${drift.path} is gone`;
    case 'disabled':
      return `${drift.unit} does not start at boot`;
    case 'down':
      return `${drift.unit} is ${drift.active}${drift.sub === '' ? '' : ` (${drift.sub})`}`;
    case 'stray':
      return `${drift.unit} runs (supervisor ${drift.pid}), and generation ${drift.generation} has no such service`;
    case 'outdated':
      return `${drift.unit} runs from generation ${drift.generation} (supervisor ${drift.pid})`;
    case 'untold':
      return `${drift.unit} runs, and ${drift.folder} does not tell of it (supervisor ${drift.pid})`;
    case 'unrecorded':
      return `${drift.folder} has no record of what is live, ${drift.generation === 0 ? `a service of ${drift.app}` : `generation ${drift.generation}`}`;
    case 'told':
      return drift.text;
    default:
      return unreachable(drift);
  }
}
