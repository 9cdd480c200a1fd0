import type { UnitState } from '../model/check.ts';
import type { GenerationFacts, HostFacts, Observed } from '../model/facts.ts';
import { digest, generationId } from '../model/ids.ts';
import type { HistoryEntry, Made } from '../model/report.ts';

/** A transaction that the journal shows as unfinished. */
export type OpenTransaction = {
  readonly txn: string;
  readonly from: number;
  readonly to: number;
  /** Whether its runner still lives; otherwise it waits for recovery. */
  readonly running: boolean;
  readonly by: string;
};

export type ProbeReply = {
  readonly facts: HostFacts;
  readonly hasProgram: boolean;
  readonly open: OpenTransaction | null;
  /** The root that the app is active in, where that is another one; null otherwise. */
  readonly elsewhere: string | null;
  /** Primary group of the service account; null when there is no such account yet. */
  readonly group: string | null;
  /** What runs the active generation: systemd, nohup, or `-` when there is none. */
  readonly runtime: string;
  /** Services of the active generation. */
  readonly units: readonly UnitState[];
  /** Parts of the active generation with their digests. */
  readonly parts: ReadonlyMap<string, string>;
};

/** Parses a line "unit NAME ACTIVE SUB PID RESTARTS RESULT STATUS" without its first word. */
export function parseUnit(rest: string): UnitState {
  const [unit = '', active = 'unknown', sub = '', pid, restarts, result = '', status] = rest.split(' ');
  return { unit, active, sub, pid: Number(pid), restarts: Number(restarts), result, status: Number(status) };
}

/** Parses what the verb `history` prints: transactions oldest first, and the generations on the host. */
export function parseHistory(
  text: string,
  generations: readonly GenerationFacts[],
): { entries: HistoryEntry[]; made: Made[] } {
  const lines = text.split('\n').map((line) => line.split(' '));
  const entries = lines.flatMap(([word, at = '', txn = '', action = '', from, to, result, ...by]): HistoryEntry[] => {
    if (word !== 'event' || (result !== 'committed' && result !== 'reverted' && result !== 'revert-failed')) return [];
    return [
      { at, txn, action, from: generationId(Number(from)), to: generationId(Number(to)), result, by: by.join(' ') },
    ];
  });
  const made = lines.flatMap(([word, id, , at = '', by = '', ...source]): Made[] => {
    const facts = generations.find((one) => String(one.id) === id);
    return word === 'made' && facts !== undefined ? [{ ...facts, at, by, source: source.join(' ') }] : [];
  });
  return { entries, made };
}

const BOOT = ['systemd', 'cron', 'rc.local', 'none'] as const;

/** Parses the probe's own section. Unknown lines are ignored, so an older fleet can read a newer program. */
export function parseFacts(text: string): ProbeReply {
  const many = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const [key = '', ...words] = line.split(' ');
    many.set(key, [...(many.get(key) ?? []), words.join(' ')]);
  }
  const all = (key: string) => many.get(key) ?? [];
  const one = (key: string) => all(key)[0] ?? '';
  const init: Observed<'systemd' | 'none'> =
    one('init') === 'systemd' || one('init') === 'none'
      ? { known: true, value: one('init') as 'systemd' | 'none' }
      : { known: false, why: one('init-unknown') || 'the probe did not say what PID 1 is' };
  const [txn = '', from, to, running, ...by] = one('open').split(' ');
  return {
    facts: {
      uid: Number(one('uid')),
      user: one('user'),
      arch: one('arch'),
      os: one('os'),
      init,
      systemdVersion: Number(one('systemd')) || 0,
      tools: new Set(all('tool')),
      boot: BOOT.find((name) => name === one('boot')) ?? 'none',
      freeBytes: Number(one('free-kib')) * 1024,
      freeInodes: Number(one('free-inodes')) || 0,
      active: generationId(Number(one('active'))),
      generations: all('generation').map(parseGeneration),
      held: one('held') || one('lease') || null,
      phase: one('phase') || 'IDLE',
      found: all('found'),
      drift: all('drift'),
      foreign: all('foreign').map((line) => {
        const [unit = '', path = ''] = line.split(' ');
        return { unit, path };
      }),
    },
    hasProgram: one('program') === 'yes',
    open:
      txn === '' ? null : { txn, from: Number(from), to: Number(to), running: running === 'running', by: by.join(' ') },
    elsewhere: one('elsewhere') || null,
    group: one('group') || null,
    runtime: one('runtime') || '-',
    units: all('unit').map(parseUnit),
    parts: new Map(all('part').map((line) => [line.slice(line.indexOf(' ') + 1), line.slice(0, line.indexOf(' '))])),
  };
}

function parseGeneration(rest: string): GenerationFacts {
  const [id, verdict, base, hex = ''] = rest.split(' ');
  return {
    id: generationId(Number(id)),
    verdict: verdict === 'good' || verdict === 'bad' ? verdict : 'open',
    base: generationId(Number(base)),
    digest: digest(hex),
  };
}
