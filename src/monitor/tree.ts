import type { About } from '../model/alert.ts';
import type { AppLook, CheckLook, LiveLook, TransactionLook } from '../model/look.ts';
import type { Subject } from '../model/notice.ts';
import type { Judged } from './judge.ts';
import type { MonitorState } from './state.ts';

/** What a run has seen of one subject. */
export type Observation = Judged &
  Pick<CheckLook, 'evidence' | 'log' | 'fix' | 'event' | 'tries'> & {
    readonly subject: Subject;
    readonly about: About;
    readonly live: LiveLook | null;
  };

/** What has no life of its own: it counts at once, both ways. */
const PLAIN = {
  readings: [],
  confirm: { runs: 1, of: 1 },
  recoverAfter: 1,
  evidence: [],
  log: [],
  fix: null,
  event: null,
  tries: 1,
  live: null,
};

export const VANTAGE: Subject = { host: null, app: null, check: null };
/** Whether there was time for all. */
const TIME: Subject = { host: null, app: null, check: 'time' };
const ofHost = (host: string): Subject => ({ host, app: null, check: null });
/** The check that an open transaction is. */
export const TRANSACTION = 'transaction';

/**
 * What a run has seen, from this machine over hosts that are passed through to hosts, apps and checks. Of what stands behind
 * something bad nothing is known, and so nothing is said: neither that it is bad nor that it is well.
 * @param quiet whether nobody is told of a host for now: that it is silent says nothing about others
 */
export function observe(
  state: MonitorState,
  looks: readonly AppLook[],
  quiet: (subject: Subject) => boolean,
): readonly Observation[] {
  const names = [...new Set(looks.map(({ host }) => host))];
  const hosts = names.map((name) =>
    hostLook(
      name,
      looks.filter(({ host }) => host === name),
    ),
  );
  const below = (names: readonly string[]) => checksBelow(state, looks, names);
  const silent = hosts.filter(({ host, answer }) => answer === 'none' && !quiet(ofHost(host)));
  const answering = hosts.filter(({ answer }) => answer === 'reached' || answer === 'refused');
  const time = timeFor(hosts.filter(({ answer }) => answer === 'unknown').map(({ host }) => host));
  if (silent.length > 1 && answering.length === 0) {
    const [first, ...rest] = silent;
    const jump = first?.jumps.find((name) => rest.every(({ jumps }) => jumps.includes(name))) ?? null;
    const hides = below(silent.map(({ host }) => host));
    const about = { what: 'vantage', hosts: silent.length, jump, hides } as const;
    return [time, { ...PLAIN, subject: VANTAGE, level: 'crit', about, fix: doctor(first?.host) }];
  }
  const passed = passedThrough(hosts);
  const down = new Set([
    ...passed.filter(({ level }) => level === 'crit').map(({ jump }) => jump),
    ...hosts.filter(({ answer }) => answer === 'none').map(({ host }) => host),
  ]);
  const hidden = ({ host, jumps }: HostLook) => jumps.some((jump) => jump !== host && down.has(jump));
  /** Hosts that cannot be seen for this one, and itself. */
  const behind = (name: string) =>
    hosts.filter((one) => one.host === name || (one.answer === 'none' && one.jumps.includes(name)));
  return [
    time,
    ...(answering.length > 0 ? [{ ...PLAIN, subject: VANTAGE, level: 'ok', about: NOTHING } as const] : []),
    ...passed.map(({ jump, level, silent: those }): Observation => {
      const about = { what: 'jump', hosts: those.length, hides: below(those) } as const;
      // It need not be a host of the inventory itself.
      return { ...PLAIN, subject: ofHost(jump), level, about, fix: doctor(those[0]) };
    }),
    ...hosts.flatMap((one): Observation[] => {
      if (one.answer === 'unknown' || (one.answer === 'none' && hidden(one))) return [];
      const hides = below(behind(one.host).map(({ host }) => host));
      const about: About = { what: 'state', detail: one.detail, hides, change: null };
      const level = one.answer === 'reached' ? 'ok' : 'crit';
      const { evidence } = one;
      return [{ ...PLAIN, subject: ofHost(one.host), level, about, evidence, fix: doctor(one.host) }];
    }),
    ...looks.flatMap(observeApp),
  ];
}

