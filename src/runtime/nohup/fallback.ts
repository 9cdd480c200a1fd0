import { unitType } from '../../unit/syntax/name.ts';
import type { RecordFile, RecordInput } from '../define.ts';
import { nohup } from './nohup.ts';

const list = (names: readonly string[]) => names.map((name) => `${name}\n`).join('');

/**
 * What lets a generation made for systemd be run without it (`rollback --nohup`): kept in its record from the start,
 * since the way out must not need the operator's machine. Timers stay behind, the services are what matters then. Empty
 * when the rest cannot run so either.
 */
export function fallbackFiles(input: RecordInput): readonly RecordFile[] {
  const lasting = input.enable.filter((name) => unitType(name) !== 'timer');
  const { files, start, enable, unsupported } = nohup.record({ ...input, enable: lasting });
  if (unsupported.length > 0 || start.length === 0) return [];
  return [
    ...files,
    { path: 'nohup/start', text: list(start), mode: 0o600 },
    { path: 'nohup/enable', text: list(enable), mode: 0o600 },
  ];
}
