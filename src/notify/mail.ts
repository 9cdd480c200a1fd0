import type { NodemailerError, SendMailOptions } from 'nodemailer';
import { z } from 'zod';
import { lastLines, runCommand } from '../local/command.ts';
import type { Delivery, Notice } from '../model/notice.ts';
import type { NoticeText } from '../output/messages/notification.ts';
import { defineChannel, type Use } from './define.ts';
import { trouble } from './exchange.ts';
import { common, isLoopback, secretSource } from './fields.ts';
import { characters, cut, plainBody } from './layout.ts';

const address = z
  .string()
  .max(254)
  .regex(/^[A-Za-z0-9.!#$%&'*+/=?^_{|}~-]+@[A-Za-z0-9.-]+$/, 'must be a mail address such as ops@example.org');

const smtp = z
  .strictObject({
    host: z
      .string()
      .regex(/^[A-Za-z0-9_.:-]+$/, 'must be a host name or an address')
      .meta({ description: 'The server.' }),
    port: z
      .int()
      .min(1)
      .max(65_535)
      .meta({ description: 'By default 587; 465 speaks TLS from the start.' })
      .default(587),
    tls: z
      .enum(['starttls', 'implicit', 'none'])
      .meta({ description: 'By default implicit on port 465, else starttls; none is for a server on this machine.' })
      .optional(),
    user: z.string().min(1).meta({ description: 'As whom to log in there.' }).optional(),
    password: secretSource.meta({ description: 'With what.' }).optional(),
  })
  .refine(({ host, tls }) => tls !== 'none' || isLoopback(host), {
    error:
      'must be starttls or implicit, or everybody on the way could read along; none is for a server on this machine',
    path: ['tls'],
  })
  .refine(({ user, password }) => (user === undefined) === (password === undefined), {
    error: 'must come together with password, and password with user',
    path: ['user'],
  });

const schema = z
  .strictObject({
    to: z
      .array(address)
      .min(1)
      .meta({ description: 'Who gets it.', examples: [['ops@example.org']] }),
    from: address.meta({ description: 'By default fleet@ and the name of this machine.' }).optional(),
    sendmail: z
      .string()
      .regex(/^\//, 'must be an absolute path, since cron looks in /usr/bin and /bin only')
      .meta({ description: 'The program that takes mails on this machine.', examples: ['/usr/sbin/sendmail'] })
      .optional(),
    smtp: smtp.meta({ description: 'A server to send through, in place of sendmail.' }).optional(),
    ...common,
  })
  .refine(({ sendmail, smtp: server }) => sendmail === undefined || server === undefined, {
    error: 'must not stand beside smtp: mails go one way or the other',
    path: ['sendmail'],
  });

type Spec = z.output<typeof schema>;
type Smtp = z.output<typeof smtp>;

/** Mail, by the machine's own sendmail or over SMTP. */
export const mail = defineChannel({
  kind: 'mail',
  about: "A mail, by this machine's sendmail or a server.",
  schema,
  deliver: (spec, notice, use) => {
    const message = messageOf(spec, notice, use.words(notice), use.machine.hostname);
    return spec.smtp === undefined
      ? bySendmail(spec.sendmail ?? '/usr/sbin/sendmail', message, use)
      : bySmtp(spec.smtp, message, use);
  },
});

/** No reader wants more in a mail, and no server takes any size. */
const MOST = 50_000;
const SUBJECT = 150;
const THREADS = 20;

function messageOf({ to, from }: Spec, notice: Notice, text: NoticeText, hostname: string): SendMailOptions {
  const sender = from ?? `fleet@${hostname}`;
  const domain = sender.slice(sender.lastIndexOf('@') + 1);
  const id = (word: string) => `<${word.replace(/[^\w.-]+/g, '-')}@${domain}>`;
  // What is said of one problem is one thread.
  const named = notice.items.filter((item) => item.id !== '').slice(0, THREADS);
  const threads = named.map((item) => id(`fleet.${notice.project}.${item.id}`));
  return {
    from: { name: 'fleet', address: sender },
    to: [...to],
    subject: cut(text.title, SUBJECT),
    text: `${plainBody(text, MOST, characters)}\n`,
    date: new Date(notice.at),
    messageId: id(notice.id),
    references: threads,
    ...(threads[0] === undefined ? {} : { inReplyTo: threads[0] }),
    // Nobody's holiday notice answers it.
    headers: { 'Auto-Submitted': 'auto-generated' },
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

// Loaded here: few runs send mail, and every run reads the schema.
const mailer = () => import('nodemailer');

async function bySmtp(
  { host, port, tls, user, password }: Smtp,
  message: SendMailOptions,
  use: Use,
): Promise<Delivery> {
  const pass = password === undefined ? null : await use.secret(password);
  const { createTransport } = await mailer();
  const kind = tls ?? (port === 465 ? 'implicit' : 'starttls');
  const transport = createTransport({
    ...{ host, port, secure: kind === 'implicit', requireTLS: kind === 'starttls', ignoreTLS: kind === 'none' },
    tls: { rejectUnauthorized: true },
    // Otherwise it goes on without a login where the server offers none.
    ...(user === undefined || pass === null ? {} : { auth: { user, pass }, forceAuth: true }),
    socketCloseTimeout: 500,
  });
  try {
    const { accepted, rejected, response } = await transport.sendMail({ ...message, signal: use.signal });
    const missing = rejected.length === 0 ? '' : `; not for ${rejected.join(', ')}`;
    return { sent: accepted.length > 0, answer: `${response}${missing}` } as Delivery;
  } catch (error) {
    return { sent: false, retryAfterMs: null, ...why(error as NodemailerError, `${host}:${port}`) };
  }
}

function why(error: NodemailerError, place: string): { readonly permanent: boolean; readonly answer: string } {
  const { response, permanent, code, originalCode, message } = error;
  if (response !== undefined && permanent !== undefined) return { permanent, answer: response };
  const cause = error.cause instanceof Error ? (error.cause as NodeJS.ErrnoException).code : undefined;
  const deeper = originalCode ?? cause;
  if (error.name === 'AbortError' || deeper !== undefined) {
    const { why: answer, permanent: never } = trouble({ ...error, name: error.name, code: deeper, message }, place);
    return { permanent: never, answer };
  }
  return { permanent: code === 'EENVELOPE' || code === 'ENOAUTH', answer: `${place}: ${message}` };
}

/** EX_TEMPFAIL and its like, of sysexits.h. */
const TRY_AGAIN = new Set([69, 71, 74, 75]);

async function bySendmail(program: string, message: SendMailOptions, { signal, machine }: Use): Promise<Delivery> {
  const { createTransport } = await mailer();
  const built = await createTransport({ streamTransport: true, buffer: true, newline: 'unix' }).sendMail(message);
  const { cwd, env } = machine;
  // Recipients stand in the header; a line of a single dot is text.
  const run = await runCommand([program, '-t', '-i'], {
    cwd,
    env,
    timeoutMs: DAY,
    input: built.message as Buffer,
    signal,
  });
  if (!run.ran) return { sent: false, permanent: !signal.aborted, answer: `${program} ${run.why}`, retryAfterMs: null };
  if (run.code === 0) return { sent: true, answer: `taken by ${program}` };
  const said = `${program} ended with exit code ${run.code}: ${lastLines(run.stderr, 3)}`;
  return { sent: false, permanent: !TRY_AGAIN.has(run.code), answer: said, retryAfterMs: null };
}

const DAY = 86_400_000;
