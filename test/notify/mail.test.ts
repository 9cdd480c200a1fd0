import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { mail } from '../../src/notify/mail.ts';
import { channel, ITEM, NOTICE, never } from './open.ts';
import { closedPort, type SmtpReplies, selfSigned, smtpServer } from './receivers.ts';

const PASSWORD = 'canary-password';
const TO = ['ops@example.org', 'boss@example.org'];

/** To a server of this machine, without TLS. */
const local = (port: number, more: object = {}) =>
  channel('mail', { to: TO, smtp: { host: '127.0.0.1', port, tls: 'none' }, ...more }, { PASSWORD });

const withLogin = (port: number, tls: string, more: object = {}) =>
  channel(
    'mail',
    { to: TO, smtp: { host: '127.0.0.1', port, tls, user: 'fleet', password: { env: 'PASSWORD' } }, ...more },
    { PASSWORD },
  );

const login = Buffer.from(`\0fleet\0${PASSWORD}`).toString('base64');
const later = { sent: false, permanent: false, retryAfterMs: null };
const refused = { sent: false, permanent: true, retryAfterMs: null };

const header = (message: string, name: string) =>
  new RegExp(`^${name}: (.*(?:\n[ \t].*)*)`, 'mi').exec(message)?.[1]?.replace(/\n[ \t]+/g, ' ');

describe('mail over SMTP', () => {
  it('is one message to all, in a thread for each problem, and nothing that a holiday notice answers', async () => {
    await using server = await smtpServer();
    expect(await local(server.port).deliver(NOTICE, never())).toEqual({ sent: true, answer: '250 queued as 1' });
    const [message = ''] = server.mails;
    expect(header(message, 'From')).toBe('fleet <fleet@operator.example.org>');
    expect(header(message, 'To')).toBe('ops@example.org, boss@example.org');
    expect(header(message, 'Subject')).toBe('home: 1 problem: web-1/jarvis is down');
    expect(header(message, 'Message-ID')).toBe(`<${NOTICE.id}@operator.example.org>`);
    expect(header(message, 'References')).toBe('<fleet.home.p-17@operator.example.org>');
    expect(header(message, 'Auto-Submitted')).toBe('auto-generated');
    expect(message).toContain('it is <down> & "out"');
    expect(server.said.filter((line) => line.startsWith('RCPT'))).toHaveLength(2);
  });

  it('begins no thread for what is no problem of its own, such as a key that others may read', async () => {
    await using server = await smtpServer();
    const [item] = NOTICE.items;
    if (item === undefined) throw new Error('nothing to send');
    await local(server.port).deliver({ ...NOTICE, items: [{ ...item, id: '' }] }, never());
    expect([header(server.mails[0] ?? '', 'References'), header(server.mails[0] ?? '', 'In-Reply-To')]).toEqual([
      undefined,
      undefined,
    ]);
  });

  it('cannot be led to add a header or a recipient, and keeps lines short', async () => {
    await using server = await smtpServer();
    const evil = 'down\r\nBcc: thief@example.org\r\n\r\nforged';
    const notice = {
      ...NOTICE,
      headline: evil,
      items: [
        { ...ITEM, id: 'p\r\nBcc: x@example.org', text: `${evil} ${'ä'.repeat(1500)}`, log: ['.', 'x'.repeat(5000)] },
      ],
    };
    expect(await local(server.port).deliver(notice, never())).toMatchObject({ sent: true });
    const [message = ''] = server.mails;
    expect(header(message, 'Bcc')).toBeUndefined();
    expect(server.said.filter((line) => line.startsWith('RCPT'))).toHaveLength(2);
    for (const line of message.split('\n')) expect(line.length).toBeLessThan(998);
  });

  it.each<readonly [string, SmtpReplies, object]>([
    ['tries again after 421', { GREETING: '421 too busy' }, later],
    ['tries again after 451 for all', { RCPT: '451 greylisted' }, later],
    ['gives up on 550 for all', { RCPT: '550 no such user' }, refused],
    ['gives up on 554 for the text', { END: '554 looks like spam' }, refused],
    ['tries again after 452 for the text', { END: '452 disk full' }, later],
    [
      'says who was not told',
      { 'RCPT TO:<boss@example.org>': '550 no such user' },
      { sent: true, answer: expect.stringContaining('; not for boss@example.org') },
    ],
    ['tries again where no greeting comes', { GREETING: null }, later],
    ['tries again where the end of the text is not answered', { END: null }, later],
    [
      'is moved by no cursor',
      { END: '554 \x1b[2J\x1b]0;x\x07 no' },
      { ...refused, answer: expect.stringContaining('\\x1b[2J') },
    ],
  ])('%s', async (_, replies, expected) => {
    await using server = await smtpServer(replies);
    const delivery = await local(server.port, { timeout: '1500ms' }).deliver(NOTICE, never());
    expect(delivery).toMatchObject(expected);
    expect(delivery.answer).toMatch(/^[ -~]+$/);
    await expect.poll(() => server.open(), { timeout: 5000 }).toBe(0);
  });

  it('tries again where nobody listens', async () => {
    const port = await closedPort();
    expect(await local(port).deliver(NOTICE, never())).toMatchObject({
      ...later,
      answer: expect.stringMatching(/^127\.0\.0\.1:\d+ refused the connection/),
    });
  });

  it('gives up where its password is refused, and the password is in no answer', async () => {
    await using server = await smtpServer({ AUTH: `535 5.7.8 ${PASSWORD} ${login} is wrong` });
    const delivery = await withLogin(server.port, 'none').deliver(NOTICE, never());
    expect(delivery).toMatchObject({ ...refused, answer: expect.stringMatching(/^535 5\.7\.8 /) });
    // The control: it was sent there and came back.
    expect(server.said).toContain(`AUTH PLAIN ${login}`);
    for (const form of [PASSWORD, login]) expect(delivery.answer).not.toContain(form);
  });

  it('hands its password to no server that offers no TLS, or a certificate that nobody has signed', async () => {
    await using plain = await smtpServer();
    await using odd = await smtpServer({}, selfSigned());
    expect(await withLogin(plain.port, 'starttls').deliver(NOTICE, never())).toMatchObject({ sent: false });
    const delivery = await withLogin(odd.port, 'starttls').deliver(NOTICE, never());
    expect(delivery).toMatchObject({ ...refused, answer: expect.stringMatching(/^the certificate of .* is not good/) });
    expect(odd.said).toContain('STARTTLS');
    for (const { said } of [plain, odd]) expect(said.filter((line) => /^(AUTH|MAIL|something)/.test(line))).toEqual([]);
  });
});

