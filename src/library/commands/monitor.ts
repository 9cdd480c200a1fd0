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
import { noted, pinged } from '../../monitor/notes.ts';
import { batchFor, delivered, STDOUT } from '../../monitor/outbox.ts';
import { keyOf, type Moment, type MonitorState } from '../../monitor/state.ts';
import { type MonitorConfig, step } from '../../monitor/step.ts';
import { VANTAGE } from '../../monitor/tree.ts';
import { explain } from '../../output/messages/failures/failure.ts';
import { mailText, notice } from '../../output/messages/monitor/alert.ts';
import { notKept, overdueRun, standing } from '../../output/messages/monitor/trail.ts';
import { deliveryLine } from '../../output/messages/notification.ts';
import { pause, within } from '../../util/async.ts';
import { cleanAll } from '../../util/sanitize.ts';
import { type Chosen, choose } from '../choose.ts';
import { exitCode } from '../exit-code.ts';
import { openNotifiers } from '../notifiers.ts';
import type { World } from '../open.ts';
import type { Event, Options } from '../options.ts';
import { memoryOf, openStore, type Store } from '../store.ts';

/** A host may take so long, what is bad there is asked so often, so far apart, and sending may take so long; milliseconds. */
export type Patience = {
  readonly hostMs: number;
  readonly again: number;
  readonly everyMs: number;
  /** To all channels at once, and to all pings. */
  readonly sendMs: number;
};

/** How one run of the monitor knows when the next begins, and to whom it speaks. */
export type MonitorOptions = {
  /** Milliseconds between two runs, where that is known. */
  readonly everyMs?: number;
  /** Takes what no channel takes, and whatever else is due. */
  readonly print: (text: string) => Promise<void>;
  /** In the place of the channels and pings of the inventory. */
  readonly channels?: readonly Channel[];
  /** 90 s for a host and two more looks at what is bad, 10 s apart, unless told. */
  readonly patience?: Patience;
};

const PATIENCE: Patience = { hostMs: 90_000, again: 2, everyMs: 10_000, sendMs: 20_000 };
/** A whole run, where nobody has said when the next one begins. */
const RUN_MS = 270_000;

/** Looks, remembers, and says what nobody has been told yet. @throws Refusal */
export async function monitor(
  world: World,
  options: Options & MonitorOptions,
  report: (event: Event) => void,
): Promise<{ readonly exitCode: number }> {
  const { everyMs = null, print, patience = PATIENCE } = options;
  const runMs = everyMs === null ? RUN_MS : everyMs * 0.9;
  // What would be said on every run is said once, as all else is.
  const notes: string[] = [];
  const onNote = (text: string) => void notes.push(cleanAll(text));
  const command = { name: 'health', kind: 'reads', inputs: 'skip', retries: 0, limitMs: runMs } as const;
  const chosen = await choose(world, command, { ...options, onNote }, report);
  const store = await openStore(chosen.project);
  const turn = await tryLock(join(store.folder, 'run'));
  if (!turn.ours) return { exitCode: await overlapping(turn, store, runMs + 3 * patience.sendMs, print) };
  const { channels, pings } =
    options.channels === undefined ? openNotifiers(chosen.project, onNote) : { channels: options.channels, pings: [] };
  const run = randomUUID();
  // Not the one of the run, whose time may be over when there is most to tell.
  const signal = options.signal ?? new AbortController().signal;
  const settings: Settings = { channels, everyMs, patience, print, signal, notes };
  try {
    await Promise.all(pings.map((ping) => inTime(settings, (limit) => ping.start(run, limit).then(() => SENT))));
    const watched = await watch(chosen, store, settings);
    const { code, body } = watched;
    const heard = await Promise.all(
      pings.map(async (ping) => {
        const delivery = await inTime(settings, (limit) => ping.finish(run, code, body, limit));
        return [ping.name, cleanAll(delivery)] as const;
      }),
    );
    if (watched.config === null) {
      // Nothing can be remembered, and so all of it is said again and again.
      for (const [name, one] of heard) if (!one.sent) await print(`${deliveryLine(name, one)}\n`);
      return { exitCode: code };
    }
    const { config, project, at } = watched;
    const names = config.channels;
    if (heard.length + notes.length > 0)
      await store.update((state) => [noted(pinged(state, new Map(heard), names, at), notes, names, at), null]);
    // Last, so that it also has what the others do not take.
    const stdout: Channel = { name: STDOUT, deliver: (one) => printed(one, print) };
    await send(stdout, store, config, project, at, settings);
    return { exitCode: code };
  } finally {
    await turn.release();
  }
}

type Settings = {
  readonly channels: readonly Channel[];
  readonly everyMs: number | null;
  readonly patience: Patience;
  readonly print: (text: string) => Promise<void>;
  readonly signal: AbortSignal;
  /** What was said of the run itself so far. */
  readonly notes: readonly string[];
};

