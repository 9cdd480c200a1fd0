import { numberIn } from '../../checks/judge.ts';
import { isListed } from '../../checks/net/address-list.ts';
import type { ProbeReply } from '../../host/facts.ts';
import type { Beside } from '../../model/beside.ts';
import type { Verdict } from '../../model/check.ts';
import type { Drift, UnitState } from '../../model/facts.ts';
import { type Cause, type Finding, LEVELS, type Machine, type Matter, type Symptom } from '../../model/finding.ts';
import type { Layout } from '../../model/layout.ts';
import { causeOf, ownWords } from './cause.ts';
import type { Seen, WantedFolder } from './look.ts';

/** All that was read of one app on one host. */
export type Reading = {
  readonly layout: Layout;
  readonly account: string;
  readonly probe: ProbeReply;
  readonly seen: Seen;
  readonly wanted: readonly WantedFolder[];
  readonly machine: readonly (readonly [of: Machine, verdict: Verdict])[];
  /** The playbook's own checks. */
  readonly checks: readonly (Verdict & { readonly check: string })[];
  /** Ports of the host that these connect to. */
  readonly ports: readonly number[];
  readonly beside: readonly Beside[];
  /** Milliseconds of a command that does nothing, there and back. */
  readonly tripMs: number;
};

const finding = (
  level: Finding['level'],
  rank: number,
  matter: Matter,
  more: Partial<Pick<Finding, 'evidence' | 'fix'>> = {},
): Finding => ({ ...matter, level, rank, evidence: [], fix: null, ...more });

/** Pure: what is wrong, the worst first, and of what is equally bad that first which explains the others. */
export function findings(read: Reading): readonly Finding[] {
  const all = [
    ...ofMachine(read),
    ...ofRoot(read),
    ...ofTransaction(read),
    ...ofFiles(read),
    ...ofFolders(read),
    ...ofServices(read),
    ...ofDrift(read),
    ...ofChecks(read),
    ...ofLogin(read),
    ...ofOthers(read),
  ];
  return all.toSorted((a, b) => LEVELS.indexOf(a.level) - LEVELS.indexOf(b.level) || a.rank - b.rank);
}

/** A full disk explains nearly all that comes after it; a clock or heat only what has no better reason. */
const MACHINE_RANK: Readonly<Record<Machine, number>> = {
  disk: 10,
  inodes: 11,
  memory: 36,
  clock: 37,
  temperature: 38,
  limits: 50,
};

const ofMachine = ({ machine }: Reading): readonly Finding[] =>
  machine.flatMap(([of, { ok, warning, detail }]) =>
    ok && warning !== true
      ? []
      : [finding(ok ? 'warn' : 'critical', MACHINE_RANK[of], { kind: 'machine', of, detail })],
  );

function ofRoot({ probe: { facts } }: Reading): readonly Finding[] {
  const record = facts.drift.find((one) => one.kind === 'unrecorded');
  return [
    ...(facts.unsafe.length === 0
      ? []
      : [finding('critical', 14, { kind: 'unsafe-root', why: facts.unsafe.join('; ') })]),
    ...(record === undefined ? [] : [finding('critical', 15, { kind: 'no-record', drift: record })]),
    ...(facts.active === 0 && !facts.unrecorded ? [finding('critical', 60, { kind: 'not-deployed' })] : []),
  ];
}

const isStuck = ({ probe }: Reading) => probe.facts.phase === 'REVERT_FAILED';
const isAtWork = (read: Reading) => read.probe.open?.running === true && !isStuck(read);

/** One that was left explains services that are down; one that is stuck is explained by what keeps them down. */
function ofTransaction(read: Reading): readonly Finding[] {
  const { open, facts, leftMs } = read.probe;
  const held = facts.held === null ? [] : [finding('note', 70, { kind: 'held', held: facts.held })];
  if (open === null) return held;
  const state = isStuck(read) ? 'stuck' : open.running ? 'at work' : 'left';
  const matter = { kind: 'transaction', state, phase: facts.phase, open, leftMs } as const;
  if (state === 'at work') return [finding('warn', 1, matter), ...held];
  return [finding('critical', state === 'stuck' ? 45 : 28, matter), ...held];
}

/** While somebody switches the app, its services come and go. */
const unlessAtWork = (read: Reading, level: Finding['level']) => (isAtWork(read) ? 'note' : level);

