import { expect, test } from 'vitest';
import { type LoginSigns, loginTrouble } from '../../src/transport/ssh2/login-trouble.ts';
import { readKeyLine, serverWords } from '../../src/transport/ssh2/server-words.ts';

const ROOT = { login: 'root@192.0.2.30 port 22', user: 'root' };
const signs = (more: Partial<LoginSigns>): LoginSigns => ({
  ...{ reached: 'session', said: '', status: 1, keyLine: null },
  ...more,
});
const FORCING = { place: '/root/.ssh/authorized_keys:1', forces: true, forwards: false };

/** Recorded from OpenSSH 9.2, Linux-PAM 1.5, cloud-init 22.4 and shadow 4.13, or written by hand in their stead. */
const SAID: readonly (readonly [string, Partial<LoginSigns>])[] = [
  [
    'other-user',
    {
      ...{ status: 142, keyLine: FORCING },
      said: 'Please login as the user "ubuntu" rather than the user "root".\n\n',
    },
  ],
  [
    'password-expired',
    {
      said: 'WARNING: Your password has expired.\nPassword change required but no TTY available.\n',
    },
  ],
  ['password-expired', { said: 'You are required to change your password immediately (administrator enforced).\n' }],
  [
    'account-expired',
    {
      ...{ reached: 'key', status: null },
      said: 'Your account has expired; please contact your system administrator.\n',
    },
  ],
  ['sftp-only', { said: 'This service allows sftp connections only.\n' }],
  ['no-shell', { said: 'This account is currently not available.\n' }],
  ['closed', { reached: 'key', status: null, said: 'Back at noon.\n' }],
  ['closed', { status: 254, said: 'Back at noon.\n' }],
  ['forced-command', { status: 0, said: 'backup done\n', keyLine: FORCING }],
  ['forced-command', { status: null, keyLine: FORCING }],
  ['ends-early', { status: 0, keyLine: { ...FORCING, forces: false } }],
  ['ends-early', {}],
  ['reads-input', { reached: 'shell', status: null, said: 'Press enter' }],
  ['silent', { status: null }],
];

test.each(SAID)('%s is told by %j', (cause, more) => {
  expect(loginTrouble(ROOT, signs(more)).cause).toBe(cause);
});

test('whom to log in as, and which line forces a command, go along', () => {
  const ubuntu = signs({ said: 'Please login as the user "ubuntu" rather than the user "root".' });
  expect(loginTrouble(ROOT, ubuntu)).toMatchObject({ ...ROOT, hint: 'ubuntu' });
  expect(loginTrouble(ROOT, signs({ keyLine: FORCING })).hint).toBe('/root/.ssh/authorized_keys:1');
});

test("the host's words are lines without anything that moves a cursor, and not without an end", () => {
  const said = `\x1b[31mone\x1b[0m\r\n\n\x1b]0;title\x07two\x07\n${'x'.repeat(1000)}\n${'more\n'.repeat(20)}`;
  const { said: lines } = loginTrouble(ROOT, signs({ said }));
  expect(lines.slice(0, 3)).toEqual(['one', 'two', `${'x'.repeat(300)}…`]);
  expect(lines.length).toBe(9);
  expect(lines.at(-1)).toBe('… and 15 more lines');
});

test('the options of a line of authorized_keys are read from what OpenSSH tells', () => {
  expect(
    readKeyLine('/root/.ssh/authorized_keys:1: key options: agent-forwarding port-forwarding pty user-rc'),
  ).toEqual({
    ...{ place: '/root/.ssh/authorized_keys:1', forces: false, forwards: true },
  });
  expect(readKeyLine('/a b/keys:12: key options: command')).toEqual({
    ...{ place: '/a b/keys:12', forces: true, forwards: false },
  });
  expect(readKeyLine('/root/.ssh/authorized_keys:1: key options:')).toMatchObject({ forces: false, forwards: false });
  expect(readKeyLine('Forced command.')).toBeNull();
});

test('a banner for everybody is not taken for why a login was turned away', () => {
  const words = serverWords();
  words.banner('Authorized use only.');
  words.report('Inbound: Received USERAUTH_PK_OK');
  expect(words.afterKey()).toBe('');
  words.banner('Back at noon.');
  expect(words.afterKey()).toBe('Back at noon.\n');
  expect(words.accepts()).toBeNull();
  words.report('Inbound: Received USERAUTH_FAILURE (keyboard-interactive,password)');
  expect(words.accepts()).toEqual(['keyboard-interactive', 'password']);
});
