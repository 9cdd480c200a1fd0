import type { CheckResult, Failure, UnitFailure } from '../../../model/outcome.ts';
import { count, list } from '../../../util/count.ts';
import { checkWord } from '../check.ts';
import { command, type Explanation, lastLines, type Place } from '../explanation.ts';
import { duration } from '../time.ts';

type StepFailure = Extract<Failure, { kind: 'step-failed' }>;

/** What an exit status says by itself, where the shell or the kernel chose it. */
function meaning(code: number): string {
  if (code === 126) return ' (a file that cannot be executed)';
  if (code === 127) return ' (a command was not found on the host)';
  if (code === 137) return ' (killed; often for lack of memory)';
  if (code > 128 && code < 160) return ` (ended by signal ${code - 128})`;
  return '';
}

export function explainStep({ step, exit, noRoot }: StepFailure): Explanation {
  const err = lastLines(exit.stderr, 20);
  const out = lastLines(exit.stdout, 20);
  return {
    what: `step "${step}" failed with exit status ${exit.code}${meaning(exit.code)}`,
    evidence: [
      ...(out.length + err.length === 0 ? ['it printed nothing'] : []),
      ...(out.length > 0 ? ['its last output:', ...out.map((line) => `  ${line}`)] : []),
      ...(err.length > 0 ? ['its last error output:', ...err.map((line) => `  ${line}`)] : []),
    ],
    fix: [
      ...(noRoot === undefined ? [] : [`Root was missing because ${noRoot}.`]),
      'Put right what the output names and run the same command again; `--verbose` shows the whole output.',
    ],
  };
}

type BeforeFailure = Extract<Failure, { kind: 'before-start' }>;

export const explainBefore = (failure: BeforeFailure): Explanation => ({
  what: `${failure.step}: ${
    failure.why === 'late'
      ? `it had not ended after ${duration(failure.limitMs)}, and was ended`
      : `it failed with exit status ${failure.status}${meaning(failure.status)}`
  }; nothing was switched`,
  evidence:
    failure.log.length === 0 ? ['it printed nothing'] : ['its last output:', ...failure.log.map((line) => `  ${line}`)],
  fix: [
    'What it did to data until then is not undone: see what stands there.',
    failure.why === 'late'
      ? 'Find out what it waited for, or raise `timeout:` of the step in the playbook; the next deploy runs it again, from its beginning.'
      : 'Put right what the output names; the next deploy runs it again, from its beginning.',
  ],
});

/** systemd's words for how a service ended, in ours. */
function ending({ result, status }: UnitFailure): string {
  switch (result) {
    case 'exit-code':
      return `it exited with status ${status}`;
    case 'signal':
    case 'core-dump':
      return `it was ended by signal ${status}`;
    case 'timeout':
      return 'it took too long to start or to stop';
    case 'watchdog':
      return 'its watchdog heard nothing from it';
    case 'oom-kill':
      return 'it was killed for lack of memory';
    case 'start-limit-hit':
      return 'it was started again too often in too short a time';
    case 'success':
      return 'it ended without an error';
    default:
      return status === 0 ? `result: ${result}` : `result: ${result}, status ${status}`;
  }
}

function unitEvidence(unit: UnitFailure, _i: number, all: readonly UnitFailure[]): string[] {
  // What stands for all those that were not kept.
  if (unit.result === '') return [unit.unit];
  const log = unit.log.map((line) => `  ${line}`);
  return [
    ...(all.length > 1 ? [`${unit.unit}: ${ending(unit)}`] : []),
    ...(unit.cause === '' ? [] : [`why: ${unit.cause}`]),
    ...(log.length > 0 ? ['last lines of its log:', ...log] : ['its log is empty']),
  ];
}

export function explainUnits(units: readonly UnitFailure[]): Explanation {
  const first = units[0];
  const why = units.length === 1 && first !== undefined ? `: ${ending(first)}` : '';
  const fixes = [...new Set(units.map((unit) => unit.fix))].filter((fix) => fix !== '');
  return {
    what: `${list(
      units.map((unit) => unit.unit),
      3,
    )} did not stay up${why}`,
    evidence: units.flatMap(unitEvidence),
    fix: fixes.length > 0 ? fixes : ['Read the log lines above, put the service right and run the same command again.'],
  };
}

export const explainPreconditions = (checks: readonly CheckResult[], place: Place): Explanation => ({
  ...checksInWords(checks, (failed) => `${failed} of ${count(checks.length, 'precondition')} did not hold`),
  fix: [
    'Put right what they name, or wait until they hold, and run the same command again; ' +
      `\`${command('plan', place)}\` asks them too and changes nothing.`,
  ],
});

export const explainChecks = (checks: readonly CheckResult[], place: Place): Explanation => ({
  ...checksInWords(checks, (failed) => `${failed} of ${count(checks.length, 'health check')} failed`),
  fix: [
    `Put right what the failed checks name; \`${command('health', place)}\` runs them again and changes nothing.`,
    // Behind a deploy that went back something else is live.
    ...(checks.some(({ waited }) => waited !== undefined)
      ? []
      : [`Where they do not tell why, \`${command('doctor', place)}\` does.`]),
    ...new Set(checks.flatMap(({ waited }) => (waited === undefined ? [] : [LONGER[waited.until]]))),
  ],
});

/** What the playbook calls it. */
const KEY = { within: 'retryFor', deadline: 'deadline' } as const;

const LONGER = {
  within:
    'Where the app only needs longer, raise `retryFor:` of the check, or leave it out to wait up to the deadline.',
  deadline: 'Where the app only needs longer, raise `deploy: { deadline: … }` in the playbook.',
};

/** How long a check was waited for, and what ended that. */
const waiting = ({ waited }: CheckResult) =>
  waited === undefined ? '' : ` (waited ${duration(waited.ms)}, all that \`${KEY[waited.until]}\` allows)`;

function checksInWords(checks: readonly CheckResult[], sum: (failed: number) => string) {
  const failed = checks.filter((check) => !check.ok);
  const first = failed[0];
  const width = Math.max(...checks.map((check) => checkWord(check).length));
  const named = failed.length === 1 && first !== undefined ? `: ${first.check}: ${first.detail}${waiting(first)}` : '';
  return {
    what: `${sum(failed.length)}${named}`,
    evidence: checks.map(
      (check) => `${checkWord(check).padEnd(width)} ${check.check}: ${check.detail}${waiting(check)}`,
    ),
  };
}
