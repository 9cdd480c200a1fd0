import type { Summary } from '../../model/events.ts';
import type { CheckResult, HostOutcome } from '../../model/outcome.ts';
import { checkWord } from '../messages/check.ts';
import type { Paint } from '../text/paint.ts';
import { label, severalApps } from './group.ts';
import { table } from './table.ts';

/** The checks behind an outcome of `fleet health`; empty for every other outcome. */
export function checksOf(outcome: HostOutcome): readonly CheckResult[] {
  if (outcome.end === 'healthy') return outcome.checks;
  return outcome.end === 'unhealthy' && outcome.failure.kind === 'unhealthy' ? outcome.failure.checks : [];
}

type Host = Summary['hosts'][number];

/** Every check of every host as a table; empty when nothing was checked. @param of the checks of a host */
export function checksTable(
  summary: Summary,
  paint: Paint,
  width: number,
  of: (host: Host) => readonly CheckResult[] = ({ outcome }) => checksOf(outcome),
): string[] {
  const several = severalApps(summary.hosts);
  const rows = summary.hosts.flatMap((host) =>
    of(host).map((check) => ({
      word: checkWord(check),
      cells: [label(host, several), check.check, checkWord(check), `${Math.round(check.ms)}ms`, check.detail],
    })),
  );
  if (rows.length === 0) return [];
  const lines = table(
    ['HOST', 'CHECK', 'RESULT', 'TIME', 'DETAIL'],
    rows.map((row) => row.cells),
    width,
  );
  const look = { ok: (line: string) => line, WARNING: paint.warn, FAILED: paint.bad };
  return ['', ...lines.map((line, i) => look[rows[i - 1]?.word ?? 'ok'](i === 0 ? paint.dim(line) : line))];
}