/** How a run went; `body` is what pings are told of it. Without a `config` nothing of it could be kept. */
type Watched = { readonly code: number; readonly body: string } & (
  | { readonly config: MonitorConfig; readonly project: string; readonly at: number }
  | { readonly config: null }
);

async function watch(fleet: Chosen, store: Store, settings: Settings): Promise<Watched> {
  const { print, notes } = settings;
  const before = await store.read();
  const { looks, code } = await lookAt(fleet, before, settings);
  const now = await moment();
  const { at } = now;
  const config = configOf(fleet, before, settings);
  const project = basename(fleet.project.dir);
  const textOf = (alerts: readonly Alert[]) => (alerts.length === 0 ? '' : mailText(noticeOf(alerts, project, at)));
  let text = '';
  try {
    text = await store.update((state) => {
      const next = step(state, looks, config, now);
      return [noted(next.state, notes, config.channels, at), textOf(next.alerts) || standing(next.state.subjects)];
    });
  } catch (error) {
    const said = textOf(step(before, looks, config, now).alerts);
    const whole = `${said}${said === '' ? '' : '\n'}${notKept((error as Error).message)}\n`;
    await print(whole);
    return { code, body: whole, config: null };
  }
  await Promise.all(settings.channels.map((one) => send(one, store, config, project, at, settings)));
  return { code, body: text, config, project, at };
}

async function lookAt({ targets, lookAtHosts }: Chosen, state: MonitorState, { patience, signal }: Settings) {
  const seen = new Map<HostTarget, SeenApp>();
  const results = await lookAtHosts(
    (shares, aside) =>
      // What a host says is shown to people.
      watchHost(
        shares,
        patience,
        (target) => knownOf(state, target),
        (target, one) => seen.set(target, cleanAll(one)),
        aside,
      ),
    { rank: (target) => turnOf(state, target), waiting: WAITING },
  );
  const names = new Map(targets.map(({ host, connection }) => [`${connection.address}:${connection.port}`, host]));
  const looks = targets.flatMap((target, i): AppLook[] => {
    const outcome = results[i]?.outcome;
    if (outcome === undefined) return [];
    const jumps = target.connection.jump.map(({ address, port }) => names.get(`${address}:${port}`) ?? address);
    return [{ host: target.host, app: target.app, jumps, ...lookOf(target, outcome, seen.get(target)) }];
  });
  const asked = signal.aborted ? looks.filter((one) => one.seen || one.stopped !== 'run') : looks;
  const outcomes = results.map(({ outcome }) => (signal.aborted ? outcome : cutShort(outcome)));
  return { looks: asked, code: exitCode(outcomes, signal.aborted) };
}

/** So many times as many hosts as are looked at may be waited for, that they answer and until they are asked again. */
const WAITING = 4;

/** Who was not come to for the longest time comes first, and who does not answer last. */
function turnOf(state: MonitorState, target: HostTarget): number {
  if (knownOf(state, target).isDown) return Number.POSITIVE_INFINITY;
  return state.subjects[keyOf({ host: target.host, app: null, check: null })]?.seen ?? 0;
}

/** Without Ctrl-C it was the end of the run's own time that stopped it. */
const cutShort = (outcome: HostOutcome): HostOutcome =>
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
  const words = cleanAll({ detail: what, evidence: fix.slice(0, 1) });
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

function configOf({ project, targets }: Chosen, state: MonitorState, settings: Settings): MonitorConfig {
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
  settings: Settings,
): Promise<void> {
  const batch = batchFor(await store.read(), name, at);
  if (batch === null) return;
  const delivery = await inTime(settings, (limit) => deliver(noticeOf(batch.alerts, project, at), limit));
  await store.update((state) => [delivered(state, name, batch, cleanAll(delivery), channels, at), null]);
}

/** Whatever it makes of the signal. */
async function inTime(
  { signal, patience: { sendMs } }: Settings,
  work: (limit: AbortSignal) => Promise<Delivery>,
): Promise<Delivery> {
  const over = new AbortController();
  const limit = within(AbortSignal.any([signal, over.signal]), sendMs);
  const late = pause(sendMs, limit).then(() => notSent(`took longer than ${sendMs / 1000} s`));
  const delivery = await Promise.race([work(limit).catch((error) => notSent(String(error))), late]);
  over.abort();
  return delivery;
}

const SENT: Delivery = { sent: true, answer: '' };
const notSent = (answer: string): Delivery => ({ sent: false, permanent: false, answer, retryAfterMs: null });

async function printed(one: Notice, print: Settings['print']): Promise<Delivery> {
  await print(mailText(one));
  return { sent: true, answer: 'printed' };
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
  mostMs: number,
  print: Settings['print'],
): Promise<number> {
  if (Date.now() - since < mostMs) return 0;
  const file = join(folder, 'run.told');
  if ((await readLocalText(file).catch(() => '')) === owner) return 1;
  await replaceState(file, owner);
  await print(`${overdueRun({ pid: owner.split('\n')[0] ?? '', since, now: Date.now() })}\n`);
  return 1;
}
