import type { Alert } from '../../src/model/alert.ts';
import type { AppLook, CheckLook, Confirm } from '../../src/model/look.ts';
import type { Subject } from '../../src/model/notice.ts';
import type { Reading } from '../../src/model/reading.ts';
import type { Window } from '../../src/model/window.ts';
import { STDOUT } from '../../src/monitor/outbox.ts';
import { EMPTY, type MonitorState } from '../../src/monitor/state.ts';
import { step } from '../../src/monitor/step.ts';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
/** 2026-03-02 12:00 UTC, a Monday. */
export const NOON = Date.UTC(2026, 2, 2, 12);

/**
 * What runs see, a letter for each run. Of a check (`web1/app/http`): o ok, w warning, c critical, `-` not there;
 * e and E the same as w and c because something has happened (again). Of a host
 * (`web1`): `.` reached, n no answer, l login refused, a the app cannot be looked at, r not come to, t a transaction, d one
 * past its deadline, z one that nobody is at work on.
 */
export type Script = Readonly<Record<string, string>>;

export type World = {
  readonly everyMs?: number;
  readonly announcedEveryMs?: number;
  readonly recoverAfter?: number;
  readonly confirm?: Confirm;
  /** Of the check that a reading is of, by run. */
  readonly readings?: Readonly<Record<string, (run: number) => readonly Reading[]>>;
  readonly jumps?: Readonly<Record<string, readonly string[]>>;
  readonly windows?: readonly Window[];
  readonly generation?: (run: number) => number;
  /** What is done to the state, or to the clock, before a run. */
  readonly before?: Readonly<Record<number, (state: MonitorState, at: number) => MonitorState>>;
  /** What the clock on the wall is ahead of the time that has passed. */
  readonly clockOff?: (run: number) => number;
  readonly boot?: (run: number) => string;
  readonly known?: (run: number) => readonly string[];
  readonly from?: number;
};

export const pathOf = ({ host, app, check }: Subject): string =>
  [host ?? '*', app, check].filter((part) => part !== null).join('/');

/** @returns what each run tells, the state that each began with and left, and the last one */
export function simulate(script: Script, world: World = {}) {
  const { everyMs = 5 * MINUTE, from = NOON } = world;
  const runs = Math.max(...Object.values(script).map(({ length }) => length));
  let state = EMPTY;
  const told: (readonly Alert[])[] = [];
  const states: MonitorState[] = [];
  const begun: MonitorState[] = [];
  for (let run = 0; run < runs; run += 1) {
    const at = from + run * everyMs + (world.clockOff?.(run) ?? 0);
    state = world.before?.[run]?.(state, at) ?? state;
    begun.push(state);
    const looks = looksOf(script, world, run);
    const known = world.known?.(run);
    const result = step(
      state,
      looks,
      {
        known: known === undefined ? looks : looks.filter(({ host, app }) => known.includes(`${host}/${app}`)),
        ...{ windows: world.windows ?? [], channels: [STDOUT], everyMs: world.announcedEveryMs ?? null },
      },
      { at, boot: world.boot?.(run) ?? 'boot', upMs: run * everyMs },
    );
    state = result.state;
    told.push(result.alerts);
    states.push(state);
  }
  return { told, state, states, begun };
}

function looksOf(script: Script, world: World, run: number): readonly AppLook[] {
  const apps = new Set(
    Object.keys(script).map((path) => {
      const [host, app = 'app'] = path.split('/');
      return `${host}/${app}`;
    }),
  );
  return [...apps].flatMap((path): AppLook[] => {
    const [host = '', app = ''] = path.split('/');
    const mine = Object.entries(script).filter(([key]) => key.startsWith(`${path}/`));
    const common = { host, app, jumps: world.jumps?.[host] ?? [] };
    const letter = (script[path] ?? script[host] ?? '').at(run) ?? '.';
    const stopped = ({ n: 'network', l: 'login', a: 'app', r: 'run' } as const)[letter];
    if (stopped !== undefined)
      return [{ ...common, seen: false, stopped, detail: `stopped at ${stopped}`, evidence: [], checks: mine.length }];
    if (letter === '-') return [];
    const open = (
      {
        t: { running: true, leftMs: MINUTE },
        d: { running: true, leftMs: -MINUTE },
        z: { running: false, leftMs: MINUTE },
      } as const
    )[letter];
    const generation = world.generation?.(run) ?? 1;
    return [
      {
        ...{
          ...common,
          seen: true,
          transaction: open === undefined ? null : { by: 'alice', phase: 'SETTLING', ...open },
        },
        live: { generation, change: { at: NOON, by: 'alice', from: generation - 1 } },
        unjudged: [],
        checks: mine.flatMap(([key, letters]) => checkOf(key, letters, world, run)),
      },
    ];
  });
}

/** In which run something has happened last. */
function eventAt(letters: string): string | null {
  const last = letters.toLowerCase().lastIndexOf('e');
  return last < 0 ? null : String(last);
}

function checkOf(key: string, letters: string, world: World, run: number): readonly CheckLook[] {
  const letter = letters.at(run) ?? 'o';
  if (letter === '-') return [];
  const check = key.split('/').slice(2).join('/');
  const level = ({ w: 'warn', c: 'crit', e: 'warn', E: 'crit' } as const)[letter] ?? 'ok';
  const { recoverAfter = 2, confirm = { runs: 1, of: 1 } } = world;
  const event = level === 'ok' ? null : eventAt(letters.slice(0, run + 1));
  const detail = `it is ${level}${event === null ? '' : `, as in run ${event}`}`;
  return [
    {
      ...{ check, level, detail, recoverAfter, confirm, evidence: [], log: [], fix: null, tries: 3 },
      event,
      readings: world.readings?.[key]?.(run) ?? [],
    },
  ];
}

/** `problem critical web1/app/http` */
export const shown = ({ kind, severity, subject }: Alert): string => `${kind} ${severity} ${pathOf(subject)}`;
