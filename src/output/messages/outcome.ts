import { type CheckResult, type Failure, type HostOutcome, type Left, unreachable } from '../../model/outcome.ts';
import { count } from '../../util/count.ts';
import { warned } from './check.ts';
import { command, type Explanation, type Place, wayOut } from './explanation.ts';
import { explain } from './failures/failure.ts';
import { reported } from './report.ts';
import { duration } from './time.ts';
import { worked } from './work.ts';

/** How it ended, and so what state the host is in: one sentence without a full stop. */
export function ended(outcome: HostOutcome): string {
  switch (outcome.end) {
    case 'unchanged':
      return `unchanged: generation ${outcome.generation} is active and as it should be`;
    case 'deployed':
      return `deployed: generation ${outcome.generation} is live`;
    case 'rolled-back':
      return `rolled back: generation ${outcome.generation} is live again (it was ${outcome.from})`;
    case 'removed':
      return 'removed: the app is off this host';
    case 'reported':
      return `read: ${reported(outcome.report)}`;
    case 'planned':
      return outcome.pending ? 'planned: changes are pending' : 'planned: nothing to do';
    case 'healthy':
      return `healthy: ${passed(outcome.checks)}, generation ${outcome.generation}`;
    case 'unhealthy':
      return `UNHEALTHY: generation ${outcome.generation}`;
    case 'done':
      return worked(outcome.work);
    case 'failed':
      return `FAILED: ${worked(outcome.work)}${inTime(outcome.failure)}`;
    case 'untouched':
      return 'untouched: nothing was changed on this host';
    case 'reverted':
      if (outcome.generation > 0)
        return `reverted: generation ${outcome.generation} is active, as before${outcome.left === undefined ? '' : '; some of what was made for the new one stays'}`;
      return outcome.left === undefined
        ? 'reverted: the host is as it was before the first deploy'
        : 'reverted: nothing of the app is live, as before the first deploy; some of what was made for it stays';
    case 'stuck':
      return 'STUCK: the change failed, and taking it back failed too; a person is needed';
    case 'unknown':
      return 'UNKNOWN: the host has decided, and could not be asked how';
    default:
      return unreachable(outcome);
  }
}

/** What was ended has no status to tell, and this is why. */
const inTime = (failure: Failure): string =>
  failure.kind === 'timed-out' ? `, it timed out after ${duration(failure.ms)}` : '';

function passed(checks: readonly CheckResult[]): string {
  const warnings = warned(checks).length;
  return `${count(checks.length, 'check')} passed${warnings === 0 ? '' : `, ${warnings} with a warning`}`;
}

/** The outcome as one word, for tables and scripts: a host whose plan is empty is an unchanged one. */
export const endWord = (outcome: HostOutcome): HostOutcome['end'] =>
  outcome.end === 'planned' && !outcome.pending ? 'unchanged' : outcome.end;

/** The failure behind an outcome, or null when there is none. */
export function failureOf(outcome: HostOutcome): Failure | null {
  return 'failure' in outcome ? outcome.failure : null;
}

/** Whether something was begun on the host, so that what it was is told at the end. */
export const wasBegun = ({ end }: HostOutcome): boolean =>
  end === 'deployed' || end === 'rolled-back' || end === 'reverted' || end === 'stuck' || end === 'unknown';

/** Whether a person should look at this host. */
export const isBad = (outcome: HostOutcome): boolean => 'failure' in outcome;

/** A failed outcome in full; null when it went well. */
export function explainOutcome(outcome: HostOutcome, place: Place): Explanation | null {
  const failure = failureOf(outcome);
  if (failure === null) return null;
  const reason = explain(failure, place);
  if (outcome.end === 'stuck') return stuck(reason, explain(outcome.revert, place), place);
  if (outcome.end === 'unknown') {
    return {
      ...reason,
      fix: [
        `When the host can be reached again, \`${command('status', place)}\` shows which generation is active and how ` +
          'the change ended; it changes nothing.',
        'Not confirmed in time means that the host goes back by itself; confirmed means that the change stays. Run the ' +
          'same command again only where the status says that the change was not kept.',
      ],
    };
  }
  if (outcome.end === 'reverted' && outcome.left !== undefined) {
    const stays = outcome.left.map((one) => `stays on the host: ${leftover(one)}`);
    const next = outcome.generation > 0 ? GOES_WITH_THE_APP : removal(outcome.left, place);
    return { ...reason, evidence: [...reason.evidence, ...stays], fix: [...reason.fix, next] };
  }
  return reason;
}

const GOES_WITH_THE_APP =
  'What stays is taken over by the next deploy, and goes when the app goes: there is nothing to do about it.';

function removal(left: readonly Left[], place: Place): string {
  const but = [
    ...(left.some(({ kind }) => kind === 'data') ? [', data included'] : []),
    ...(left.some(({ kind }) => kind === 'packages') ? ['; packages stay installed'] : []),
  ];
  return `\`${command('rollback --full', place)}\` removes what stays${but.join('')}. The next deploy would go on from it.`;
}

function leftover({ kind, name, because }: Left): string {
  const why = because === '' ? '' : ` (${because})`;
  switch (kind) {
    case 'account':
      return `the account ${name}${why}`;
    case 'folder':
      return `the folder ${name}${why}`;
    case 'data':
      return `the data folder ${name}${why}`;
    case 'packages':
      return `what was installed: ${name}`;
    case 'other':
      return `what this step did: ${name}${why}`;
    case 'release':
      return `the release that failed, ${name}${why}`;
    case 'state':
      return `fleet's notes on what happened, ${name}`;
    case 'unknown':
      return `what was made ready${why}`;
    default:
      return unreachable(kind);
  }
}

function stuck(reason: Explanation, revert: Explanation, place: Place): Explanation {
  return {
    what: reason.what,
    evidence: [...reason.evidence, `and taking it back failed: ${revert.what}`, ...revert.evidence],
    fix: [...revert.fix.filter((advice) => !wayOut(place).includes(advice)), ...wayOut(place)],
  };
}
