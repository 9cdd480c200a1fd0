import type { Summary } from '../../model/events.ts';
import type { HostOutcome } from '../../model/outcome.ts';
import { list } from '../../util/count.ts';
import type { Explanation } from '../messages/explanation.ts';
import { ended, endWord, explainOutcome, isBad, wasBegun } from '../messages/outcome.ts';
import { generationOf } from '../messages/plan.ts';
import { duration } from '../messages/time.ts';
import type { Paint } from '../text/paint.ts';
import { wrap } from '../text/width.ts';
import { checksOf, checksTable } from './checks.ts';
import { groupBy, label, severalApps } from './group.ts';
import { interrupted, isLeft, wasInterrupted } from './interrupted.ts';
import { mixedStates } from './mixed-states.ts';
import { plans } from './plans.ts';
import { reports } from './reports.ts';
import type { RunNotes } from './run-notes.ts';
import { table } from './table.ts';
import { nextSteps, timeSpent, toldChecks } from './trail.ts';
import { workLines } from './work.ts';

export type Look = {
  readonly paint: Paint;
  /** Columns that a row of a table may take. */
  readonly width: number;
  /** Whether what happened on the way is told here: not where it was printed as it came. */
  readonly remarks: boolean;
};

/** The end of a run for people: plans or checks where they are the result, one row per host, then failures in full. */
export function summaryLines(summary: Summary, notes: RunNotes, look: Look): string[] {
  const { paint, width } = look;
  const several = severalApps(summary.hosts);
  const read = summary.hosts.filter(({ outcome }) => outcome.end === 'planned' || (look.remarks && wasBegun(outcome)));
  const views = read.flatMap((host) => {
    const plan = notes.planOf(host);
    return plan === undefined ? [] : [{ name: label(host, several), plan }];
  });
  const found = reports(summary, paint, width);
  const done = workLines(summary, paint, width);
  const lines = [
    ...plans(views, paint),
    ...(look.remarks ? remarks(notes, several, paint) : []),
    ...checksTable(summary, paint, width, look.remarks ? toldChecks(summary, notes) : undefined),
    ...(found.length === 0 ? [] : ['', ...found]),
    ...(done.length === 0 ? [] : ['', ...done]),
    ...(onlyReports(summary) ? [] : results(summary, paint, width)),
    ...(look.remarks ? [...timeSpent(summary, notes, paint, width), ...nextSteps(summary, paint, width)] : []),
  ];
  return lines.slice(lines.findIndex((line) => line !== ''));
}

/** Reports that were all read say everything; a table of outcomes would only say that they were read. */
const onlyReports = ({ hosts }: Summary) =>
  hosts.length > 0 && hosts.every(({ outcome }) => outcome.end === 'reported' || outcome.end === 'done');

const results = (summary: Summary, paint: Paint, width: number): string[] => [
  '',
  ...(summary.hosts.length === 0 ? [] : outcomesTable(summary, paint, width)),
  ...failures(summary, paint, width),
  '',
  `${summary.command}: ${tally(summary, paint)}`,
  ...mixedStates(summary)
    .flatMap((line) => wrap(line, width))
    .map((line) => paint.warn(line)),
  ...interrupted(summary, paint, width),
];

/** Notes and warnings of the run, each once with the hosts that it is about. */
function remarks(notes: RunNotes, several: boolean, paint: Paint): string[] {
  const groups = groupBy(notes.remarks(), (remark) => remark.text);
  const lines = groups.map((group) => {
    const names = list([...new Set(group.map((remark) => label(remark, several)))], 8);
    return paint.warn(`! ${names}: ${group[0]?.text ?? ''}`);
  });
  return lines.length === 0 ? [] : ['', ...lines];
}

type Host = Summary['hosts'][number];

/** Hosts whose failures read the same but for the name of the host. */
const likeness = ({ app, outcome }: Host) =>
  JSON.stringify([app, ended(outcome), explainOutcome(outcome, { hosts: [], app })]);

/** Every failed host in full: what happened, what shows it, what to do. Hosts with the same story are told together. */
function failures(summary: Summary, paint: Paint, width: number): string[] {
  const several = severalApps(summary.hosts);
  const bad = summary.hosts.filter(({ outcome }) => isBad(outcome) && !(wasInterrupted(summary) && isLeft(outcome)));
  return groupBy(bad, likeness).flatMap((group) => {
    const first = group[0];
    if (first === undefined) return [];
    const why = explainOutcome(first.outcome, { hosts: group.map(({ host }) => host), app: first.app });
    const names = list(group.map((host) => label(host, several)));
    const head = wrap(`${names}: ${ended(first.outcome)}`, width - 4);
    const [lead, ...others] = head.map((line) => paint.strong(line));
    return [
      '',
      `${paint.bad(paint.sign.bad)} ${lead}`,
      ...others.map((line) => `  ${line}`),
      ...(why === null ? [] : story(tabled(first.outcome, width) ? { ...why, evidence: [] } : why, paint, width)),
    ];
  });
}

/** Whether the checks that tell why stand in a table above, uncut. */
const tabled = (outcome: HostOutcome, width: number) =>
  width === Number.POSITIVE_INFINITY && checksOf(outcome).length > 0;

function story(why: Explanation, paint: Paint, width: number): string[] {
  const advice = (text: string) =>
    wrap(text, width - 8).map((line, i) => `    ${(i === 0 ? paint.arrow : '').padEnd(paint.arrow.length)} ${line}`);
  return [
    ...wrap(why.what, width - 5).map((line) => `    ${paint.bad(line)}`),
    ...why.evidence.flatMap((line) => wrap(line, width - 7)).map((line) => `    ${paint.dim('|')} ${line}`),
    ...why.fix.flatMap(advice),
  ];
}

/** How every host ended, one row each. */
function outcomesTable(summary: Summary, paint: Paint, width: number): string[] {
  const rows = summary.hosts.map(({ host, app, outcome, durationMs }) => [
    host,
    app,
    endWord(outcome),
    generation(outcome),
    duration(durationMs),
    explainOutcome(outcome, { hosts: [host], app })?.what ?? '',
  ]);
  const lines = table(['HOST', 'APP', 'OUTCOME', 'GENERATION', 'TIME', 'REASON'], rows, width);
  return lines.map((line, i) => {
    const outcome = summary.hosts[i - 1]?.outcome;
    if (outcome === undefined) return paint.dim(line);
    return isBad(outcome) ? paint.bad(line) : line;
  });
}

const generation = (outcome: HostOutcome) => String(generationOf(outcome) || '-');

/** `48 deployed, 1 reverted, 1 untouched`: in the order in which they first came. */
function tally(summary: Summary, paint: Paint): string {
  if (summary.hosts.length === 0) return 'no hosts';
  const counts = new Map<string, number>();
  for (const { outcome } of summary.hosts) counts.set(endWord(outcome), (counts.get(endWord(outcome)) ?? 0) + 1);
  return [...counts].map(([end, n]) => `${n} ${end}`).join(paint.dot);
}
