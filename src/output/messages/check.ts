import type { CheckResult } from '../../model/outcome.ts';

/** How a check ended, in one word. */
export function checkWord({ ok, warning }: CheckResult): 'ok' | 'WARNING' | 'FAILED' {
  if (!ok) return 'FAILED';
  return warning === true ? 'WARNING' : 'ok';
}

/** A check in one line. */
export const checked = (result: CheckResult): string => `check ${checkWord(result)}: ${result.check}: ${result.detail}`;

/** Checks that passed with something to look at. */
export const warned = (checks: readonly CheckResult[]): readonly CheckResult[] =>
  checks.filter((check) => checkWord(check) === 'WARNING');
