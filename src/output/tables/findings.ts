import type { Finding } from '../../model/finding.ts';
import { count } from '../../util/count.ts';
import { explainFinding, fixedLine, levelWord } from '../messages/doctor/finding.ts';
import { judged, type ReportedHost } from '../messages/report.ts';
import type { Paint } from '../text/paint.ts';
import { wrap } from '../text/width.ts';
import { label, severalApps } from './group.ts';

type Examined = ReportedHost<'doctor'>;

/** What was found on each host, the worst first, each with what shows it and what to do. */
export function findingLines(all: readonly Examined[], paint: Paint, width: number): string[] {
  const several = severalApps(all);
  // What is wrong with a machine is wrong for each app on it, and told once.
  const told = new Set<string>();
  const isNew = (host: string, finding: Finding) => {
    const key = JSON.stringify([host, finding]);
    return told.size < told.add(key).size;
  };
  return all.flatMap((one) => {
    const { host, app, report } = one;
    const fresh = report.findings.filter((finding) => isNew(host, finding));
    const head = `${label(one, several)}: ${judged(report)}`;
    const bad = report.findings.some(({ level }) => level === 'critical');
    return [
      '',
      (bad ? paint.bad : paint.strong)(head),
      ...report.fixed.flatMap((fixed) =>
        wrap(`  ${fixedLine(fixed)}`, width).map(fixed.why === null ? paint.good : paint.bad),
      ),
      ...fresh.flatMap((finding) => story(finding, { hosts: [host], app }, paint, width)),
      ...(fresh.length < report.findings.length
        ? [`  and ${count(report.findings.length - fresh.length, 'thing')} of this host that stand above`]
        : []),
    ];
  });
}

function story(
  finding: Finding,
  place: { readonly hosts: readonly string[]; readonly app: string },
  paint: Paint,
  width: number,
): string[] {
  const { what, evidence, fix } = explainFinding(finding, place);
  const look = { critical: paint.bad, warn: paint.warn, note: paint.dim }[finding.level];
  const arrow = (text: string) =>
    wrap(text, width - 8).map((line, i) => `    ${(i === 0 ? paint.arrow : '').padEnd(paint.arrow.length)} ${line}`);
  return [
    ...wrap(`${levelWord(finding)}: ${what}`, width - 4).map((line, i) => `  ${i === 0 ? '' : '  '}${look(line)}`),
    ...evidence.flatMap((line) => wrap(line, width - 8)).map((line) => `    ${paint.dim('|')} ${line}`),
    ...fix.flatMap(arrow),
  ];
}
