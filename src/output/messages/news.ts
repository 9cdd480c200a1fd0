import type { Summary } from '../../model/events.ts';
import { type News, newsOf } from '../../model/news.ts';
import type { Notice, NoticeItem, Severity } from '../../model/notice.ts';
import type { UnitFailure } from '../../model/outcome.ts';
import { count } from '../../util/count.ts';
import { clean, cleanAll } from '../../util/sanitize.ts';
import { command } from './explanation.ts';
import { ended, endWord, explainOutcome, failureOf } from './outcome.ts';

type Hosts = Summary['hosts'];
type Row = Hosts[number];

/** A run as it is told: the same for every channel, but for what each is told of. */
export type ToldRun = {
  readonly project: string;
  /** `deploy`, `rollback`. */
  readonly command: string;
  /** `user@machine`. */
  readonly by: string;
  readonly id: string;
  readonly at: number;
  readonly hosts: Hosts;
};

/** Items that a message can hold; what is more is counted. */
const MOST = 10;

const SEVERITY: Readonly<Record<News, Severity>> = {
  deploy: 'ok',
  rollback: 'ok',
  revert: 'warning',
  stuck: 'critical',
};
const WORST_FIRST: readonly Severity[] = ['critical', 'warning', 'info', 'ok'];

/** What a channel is told of a run; null where nothing of it is for this one. @param hears what of which app */
export function runNotice(run: ToldRun, hears: (app: string, news: News) => boolean): Notice | null {
  const told = run.hosts.flatMap((row) => {
    const news = newsOf(row.outcome);
    return news !== null && hears(row.app, news) ? [itemOf(cleanAll(row), news, run.by)] : [];
  });
  const items = WORST_FIRST.flatMap((severity) => told.filter((item) => item.severity === severity));
  const [worst] = items;
  if (worst === undefined) return null;
  const apps = new Set(items.map(({ subject }) => subject.app));
  const rows = run.hosts.filter(({ app }) => apps.has(app));
  return {
    project: run.project,
    id: run.id,
    at: run.at,
    worst: worst.severity,
    headline: clean(`${run.command} of ${[...apps].join(', ')}: ${counted(rows)}`),
    items: items.slice(0, MOST),
    more: Math.max(0, items.length - MOST),
    moreWith: items.length > MOST ? 'fleet history' : null,
  };
}

/** `2 deployed, 1 reverted`, with what was left untouched, so that nobody takes a part for the whole. */
function counted(rows: Hosts): string {
  const words = rows.map(({ outcome }) => endWord(outcome));
  return [...new Set(words)].map((word) => `${words.filter((one) => one === word).length} ${word}`).join(', ');
}

function itemOf({ host, app, outcome, durationMs }: Row, news: News, by: string): NoticeItem {
  const place = { hosts: [host], app };
  const why = explainOutcome(outcome, place);
  const failure = failureOf(outcome);
  const failed: readonly UnitFailure[] = failure?.kind === 'not-settled' ? failure.units : [];
  const log = failed[0]?.log ?? (failure?.kind === 'before-start' ? failure.log : []);
  return {
    id: `${app}-${host}`,
    kind: 'deploy',
    severity: SEVERITY[news],
    subject: { host, app, check: null },
    text: `${ended(outcome)}${why === null ? '' : `: ${why.what}`}`,
    since: null,
    evidence: [
      `by ${by}, after ${count(Math.round(durationMs / 1000), 'second')}`,
      ...failed.slice(0, 3).map(({ unit, cause }) => `${unit}: ${cause}`),
    ],
    log,
    fix: command(NEXT[news], place),
  };
}

/** Looks first; the way back where all went well. */
const NEXT: Readonly<Record<News, string>> = {
  deploy: 'rollback',
  rollback: 'status',
  revert: 'plan',
  stuck: 'status',
};

/** For `fleet notify --test`: of everything that a message can hold, a little. */
export const testNotice = (project: string, id: string, at: number): Notice => ({
  project,
  id,
  at,
  worst: 'critical',
  headline: 'this is a test, nothing has happened',
  items: [
    {
      ...{ id: 'test-1', kind: 'problem', severity: 'critical' },
      subject: { host: 'example-host', app: 'example-app', check: 'service example.service' },
      text: 'a problem would be told like this',
      since: at - 300_000,
      evidence: ['what is known of its cause'],
      log: ['the last lines of the log, <b>as they are</b> & with every `sign`'],
      fix: 'fleet health --host example-host --app example-app',
    },
    {
      ...{ id: 'test-2', kind: 'recovered', severity: 'ok' },
      subject: { host: 'example-host', app: 'example-app', check: 'disk /' },
      text: 'well again after 20 minutes',
      since: null,
      ...{ evidence: [], log: [], fix: null },
    },
  ],
  more: 0,
  moreWith: null,
});
