import { selectPairs } from '../../config/select.ts';
import { acknowledge, endPause, openPauses, pause, type Trail, trailOf } from '../../monitor/orders.ts';
import type { MonitorState, Pause, Trend as Remembered, SubjectState } from '../../monitor/state.ts';
import { limitIn, slopeOf } from '../../monitor/trend.ts';
import { list } from '../../util/count.ts';
import type { World } from '../open.ts';
import type { Where } from '../options.ts';
import { Refusal, refused } from '../refusal.ts';
import { openStore, stateOf } from '../store.ts';

// What is said to the monitor, and what it is asked. No host is contacted: it is about what this machine remembers.

/** How a problem came about, and who was told. @throws Refusal */
export async function explain({ project }: World, id: string): Promise<Trail> {
  const state = await (await openStore(project)).read();
  const found = trailOf(state, id);
  if (found === null) throw unknownProblem(id, state);
  return found;
}

/** A problem that somebody knows of. */
export type Acknowledged = {
  readonly subject: SubjectState['subject'];
  readonly at: number;
  /** Null: until it is well, or worse. */
  readonly until: number | null;
};

/** No reminders of a problem. @param until a time such as `8h`, or a moment @throws Refusal */
export async function ack({ project, by }: World, id: string, until?: string): Promise<Acknowledged> {
  const store = await openStore(project);
  const at = Date.now();
  const end = until === undefined ? null : endOf(until, at);
  const done = await store.update((state): readonly [MonitorState, SubjectState | Refusal] => {
    const one = acknowledge(state, id, { by, at, until: end });
    return one === null ? [state, unknownProblem(id, state)] : [one.state, one.subject];
  });
  if (done instanceof Refusal) throw done;
  return { subject: done.subject, at, until: end };
}

/** How long nothing is said, 90 days at most, and why. */
export type PauseOrder = {
  /** How long: a time such as `2h`, or until a moment. */
  readonly for: string;
  /** One line of text. */
  readonly reason: string;
};

/** Says nothing of a host, an app, or HOST/APP for a while. @throws Refusal */
export async function pauseFor(world: World, name: string, order: PauseOrder): Promise<Pause> {
  if (!/^[^\p{Cc}]+$/u.test(order.reason)) throw new Refusal('the reason must be one line of text');
  const store = await openStore(world.project);
  const since = Date.now();
  const wanted: Omit<Pause, 'id'> = {
    ...{ ...placeOf(name, world), since, until: endOf(order.for, since), by: world.by },
    reason: order.reason.slice(0, 200),
  };
  return store.update((state) => {
    const { state: after, pause: made } = pause(state, wanted);
    return [after, made];
  });
}

export async function pauses({ project }: World): Promise<readonly Pause[]> {
  return openPauses(await (await openStore(project)).read(), Date.now());
}

/** @throws Refusal */
export async function unpause({ project }: World, id: string): Promise<Pause> {
  const store = await openStore(project);
  const done = await store.update((state) => {
    const one = endPause(state, id);
    return one === null ? [state, null] : [one.state, one.pause];
  });
  if (done === null) throw new Refusal(`there is no pause ${id}; \`fleet pause --list\` shows those there are`);
  return done;
}

const HOUR = 3_600_000;

/** How a number that a check reads has gone, and where to. */
export type Trend = Remembered & {
  /** In its unit, by the hour; null where it does not surely move. */
  readonly perHour: number | null;
  /** Milliseconds until its limit at this slope; null where it does not move there, or that is too far off to say. */
  readonly limitIn: number | null;
};

/** How memory and disks went, and when they are full at this slope. @throws Refusal */
export async function trends(
  { project }: World,
  { hosts = [], groups = [], apps = [], all = false }: Where,
): Promise<readonly Trend[]> {
  const { trends: kept } = await stateOf(project);
  const pairs = selectPairs(project.inventory, project.playbooks, { hosts, groups, apps, all });
  if (!pairs.ok) throw refused(pairs.failure);
  const places = pairs.value.map(({ host, playbook }) => ({ host: host.name as string, app: playbook.name }));
  return Object.values(kept)
    .filter((one) => places.some(({ host, app }) => one.host === host && (one.app ?? app) === app))
    .map((one) => {
      const slope = slopeOf(one.points);
      return { ...one, perHour: slope === null ? null : slope.perMs * HOUR, limitIn: limitIn(one) };
    });
}

function unknownProblem(id: string, { subjects }: MonitorState): Refusal {
  const open = Object.values(subjects).flatMap(({ problem }) => problem?.id ?? []);
  const known = open.length === 0 ? 'none is open' : `open are ${list(open, 10)}`;
  return new Refusal(`there is no problem ${id}: ${known}`);
}

const UNIT = { m: 60_000, h: HOUR, d: 24 * HOUR } as const;
/** Nobody remembers longer what was to be said again. */
const LONGEST = 90 * UNIT.d;

/** A time from now, or a moment. @throws Refusal */
function endOf(text: string, now: number): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)([mhd])$/.exec(text) ?? [];
  const moment = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)?)?$/.test(text) ? Date.parse(text) : Number.NaN;
  const end = amount === undefined ? moment : now + Number(amount) * UNIT[unit as keyof typeof UNIT];
  if (Number.isNaN(end))
    throw new Refusal(`"${text}" is neither a time such as 90m, 2h or 3d nor a moment such as 2026-12-24T08:00Z`);
  if (end <= now) throw new Refusal(`"${text}" is over already`);
  if (end - now > LONGEST) throw new Refusal(`"${text}" is more than 90 days away`);
  return end;
}

/** @throws Refusal */
function placeOf(name: string, { project }: World): { host: string | null; app: string | null } {
  const hosts = [...project.inventory.hosts.keys()] as readonly string[];
  const apps = project.playbooks.map((one) => one.name);
  const [host = '', app = '', ...rest] = name.split('/');
  if (rest.length === 0 && name.includes('/') && hosts.includes(host) && apps.includes(app)) return { host, app };
  if (hosts.includes(name) && apps.includes(name))
    throw new Refusal(`${name} is a host and an app: say HOST/APP for one app on one host`);
  if (hosts.includes(name)) return { host: name, app: null };
  if (apps.includes(name)) return { host: null, app: name };
  throw new Refusal(
    `there is no host and no app "${name}"; hosts: ${list(hosts, 10)}; apps: ${list(apps, 10)}; or HOST/APP`,
  );
}
