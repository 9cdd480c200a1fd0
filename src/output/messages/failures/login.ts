import { type AuthLack, type LoginUnusable, unreachable } from '../../../model/outcome.ts';
import type { Explanation } from '../explanation.ts';

/** A login whose key is right and that leads nowhere: the cause, the host's own words, the fix. */
export function explainLogin(failure: LoginUnusable): Explanation {
  const { login, said, status } = failure;
  const { why, fix } = cause(failure);
  const ended = status === null ? [] : [`it ended with exit status ${status}`];
  return {
    what: `the host takes the key of ${login}, and ${why}`,
    evidence:
      said.length === 0 ? [...ended, 'it said nothing'] : [...ended, 'it said:', ...said.map((line) => `  ${line}`)],
    fix,
  };
}

const AGAIN = 'Then run the same command again.';

function cause({ user, cause, hint, status }: LoginUnusable): { readonly why: string; readonly fix: string[] } {
  switch (cause) {
    case 'other-user':
      return {
        why: `lets ${user} do nothing: it wants the login to be ${hint}`,
        fix: [
          `Set \`user: ${hint}\` for this host in the inventory; from there root is reached by sudo or doas.`,
          `Or let ${user} in: on the host, take what stands before the key out of its line in ~${user}/.ssh/authorized_keys.`,
        ],
      };
    case 'password-expired':
      return {
        why: `runs nothing until the expired password of ${user} is changed`,
        fix: [
          `Log in as ${user} on a terminal (\`ssh\`), which asks for a new password. Or as root on the host: \`passwd ${user}\`, ` +
            `or, for an account that logs in by key alone, \`chage -M -1 -I -1 ${user}\`: its password never expires.`,
          AGAIN,
        ],
      };
    case 'account-expired':
      return {
        why: `turns ${user} away: the account has expired`,
        fix: [`As root on the host: \`chage -E -1 ${user}\` (\`chage -l ${user}\` shows the date).`, AGAIN],
      };
    case 'closed':
      return {
        why: `turns ${user} away: it takes no logins of this account at the moment`,
        fix: [
          'Where /etc/nologin (or /run/nologin) is on the host, it says so to all but root: somebody works on the machine, ' +
            'or it is about to go down or to finish its start. Wait, or as root remove the file.',
          'Else a rule of PAM for accounts does (`account` in /etc/pam.d/sshd, such as pam_access or pam_time): the log of ' +
            'sshd on the host names it.',
        ],
      };
    case 'sftp-only':
      return {
        why: `lets ${user} transfer files by SFTP, and run no command`,
        fix: [
          `Log in as another account (\`user:\` in the inventory), or as root on the host take ${user} out of what limits it: ` +
            '`ForceCommand internal-sftp` in sshd_config (often below a `Match`), or the shell in /etc/passwd.',
        ],
      };
    case 'no-shell':
      return {
        why: `${user} has no shell that runs commands`,
        fix: [
          `Log in as another account (\`user:\` in the inventory), or give this one a shell: as root \`usermod -s /bin/sh ${user}\`.`,
        ],
      };
    case 'forced-command':
      return {
        why: 'runs a command of its own in place of any other',
        fix: [
          `That is \`command="…"\` in ${hint} on the host: take it out there, or use another key (\`identityFile:\`), one ` +
            'that may run commands.',
        ],
      };
    case 'ends-early':
      return {
        why: `the login ended before it ran anything`,
        fix: [
          status === 0
            ? `Most likely \`exit\` (or \`exec\`) in a start-up file of the shell of ${user} (~/.bashrc, /etc/bash.bashrc, ~/.zshenv, ` +
              '~/.config/fish): let only interactive shells reach it, as by `case $- in *i*) ;; *) return ;; esac` above it.'
            : `Look at the shell of ${user} (\`getent passwd ${user}\`): /bin/false and the like run nothing; and for \`exit\` in ` +
              'its start-up files (~/.bashrc, /etc/bash.bashrc, ~/.zshenv).',
          `Or sshd runs a command of its own: as root, \`sshd -T -C user=${user},host=x,addr=127.0.0.1 | grep -i forcecommand\`.`,
          `\`ssh ${user}@… 'echo in'\` shows it without fleet: it has to print \`in\`, and nothing needs to be typed.`,
        ],
      };
    case 'reads-input':
      return {
        why: 'something that runs at the login read what was meant for the command',
        fix: [
          `Look for \`read\`, \`select\` or a menu in the start-up files of the shell of ${user} (~/.bashrc, /etc/bash.bashrc, ` +
            '~/.zshenv): let only interactive shells reach it, as by `case $- in *i*) ;; *) return ;; esac` above it.',
        ],
      };
    case 'silent':
      return {
        why: 'the login neither runs anything nor ends',
        fix: [
          `Look for what waits in the start-up files of the shell of ${user} (~/.bashrc, /etc/bash.bashrc, ~/.zshenv): a ` +
            'question, a menu, a lock, a network folder that is gone.',
          `\`ssh ${user}@… 'echo in'\` shows it without fleet: it has to print \`in\`, and nothing needs to be typed.`,
        ],
      };
    default:
      return unreachable(cause);
  }
}

const NAMES: Readonly<Record<string, string>> = {
  'keyboard-interactive': 'answers to questions (keyboard-interactive: a one-time code or a password)',
  password: 'a password',
  'gssapi-with-mic': 'a Kerberos ticket (gssapi-with-mic)',
  hostbased: 'a key of this machine (hostbased)',
};

/** A host that wants what fleet does not give: it logs in with a key and asks nobody. */
export function explainLack(detail: string, { wants, besides }: AuthLack): Explanation {
  const ways = wants.map((way) => NAMES[way] ?? way).join(' or ') || 'nothing that it names';
  return {
    what: besides
      ? `the host wants a second factor: the key was accepted, and besides it wants ${ways}`
      : `the host takes no keys for this login: it wants ${ways}`,
    evidence: [detail],
    fix: [
      'Logins here are by key and nothing else: a deploy is confirmed over a new connection, with nobody there to answer. ' +
        'In sshd_config on the host, at its end, let a key do for this account: `Match User NAME`, and below it ' +
        (besides
          ? '`AuthenticationMethods publickey`'
          : '`PubkeyAuthentication yes` and `AuthenticationMethods publickey`') +
        ' (with `from="…"` before the key in authorized_keys it is good from named addresses only). Then reload sshd.',
      'Or use an account for deploys that is not asked for more: `user:` in the inventory.',
    ],
  };
}
