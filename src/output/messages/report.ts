import type { Level } from '../../model/finding.ts';
import { type HostOutcome, unreachable } from '../../model/outcome.ts';
import type { HistoryEntry, HostReport } from '../../model/report.ts';
import { count } from '../../util/count.ts';
import { keeper, unfinished } from './holder.ts';

type Status = Extract<HostReport, { kind: 'status' }>;
type Doctor = Extract<HostReport, { kind: 'doctor' }>;
type Lock = Extract<HostReport, { kind: 'lock' }>;

/** A host's report of one kind. */
export type ReportedHost<K extends HostReport['kind']> = {
  readonly host: string;
  readonly app: string;
  readonly report: Extract<HostReport, { kind: K }>;
};

/** The report behind an outcome, or null when the command was no reading one or failed. */
export const reportOf = (outcome: HostOutcome): HostReport | null =>
  outcome.end === 'reported' ? outcome.report : null;

/** A report in a few words, for a row of the live view. */
export function reported(report: HostReport): string {
  switch (report.kind) {
    case 'status':
      return `${report.generation === 0 ? 'nothing deployed' : `generation ${report.generation}`}, ${transaction(report)}`;
    case 'history':
      return `${count(report.generations.length, 'generation')}, ${count(report.entries.length, 'change')}`;
    case 'lock':
      return locks(report).join('; ');
    case 'doctor':
      return judged(report);
    default:
      return unreachable(report);
  }
}

/** How much was found, and how bad it is. */
export function judged({ findings }: Pick<Doctor, 'findings'>): string {
  const at = (level: Level) => findings.filter((one) => one.level === level).length;
  const [bad, warnings, notes] = [at('critical'), at('warn'), at('note')];
  const said = [
    ...(bad === 0 ? [] : [`${bad} bad`]),
    ...(warnings === 0 ? [] : [count(warnings, 'warning')]),
    ...(notes === 0 ? [] : [count(notes, 'note')]),
  ];
  return said.length === 0 ? 'nothing is wrong' : said.join(', ');
}

/** Phases of a host's journal; one that this version does not know is shown as it is. */
const TRANSACTION: Readonly<Record<string, string>> = {
  IDLE: 'idle',
  BEFORE_START: 'running what comes before the start',
  ACTIVATING: 'switching over',
  SETTLING: 'settling',
  AWAIT_CONFIRM: 'waiting for confirmation',
  COMMITTED: 'finishing',
  REVERTING: 'going back',
  REVERT_FAILED: 'STUCK',
};

/** How far the host's transaction is, in a word or two. */
export const transaction = ({ phase }: Pick<Status, 'phase'>): string => TRANSACTION[phase] ?? phase;

/** Everything that keeps a run from beginning on the host, or that it is free. */
export function locks({ held, open }: Pick<Lock, 'held' | 'open'>): string[] {
  const all = [...(held === null ? [] : [keeper(held)]), ...(open === null ? [] : [`open: ${unfinished(open)}`])];
  return all.length === 0 ? ['free'] : all;
}

const RESULT = { committed: 'done', reverted: 'reverted', 'revert-failed': 'STUCK' } as const;

/** How a transaction ended: done, taken back, or neither. */
export const result = (entry: HistoryEntry): string => RESULT[entry.result];

/** Who did it, or why the host did it with what they had deployed. */
export const by = (entry: HistoryEntry): string =>
  entry.because === undefined ? entry.by : `the host: ${entry.because} (deployed by ${entry.by})`;

/** `3 -> 4`, or the generation alone where the transaction stayed on it; 0 is the host before the first deploy. */
export function way({ from, to }: HistoryEntry, arrow: string): string {
  const named = (generation: number) => (generation === 0 ? 'none' : String(generation));
  return from === to ? named(to) : `${named(from)} ${arrow} ${named(to)}`;
}

/** A time of the host as people read it, `2026-01-02 03:04:05`; what is no time is shown as it is. */
export function when(iso: string): string {
  const [, day, time] = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?Z$/.exec(iso) ?? [];
  return day === undefined ? iso : `${day} ${time}`;
}

/** A source as people name it: a commit by its first ten digits, ` dirty` kept. */
export const source = (text: string): string => text.replace(/^[0-9a-f]{40,64}(?= |$)/, (hash) => hash.slice(0, 10));
