import { parseUses } from '../checks/use.ts';
import { textsOf } from '../host/reply.ts';
import type { Living, UnitState } from '../model/facts.ts';
import { type GenerationId, generationId } from '../model/ids.ts';
import { sh } from '../shell/sh.ts';

export const LIVING = { name: 'living', probe: sh`tell_living` };

/**
 * Units with what `tell_living` has told of them.
 * @param active the active generation, which a unit runs from unless told otherwise
 * @param now by this machine's clock, when the host had been up for what it says
 */
export function withLiving(
  units: readonly UnitState[],
  text: string,
  active: GenerationId,
  now: number,
): readonly UnitState[] {
  const uses = parseUses(text);
  const [head = '', ...blocks] = text.split(/^use /m);
  const up = Number(/^uptime (\d+)$/m.exec(head)?.[1]) * 10;
  const runs = new Map(
    textsOf(head, 'run').map((line): [string, number] => {
      const [unit = '', generation] = line.split(' ');
      return [unit, Number(generation)];
    }),
  );
  const spent = [...text.matchAll(/^spent (\d+) (\d+)$/gm)];
  const told = new Map(
    blocks.map((block): [string, Living] => {
      const unit = block.slice(0, block.indexOf('\n') + 1 || undefined).trim();
      const value = (key: string) => new RegExp(`^${key}=(.*)$`, 'm').exec(block)?.[1] ?? '';
      const number = (key: string) => (/^\d{1,18}$/.test(value(key)) ? Number(value(key)) : null);
      const session = value('Session');
      const ticks = spent.reduce((sum, [, of, more]) => (of === session ? sum + Number(more) : sum), 0);
      const change = number('StateChangeTimestampMonotonic');
      const began = number('Began');
      const at = began !== null ? began * 10 : change !== null && change > 0 ? change / 1000 : null;
      const nanoseconds = number('CPUUsageNSec');
      const cpuMs = session !== '' ? ticks * 10 : nanoseconds === null ? null : Math.round(nanoseconds / 1e6);
      const { memory = null, max = null } = uses.get(unit) ?? {};
      const since = at === null || Number.isNaN(up) ? null : Math.round(now - Math.max(0, up - at));
      const generation = generationId(runs.get(unit) ?? active);
      return [unit, { since, generation, memory, memoryMax: max, cpuMs, statusText: value('StatusText') }];
    }),
  );
  return units.map((unit) => {
    const living = told.get(unit.unit);
    return living === undefined ? unit : { ...unit, living };
  });
}
