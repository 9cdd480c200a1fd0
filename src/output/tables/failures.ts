import type { Summary } from '../../model/events.ts';
import { list } from '../messages/count.ts';
import type { Explanation } from '../messages/explanation.ts';
import { ended, explainOutcome, isBad } from '../messages/outcome.ts';
import type { Paint } from '../text/paint.ts';
import { wrap } from '../text/width.ts';
import { groupBy, label, severalApps } from './group.ts';
import { isLeft, wasInterrupted } from './interrupted.ts';

type Host = Summary['hosts'][number];

/** Hosts whose failures read the same but for the name of the host. */
const likeness = ({ app, outcome }: Host) =>
  JSON.stringify([app, ended(outcome), explainOutcome(outcome, { hosts: [], app })]);

/** Every failed host in full: what happened, what shows it, what to do. Hosts with the same story are told together. */
export function failures(summary: Summary, paint: Paint, width: number): string[] {
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
      ...(why === null ? [] : story(why, paint, width)),
    ];
  });
}

function story(why: Explanation, paint: Paint, width: number): string[] {
  const advice = (text: string) =>
    wrap(text, width - 8).map((line, i) => `    ${(i === 0 ? paint.arrow : '').padEnd(paint.arrow.length)} ${line}`);
  return [
    ...wrap(why.what, width - 5).map((line) => `    ${paint.bad(line)}`),
    ...why.evidence.flatMap((line) => wrap(line, width - 7)).map((line) => `    ${paint.dim('|')} ${line}`),
    ...why.next.flatMap(advice),
  ];
}
