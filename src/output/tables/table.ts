import { cutTo, displayWidth, pad } from '../text/width.ts';

/** Rows under headings, in columns as wide as their widest cell; the last column may be cut at `width`. */
export function table(heads: readonly string[], rows: readonly (readonly string[])[], width: number): string[] {
  const widths = heads.map((head, i) => Math.max(head.length, ...rows.map((row) => displayWidth(row[i] ?? ''))));
  const line = (cells: readonly string[]) => {
    const text = cells.map((cell, i) => (i === cells.length - 1 ? cell : pad(cell, widths[i] ?? 0))).join('  ');
    return cutTo(text, width).trimEnd();
  };
  return [line(heads), ...rows.map(line)];
}
