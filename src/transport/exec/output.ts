import { StringDecoder } from 'node:string_decoder';

/** Bytes kept of each stream of a command; what comes after them is only counted. */
const KEPT = 1024 * 1024;
const LONGEST_LINE = 64 * 1024;

/** Collects one stream of a command: decodes it once, keeps its beginning, and passes whole lines on. */
export type Collector = { readonly take: (chunk: Buffer) => void; readonly end: () => string };

export function collector(onLine?: (line: string) => void): Collector {
  const decoder = new StringDecoder('utf8');
  const kept: string[] = [];
  let bytes = 0;
  let dropped = 0;
  let partial = '';
  const lines = (text: string) => {
    if (onLine === undefined) return;
    const parts = (partial + text).split('\n');
    partial = (parts.pop() ?? '').slice(0, LONGEST_LINE);
    for (const part of parts) onLine(part.endsWith('\r') ? part.slice(0, -1) : part);
  };
  const take = (chunk: Buffer) => {
    const text = decoder.write(chunk);
    if (bytes < KEPT) kept.push(text);
    else dropped += chunk.length;
    bytes += chunk.length;
    lines(text);
  };
  const end = () => {
    const rest = decoder.end();
    if (dropped === 0) kept.push(rest);
    else kept.push(`\n[${dropped} more bytes were not kept]\n`);
    lines(rest);
    if (partial !== '') onLine?.(partial);
    partial = '';
    return kept.join('');
  };
  return { take, end };
}
