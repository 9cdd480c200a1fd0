import type { LoginCause, LoginUnusable } from '../../model/outcome.ts';
import type { KeyLine } from './server-words.ts';

/** What was seen of a login that came to nothing. */
export type LoginSigns = {
  /** How far it got: the key was taken; a session was opened; our own first words ran in its shell. */
  readonly reached: 'key' | 'session' | 'shell';
  /** All that the host said meanwhile. */
  readonly said: string;
  /** How it ended; null where it went on until it was given up. */
  readonly status: number | null;
  readonly keyLine: KeyLine | null;
};

/** Words of programs that are on many hosts; each is said by one cause only. */
const KNOWN: readonly (readonly [LoginCause, RegExp])[] = [
  ['password-expired', /password (has |is )?expired|password change required|(must|required to) change your password/i],
  ['account-expired', /account (has |is )?expired/i],
  ['sftp-only', /sftp connections only|sftp-server|restricted by rssh|scponly/i],
  ['no-shell', /account is (currently )?not available|login (is )?disabled|nologin/i],
];

/** The program of /etc/nologin without PAM ends so. */
const NOLOGIN_STATUS = 254;

/** Why a login whose key was taken leads to no shell that does what it is told. @param login `user@address port N` */
export function loginTrouble(
  { login, user }: Pick<LoginUnusable, 'login' | 'user'>,
  { reached, said, status, keyLine }: LoginSigns,
): LoginUnusable {
  const of = (cause: LoginCause, hint = ''): LoginUnusable => ({
    ...{ kind: 'login-unusable', login, user, cause, hint, status },
    said: wordsOf(said),
  });
  const other = /please log ?in as (?:the )?(?:user )?["'`]?([\w.-]+)/i.exec(said)?.[1];
  if (other !== undefined) return of('other-user', other);
  const known = KNOWN.find(([, words]) => words.test(said));
  if (known !== undefined) return of(known[0]);
  if (reached === 'key' || status === NOLOGIN_STATUS) return of('closed');
  if (keyLine?.forces) return of('forced-command', keyLine.place);
  if (reached === 'shell') return of('reads-input');
  return of(status === null ? 'silent' : 'ends-early');
}

const MOST_LINES = 8;
const LONGEST = 300;

/** The host's words as lines to show: nothing that moves a cursor, and no more than a person reads. */
function wordsOf(said: string): readonly string[] {
  const plain = said.replace(/\x1b(\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)?|.)/g, '');
  const lines = plain
    .split(/[\r\n]+/)
    .map((line) => line.replace(/\p{Cc}/gu, ' ').trim())
    .filter((line) => line !== '');
  const shown = lines.slice(0, MOST_LINES).map((line) => (line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line));
  return lines.length > MOST_LINES ? [...shown, `… and ${lines.length - MOST_LINES} more lines`] : shown;
}
