import type { RecordFile, RecordInput } from './define.ts';
import { nohup } from './nohup.ts';

const list = (names: readonly string[]) => names.map((name) => `${name}\n`).join('');

/**
 * What lets a generation made for systemd be run without it (`rollback --nohup`): kept in its record from the start,
 * since the way out must not need the operator's machine. Empty when its units cannot run so.
 */
export function fallbackFiles(input: RecordInput): readonly RecordFile[] {
  const { files, start, enable, unsupported } = nohup.record(input);
  if (unsupported.length > 0) return [];
  return [
    ...files,
    { path: 'nohup/start', text: list(start), mode: 0o600 },
    { path: 'nohup/enable', text: list(enable), mode: 0o600 },
  ];
}
