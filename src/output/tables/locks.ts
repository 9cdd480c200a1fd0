import type { Told } from '../messages/report.ts';
import { locks } from '../messages/report.ts';
import type { Paint } from '../text/paint.ts';
import { cutTo, displayWidth, pad, wrap } from '../text/width.ts';
import { label, severalApps } from './group.ts';

/** Who keeps each host from being changed, a line or more per host; never cut, since the reason of a hold is the point. */
export function lockLines(all: readonly Told<'lock'>[], paint: Paint, width: number): string[] {
  const several = severalApps(all);
  const names = Math.min(Math.max(...all.map((one) => displayWidth(label(one, several)))), 40);
  return all.flatMap((one) => {
    const { report } = one;
    const look = report.held === null && report.open === null ? paint.good : paint.warn;
    const name = pad(cutTo(label(one, several), names), names);
    return locks(report)
      .flatMap((text) => wrap(text, width - names - 2))
      .map((line, i) => `${i === 0 ? name : ' '.repeat(names)}  ${look(line)}`);
  });
}
