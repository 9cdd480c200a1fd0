import { type GenerationId, generationId } from '../model/ids.ts';
import { LEFT, type Left } from '../model/outcome.ts';

/** What the runner of a transaction says, or a removal, line by line. */
export type RunnerLine =
  | { readonly say: 'phase'; readonly phase: 'before' | 'activate' | 'settle' | 'revert' }
  | { readonly say: 'note'; readonly text: string }
  /** Units that use nothing that has changed, and go on. */
  | { readonly say: 'kept'; readonly units: readonly string[] }
  /** From the end of a service's last run until its next one was up; milliseconds. */
  | { readonly say: 'away'; readonly unit: string; readonly ms: number }
  /** Of a step before the start: `text` is what it prints, its exit status, or the seconds after which it was ended. */
  | { readonly say: 'step'; readonly index: number; readonly what: StepWord; readonly text: string }
  | {
      readonly say: 'unit-failed';
      readonly unit: string;
      readonly result: string;
      readonly status: number;
      readonly state: string;
      readonly restarts: number;
    }
  /** A setting that took effect otherwise than the unit says; both values are '' where they may be private. */
  | {
      readonly say: 'differs';
      readonly unit: string;
      readonly property: string;
      readonly meant: string;
      readonly got: string;
    }
  | { readonly say: 'unit-log'; readonly unit: string; readonly text: string }
  /** A restart was refused at once, with the last line that the service manager printed. */
  | { readonly say: 'refused'; readonly text: string }
  /** Of what was made for the deploy, this stays. */
  | { readonly say: 'left'; readonly left: Left }
  /** Another app of the host uses it, so that a removal leaves it. */
  | {
      readonly say: 'spared';
      readonly kind: 'account' | 'folder' | 'data';
      readonly name: string;
      readonly app: string;
    }
  | { readonly say: 'await' }
  | { readonly say: 'expired' }
  /** There is nothing new, and the runner is at work; `seconds` since its last line. */
  | { readonly say: 'lives'; readonly phase: string; readonly seconds: number }
  | { readonly say: 'decision'; readonly verdict: 'commit' | 'revert' | 'none' }
  | {
      readonly say: 'end';
      readonly end: 'committed' | 'reverted' | 'stuck' | 'busy' | 'conflict' | 'missing' | 'io' | 'full' | 'died';
      readonly generation: GenerationId;
    }
  | { readonly say: 'other'; readonly text: string };

const STEP_WORDS = ['begin', 'output', 'done', 'failed', 'late', 'log'] as const;
type StepWord = (typeof STEP_WORDS)[number];
const PHASES = ['before', 'activate', 'settle', 'revert'] as const;
const ENDS = ['committed', 'reverted', 'stuck', 'busy', 'conflict', 'missing', 'io', 'full', 'died'] as const;
const SPARED = ['account', 'folder', 'data'] as const;
const VERDICTS = ['commit', 'revert', 'none'] as const;

/** What stands behind a key in each line "key value…" of a reply. */
export const textsOf = (reply: string, key: string): readonly string[] =>
  reply.split('\n').flatMap((line) => (line.startsWith(`${key} `) ? [line.slice(key.length + 1)] : []));

/** The same of the first such line. */
export const textOf = (reply: string, key: string): string | undefined => textsOf(reply, key)[0];

/** A number that stands alone behind a key. */
export function numberOf(reply: string, key: string): number | undefined {
  const value = textOf(reply, key) ?? '';
  return /^\d+$/.test(value) ? Number(value) : undefined;
}

/** Paths in a release that the host cannot take from the one before; null for all. A line break in one is \x01. */
export type Missing = ReadonlySet<string> | null;

export const missingIn = (reply: string): Missing =>
  /^missing$/m.test(reply) ? null : new Set(textsOf(reply, 'missing').map((path) => path.replace(/^\.\//, '')));

const oneOf = <T extends string>(words: readonly T[], word: string | undefined): T | undefined =>
  words.find((w) => w === word);

/** Parses one line; what it does not know is `other`, never an error. */
export function parseRunnerLine(line: string): RunnerLine {
  const [key, ...words] = line.split(' ');
  const rest = words.join(' ');
  const phase = oneOf(PHASES, words[0]);
  const end = oneOf(ENDS, words[0]);
  const verdict = oneOf(VERDICTS, words[0]);
  if (key === 'phase' && phase) return { say: 'phase', phase };
  if (key === 'end' && end) return { say: 'end', end, generation: generationId(Number(words[1]) || 0) };
  if (key === 'decision' && verdict) return { say: 'decision', verdict };
  if (key === 'lives') return { say: key, phase: words[0] ?? '', seconds: Number(words[1]) || 0 };
  if (key === 'await' || key === 'expired') return { say: key };
  if (key === 'note' || key === 'refused') return { say: key, text: rest };
  if (key === 'kept') return { say: key, units: words };
  if (key === 'away') return { say: key, unit: words[0] ?? '', ms: Number(words[1]) || 0 };
  const kind = oneOf(LEFT, words[0]);
  if (key === 'left' && kind) {
    const [name = '', because = ''] = words.slice(1).join(' ').split('\t');
    return { say: 'left', left: { kind, name, because } };
  }
  const spared = oneOf(SPARED, words[0]);
  if (key === 'spared' && spared) {
    const [name = '', app = ''] = words.slice(1).join(' ').split('\t');
    return { say: key, kind: spared, name, app };
  }
  const what = oneOf(STEP_WORDS, words[1]);
  if (key === 'step' && what) return { say: 'step', index: Number(words[0]), what, text: words.slice(2).join(' ') };
  if (key === 'differs') {
    const [unit = '', property = '', ...values] = words;
    const [meant = '', got = ''] = values.join(' ').split('\t');
    return { say: 'differs', unit, property, meant, got };
  }
  if (key === 'unit-log') return { say: 'unit-log', unit: words[0] ?? '', text: words.slice(1).join(' ') };
  if (key === 'unit-failed') {
    const [unit = '', result = 'unknown', , status, state = '', restarts] = words;
    return { say: 'unit-failed', unit, result, status: Number(status) || 0, state, restarts: Number(restarts) || 0 };
  }
  return { say: 'other', text: line };
}
