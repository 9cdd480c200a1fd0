import { look } from '../../host/call.ts';
import type { LogLine } from '../../model/log-line.ts';
import { fail, ok, type Result } from '../../model/outcome.ts';
import type { OpenHost } from '../open.ts';
import { QUICK } from '../run.ts';

/** Which lines are wanted; null for what is not asked for. The host itself looks for them. */
export type Wanted = {
  /** The last so many of a host; of files, of each. */
  readonly last: number | null;
  readonly since: string | null;
  readonly until: string | null;
  /** A range, such as `0..3`. */
  readonly priority: string | null;
  readonly grep: string | null;
  readonly boot: string | null;
  readonly invocation: string | null;
  readonly generation: number | null;
};

/** A piece of a host's log, and where the next one begins. */
export type Piece = {
  readonly lines: readonly LogLine[];
  readonly where: string;
  /** Whether there is more to be had at once. */
  readonly more: boolean;
  /** Whether lines may be missing before it: what was to be gone on from is not there any more. */
  readonly gap: boolean;
  /** Bounds that it could not keep, since its lines have no times. */
  readonly ignored: readonly string[];
  /** What was in the way, in the host's words. */
  readonly troubles: readonly string[];
};

/** Where nothing was read yet. */
export const BEGIN = '-';

/** Lines that are asked for at once. */
const MOST = 5000;

/**
 * The next piece. It counts as a whole or not at all: one that was cut off is asked for again from the same place, so that
 * no line is lost and none comes twice.
 * @param live whether lines are waited for: what of a file is found behind the place has come just now
 */
export async function readPiece(
  host: Pick<OpenHost, 'transport' | 'site'>,
  wanted: Wanted,
  units: readonly string[],
  where: string,
  live: boolean,
  { signal, now }: { readonly signal: AbortSignal; readonly now: () => number },
): Promise<Result<Piece>> {
  const { last, since, until, priority, grep, boot, invocation, generation } = wanted;
  const words = [MOST, last, since, until, priority, grep, boot, invocation, generation, where];
  const said: string[] = [];
  const reply = await host.transport.run(
    look(host.site, 'logs', ...words.map((word) => (word === null ? '-' : String(word))), ...units),
    { signal, timeoutMs: 6 * QUICK, onLine: (stream, line) => stream === 'stdout' && said.push(line) },
  );
  if (!reply.ok) return reply;
  if (said.at(-1) !== 'end') return fail({ kind: 'step-failed', step: 'read the logs', exit: reply.value });
  return ok(pieceOf(said, where, now() * 1000, live));
}

/** @internal What the verb `logs` has printed, as a piece. @param now microseconds since the epoch @param live whether lines are waited for */
export function pieceOf(said: readonly string[], where: string, now: number, live = true): Piece {
  const lines: LogLine[] = [];
  const troubles: string[] = [];
  const ignored: string[] = [];
  const places = new Map(
    where === BEGIN ? [] : where.split(' ').map((word): [string, string] => [word.slice(0, word.indexOf('=')), word]),
  );
  let file = { unit: '', changed: now };
  let cursor = where;
  let gap = false;
  let more = false;
  let journal = 0;
  let isJournal = false;
  for (const line of said) {
    const text = line.slice(2);
    if (line.startsWith('j ')) {
      const read = journalLine(text);
      journal += 1;
      isJournal = true;
      if (read === null) continue;
      // The place to go on from is shown once more; where it is gone, so may be others.
      if (journal === 1 && where !== BEGIN && read.cursor === where) continue;
      if (journal === 1 && where !== BEGIN) gap = true;
      cursor = read.cursor;
      lines.push(read);
    } else if (line.startsWith('l ')) {
      const [, level, rest = text] = /^<([0-7])>(.*)$/s.exec(text) ?? [];
      lines.push({
        ...{ unit: file.unit, at: file.changed, exact: false, text: rest, cursor: '', boot: '' },
        priority: level === undefined ? null : Number(level),
      });
    } else if (line.startsWith('file ')) {
      const [, unit = '', inode = '', offset = '', changed] = line.split(' ');
      // What came since the last look was written just now.
      file = { unit, changed: live && places.has(unit) ? now : Math.min(now, Number(changed) * 1e6) };
      places.set(unit, `${unit}=${inode}:${offset}`);
    } else if (line === 'more') more = true;
    else if (line.startsWith('gap ')) gap = true;
    else if (line.startsWith('ignored ')) ignored.push(...line.split(' ').slice(1));
    else if (line.startsWith('e ')) troubles.push(text);
  }
  // One file after the other was read.
  if (!isJournal) lines.sort((a, b) => a.at - b.at);
  const next = isJournal || places.size === 0 || !where.includes(':') ? cursor : '';
  const files = [...places.values()].filter((word) => /=\d+:\d+$/.test(word)).join(' ');
  return { lines, where: files !== '' ? files : next, more: more || journal > MOST, gap, ignored, troubles };
}

function journalLine(json: string): LogLine | null {
  try {
    const { MESSAGE, PRIORITY, UNIT, _SYSTEMD_UNIT, ...rest } = JSON.parse(json) as Record<string, unknown>;
    const own = typeof UNIT === 'string' ? UNIT : _SYSTEMD_UNIT;
    return {
      unit: typeof own === 'string' ? own : '',
      at: Number(rest.__REALTIME_TIMESTAMP),
      exact: true,
      priority: typeof PRIORITY === 'string' ? Number(PRIORITY) : null,
      // What is longer than journalctl shows is not there.
      text: typeof MESSAGE === 'string' ? MESSAGE : '(a line that is too long to be shown)',
      cursor: String(rest.__CURSOR),
      boot: String(rest._BOOT_ID ?? ''),
    };
  } catch {
    return null;
  }
}
