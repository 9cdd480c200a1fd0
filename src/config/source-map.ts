import { type Document, isAlias, isMap, isScalar, isSeq, type LineCounter, type Node } from 'yaml';
import type { Position } from './diagnostic.ts';

export type Path = readonly PropertyKey[];

/** A parsed file with what is needed to say where something stands in it. */
export type Source = {
  readonly file: string;
  readonly text: string;
  readonly document: Document;
  readonly lines: LineCounter;
};

/** Says where the value, or the key, at a path of the data stands. */
export type Locate = (path: Path, part?: 'key' | 'value') => Position;

export function positionAt(source: Source, range: readonly [number, number]): Position {
  const start = Math.min(range[0], source.text.length);
  const { line, col } = source.lines.linePos(start);
  const lineStart = source.lines.lineStarts[line - 1] ?? 0;
  const newline = source.text.indexOf('\n', lineStart);
  const text = source.text.slice(lineStart, newline === -1 ? undefined : newline).replace(/\r$/, '');
  const length = Math.max(1, Math.min(range[1], lineStart + text.length) - start);
  return { file: source.file, line: Math.max(1, line), column: Math.max(1, col), excerpt: text.trim() === '' ? null : { text, length } };
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

/** The text of a scalar as it was written, or null: `0644` is read as a number, and the reader wants to see the zero. */
export function writtenAs(source: Source, path: Path): string | null {
  const { value, whole } = find(source, path);
  return whole && isScalar(value) ? (value.source ?? null) : null;
}