describe('mail by sendmail', () => {
  function program(script: string) {
    const folder = mkdtempSync(join(tmpdir(), 'fleet-mail-'));
    const path = join(folder, 'sendmail');
    writeFileSync(path, `#!/bin/sh\nhere=${folder}\n${script}\n`);
    chmodSync(path, 0o755);
    const read = (name: string) => readFileSync(join(folder, name), 'utf8');
    return { path, read, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) };
  }
  const by = (sendmail: string, more: object = {}) => channel('mail', { to: TO, sendmail, ...more });

  it('hands it a whole message, with recipients in its header', async () => {
    using sendmail = program('echo "$*" >"$here/args"; cat >"$here/mail"');
    const notice = { ...NOTICE, items: [{ ...ITEM, log: ['.', 'after the dot'] }] };
    expect(await by(sendmail.path).deliver(notice, never())).toEqual({
      sent: true,
      answer: `taken by ${sendmail.path}`,
    });
    expect(sendmail.read('args')).toBe('-t -i\n');
    expect(header(sendmail.read('mail'), 'To')).toBe('ops@example.org, boss@example.org');
    expect(sendmail.read('mail')).toContain('after the dot');
    expect(sendmail.read('mail')).not.toContain('\r');
  });

  it.each([
    ['tries again where it says so', 'echo "queue is full" >&2; exit 75', later, /exit code 75: queue is full$/],
    [
      'gives up where it does not',
      'echo "no such user \x1b[2J" >&2; exit 67',
      refused,
      /exit code 67: no such user \\x1b\[2J$/,
    ],
    ['does not mind one that reads nothing', 'exit 0', { sent: true }, /^taken by/],
    ['ends one that does not end', 'exec sleep 60', later, /sendmail took too long$|gave no answer within 1s$/],
  ])('%s', async (_, script, expected, answer) => {
    using sendmail = program(script);
    const began = Date.now();
    const delivery = await by(sendmail.path, script.startsWith('exec') ? { timeout: '1s' } : {}).deliver(
      NOTICE,
      never(),
    );
    expect(delivery).toMatchObject(expected);
    expect(delivery.answer).toMatch(answer);
    expect(Date.now() - began).toBeLessThan(8000);
  });

  it('gives up where there is none', async () => {
    expect(await by('/nowhere/sendmail').deliver(NOTICE, never())).toEqual({
      ...{ ...refused, answer: '/nowhere/sendmail was not found' },
    });
  });
});

describe('what may stand in the inventory', () => {
  it.each<readonly [string, object, boolean]>([
    ['a server without TLS elsewhere', { smtp: { host: 'mail.example.org', tls: 'none' } }, false],
    ['a user without a password', { smtp: { host: 'mail.example.org', user: 'x' } }, false],
    ['two ways', { sendmail: '/usr/sbin/sendmail', smtp: { host: 'mail.example.org' } }, false],
    ['a program by its name', { sendmail: 'sendmail' }, false],
    ['an address with a second header', { to: ['a@example.org\nBcc: b@example.org'] }, false],
    ['a password as it is', { smtp: { host: 'mail.example.org', user: 'x', password: { text: 'y' } } }, false],
    ['a server with TLS', { smtp: { host: 'mail.example.org', user: 'x', password: { env: 'P' } } }, true],
    ['nothing besides: sendmail', {}, true],
  ])('%s', (_, more, right) => {
    expect(mail.schema.safeParse({ to: TO, ...more }).success).toBe(right);
  });
});
