import type { Summary } from '../../model/events.ts';
import { unreachable } from '../../model/outcome.ts';
import { reportOf, type Told } from '../messages/report.ts';
import type { Paint } from '../text/paint.ts';
import { history } from './history.ts';
import { lockLines } from './locks.ts';
import { statusLines } from './status.ts';

/** What a reading command found on every host that answered; empty for every other command. */
export function reports(summary: Summary, paint: Paint, width: number): string[] {
  const status: Told<'status'>[] = [];
  const lock: Told<'lock'>[] = [];
  const lines: string[] = [];
  for (const { host, app, outcome } of summary.hosts) {
    const report = reportOf(outcome);
    if (report === null) continue;
    switch (report.kind) {
      case 'status':
        status.push({ host, app, report });
        break;
      case 'lock':
        lock.push({ host, app, report });
        break;
      case 'history':
        lines.push(...history({ host, app, report }, paint, width));
        break;
      default:
        unreachable(report);
    }
  }
  return [...lines, ...statusLines(status, paint, width), ...lockLines(lock, paint, width)];
}
