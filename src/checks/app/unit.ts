import { z } from 'zod';
import type { Before } from '../../model/check.ts';
import { parseUnit, type UnitState } from '../../model/facts.ts';
import { sh } from '../../shell/sh.ts';
import { duration, milliseconds } from '../../util/duration.ts';
import { defineCheck } from '../define.ts';
import { excerpt } from '../detail.ts';
import { limits, listOf, percent, retries, retryForOf, unitNames } from '../fields.ts';
import { type Finding, type Limits, limitsInWords, linesOf, verdictOf } from '../judge.ts';
import { memoryFinding, parseUses, restartsFinding, tasksFinding, type Use, watchdogFinding } from '../use.ts';

const long = z.strictObject({
  name: unitNames.meta({ description: 'A unit, or a list of them.' }),
  settled: duration.meta({ description: 'For less than this it is up with a warning.', examples: ['10s'] }).optional(),
  restarts: limits(z.int().min(1), 'high')
    .meta({ description: 'Restarts since the last look that is remembered.', examples: [{ warn: 1, critical: 5 }] })
    .default({ warn: 1 }),
  memory: limits(percent, 'high').meta({ description: 'Percent of MemoryMax.' }).optional(),
  tasks: limits(percent, 'high').meta({ description: 'Percent of TasksMax.' }).default({ warn: 90 }),
  watchdog: limits(percent, 'high')
    .meta({ description: 'Percent of WatchdogSec that has gone by without a sign of life.' })
    .default({ warn: 90 }),
  ...retries,
});

const schema = z
  .union([unitNames, long])
  .meta({ examples: ['jarvis.service', ['jarvis.service', 'jarvis-web.service']] });

type Spec = z.infer<typeof schema>;

const normal = (spec: Spec) => (typeof spec === 'object' && 'name' in spec ? spec : long.parse({ name: spec }));

/** What a unit of a kind does when it is up; `active` alone may be a timer whose last time has passed. */
const UP: Readonly<Record<string, readonly string[]>> = {
  service: ['running', 'exited'],
  socket: ['listening', 'running'],
  timer: ['waiting', 'running'],
  path: ['waiting', 'running'],
  target: ['active'],
  slice: ['active'],
  mount: ['mounted'],
};

function inWords(state: UnitState): string {
  if (state.active === 'taken') return `it is a unit of the app ${state.sub} of this host by now`;
  const cause = state.result === '' || state.result === 'success' || state.result === '-' ? '' : state.result;
  return [
    `${state.active} (${state.sub})`,
    state.pid > 0 ? `pid ${state.pid}` : '',
    cause && `${cause}, status ${state.status}`,
    state.startedBy !== undefined && state.startedBy.length > 0 ? `started by ${state.startedBy.join(' and ')}` : '',
    `${state.restarts} ${state.restarts === 1 ? 'restart' : 'restarts'}`,
  ]
    .filter((word) => word !== '')
    .join(', ');
}

/** What a trigger starts is also as it should be while it waits for that, or is at its job. */
const isUp = ({ unit, active, sub, startedBy }: UnitState) =>
  (active === 'active' && (UP[unit.split('.').at(-1) ?? ''] ?? []).includes(sub)) ||
  (startedBy !== undefined && (active === 'inactive' || (active === 'activating' && sub === 'start')));

/** Whether services or other units are up, on either runtime, how often they were restarted, and what they use. */
export const unit = defineCheck({
  kind: 'unit',
  about: 'The unit is up, or all of them. For what a socket, timer or path starts it passes also while that waits.',
  schema,
  label: (spec) => excerpt(`unit ${listOf(normal(spec).name).join(', ')}`),
  retryForMs: (spec) => retryForOf(spec),
  quotes: 'never',

  asks: (spec) => ({ script: sh`tell_units ${listOf(normal(spec).name)}`, withinMs: 60_000 }),

  judge(spec, { text }, { before }) {
    const wanted = normal(spec);
    const names = listOf(wanted.name);
    const states = linesOf(text, 'unit').map(parseUnit);
    if (states.length !== names.length) return { ok: false, detail: 'the host did not tell the state of each' };
    const uses = parseUses(text);
    const findings = states.flatMap((state): readonly Finding[] => {
      const alone = states.length === 1;
      const up = isUp(state);
      const said = excerpt(alone ? inWords(state) : `${state.unit} ${inWords(state)}`);
      return [
        { level: up ? 'ok' : 'critical', text: said },
        ...(up ? beside(state, uses.get(state.unit), wanted, before) : []),
      ];
    });
    const [first] = states;
    const well = states.length === 1 && first !== undefined ? excerpt(inWords(first)) : `${states.length} units up`;
    return verdictOf(findings, well);
  },
});

type Wanted = { readonly [key in 'restarts' | 'memory' | 'tasks' | 'watchdog']?: Limits | undefined } & {
  readonly settled?: string | undefined;
};

/** What is to be said of one that is up. */
function beside(state: UnitState, use: Use | undefined, wanted: Wanted, before: Before): readonly Finding[] {
  const { settled, restarts = {}, memory, tasks = {}, watchdog = {} } = wanted;
  const fresh =
    settled !== undefined && use?.activeFor !== null && (use?.activeFor ?? 0) * 1000 < milliseconds(settled);
  return [
    ...(fresh && use !== undefined
      ? [{ level: 'warn' as const, text: `${state.unit} has been up for less than ${settled}` }]
      : []),
    restartsFinding(state.unit, state.restarts, restarts, before),
    ...(memory === undefined ? [] : [limited(memoryFinding(state.unit, use, memory), memory)]),
    ...tasksFinding(state.unit, use, tasks),
    ...watchdogFinding(state.unit, use, watchdog),
  ];
}

const limited = (finding: Finding, limits: Limits): Finding => ({
  ...finding,
  text: `${finding.text}${limitsInWords(limits, ' %')}`,
});