function ofFiles(read: Reading): readonly Finding[] {
  const settings = `${read.layout.root}/.env`;
  return read.seen.files.flatMap(({ state, path, is, want }): readonly Finding[] => {
    const wrong = state === 'absent' || state === 'content' || state === 'rights' ? state : 'other';
    const isSettings = path === settings;
    // systemd has to be told of a unit that comes back, which the next deploy does.
    const isUnit = path.startsWith('/etc/systemd/');
    // Told as what it is, of the service.
    if (isUnit && read.seen.ailing.get(path.slice(path.lastIndexOf('/') + 1))?.load === 'masked') return [];
    const lax = is.mode !== want.mode || (want.owner !== '-' && is.owner !== want.owner);
    const mendable = (wrong === 'absent' && !isUnit) || ((wrong === 'rights' || wrong === 'content') && lax);
    const bad = wrong === 'absent' || wrong === 'other' || (isSettings && lax);
    const matter = { kind: 'file', path, settings: isSettings, wrong, is, want } as const;
    return [
      finding(unlessAtWork(read, bad ? 'critical' : 'warn'), isSettings ? 22 : 26, matter, {
        fix: mendable && read.probe.open === null ? { do: 'file', path } : null,
      }),
    ];
  });
}

function ofFolders(read: Reading): readonly Finding[] {
  if (read.probe.facts.active === 0) return [];
  const { seen, wanted, layout } = read;
  return wanted.flatMap(({ path, owner, mode, data }, i): readonly Finding[] => {
    const here = seen.folders[i];
    if (here === undefined) return [];
    const want = { mode: mode.toString(8), owner: owner ?? '-' };
    // What is closed for it further up is told there.
    const closed = seen.reach.some(
      (need) =>
        need.path === path && need.state !== 'ok' && !wanted.some((one) => one.path === need.part && one.path !== path),
    );
    const uses = owner !== null && owner === layout.user;
    const account = uses ? owner : null;
    const root = read.probe.facts.uid === 0;
    const mends = (fixed: number) => ({
      fix:
        read.probe.open === null && (root || owner === null)
          ? ({ do: 'folder', path, mode: fixed.toString(8).padStart(5, '0'), owner: owner ?? '-' } as const)
          : null,
    });
    const matter = { kind: 'folder', path, want, account } as const;
    const nothing = { mode: '-', owner: '-' };
    if (here.state === 'none')
      return [finding('critical', 24, { ...matter, wrong: 'absent', is: nothing }, mends(mode))];
    if (here.state !== 'folder') return [finding('critical', 24, { ...matter, wrong: 'other', is: nothing })];
    const is = { mode: here.mode.toString(8), owner: here.owner };
    const foreign = owner !== null && here.owner !== owner;
    if (closed && uses) {
      // Its owner has to get in; for what the app has made of it beyond that, the app had its reasons.
      const opened = data ? here.mode | 0o700 : mode;
      return [
        finding(
          'critical',
          24,
          { ...matter, wrong: 'closed', is },
          foreign || here.mode !== opened ? mends(opened) : {},
        ),
      ];
    }
    if (data || (!foreign && here.mode === mode)) return [];
    return [finding('warn', 62, { ...matter, wrong: 'rights', is }, mends(mode))];
  });
}

/** Restarts that are worth a word, and how long ago the last one may be; seconds. */
const OFTEN = 3;
const LATELY = 3600;

function symptomOf(unit: UnitState, drift: readonly Drift[], upFor: number | null): Symptom | null {
  const { active, sub, result, restarts } = unit;
  if (active === 'taken') return 'taken';
  if (sub === 'unrecorded' || sub === 'orphaned') return 'failed';
  if (result === 'start-limit-hit') return 'gave-up';
  if (active === 'failed') return 'failed';
  if (sub === 'auto-restart' || sub === 'auto-restart-queued') return 'restarting';
  if (active === 'active') return restarts >= OFTEN && (upFor ?? LATELY) < LATELY ? 'restarted' : null;
  if (!drift.some((one) => one.kind === 'down' && one.unit === unit.unit)) return null;
  return active === 'activating' ? 'starting' : 'down';
}

const VAGUE: readonly Cause['why'][] = ['ended', 'unknown', 'stopped', 'supervisor'];

function ofServices(read: Reading): readonly Finding[] {
  const { probe, seen, ports } = read;
  return probe.units.flatMap((unit): readonly Finding[] => {
    const ailing = seen.ailing.get(unit.unit);
    const symptom = symptomOf(unit, probe.facts.drift, ailing?.upFor ?? null);
    if (symptom === null) return [];
    const cause = causeOf(unit, ailing, seen, ports);
    // It is up, for now: that it was not is a matter of its log.
    const calm = symptom === 'starting' || symptom === 'restarted';
    const level = unlessAtWork(read, calm ? 'warn' : 'critical');
    const evidence = [
      ...ownWords(ailing?.said ?? [], unit.unit).slice(-5),
      ...(cause.why === 'memory' ? seen.oom.filter((line) => line !== 'hidden').slice(-2) : []),
    ];
    const started = unit.startedBy === undefined;
    const resets =
      probe.runtime === 'systemd' &&
      probe.open === null &&
      unit.active === 'failed' &&
      (symptom === 'gave-up' || !started);
    const { restarts } = unit;
    const matter = {
      kind: 'service',
      unit: unit.unit,
      symptom,
      restarts,
      account: ailing?.account ?? null,
      cause,
    } as const;
    return [
      finding(level, VAGUE.includes(cause.why) ? 40 : 30, matter, {
        evidence,
        fix: resets ? { do: 'reset-failed', unit: unit.unit } : null,
      }),
    ];
  });
}

