import { type Document, isAlias, isMap, isScalar, isSeq, type Node } from 'yaml';
import type { Position } from './diagnostic.ts';

export type Path = readonly PropertyKey[];

/** A parsed file with what is needed to say where something stands in it. */
export type Source = {
  readonly file: string;
  readonly text: string;
  readonly document: Document;
  /** Offset of each line's first character. */
  readonly lineStarts: readonly number[];
};

/** Says where the value, or the key, at a path of the data stands. */
export type Locate = (path: Path, part?: 'key' | 'value') => Position;

/** The parser counts no lines after what it cannot read, so they are counted here. */
export const lineStarts = (text: string): readonly number[] => [
  0,
  ...Array.from(text.matchAll(/\n/g), ({ index }) => index + 1),
];

export function positionAt({ file, text, lineStarts }: Source, range: readonly [number, number]): Position {
  const start = Math.min(range[0], text.length);
  const line = lastAtMost(lineStarts, start);
  const lineStart = lineStarts[line] ?? 0;
  const shown = text.slice(lineStart, (lineStarts[line + 1] ?? text.length + 1) - 1).replace(/\r$/, '');
  const length = Math.max(1, Math.min(range[1], lineStart + shown.length) - start);
  const excerpt = shown.trim() === '' ? null : { text: shown, length };
  return { file, line: line + 1, column: Math.min(start - lineStart, shown.length) + 1, excerpt };
}

/** Index of the last number that is at most `limit`, in an ascending list that begins with 0. */
function lastAtMost(ascending: readonly number[], limit: number): number {
  let [low, high] = [0, ascending.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((ascending[middle] ?? 0) <= limit) low = middle;
    else high = middle - 1;
  }
  return low;
}

type Found = { readonly key: Node | null; readonly value: Node | null; readonly whole: boolean };

function find(source: Source, path: Path): Found {
  let found: Found = { key: null, value: source.document.contents, whole: true };
  for (const part of path) {
    const node = isAlias(found.value) ? found.value.resolve(source.document) : found.value;
    let next: Found | null = null;
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value ?? '') === String(part));
      if (pair) next = { key: pair.key as Node, value: pair.value as Node | null, whole: true };
    } else if (isSeq(node)) {
      const item = node.items[Number(part)];
      if (item) next = { key: null, value: item as Node, whole: true };
    }
    if (next === null) return { ...found, whole: false };
    found = next;
  }
  return found;
}

/** Where things stand in a YAML file; a path that leads nowhere is answered with the nearest thing above it. */
export function locator(source: Source): Locate {
  return (path, part = 'value') => {
    const { key, value, whole } = find(source, path);
    const first = key ?? (isMap(value) ? (value.items[0]?.key as Node | undefined) : undefined) ?? value;
    const empty = !value?.range || value.range[0] === value.range[1];
    const node = part === 'key' || !whole || empty ? first : value;
    const range = node?.range;
    return positionAt(source, range ? [range[0], range[1]] : [0, 0]);
  };
}
