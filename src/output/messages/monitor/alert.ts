import type { Alert, Live } from '../../../model/alert.ts';
import type { Notice, NoticeItem, Severity, Subject } from '../../../model/notice.ts';
import { unreachable } from '../../../model/outcome.ts';
import { count } from '../../../util/count.ts';
import { command } from '../explanation.ts';
import { transaction } from '../report.ts';
import { moment, span } from '../time.ts';

/** More than these are not read in one message. */
const MOST = 10;
const LOG_LINES = 5;

const RANK: Readonly<Record<Severity, number>> = { critical: 0, warning: 1, ok: 2, info: 3 };

/** One message for all that there is to tell, the worst first and causes before what comes of them. */
export function notice(
  alerts: readonly Alert[],
  { project, id, at }: { readonly project: string; readonly id: string; readonly at: number },
): Notice {
  const groups = grouped(alerts).toSorted(([a], [b]) => RANK[a.severity] - RANK[b.severity] || depth(a) - depth(b));
  const items = groups.slice(0, MOST).map(([first, ...same]) => item(first, same));
  const more = groups.length - items.length;
  const worst = groups[0]?.[0].severity ?? 'info';
  const hosts = [...new Set(alerts.flatMap(({ subject }) => subject.host ?? []))];
  return {
    ...{ project, id, at, worst, items, more },
    headline: `${tally(alerts)}${hosts.length === 0 ? '' : ` on ${hosts.length > 3 ? count(hosts.length, 'host') : hosts.join(', ')}`}`,
    moreWith: more === 0 ? null : 'fleet health',
  };
}

const depth = ({ subject: { host, app, check } }: Alert) => [host, app, check].filter((one) => one !== null).length;

type Group = readonly [Alert, ...Alert[]];

/** Reminders of one app are one. */
function grouped(alerts: readonly Alert[]): readonly Group[] {
  const groups = new Map<string, Alert[]>();
  for (const [i, alert] of alerts.entries()) {
    const { host, app } = alert.subject;
    const key = alert.kind === 'reminder' ? `${host}\t${app}` : `#${i}`;
    groups.set(key, [...(groups.get(key) ?? []), alert]);
  }
  return [...groups.values()].map((all) => {
    const [first, ...rest] = all.toSorted((a, b) => RANK[a.severity] - RANK[b.severity] || depth(a) - depth(b));
    return [first as Alert, ...rest];
  });
}

/** `2 critical, 1 warning, 1 well again` */
function tally(alerts: readonly Alert[]): string {
  const well = alerts.filter(({ severity }) => severity === 'ok').length;
  const all = (['critical', 'warning'] as const).map((word) => {
    const n = alerts.filter(({ severity }) => severity === word).length;
    return n === 0 ? '' : `${n} ${word}`;
  });
  const words = [...all, well === 0 ? '' : `${well} well again`].filter((word) => word !== '');
  return words.length === 0 ? 'something to know' : words.join(', ');
}

function item(alert: Alert, same: readonly Alert[]): NoticeItem {
  const { id, kind, severity, subject, since, log } = alert;
  return {
    ...{ id, kind, severity, subject, since },
    text: sentence(alert),
    evidence: [...evidence(alert), ...same.map((one) => `${sentence(one)} [${one.id}]`)],
    log: log.slice(-LOG_LINES),
    fix: fixOf(alert),
  };
}

/** What it is about: `app on web1`, `web1`, or all of it. */
const place = ({ host, app }: Subject): string => (host === null ? 'fleet' : app === null ? host : `${app} on ${host}`);

/** `app on web1: http …` */
export const named = ({ check, ...rest }: Subject): string =>
  check === null ? place(rest as Subject) : `${place({ ...rest, check })}: ${check}`;

const colon = (detail: string) => (detail === '' ? '' : `: ${detail}`);

function sentence(alert: Alert): string {
  const { kind, subject, at, since, severity } = alert;
  const name = named(subject);
  const lasted = since === null ? '' : ` after ${span(at - since)}`;
  if (kind === 'recovered') return `${well(alert)}${lasted}`;
  if (kind === 'unwatched') return `${name} is no longer checked; it was not well when it was last looked at`;
  if (kind === 'settled')
    return severity === 'ok'
      ? `${name} has settled and is well`
      : `${name} has settled and is not well${colon(bad(alert))}`;
  if (kind === 'reminder') return `still ${bad(alert)}${since === null ? '' : `, for ${span(at - since)}`}`;
  return bad(alert);
}

function well({ subject, about, at, since }: Alert): string {
  if (about.what === 'was-down')
    return `${named(subject)} was not well from ${since === null ? 'some time' : moment(since, at)} to ${moment(at, at)}${colon(about.detail)}; it is`;
  const { host, app, check } = subject;
  if (host === null) return check === null ? 'hosts answer again' : 'there is time for all hosts again';
  if (app === null) return `${host} answers again`;
  if (check === null) return `${app} on ${host} can be looked at again`;
  if (check === 'transaction') return `${app} on ${host}: no transaction is left open any more`;
  return `${named(subject)} is well again`;
}

