import { z } from 'zod';
import type { UnitState } from '../model/facts.ts';
import { defineCheck } from './define.ts';
import { excerpt, reason } from './detail.ts';
import { listOf, retries, retryForOf, unitNames } from './fields.ts';

const schema = z
  .union([unitNames, z.strictObject({ name: unitNames, ...retries })])
  .meta({ examples: ['jarvis.service', ['jarvis.service', 'jarvis-web.service']] });

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

const namesOf = (spec: z.infer<typeof schema>) => listOf(typeof spec === 'object' && 'name' in spec ? spec.name : spec);

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

/** Whether services or other units are up, on either runtime. */
export const unit = defineCheck({
  kind: 'unit',
  schema,
  label: (spec) => excerpt(`unit ${namesOf(spec).join(', ')}`),
  retryForMs: (spec) => retryForOf(spec),
  quotes: false,

  async check(spec, io) {
    const asked = await io.units(namesOf(spec));
    if (!asked.ok) return { ok: false, detail: reason(asked.failure) };
    const [first, ...more] = asked.value;
    if (first !== undefined && more.length === 0) return { ok: isUp(first), detail: inWords(first) };
    const down = asked.value.filter((state) => !isUp(state));
    if (down.length === 0) return { ok: true, detail: `${asked.value.length} units up` };
    return { ok: false, detail: down.map((state) => `${state.unit} ${inWords(state)}`).join('; ') };
  },
});
