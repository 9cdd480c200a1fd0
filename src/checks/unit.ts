import { z } from 'zod';
import type { UnitState } from '../model/check.ts';
import { defineCheck } from './define.ts';
import { within, withinOf } from './fields.ts';
import { reason } from './words.ts';

const name = z
  .string()
  .max(255)
  .regex(
    /^[\w:\\][\w:.\\-]*(@[\w:.\\-]+)?\.(service|target|timer|socket|path|slice|mount)$/,
    'must be a unit with its suffix, such as jarvis.service or worker@1.service',
  );

const schema = z.union([name, z.strictObject({ name, within })]).meta({ examples: ['jarvis.service'] });

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

const nameOf = (spec: z.infer<typeof schema>) => (typeof spec === 'string' ? spec : spec.name);

function inWords(state: UnitState): string {
  const cause = state.result === '' || state.result === 'success' || state.result === '-' ? '' : state.result;
  return [
    `${state.active} (${state.sub})`,
    state.pid > 0 ? `pid ${state.pid}` : '',
    cause && `${cause}, status ${state.status}`,
    `${state.restarts} ${state.restarts === 1 ? 'restart' : 'restarts'}`,
  ]
    .filter((word) => word !== '')
    .join(', ');
}

/** Whether a service or another unit is up, on either runtime. */
export const unit = defineCheck({
  kind: 'unit',
  schema,
  label: (spec) => `unit ${nameOf(spec)}`,
  within: (spec) => withinOf(spec),

  async check(spec, io) {
    const asked = await io.unit(nameOf(spec));
    if (!asked.ok) return { ok: false, detail: reason(asked.failure) };
    const state = asked.value;
    const kind = nameOf(spec).split('.').at(-1) ?? '';
    return { ok: state.active === 'active' && (UP[kind] ?? []).includes(state.sub), detail: inWords(state) };
  },
});
