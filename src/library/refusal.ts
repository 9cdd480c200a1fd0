import { type Diagnostic, formatDiagnostic } from '../config/diagnostics/diagnostic.ts';
import type { Question } from '../model/question.ts';

// Apart from what reads a project, since every start of the command line loads this.

/** Why a command was not begun: no host was changed. It is a value where a program called, never thrown at it. */
export class Refusal extends Error {
  constructor(
    message: string,
    /** What is wrong in the project's files or in the selection, one by one. */
    readonly diagnostics: readonly Diagnostic[] = [],
    /** What nobody agreed to. */
    readonly question: Question | null = null,
  ) {
    super(message);
  }
}

/** Errors of the project as the end of a command. */
export const refused = (diagnostics: readonly Diagnostic[]): Refusal => new Refusal(describe(diagnostics), diagnostics);

function describe(diagnostics: readonly Diagnostic[]): string {
  const count = diagnostics.length === 1 ? '1 error' : `${diagnostics.length} errors`;
  return `${diagnostics.map(formatDiagnostic).join('\n\n')}\n\n${count}; no host was contacted`;
}
