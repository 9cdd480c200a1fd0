import { type Failure, unreachable } from '../../model/outcome.ts';
import { explainConnection } from './connection.ts';
import { explainDifferences } from './difference.ts';
import { again, command, type Explanation, type Place, wayOut } from './explanation.ts';
import { explainHostKey } from './host-key.ts';
import { PHASE } from './phase.ts';
import { holder } from './report.ts';
import { duration } from './time.ts';
import { explainChecks, explainPreconditions, explainStep, explainUnits } from './work.ts';

const generation = (n: number) => (n === 0 ? 'none' : `generation ${n}`);
const because = (detail: string) => (detail === '' ? '' : `: ${detail}`);

/** Every way to fail, in words: what happened, what shows it, what to do next. */
export function explain(failure: Failure, place: Place): Explanation {
  const plain = (what: string, ...next: string[]): Explanation => ({ what, evidence: [], next });
  switch (failure.kind) {
    case 'unreachable':
    case 'auth-refused':
    case 'code-login-refused':
    case 'connection-lost':
    case 'sudo-refused':
      return explainConnection(failure);
    case 'host-key-unknown':
    case 'host-key-changed':
    case 'host-key-revoked':
      return explainHostKey(failure);
    case 'step-failed':
      return explainStep(failure);
    case 'not-settled':
      return explainUnits(failure.units);
    case 'not-as-meant':
      return explainDifferences(failure.differences);
    case 'unhealthy':
      return explainChecks(failure.checks, place);
    case 'precondition':
      return explainPreconditions(failure.checks, place);
    case 'locked':
      return failure.hold
        ? plain(
            `a person has put this host on hold: ${holder(failure.holder)}`,
            'Ask them whether the reason is over. A hold does not end by itself: ' +
              `\`${command('lock --release', place)}\` lets go of it, then run the same command again.`,
          )
        : plain(
            `somebody else is at work on this host: ${failure.holder}`,
            `Wait until they are done (\`${command('lock', place)}\` shows it) and run the same command again. Their ` +
              'lock belongs to running processes and ends with them. Only where the link to them is dead and the host ' +
              `has not noticed, \`${command('lock --release', place)}\` ends it at once.`,
          );
    case 'base-moved':
      return plain(
        `somebody else deployed in the meantime: ${generation(failure.expected)} was to be active, ` +
          `${generation(failure.found)} is`,
        `See what differs now with \`${command('plan', place)}\`, then run the same command again.`,
      );
    case 'needs-repair':
      return plain(`an earlier run could not be taken back wholly${because(failure.detail)}`, ...wayOut(place));
    case 'unsupported':
      return plain(
        `the host does not have what is needed: ${failure.needs}`,
        'Put it on the host, or change the playbook so that it is not needed.',
      );
    case 'no-target':
      return plain(
        `there is nothing to go back to${because(failure.detail)}`,
        'Name a generation that the host still has with `--to N`, or take the app off the host with `--full`.',
      );
    case 'expired':
      return plain(
        `the new generation was not confirmed in time, so the host went back by itself${because(failure.detail)}`,
        'If the app needs longer to become healthy, raise `deploy: { deadline: … }` in the playbook; if the connection ' +
          'was gone, run the same command again.',
      );
    case 'cancelled':
      return plain(`interrupted while ${PHASE[failure.phase]}`, `When you want it done, ${again(place)}.`);
    case 'timed-out':
      return plain(
        `${failure.what} took longer than ${duration(failure.ms)}`,
        'Look for what it waits for on the host (load, network, a prompt), and run the same command again.',
      );
    case 'skipped':
      return plain(`not started: ${failure.why}`, `Put right what stopped the run, then ${again(place)}.`);
    default:
      return unreachable(failure);
  }
}
