import { createHash, randomUUID } from 'node:crypto';
import { uptime } from 'node:os';
import { basename, join } from 'node:path';
import { windowsOf } from '../../config/inventory/maintenance.ts';
import { EVERYTHING, selectPairs } from '../../config/select.ts';
import { isSilence, type Known, type SeenApp, watchHost } from '../../engine/commands/watch.ts';
import { readLocalText } from '../../local/file.ts';
import { type Turn, tryLock } from '../../local/lock.ts';
import { replaceState } from '../../local/state.ts';
import type { Alert } from '../../model/alert.ts';
import type { AppLook } from '../../model/look.ts';
import type { Channel, Delivery, Notice } from '../../model/notice.ts';
import type { Failure, HostOutcome } from '../../model/outcome.ts';
import type { HostTarget } from '../../model/target.ts';
import { batchFor, delivered, STDOUT } from '../../monitor/outbox.ts';
import { keyOf, type Moment, type MonitorState } from '../../monitor/state.ts';
import { type MonitorConfig, step } from '../../monitor/step.ts';
import { VANTAGE } from '../../monitor/tree.ts';
import { explain } from '../../output/messages/failures/failure.ts';
import { mailText, notice } from '../../output/messages/monitor/alert.ts';
import { notKept, overdueRun } from '../../output/messages/monitor/trail.ts';
import { deliveryLine } from '../../output/messages/notification.ts';
import { sinkTo } from '../../output/text/sink.ts';
import { pause } from '../../util/async.ts';
import { milliseconds } from '../../util/duration.ts';
import { clean, cleanAll } from '../../util/sanitize.ts';
import type { CliContext, HostFlags } from '../context.ts';
import { exitCode } from '../exit-code.ts';
import { type Fleet, openFleet } from '../fleet-command.ts';
import { openNotifiers } from '../notifiers.ts';
import { memoryOf, openStore, type Store } from '../store.ts';

export type CronFlags = HostFlags & { readonly every?: string; readonly exitZero?: boolean };

/** A host may take so long, and what is bad there is asked so often, so far apart. */
const PATIENCE = { hostMs: 90_000, again: 2, everyMs: 10_000 };
/** A whole run, where nobody has said when the next one begins. */
const RUN_MS = 270_000;
/** What sending may take, to all channels at once. */
const SEND_MS = 20_000;

/** `fleet health --cron`: looks, remembers, and says what nobody has been told yet. @throws UsageError */
export async function healthCron(
  flags: CronFlags,
  context: CliContext,
  given: readonly Channel[] | null = null,
  patience = PATIENCE,
): Promise<number> {
  const everyMs = flags.every === undefined ? null : milliseconds(flags.every);
  const runMs = everyMs === null ? RUN_MS : everyMs * 0.9;
  const command = { name: 'health', verb: 'Check', kind: 'reads', inputs: 'skip', silent: true } as const;
  const fleet = await openFleet({ ...command, retries: 0, limitMs: runMs }, flags, context);
  const store = await openStore(fleet.project);
  const turn = await tryLock(join(store.folder, 'run'));
  if (!turn.ours) return overlapping(turn, store, runMs, context);
  const warn = (text: string) => context.stderr.write(`warning: ${clean(text)}\n`);
  const { channels, pings } = given === null ? openNotifiers(fleet.project, warn) : { channels: given, pings: [] };
  const run = randomUUID();
  try {
    await Promise.all(pings.map((ping) => ping.start(run, context.signal)));
    const code = await watch(fleet, store, { channels, everyMs, patience }, context);
    const heard = await Promise.all(pings.map((ping) => ping.finish(run, code, '', context.signal)));
    for (const [i, one] of heard.entries())
      if (!one.sent) await print(`${deliveryLine(pings[i]?.name ?? '', one)}\n`, context);
    return flags.exitZero === true ? 0 : code;
  } finally {
    await turn.release();
  }
}

type Settings = {
  readonly channels: readonly Channel[];
  readonly everyMs: number | null;
  readonly patience: typeof PATIENCE;
};

async function watch(fleet: Fleet, store: Store, settings: Settings, context: CliContext): Promise<number> {
  const before = await store.read();
  const { looks, code } = await lookAt(fleet, before, settings, context);
  const now = await moment();
  const config = configOf(fleet, before, settings);
  const project = basename(fleet.project.dir);
  try {
    await store.update((state) => [step(state, looks, config, now).state, null]);
  } catch (error) {
    const { alerts } = step(before, looks, config, now);
    const said = alerts.length === 0 ? '' : `${mailText(noticeOf(alerts, project, now.at))}\n`;
    await print(`${said}${notKept((error as Error).message)}\n`, context);
    return code;
  }
  await Promise.all(settings.channels.map((one) => send(one, store, config, project, now.at, context.signal)));
  // Last, so that it also has what the others do not take.
  const stdout: Channel = { name: STDOUT, deliver: (one) => printed(one, context) };
  await send(stdout, store, config, project, now.at, context.signal);
  return code;
}

async function lookAt(
  { targets, lookAtHosts }: Fleet,
  state: MonitorState,
  { patience }: Settings,
  context: CliContext,
) {
  const seen = new Map<HostTarget, SeenApp>();
  const results = await lookAtHosts(
    (shares) =>
      // What a host says is shown to people.
      watchHost(
        shares,
        patience,
        (target) => knownOf(state, target),
        (target, one) => seen.set(target, cleanAll(one)),
      ),
    'quietly',
  );
  const names = new Map(targets.map(({ host, connection }) => [`${connection.address}:${connection.port}`, host]));
  const looks = targets.flatMap((target, i): AppLook[] => {
    const outcome = results[i]?.outcome;
    if (outcome === undefined) return [];
    const jumps = target.connection.jump.map(({ address, port }) => names.get(`${address}:${port}`) ?? address);
    return [{ host: target.host, app: target.app, jumps, ...lookOf(target, outcome, seen.get(target)) }];
  });
  const outcomes = results.map(({ outcome }) => (context.signal.aborted ? outcome : inTime(outcome)));
  return { looks, code: exitCode(outcomes, context.signal.aborted) };
}

