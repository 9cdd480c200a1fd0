/** A place in a file. Lines and columns count from 1; line 0 means the file as a whole. */
export type Position = {
  /** Relative to the project folder, or the flag that a selection came from. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** The source line and how many of its characters to underline; null where showing it would be useless or unsafe. */
  readonly excerpt: { readonly text: string; readonly length: number } | null;
};

/** One thing wrong with the operator's files or selection. */
export type Diagnostic = Position & { readonly message: string; readonly fix?: string };

export function diagnostic(at: Position, message: string, fix?: string | null): Diagnostic {
  const { file, line, column, excerpt } = at;
  return { file, line, column, excerpt, message, ...(fix ? { fix } : {}) };
}

/** A file as a whole, where no single line is to blame. */
export const wholeFile = (file: string): Position => ({ file, line: 0, column: 0, excerpt: null });

/** `file:line:col`, or the file alone. */
export const place = (at: Position): string => (at.line === 0 ? at.file : `${at.file}:${at.line}:${at.column}`);

/** Several lines, without a final newline. Control characters of the source never reach the terminal. */
export function formatDiagnostic(of: Diagnostic): string {
  const indented = (text: string) => text.split('\n').map((line) => `  ${printable(line)}`);
  const [message = '', ...more] = of.message.split('\n');
  const lines = [
    printable(`${place(of)}: ${message}`),
    ...indented(more.join('\n')).filter((line) => line.trim() !== ''),
  ];
  if (of.excerpt !== null) {
    const gutter = ' '.repeat(String(of.line).length);
    const before = of.excerpt.text.slice(0, of.column - 1).replace(/[^\t]/g, ' ');
    lines.push(`  ${of.line} | ${printable(of.excerpt.text)}`);
    lines.push(`  ${gutter} | ${before}${'^'.repeat(Math.max(1, of.excerpt.length))}`);
  }
  if (of.fix !== undefined) lines.push(...indented(of.fix));
  return lines.join('\n');
}

const printable = (text: string) => text.replace(/[\x00-\x08\x0a-\x1f\x7f-\x9f]/g, '\ufffd');

/** By file, line and column; the same finding at the same place is kept once. */
export function sortDiagnostics(all: readonly Diagnostic[]): readonly Diagnostic[] {
  const unique = new Map(all.toReversed().map((one) => [`${place(one)}\0${one.message}`, one]));
  return [...unique.values()].sort(
    (a, b) => compare(a.file, b.file) || a.line - b.line || a.column - b.column || compare(a.message, b.message),
  );
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
