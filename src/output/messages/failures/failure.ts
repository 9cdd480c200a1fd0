import { type Failure, unreachable } from '../../../model/outcome.ts';
import { list } from '../../../util/count.ts';
import { explainCopies } from '../beside.ts';
import { again, command, type Explanation, type Place, wayOut } from '../explanation.ts';
import { holder, onHold } from '../holder.ts';
import { PHASE } from '../phase.ts';
import { explainReadback } from '../readback.ts';
import { duration } from '../time.ts';
import { explainMoves } from './account.ts';
import { explainConnection } from './connection.ts';
import { explainForwarding } from './forwarding.ts';
import { explainHostKey } from './host-key.ts';
import { explainLogin } from './login.ts';
import { explainLoginChange } from './login-account.ts';
import { explainBefore, explainChecks, explainPreconditions, explainStep, explainUnits } from './work.ts';

const generation = (n: number) => (n === 0 ? 'none' : `generation ${n}`);
const because = (detail: string) => (detail === '' ? '' : `: ${detail}`);

/** Every way to fail, in words: what happened, what shows it, what to do next. */
export function explain(failure: Failure, place: Place): Explanation {
  const plain = (what: string, ...fix: string[]): Explanation => ({ what, evidence: [], fix });
  switch (failure.kind) {
    case 'unreachable':
    case 'auth-refused':
    case 'code-login-refused':
    case 'connection-lost':
    case 'sudo-refused':
      return explainConnection(failure);
    case 'no-forwarding':
      return explainForwarding(failure);
    case 'login-unusable':
      return explainLogin(failure);
    case 'host-key-unknown':
    case 'host-key-changed':
    case 'host-key-revoked':
      return explainHostKey(failure);
    case 'step-failed':
      return explainStep(failure);
    case 'unsafe-root':
      return plain(
        `what stands at the app's root is not fleet's alone: ${failure.why}`,
        "Look at it on the host: what the app's account could change there must not be trusted. Where all is as it should " +
          'be, give the folder back to root (`chown root:root`, `chmod go-w`), compare the releases with what was sealed ' +
          `(\`${command('status --verify', place)}\`), and run the same command again.`,
      );
    case 'unrecorded':
      return explainUnrecorded(failure, place);
    case 'not-as-sent':
      return plain(
        `${failure.file} is not on the host as it was read on this machine`,
        'It changed while it was sent (an editor, a checkout, a build): when the folder is at rest, run the same command again.',
      );
    case 'before-start':
      return explainBefore(failure);
    case 'not-settled':
      return explainUnits(failure.units);
    case 'not-as-meant':
      return explainReadback(failure.differences);
    case 'unhealthy':
      return explainChecks(failure.checks, place);
    case 'precondition':
      return explainPreconditions(failure.checks, place);
    case 'locked':
      return failure.holder.kind === 'hold'
        ? plain(
            `a person has put this host on hold: ${onHold(failure.holder)}`,
            'Ask them whether the reason is over. A hold does not end by itself: ' +
              `\`${command('lock --release', place)}\` lets go of it, then run the same command again.`,
          )
        : plain(
            `somebody else is at work on this host: ${holder(failure.holder)}`,
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
    case 'not-apart':
      return plain(
        `this cannot be deployed by itself: ${failure.why}`,
        `Deploy the whole app with \`${command('deploy', place)}\`; \`${command('plan', place)}\` says what that would change.`,
      );
    case 'over-limit':
      return plain(
        failure.why.join('; '),
        `Take an instance away with \`${command('instances remove', place)} NAME\`, or raise atMost in the playbook.`,
      );
    case 'same-machine':
      return plain(
        `${list(failure.names)} are one machine under several names, and ${place.app} has one place on it`,
        'Take all of them but one out of the inventory or the playbook; to go on with one of them now, name it: ' +
          `\`--host ${failure.names[0]}\`.`,
      );
    case 'taken':
      return plain(
        `another app of this host has what the playbook wants: ${failure.taken.map(({ what }) => what).join('; ')}`,
        ...new Set(failure.taken.map(({ fix }) => fix)),
      );
    case 'occupied':
      return plain(
        `the host itself has what the playbook wants: ${failure.occupied.map(({ what }) => what).join('; ')}`,
        ...new Set(failure.occupied.map(({ fix }) => fix)),
      );
    case 'second-copy':
      return explainCopies(failure);
    case 'login-account':
      return explainLoginChange(failure);
    case 'account-changed':
      return explainMoves(failure);
    case 'expired':
      return plain(
        `the new generation was not confirmed in time, so the host went back by itself${because(failure.detail)}`,
        'If the app needs longer to become healthy, raise `deploy: { deadline: … }` in the playbook; if the connection ' +
          'was gone, run the same command again.',
      );
    case 'runner-died':
      return plain(
        failure.when === 'at work'
          ? "fleet's program on the host was killed in the middle of the switch"
          : "fleet's program on the host died before it began the switch",
        'Look on the host for what ends processes there (no memory left: `journalctl -k` or `dmesg`; a reboot; a full ' +
          'disk), then run the same command again.',
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

function explainUnrecorded(
  { folder, generation: live, newest, running }: Extract<Failure, { kind: 'unrecorded' }>,
  place: Place,
): Explanation {
  const left = newest === 0 ? '' : ` (the newest there is ${newest})`;
  return {
    what:
      live === 0
        ? `the app runs, and neither its link \`current\` nor ${folder} tells from which generation: they were removed`
        : `${folder} has no record of generation ${live}, which is live${left}: it was removed, or restored from an older time`,
    evidence: running.map((unit) => `${unit} runs, and was left as it is`),
    fix: [
      `Restore ${live === 0 ? `both from a backup` : `it from a backup that has generations/${live}`}, and run the same command again.`,
      `Where there is none: \`${command('rollback --full --keep-data', place)}\` stops what runs and takes its releases ` +
        `away; data, .env and account stay. Then \`${command('deploy', place)}\` begins anew.`,
      ...(live === 0 ? [] : ['Where the link `current` was made by something else than fleet, move it away instead.']),
    ],
  };
}
