import type { Aside, Namesake } from '../model/namesake.ts';

/** Parses lines "namesake UNIT ID STATE RUNNING EARLY CARRIES PATH" and "namesake-with UNIT starts|needs OTHER" without their first word. */
export function parseNamesakes(lines: readonly string[], others: readonly string[]): readonly Namesake[] {
  const pairs = others.map((line) => line.split(' '));
  return lines.map((line) => {
    const [unit = '', id = '', state = '', running, early, carries, ...path] = line.split(' ');
    const related = (relation: string) => [
      ...new Set(
        pairs.flatMap(([of, how, other = '']) => (of === unit && how === relation && other !== unit ? [other] : [])),
      ),
    ];
    return {
      unit,
      aliasOf: id === unit || id === '-' ? null : id,
      state,
      running: Number(running) || 0,
      early: early === 'yes',
      carries: carries === 'yes',
      path: path.join(' '),
      startedBy: related('starts'),
      neededBy: related('needs'),
    };
  });
}

/** Parses a line "aside UNIT STATE RUNNING PATH" without its first word. */
export function parseAside(line: string): Aside {
  const [unit = '', state = '', running, ...path] = line.split(' ');
  return { unit, state, running: Number(running) || 0, path: path.join(' ') };
}
