import { hostname } from 'node:os';
import type { Project } from '../../config/project.ts';
import { openStore } from '../../library/store.ts';
import { acknowledge, endPause, openPauses, pause, trailOf } from '../../monitor/orders.ts';
import type { MonitorState, Pause, SubjectState } from '../../monitor/state.ts';
import { acknowledged, paused, pauseLine, trail } from '../../output/messages/monitor/trail.ts';
import { list } from '../../util/count.ts';
import type { CliContext, CommonFlags } from '../context.ts';
import { openProject } from '../project.ts';
import { UsageError } from '../refusal.ts';

// What is said to the monitor, and what it is asked. No host is contacted: it is about what this machine remembers.

/** `fleet health --explain ID` @throws UsageError */
export async function explainProblem(id: string, flags: CommonFlags, context: CliContext): Promise<number> {
  const state = await (await openStore(await openProject(flags, context))).read();
  const found = trailOf(state, id);
  if (found === null) throw unknownProblem(id, state);
  context.stdout.write(trail(id, found, Date.now()));
  return 0;
}

/** `fleet ack ID` @throws UsageError */
export async function ack(
  id: string,
  { until, ...flags }: CommonFlags & { readonly until?: string },
  context: CliContext,
): Promise<number> {
  const store = await openStore(await openProject(flags, context));
  const at = Date.now();
  const end = until === undefined ? null : endOf(until, at);
  const done = await store.update((state): readonly [MonitorState, SubjectState | UsageError] => {
    const one = acknowledge(state, id, { by: byWhom(context), at, until: end });
    return one === null ? [state, unknownProblem(id, state)] : [one.state, one.subject];
  });
  if (done instanceof UsageError) throw done;
  context.stdout.write(acknowledged(id, done.subject, end, at));
  return 0;
}

type PauseFlags = CommonFlags & {
  readonly for?: string;
  readonly reason?: string;
  readonly list?: boolean;
  readonly end?: string;
};

/** `fleet pause HOST|APP|HOST/APP --for 2h --reason …`, `--list`, `--end ID` @throws UsageError */
export async function pauseHosts(name: string | undefined, flags: PauseFlags, context: CliContext): Promise<number> {
  const project = await openProject(flags, context);
  const store = await openStore(project);
  const now = Date.now();
  if (flags.list === true) {
    for (const one of openPauses(await store.read(), now)) context.stdout.write(`${pauseLine(one, now)}\n`);
    return 0;
  }
  if (flags.end !== undefined) {
    const id = flags.end;
    const done = await store.update((state) => {
      const one = endPause(state, id);
      return one === null ? [state, null] : [one.state, one.pause];
    });
    if (done === null) throw new UsageError(`there is no pause ${id}; \`fleet pause --list\` shows those there are`);
    context.stdout.write(`ended: ${pauseLine(done, now)}\n`);
    return 0;
  }
  if (name === undefined) throw new UsageError('say what is to be paused: a host, an app, or HOST/APP');
  if (flags.for === undefined) throw new UsageError('say for how long with --for, such as 2h: a pause always ends');
  if (flags.reason === undefined || !/^[^\p{Cc}]+$/u.test(flags.reason))
    throw new UsageError('say why with --reason, in one line of text');
  const order: Omit<Pause, 'id'> = {
    ...{ ...placeOf(name, project), since: now, until: endOf(flags.for, now), by: byWhom(context) },
    reason: flags.reason.slice(0, 200),
  };
  const made = await store.update((state) => {
    const { state: after, pause: one } = pause(state, order);
    return [after, one];
  });
  context.stdout.write(paused(made, now));
  return 0;
}

const byWhom = ({ invoker }: CliContext) => `${invoker.user}@${hostname()}`;

function unknownProblem(id: string, { subjects }: MonitorState): UsageError {
  const open = Object.values(subjects).flatMap(({ problem }) => problem?.id ?? []);
  const known = open.length === 0 ? 'none is open' : `open are ${list(open, 10)}`;
  return new UsageError(`there is no problem ${id}: ${known}`);
}

const UNIT = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
/** Nobody remembers longer what was to be said again. */
const LONGEST = 90 * UNIT.d;

/** A time from now, or a moment. @throws UsageError */
function endOf(text: string, now: number): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)([mhd])$/.exec(text) ?? [];
  const moment = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)?)?$/.test(text) ? Date.parse(text) : Number.NaN;
  const end = amount === undefined ? moment : now + Number(amount) * UNIT[unit as keyof typeof UNIT];
  if (Number.isNaN(end))
    throw new UsageError(`"${text}" is neither a time such as 90m, 2h or 3d nor a moment such as 2026-12-24T08:00Z`);
  if (end <= now) throw new UsageError(`"${text}" is over already`);
  if (end - now > LONGEST) throw new UsageError(`"${text}" is more than 90 days away`);
  return end;
}

/** @throws UsageError */
function placeOf(name: string, { inventory, playbooks }: Project): { host: string | null; app: string | null } {
  const hosts = [...inventory.hosts.keys()] as readonly string[];
  const apps = playbooks.map((one) => one.name);
  const [host = '', app = '', ...rest] = name.split('/');
  if (rest.length === 0 && name.includes('/') && hosts.includes(host) && apps.includes(app)) return { host, app };
  if (hosts.includes(name) && apps.includes(name))
    throw new UsageError(`${name} is a host and an app: say HOST/APP for one app on one host`);
  if (hosts.includes(name)) return { host: name, app: null };
  if (apps.includes(name)) return { host: null, app: name };
  throw new UsageError(
    `there is no host and no app "${name}"; hosts: ${list(hosts, 10)}; apps: ${list(apps, 10)}; or HOST/APP`,
  );
}
