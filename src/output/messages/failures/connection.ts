import type { Failure } from '../../../model/outcome.ts';
import type { Explanation } from '../explanation.ts';
import { explainLack, explainLogin } from './login.ts';

type ConnectionFailure = Extract<
  Failure,
  { kind: 'unreachable' | 'auth-refused' | 'code-login-refused' | 'connection-lost' | 'sudo-refused' }
>;
type RootFailure = Extract<Failure, { kind: 'sudo-refused' }>;

const because = (detail: string) => (detail === '' ? '' : `: ${detail}`);

/** The way to the host, and to root on it. */
export function explainConnection(failure: ConnectionFailure): Explanation {
  switch (failure.kind) {
    case 'unreachable':
      return {
        what: `no SSH connection could be opened${because(failure.detail)}`,
        evidence: [],
        fix: [
          `Check that the machine is on, that \`address:\` and \`port:\` in the inventory are right, and that ` +
            'no firewall stands in between; then run the same command again.',
        ],
      };
    case 'auth-refused':
      if (failure.lack !== undefined) return explainLack(failure.detail, failure.lack);
      return {
        what: `the host let nobody in${because(failure.detail)}`,
        evidence: [],
        fix: [
          `Check \`user:\` and \`identityFile:\` in the inventory (or User and IdentityFile in ~/.ssh/config), ` +
            'and that the key is loaded when it has a passphrase (`ssh-add -l`).',
          'If the key was never put on the host: `ssh-copy-id USER@ADDRESS`.',
          'After several refusals a newer OpenSSH turns this machine away for a while: wait a minute between attempts.',
        ],
      };
    case 'code-login-refused': {
      const login = failure.login === undefined ? null : explainLogin(failure.login);
      return {
        what: `the code could not be sent as ${failure.uploadUser} (uploadUser)${because(login?.what ?? refusedBy(failure))}`,
        evidence: login?.evidence ?? [],
        fix: [
          ...(login?.fix ?? []),
          `\`uploadUser\` needs an account on the host that can log in: give ${failure.uploadUser} an authorized key there. ` +
            'An account that the playbook is about to make does not exist before the first deploy, and has no key after it.',
          'Or leave `uploadUser` out of the inventory: root then sends the code, which is as safe.',
        ],
      };
    }
    case 'connection-lost':
      return {
        what: `the connection broke off${because(failure.detail)}`,
        evidence: [],
        fix: [
          'Run the same command again: it first reads what the host is doing, and finishes or takes back what was begun.',
        ],
      };
    case 'sudo-refused':
      return explainRoot(failure);
  }
}

/** Why there was no login for the code; '' where `login` tells it. */
export const refusedBy = ({ detail, needs }: Extract<Failure, { kind: 'code-login-refused' }>): string =>
  needs === undefined ? detail : `there is no ${needs}`;

function explainRoot({ by, detail }: RootFailure): Explanation {
  const without = `Where nothing needs root, set \`become: none\` in the inventory.`;
  switch (by) {
    case 'sudo':
      return {
        what: `sudo did not give root${because(detail)}`,
        evidence: [],
        fix: [
          'If sudo asks for a password: put it into the environment variable FLEET_BECOME_PASSWORD, or run the command ' +
            'on a terminal and type it when asked.',
          'Or let the user in without one: `USER ALL=(ALL) NOPASSWD: ALL` in a file under /etc/sudoers.d (write it with ' +
            '`visudo -f`).',
          without,
        ],
      };
    case 'doas':
      return {
        what: `doas did not give root${because(detail)}`,
        evidence: [],
        fix: [
          'In /etc/doas.conf the last line that matches decides, and `persist` is not enough: only `nopass` needs no terminal. ' +
            '`doas -C /etc/doas.conf` finds mistakes in it.',
          without,
        ],
      };
    case 'none':
      return {
        what: `there is no way to root on the host${because(detail)}`,
        evidence: [],
        fix: [
          'Log in as root (`user: root` in the inventory, with a key in ~root/.ssh/authorized_keys), or as root on the host ' +
            'install sudo and write `USER ALL=(ALL) NOPASSWD: ALL` into a file under /etc/sudoers.d (with `visudo -f`).',
          without,
        ],
      };
  }
}