/** Whether the run had time for all hosts: `late` are those that it did not come to. */
const timeFor = (late: readonly string[]): Observation =>
  late.length === 0
    ? { ...PLAIN, subject: TIME, level: 'ok', about: NOTHING }
    : {
        ...PLAIN,
        subject: TIME,
        level: 'warn',
        about: { what: 'no-time', hosts: late.length, some: late.slice(0, 5) },
      };

const doctor = (host: string | undefined): string | null => (host === undefined ? null : `fleet doctor ${host}`);

const NOTHING: About = { what: 'state', detail: '', hides: 0, change: null };

type HostLook = {
  readonly host: string;
  readonly jumps: readonly string[];
  readonly answer: 'reached' | 'refused' | 'none' | 'unknown';
  readonly detail: string;
  readonly evidence: readonly string[];
};

/** One app that gets through shows that the host is there. */
function hostLook(host: string, apps: readonly AppLook[]): HostLook {
  const jumps = apps[0]?.jumps ?? [];
  const common = { host, jumps, detail: '', evidence: [] };
  if (apps.some((app) => app.seen || app.stopped === 'app')) return { ...common, answer: 'reached' };
  for (const [stopped, answer] of [
    ['login', 'refused'],
    ['network', 'none'],
  ] as const)
    for (const app of apps)
      if (!app.seen && app.stopped === stopped)
        return { ...common, answer, detail: app.detail, evidence: app.evidence };
  return { ...common, answer: 'unknown' };
}

type Passed = { readonly jump: string; readonly level: 'ok' | 'crit'; readonly silent: readonly string[] };

/** Hosts that are only passed through: where none of several behind one answers, it is that one. */
function passedThrough(hosts: readonly HostLook[]): readonly Passed[] {
  const names = new Set(hosts.flatMap(({ jumps }) => jumps).filter((jump) => !hosts.some(({ host }) => host === jump)));
  return [...names].flatMap((jump): Passed[] => {
    const all = hosts.filter(({ jumps, answer }) => jumps.includes(jump) && answer !== 'unknown');
    const silent = all.filter(({ answer }) => answer === 'none');
    if (silent.length < all.length) return [{ jump, level: 'ok', silent: [] }];
    return silent.length > 1 ? [{ jump, level: 'crit', silent: silent.map(({ host }) => host) }] : [];
  });
}

/** Those that were seen once, or at least those of the playbook. */
function checksBelow(state: MonitorState, looks: readonly AppLook[], hosts: readonly string[]): number {
  const known = Object.values(state.subjects).filter(
    ({ subject }) => subject.check !== null && subject.check !== TRANSACTION,
  );
  return looks
    .filter(({ host }) => hosts.includes(host))
    .reduce((sum, look) => {
      const seen = known.filter(({ subject }) => subject.host === look.host && subject.app === look.app).length;
      return sum + (look.seen ? look.checks.length : Math.max(seen, look.checks));
    }, 0);
}

function observeApp(look: AppLook): readonly Observation[] {
  const { host, app } = look;
  const itself: Subject = { host, app, check: null };
  if (!look.seen) {
    if (look.stopped !== 'app') return [];
    const about = { what: 'state', detail: look.detail, change: null, hides: look.checks } as const;
    const { evidence } = look;
    return [{ ...PLAIN, subject: itself, level: 'crit', about, evidence, fix: doctor(host) }];
  }
  const { live, transaction } = look;
  const overdue = transaction !== null && !isSwitching(transaction);
  const open: Observation = {
    ...{ ...PLAIN, live, subject: { host, app, check: TRANSACTION }, level: overdue ? 'crit' : 'ok' },
    about: overdue ? unfinished(transaction) : NOTHING,
  };
  return [
    { ...PLAIN, subject: itself, level: 'ok', about: NOTHING },
    open,
    // While it is being switched it is neither well nor not.
    ...(isSwitching(transaction) ? [] : look.checks).map(
      ({ check, detail, ...rest }): Observation => ({
        ...{ ...rest, live, subject: { host, app, check } },
        about: { what: 'state', detail, hides: 0, change: null },
      }),
    ),
  ];
}

/** It will end by itself. */
export const isSwitching = (transaction: TransactionLook | null): boolean =>
  transaction?.running === true && (transaction.leftMs ?? 0) >= 0;

const unfinished = ({ by, phase, leftMs }: TransactionLook): About => ({
  ...{ what: 'transaction', by, phase },
  overdueMs: leftMs === null || leftMs > 0 ? null : -leftMs,
});