function bad(alert: Alert): string {
  const { about, subject, at, since, severity } = alert;
  const { host, app, check } = subject;
  switch (about.what) {
    case 'state':
      if (check !== null) return `${named(subject)}${colon(about.detail)}`;
      return app === null
        ? `${host} cannot be looked at${colon(about.detail)}`
        : `${app} on ${host} cannot be looked at${colon(about.detail)}`;
    case 'vantage':
      return `none of the ${about.hosts} hosts answers: this machine's own network is down${about.jump === null ? '' : `, or ${about.jump}, which leads to all of them`}`;
    case 'jump':
      return `none of the ${about.hosts} hosts behind ${host} answers: ${host} is down, or the way to it`;
    case 'no-time':
      return `no time left for ${count(about.hosts, 'host')}: ${about.some.join(', ')}${about.hosts > about.some.length ? ' …' : ''}; look less often (--every), or at more of them at a time (--parallel)`;
    case 'transaction':
      return about.overdueMs === null
        ? `${app} on ${host}: a change by ${about.by} was left ${transaction(about)}, and nobody is at work on it`
        : `${app} on ${host}: a change by ${about.by} is ${transaction(about)} and should have ended ${span(about.overdueMs)} ago`;
    case 'flapping':
      return `${named(subject)} comes and goes: ${about.changes} changes${since === null ? '' : ` in ${span(at - since)}`}; you hear of it again when it has settled${about.detail === '' ? '' : ` (now ${about.detail})`}`;
    case 'was-down':
      return well(alert);
    case 'gap':
      return `nobody looked from ${since === null ? 'some time' : moment(since, at)} to ${moment(at, at)}`;
    case 'channel-refused':
      return `the channel ${about.channel} takes no messages and will not without a change${colon(about.answer)}`;
    case 'expired':
      return `${count(about.items, 'message')} could not be sent over ${about.channel} for a day and will not be${colon(about.answer)}`;
    case 'note':
      return about.text;
    case 'ping':
      return severity === 'ok'
        ? `the ping ${about.ping} is heard again${since === null ? '' : ` after ${span(at - since)}`}`
        : `the ping ${about.ping} is not heard${colon(about.answer)}; you hear of it again when it is`;
    case 'state-set-aside':
      return `what was known from before ${about.why}; it lies in ${about.path} now, and this is taken for the first run`;
    default:
      return unreachable(about);
  }
}

function evidence({ about, evidence: known, at, severity, live = null, wellAt = null }: Alert): readonly string[] {
  if (severity === 'ok' && about.what !== 'was-down') return [];
  const change = about.what === 'state' ? about.change : null;
  const hides = 'hides' in about ? about.hides : 0;
  return [
    ...known,
    ...(hides === 0 ? [] : [`hides ${count(hides, 'check')}`]),
    ...(change !== null
      ? [`${isLive(change, at)}; it was last well with ${change.from}`]
      : live === null
        ? []
        : [isLive(live, at)]),
    ...(wellAt === null || severity === 'ok' ? [] : [`last well at ${moment(wellAt, at)}`]),
  ];
}

/** `generation 12 is live since 14:03 UTC by alice@laptop` */
export const isLive = ({ generation, at, by }: Live, now: number): string =>
  `generation ${generation} is live${at === null ? '' : ` since ${moment(at, now)}`}${by === null ? '' : ` by ${by}`}`;

/** What to type next: back to what was well, or where to see more. */
function fixOf({ about, fix, severity, subject: { host, app } }: Alert): string | null {
  if (severity === 'ok' || severity === 'info') return null;
  const change = about.what === 'state' ? about.change : null;
  if (change !== null && change.from > 0 && host !== null && app !== null)
    return command(`rollback --to ${change.from}`, { hosts: [host], app });
  if (fix !== null) return fix;
  if (host === null) return null;
  return app === null
    ? `fleet health --host ${host}`
    : command(about.what === 'transaction' ? 'status' : 'health', { hosts: [host], app });
}

const MARK: Readonly<Record<Severity, string>> = { critical: 'CRITICAL', warning: 'WARNING', ok: 'OK', info: 'NOTE' };

/** A notice as cron mails it. */
export function mailText({ project, at, headline, items, more, moreWith }: Notice): string {
  const ids = items.filter(({ id, severity }) => id !== '' && (severity === 'critical' || severity === 'warning'));
  return [
    `${project}: ${headline}`,
    ...items.flatMap(({ id, severity, text, since, evidence: known, log, fix }) => [
      '',
      `${MARK[severity]}${id === '' ? '' : ` [${id}]`} ${text}`,
      ...(since === null || !(severity === 'critical' || severity === 'warning')
        ? []
        : [`  since ${moment(since, at)}`]),
      ...known.map((line) => `  ${line}`),
      ...log.map((line) => `  | ${line}`),
      ...(fix === null ? [] : [`  next: ${fix}`]),
    ]),
    ...(more === 0 ? [] : ['', `and ${more} more: ${moreWith}`]),
    ...(ids.length === 0
      ? []
      : [
          '',
          `\`fleet health --explain ${ids[0]?.id}\` shows how that came about; \`fleet ack ${ids[0]?.id}\` ends its reminders.`,
        ]),
  ]
    .map((line) => `${line}\n`)
    .join('');
}
