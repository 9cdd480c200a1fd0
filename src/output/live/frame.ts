import { ended, explainOutcome, isBad } from '../messages/outcome.ts';
import { duration, elapsed } from '../messages/time.ts';
import { label, severalApps } from '../tables/group.ts';
import type { Paint } from '../text/paint.ts';
import { cutTo, displayWidth, pad } from '../text/width.ts';
import type { RowState } from './rows.ts';

/** Size of the terminal in characters. */
export type Size = { readonly columns: number; readonly rows: number };

type Shown = { readonly rows: readonly RowState[]; readonly hidden: string };

const isFailed = (row: RowState) => row.state === 'ended' && isBad(row.outcome);

/**
 * The lines to show, at most one less than the terminal has, so that nothing ever scrolls. When not all hosts fit, those
 * that went well and those that wait are only counted; failed and active ones share what there is.
 */
export function frame(all: readonly RowState[], size: Size, now: number, paint: Paint): string[] {
  const columns = Math.max(20, size.columns) - 1;
  const { rows, hidden } = choose(all, Math.max(3, size.rows - 2), paint);
  const several = severalApps(all);
  const names = Math.min(Math.max(...all.map((row) => displayWidth(label(row, several))), 4), Math.floor(columns / 3));
  const lines = rows.map((row) => line(row, cutTo(label(row, several), names), { names, columns, now, paint }));
  return [...lines, ...(hidden === '' ? [] : [paint.dim(cutTo(hidden, columns))]), counters(all, columns, paint)];
}

function choose(all: readonly RowState[], room: number, paint: Paint): Shown {
  if (all.length <= room) return { rows: all, hidden: '' };
  const failed = all.filter(isFailed);
  const active = all.filter((row) => row.state === 'active');
  if (failed.length + active.length <= room) return { rows: [...failed, ...active], hidden: '' };
  const left = room - 1;
  const failedShown = Math.min(failed.length, Math.max(Math.floor(left / 2), left - active.length));
  const activeShown = Math.min(active.length, left - failedShown);
  const more = [
    [failed.length - failedShown, 'failed (all are listed at the end)'],
    [active.length - activeShown, 'running'],
  ] as const;
  const hidden = more.filter(([n]) => n > 0).map(([n, what]) => `${n} more ${what}`);
  return { rows: [...failed.slice(0, failedShown), ...active.slice(0, activeShown)], hidden: hidden.join(paint.dot) };
}

type Columns = { readonly names: number; readonly columns: number; readonly now: number; readonly paint: Paint };

const TIME = 7;

function line(row: RowState, name: string, { names, columns, now, paint }: Columns): string {
  const room = columns - 2 - paint.sign.ok.length - names - TIME;
  const head = (sign: string, time: string) =>
    `${pad(sign, paint.sign.ok.length)} ${pad(name, names)}${time.padStart(TIME)} `;
  switch (row.state) {
    case 'waiting':
      return paint.dim(`${head(paint.sign.wait, '')} waiting`.trimEnd());
    case 'active': {
      // What is new there shows that it lives: a long name leaves it half of the row.
      const own = row.latest === '' ? room : Math.max(Math.floor(room / 2), room - displayWidth(row.latest) - 2);
      const doing = cutTo(row.doing, own);
      const latest = cutTo(row.latest, room - displayWidth(doing) - 2);
      return `${head(paint.sign.run, elapsed(now - row.since))}${doing}${latest === '' ? '' : `  ${paint.dim(latest)}`}`;
    }
    case 'ended': {
      const why = explainOutcome(row.outcome, { hosts: [row.host], app: row.app })?.what;
      const text = cutTo(why === undefined ? ended(row.outcome) : `${row.outcome.end}: ${why}`, room);
      const bad = isBad(row.outcome);
      const whole = `${head(bad ? paint.sign.bad : paint.sign.ok, duration(row.durationMs))}${text}`;
      return bad ? paint.bad(whole) : paint.good(whole);
    }
  }
}

function counters(all: readonly RowState[], columns: number, paint: Paint): string {
  const failed = all.filter(isFailed).length;
  const counts = [
    [all.filter((row) => row.state === 'ended').length - failed, 'done', paint.good],
    [failed, 'failed', paint.bad],
    [all.filter((row) => row.state === 'active').length, 'running', paint.strong],
    [all.filter((row) => row.state === 'waiting').length, 'waiting', paint.dim],
  ] as const;
  const shown = counts.filter(([n, what]) => n > 0 || what !== 'failed');
  const width = shown.map(([n, what]) => `${n} ${what}`).join(paint.dot).length;
  const parts = shown.map(([n, what, colour]) => (width > columns ? `${n}` : colour(`${n} ${what}`)));
  return parts.join(paint.dot);
}
