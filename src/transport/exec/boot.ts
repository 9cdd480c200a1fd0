import { randomBytes } from 'node:crypto';
import type { Secret } from '../model/secret.ts';
import type { Connection } from '../model/target.ts';

/**
 * The command line that a channel starts with. It is the same few words for every job: a small listener that waits
 * for one marked line of shell on standard input and runs it; everything after that line belongs to the job. So no path
 * or script passes through the login shell, which may be fish or csh: hence no quote, backslash or `!` in the text.
 */
export type Boot = {
  readonly command: string;
  /** Marks our own lines on both streams, so that noise from login scripts is told apart. */
  readonly nonce: string;
  /** Sent ahead of everything else, for sudo to read. */
  readonly password: Secret | null;
};

/** What the host says first: what the job runs as, or that sudo wants a password or refuses. */
export type Answer = 'root' | 'sudo' | 'user' | 'refused' | 'no-sudo' | 'ready';

const newNonce = () => randomBytes(12).toString('hex');

/**
 * Says what the job runs as and its process group, then waits for it. The group is the job's alone, or it is said to be
 * 0: dropbear's commands share theirs with the connection itself. `read` ends with an error on a line that was cut off,
 * so a half-received line is never run.
 */
function listen(nonce: string): string {
  const ownGroup =
    'if [ "$g" = $$ ]; then r=eval; elif command -v setsid >/dev/null; then g=$$; r="exec setsid sh -c"; else g=0; r=eval; fi';
  const hello = `read -r _ _ _ _ g _ </proc/$$/stat; ${ownGroup}; echo ${nonce}:$w:$g`;
  return `${hello}; while IFS= read -r go; do case $go in ${nonce}:*) $r "\${go#${nonce}:}"; exit;; esac; done; exit 97`;
}

/** Finds out what the login may do and goes on with the job in the same breath, when no password is needed. */
export function bootUnknown(become: Connection['become']): Boot {
  const nonce = newNonce();
  const asUser = become === 'sudo' ? `echo ${nonce}:no-sudo` : 'w=user; eval "$1"';
  // sudo with use_pty reads ahead from its standard input, which holds the job already.
  const bySudo = `if e=$(LC_ALL=C sudo -n -- sh -c : 2>&1 </dev/null); then exec sudo -n -- sh -c "w=sudo; $1"; else echo ${nonce}:refused; echo "$e"; fi`;
  const notRoot = become === 'none' ? asUser : `if command -v sudo >/dev/null 2>&1; then ${bySudo}; else ${asUser}; fi`;
  return {
    command: `sh -c 'if [ "$(id -u)" = 0 ]; then w=root; eval "$1"; else ${notRoot}; fi' sh '${listen(nonce)}'`,
    nonce,
    password: null,
  };
}

/** Runs the job as the login user itself. */
export function bootDirect(): Boot {
  const nonce = newNonce();
  return { command: `sh -c 'w=ready; ${listen(nonce)}'`, nonce, password: null };
}

export function bootSudo(): Boot {
  const boot = bootDirect();
  return { ...boot, command: `sudo -n -- ${boot.command}` };
}

/** The prompt that `bootPassword` makes sudo print: seen twice, the password was wrong. */
export const promptOf = ({ nonce }: Boot) => `${nonce}:ask`;

/**
 * sudo reads the password as the first line of standard input; `-k` makes it ask always. Should it not ask after all,
 * the listener skips the password, as every line that bears no mark.
 */
export function bootPassword(password: Secret): Boot {
  const boot = bootDirect();
  return { ...boot, password, command: `env LC_ALL=C sudo -S -k -p ${promptOf(boot)} -- ${boot.command}` };
}