/** Without Ctrl-C it was the end of the run's own time that stopped it. */
const inTime = (outcome: HostOutcome): HostOutcome =>
  outcome.end === 'untouched' && outcome.failure.kind === 'cancelled'
    ? { ...outcome, failure: { kind: 'skipped', why: 'the run had no time left' } }
    : outcome;

function knownOf(state: MonitorState, { host, app }: HostTarget): Known {
  const { subjects } = state;
  const level = (subject: Parameters<typeof keyOf>[0]) => subjects[keyOf(subject)]?.level ?? 'ok';
  return {
    isDown: level({ host, app: null, check: null }) === 'crit' || level(VANTAGE) === 'crit',
    level: (check) => level({ host, app, check }),
    memory: memoryOf(state, host, app),
  };
}

type Rest<T> = T extends unknown ? Omit<T, 'host' | 'app' | 'jumps'> : never;

function lookOf(target: HostTarget, outcome: HostOutcome, seen: SeenApp | undefined): Rest<AppLook> {
  if (seen !== undefined) return { seen: true, ...seen };
  const failure: Failure = 'failure' in outcome ? outcome.failure : { kind: 'skipped', why: '' };
  const { what, fix } = explain(failure, { hosts: [target.host], app: target.app });
  const words = cleanAll({ detail: what, fix: fix[0] ?? null });
  return { seen: false, stopped: stoppedAt(failure), ...words, checks: target.checks.length };
}

function stoppedAt(failure: Failure) {
  if (isSilence(failure)) return 'network';
  switch (failure.kind) {
    case 'cancelled':
    case 'skipped':
      return 'run';
    case 'auth-refused':
    case 'login-unusable':
    case 'no-forwarding':
    case 'host-key-unknown':
    case 'host-key-changed':
    case 'host-key-revoked':
      return 'login';
    default:
      return 'app';
  }
}

function configOf({ project, targets }: Fleet, state: MonitorState, settings: Settings): MonitorConfig {
  const pairs = selectPairs(project.inventory, project.playbooks, EVERYTHING);
  const hosts = Object.values(state.subjects).flatMap(({ subject }) => subject.host ?? []);
  return {
    known: (pairs.ok ? pairs.value : []).map(({ host: { name: host }, playbook: { name: app } }) => {
      const target = targets.find((one) => one.host === host && one.app === app);
      // How those are reached that are not looked at now is not worked out: any host may lead to them.
      return { host, app, jumps: target?.connection.jump.map(({ address }) => address) ?? hosts };
    }),
    windows: windowsOf(project.inventory),
    channels: [STDOUT, ...settings.channels.map(({ name }) => name)],
    everyMs: settings.everyMs,
  };
}

/** Sends what a channel does not have yet, and remembers what came of it. Never throws for what the channel does. */
async function send(
  { name, deliver }: Channel,
  store: Store,
  { channels }: MonitorConfig,
  project: string,
  at: number,
  signal: AbortSignal,
): Promise<void> {
  const batch = batchFor(await store.read(), name, at);
  if (batch === null) return;
  const over = new AbortController();
  const limit = AbortSignal.any([signal, over.signal, AbortSignal.timeout(SEND_MS)]);
  // Whatever the channel makes of the signal.
  const late = pause(SEND_MS, limit).then(() => notSent(`took longer than ${SEND_MS / 1000} s`));
  const delivery = await Promise.race([
    deliver(noticeOf(batch.alerts, project, at), limit).catch((error) => notSent(String(error))),
    late,
  ]);
  over.abort();
  await store.update((state) => [delivered(state, name, batch, cleanAll(delivery), channels, at), null]);
}

const notSent = (answer: string): Delivery => ({ sent: false, permanent: false, answer, retryAfterMs: null });

async function printed(one: Notice, context: CliContext): Promise<Delivery> {
  await print(mailText(one), context);
  return { sent: true, answer: 'printed' };
}

async function print(text: string, { stdout }: CliContext): Promise<void> {
  const sink = sinkTo(stdout);
  sink.write(text);
  await sink.flush();
}

/** The same alerts have the same name, however often and to whomever they are sent. */
function noticeOf(alerts: readonly Alert[], project: string, at: number): Notice {
  const hash = createHash('sha256').update(JSON.stringify([project, alerts.map((one) => [one.id, one.kind, one.at])]));
  const hex = hash.digest('hex');
  const id = [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)];
  return notice(alerts, { project, id: id.join('-'), at });
}

async function moment(): Promise<Moment> {
  const boot = await readLocalText('/proc/sys/kernel/random/boot_id').catch(() => '');
  return { at: Date.now(), boot: boot.trim(), upMs: Math.round(uptime() * 1000) };
}

/** Another run is at work, which is no news, unless it should have ended long ago. */
async function overlapping(
  { owner, since }: Extract<Turn, { ours: false }>,
  { folder }: Store,
  runMs: number,
  context: CliContext,
): Promise<number> {
  if (Date.now() - since < runMs + 3 * SEND_MS) return 0;
  const file = join(folder, 'run.told');
  if ((await readLocalText(file).catch(() => '')) === owner) return 1;
  await replaceState(file, owner);
  await print(`${overdueRun({ pid: owner.split('\n')[0] ?? '', since, now: Date.now() })}\n`, context);
  return 1;
}