/** What has no finding of its own above. */
function ofDrift(read: Reading): readonly Finding[] {
  const { facts } = read.probe;
  const told = read.seen.files.map(({ path }) => path);
  return [
    ...facts.drift.flatMap((drift): readonly Finding[] => {
      if (drift.kind === 'down' || drift.kind === 'unrecorded') return [];
      if (drift.kind === 'changed' && told.includes(drift.path)) return [];
      return [
        finding(drift.kind === 'gone' ? 'critical' : 'warn', drift.kind === 'gone' ? 20 : 64, { kind: 'drift', drift }),
      ];
    }),
    ...(facts.altered.length === 0 ? [] : [finding('critical', 27, { kind: 'altered', files: facts.altered })]),
  ];
}

const ofChecks = (read: Reading): readonly Finding[] =>
  read.checks.flatMap(({ check, ok, warning, detail }) =>
    ok && warning !== true
      ? []
      : [finding(ok ? 'warn' : unlessAtWork(read, 'critical'), 55, { kind: 'check', check, detail })],
  );

/** Milliseconds from which on it is felt: a deploy has some thirty commands. */
const SLOW_SHELL = 50;
const SLOW_TRIP = 700;
/** Fewer sessions, or unfinished logins, than runs of ours have side by side. */
const SESSIONS = 4;
const STARTUPS = 5;

function ofLogin({ seen, account, tripMs, probe: { facts } }: Reading): readonly Finding[] {
  const { shell, sshd } = seen;
  // What the shell takes by itself has to show in a command of ours, or sshd starts another one.
  const slow = shell !== null && shell.ms - shell.plainMs >= SLOW_SHELL && tripMs >= shell.ms - shell.plainMs;
  const penalties = sshd.set.get('persourcepenalties') ?? 'no';
  const excepted = sshd.set.get('persourcepenaltyexemptlist') ?? 'none';
  const turned = sshd.from === null ? [] : sshd.turned.filter((line) => line.includes(sshd.from ?? ''));
  const sessions = numberIn(sshd.set.get('maxsessions'));
  const startups = Number(sshd.set.get('maxstartups')?.split(':')[0] ?? STARTUPS);
  // Where nobody can tell whence we come there is nothing to look for in the list.
  const isExempt = excepted !== 'none' && (sshd.from === null || isListed(sshd.from, excepted));
  const set = `PersourcePenalties ${penalties}${excepted === 'none' ? '' : `, PersourcePenaltyExemptList ${excepted}`}`;
  return [
    ...(slow && shell !== null
      ? [
          finding('warn', 72, {
            kind: 'login-shell',
            shell: shell.name,
            account,
            ms: shell.ms,
            plainMs: shell.plainMs,
            tripMs,
          }),
        ]
      : tripMs >= SLOW_TRIP
        ? [finding('warn', 73, { kind: 'slow-commands', tripMs })]
        : []),
    ...(turned.length > 0
      ? [finding('warn', 66, { kind: 'sshd', wrong: 'turned', from: sshd.from, set }, { evidence: turned })]
      : penalties !== 'no' && !isExempt
        ? [finding('note', 80, { kind: 'sshd', wrong: 'penalties', from: sshd.from, set })]
        : []),
    ...(sessions !== null && sessions < SESSIONS
      ? [finding('warn', 67, { kind: 'sshd-limit', key: 'MaxSessions', value: String(sessions) })]
      : []),
    ...(startups < STARTUPS
      ? [finding('warn', 68, { kind: 'sshd-limit', key: 'MaxStartups', value: sshd.set.get('maxstartups') ?? '' })]
      : []),
    ...(facts.tools.has('rsync') ? [] : [finding('note', 82, { kind: 'no-rsync' })]),
  ];
}

const ofOthers = ({ probe: { facts }, seen, beside }: Reading): readonly Finding[] => [
  ...facts.externalDropIns.map(({ unit, path }) => finding('warn', 65, { kind: 'drop-in', unit, path })),
  ...seen.leftUnits.map((unit) => finding('warn', 69, { kind: 'left-unit', unit })),
  ...beside.map((one) => finding('warn', 71, { kind: 'beside', beside: one })),
];
