import { randomBytes } from 'node:crypto';
import type { Secret } from '../../model/secret.ts';
import type { Connection } from '../../model/target.ts';

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

/**
 * What the host says first: what the job runs as (`bare`: as the login user, for want of a way to root), or why it does
 * not run: sudo or doas refuse, or root is demanded and there is neither. What they said follows.
 */
export type Answer = 'root' | 'sudo' | 'doas' | 'user' | 'bare' | 'ready' | Refusal;
export type Refusal = 'sudo-refused' | 'doas-refused' | 'no-way';

export const isRefusal = (answer: Answer): answer is Refusal =>
  answer === 'sudo-refused' || answer === 'doas-refused' || answer === 'no-way';

const newNonce = () => randomBytes(12).toString('hex');

/**
 * Says what the job runs as and its process group, waits for it, and says that it came. The group is the job's alone, or
 * it is said to be 0: dropbear's commands share theirs with the connection itself. `read` ends with an error on a line
 * that was cut off, so a half-received line is never run.
 */
function listen(nonce: string): string {
  const ownGroup =
    'if [ "$g" = $$ ]; then r=eval; elif command -v setsid >/dev/null; then g=$$; r="exec setsid sh -c"; else g=0; r=eval; fi';
  const hello = `read -r _ _ _ _ g _ </proc/$$/stat; ${ownGroup}; echo ${nonce}:$w:$g`;
  const begin = `echo ${nonce}:${BEGUN}; $r "\${go#${nonce}:}"; exit`;
  return `${hello}; while IFS= read -r go; do case $go in ${nonce}:*) ${begin};; esac; done; exit 97`;
}

/** What the listener says when the job has reached it. */
const BEGUN = 'go';
export const begunLine = ({ nonce }: Boot) => `${nonce}:${BEGUN}\n`;

/** Finds out what the login may do and goes on with the job in the same breath, when no password is needed. */
export function bootUnknown(become: Connection['become']): Boot {
  const nonce = newNonce();
  // sudo with use_pty reads ahead from its standard input, which holds the job already.
  const by = (program: 'sudo' | 'doas', said: string) =>
    `if command -v ${program} >/dev/null 2>&1; then ${said}=$(LC_ALL=C ${program} -n -- sh -c : 2>&1 </dev/null) && exec ${program} -n -- sh -c "w=${program}; $1"; n=\${n:-${program}-refused}; fi`;
  const without = become === 'sudo' ? `echo ${nonce}:no-way` : 'w=bare; eval "$1"';
  const refused = `echo ${nonce}:$n; echo "\${s:-$d}"`;
  const toRoot = `n=; ${by('sudo', 's')}; ${by('doas', 'd')}; if [ "$n" ]; then ${refused}; else ${without}; fi`;
  const notRoot = become === 'none' ? 'w=user; eval "$1"' : toRoot;
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

/** Runs the job as root, by a program that asks for no password. */
export function bootBy(program: 'sudo' | 'doas'): Boot {
  const boot = bootDirect();
  return { ...boot, command: `${program} -n -- ${boot.command}` };
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
