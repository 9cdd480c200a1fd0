import { Refusal } from '../library/refusal.ts';
import { diagnosticObject } from '../model/former-names.ts';
import type { RefusalLine } from '../output/json-line.ts';
import { cleanJson } from '../util/sanitize.ts';

export { Refusal, refused } from '../library/refusal.ts';

/** The command line is wrong and nothing was contacted: the process ends with 2. */
export class UsageError extends Refusal {}

/** The last line of a command with `--json` that ended before it contacted anything, or by a bug. */
export function refusalLine(command: string, error: { readonly message: string }, exitCode: number): string {
  const found = error instanceof Refusal ? error.diagnostics : [];
  // A line of a file stays there: it may hold a secret.
  const errors = found.map(({ excerpt: _, ...rest }) => diagnosticObject(rest));
  const whole = { message: error.message, file: '', line: 0, column: 0 };
  const line: RefusalLine = {
    ...{ v: 1, type: 'summary', command, exitCode, hosts: [] },
    errors: errors.length > 0 ? errors : [whole],
  };
  return cleanJson(line);
}
