import type { UnitFile } from '../model/plan.ts';

/** What of a generation's record a deploy of one part goes on from, besides what the probe tells. */
export type BaseRecord = {
  /** What was asked to be enabled, in order. */
  readonly wanted: readonly string[];
  readonly units: readonly UnitFile[];
  /** Files outside of the release; `line` is theirs in the record's list. */
  readonly files: readonly { readonly index: number; readonly path: string; readonly line: string }[];
};

/** Parses what `tell_base` prints; null where an older fleet has made the record. */
export function parseBase(text: string): BaseRecord | null {
  const wanted: string[] = [];
  const files: { index: number; path: string; line: string }[] = [];
  const units: { path: string; lines: string[] }[] = [];
  let known = false;
  for (const line of text.split('\n')) {
    if (line.startsWith('|')) units.at(-1)?.lines.push(line.slice(1));
    else if (line === 'known') known = true;
    else if (line.startsWith('wanted ')) wanted.push(line.slice('wanted '.length));
    else if (line.startsWith('unit ')) units.push({ path: line.slice('unit '.length), lines: [] });
    else if (line.startsWith('file ')) {
      const own = line.slice('file '.length);
      const [index = '', , , , ...path] = own.split(' ');
      files.push({ index: Number(index), path: path.join(' '), line: own });
    }
  }
  const made = units.map(({ path, lines }) => ({ path, text: lines.map((line) => `${line}\n`).join('') }));
  return known ? { wanted, files, units: made } : null;
}
