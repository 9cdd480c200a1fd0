import { type Diagnostic, formatDiagnostic } from '../config/diagnostics/diagnostic.ts';
import { diagnosticObject } from '../model/former-names.ts';
import { cleanJson } from '../util/sanitize.ts';

// Apart from what reads a project, since every start loads this.

/** Usage or configuration was wrong and nothing was contacted: the process ends with 2. */
export class UsageError extends Error {
  constructor(
    message: string,
    /** What is wrong, one by one, where it is in the project's files. */
    readonly diagnostics: readonly Diagnostic[] = [],
  ) {
    super(message);
  }
}

/** Errors of the project as the end of the command. */
export const refused = (diagnostics: readonly Diagnostic[]): UsageError =>
  new UsageError(describe(diagnostics), diagnostics);

/** The last line of a command with `--json` that ended before it contacted anything, or by a bug. */
export function refusalLine(command: string, error: { readonly message: string }, exitCode: number): string {
  const found = error instanceof UsageError ? error.diagnostics : [];
  // A line of a file stays there: it may hold a secret.
  const errors = found.map(({ excerpt: _, ...rest }) => diagnosticObject(rest));
  const whole = { message: error.message, file: '', line: 0, column: 0 };
  return cleanJson({
    v: 1,
    type: 'summary',
    command,
    exitCode,
    hosts: [],
    errors: errors.length > 0 ? errors : [whole],
  });
}

function describe(diagnostics: readonly Diagnostic[]): string {
  const count = diagnostics.length === 1 ? '1 error' : `${diagnostics.length} errors`;
  return `${diagnostics.map(formatDiagnostic).join('\n\n')}\n\n${count}; no host was contacted`;
}
