import type { Summary } from '../../model/events.ts';
import type { CheckResult } from '../../model/outcome.ts';
import { nextStep } from '../messages/next.ts';
import { endWord, wasBegun } from '../messages/outcome.ts';
import { PHASE } from '../messages/phase.ts';
import { duration } from '../messages/time.ts';
import type { Paint } from '../text/paint.ts';
import { wrap } from '../text/width.ts';
import { checksOf } from './checks.ts';
import { groupBy, label, severalApps } from './group.ts';
import type { RunNotes } from './run-notes.ts';

// What somebody scrolls back for after a run that was drawn and is gone.

type Host = Summary['hosts'][number];

/** More rows are no table that anybody reads: then those that passed are left out. */
const MOST_CHECKS = 24;

/** The checks that are told of each host: those of its outcome, else how each ended that was asked on the way. */
export function toldChecks({ hosts }: Summary, notes: RunNotes): (host: Host) => readonly CheckResult[] {
  const asked = (host: Host) => (wasBegun(host.outcome) ? notes.checks(host) : []);
  const many = hosts.reduce((sum, host) => sum + asked(host).length, 0) > MOST_CHECKS;
  const passed = ({ ok, warning }: CheckResult) => ok && warning === undefined;
  return (host) => {
    const own = checksOf(host.outcome);
    return own.length > 0 ? own : asked(host).filter((check) => !many || !passed(check));
  };
}

/** Where the time went, on the host that took longest. */
export function timeSpent(summary: Summary, notes: RunNotes, paint: Paint, width: number): string[] {
  const begun = summary.hosts.filter(({ outcome }) => wasBegun(outcome));
  const [slowest] = begun.toSorted((a, b) => b.durationMs - a.durationMs);
  if (slowest === undefined) return [];
  const phases = notes
    .phases(slowest)
    .filter(({ ms }) => ms >= 100)
    .toSorted((a, b) => b.ms - a.ms);
  if (phases.length === 0) return [];
  const parts = phases.map(({ phase, ms }) => `${PHASE[phase]} ${duration(ms)}`).join(', ');
  const who = `${label(slowest, severalApps(summary.hosts))} took ${duration(slowest.durationMs)}`;
  return wrap(`${who}: ${parts}`, width).map((line) => paint.dim(line));
}

/** What to type next, once for hosts that ended alike. */
export function nextSteps({ hosts }: Summary, paint: Paint, width: number): string[] {
  return groupBy(hosts, ({ app, outcome }) => `${app} ${endWord(outcome)}`).flatMap((group) => {
    const [first] = group;
    const text = first && nextStep(first.outcome, { hosts: group.map(({ host }) => host), app: first.app });
    if (!text) return [];
    const indent = ' '.repeat(paint.arrow.length + 1);
    return wrap(text, width - indent.length).map((line, i) =>
      i === 0 ? `${paint.arrow} ${line}` : `${indent}${line}`,
    );
  });
}
