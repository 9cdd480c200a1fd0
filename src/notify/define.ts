import type { z } from 'zod';
import type { Channel, Delivery, Notice, Ping } from '../model/notice.ts';
import type { Result } from '../model/outcome.ts';
import { Secret } from '../model/secret.ts';
import type { NoticeText } from '../output/messages/notification.ts';
import { once, within } from '../util/async.ts';
import { milliseconds } from '../util/duration.ts';
import { clean, cleanAll } from '../util/sanitize.ts';
import { type Common, isOpenUrl, type SecretSource, urlTrouble } from './fields.ts';

/** What a kind may use while it sends one message. */
export type Use = {
  /** Aborted when the time is up, or when nobody waits any more. */
  readonly signal: AbortSignal;
  /** Milliseconds since 1970. */
  now(): number;
  words(notice: Notice): NoticeText;
  /** A secret's text; from then on it is looked for in every answer. @throws Unusable */
  secret(source: SecretSource): Promise<string>;
  /** Something that shows a secret, or stands for one, is kept out of answers too. */
  hide(text: string): void;
  readonly machine: Machine;
};

/** The operator's machine. */
type Machine = {
  readonly hostname: string;
  /** Where programs are started. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
};

/** What the channels of a project share. */
export type NotifyIo = {
  /** A failure is a sentence without the secret. */
  secret(source: SecretSource): Promise<Result<Secret, string>>;
  words(notice: Notice): NoticeText;
  now(): number;
  readonly machine: Machine;
};

/** Something of the configuration, or behind it, that no second try puts right; the message shows no secret. */
export class Unusable extends Error {}

/** The whole contract of a kind of channel: a schema, and how one notice is sent, once. */
export interface ChannelKind<Kind extends string, Spec extends Common> {
  readonly kind: Kind;
  /** What it is, for the reference and for editors. */
  readonly about: string;
  readonly schema: z.ZodType<Spec>;
  /** @throws Unusable */
  deliver(spec: Spec, notice: Notice, use: Use): Promise<Delivery>;
}

/** The same of a ping. */
export interface PingKind<Kind extends string, Spec extends Common> {
  readonly kind: Kind;
  /** What it is, for the reference and for editors. */
  readonly about: string;
  readonly schema: z.ZodType<Spec>;
  /** How many bytes of a body the service keeps, as far as it says. @throws Unusable */
  start(spec: Spec, run: string, use: Use): Promise<number | null>;
  /** @throws Unusable */
  finish(spec: Spec, end: PingEnd, use: Use): Promise<Delivery>;
}

type PingEnd = {
  readonly run: string;
  readonly exitCode: number;
  readonly body: string;
  readonly bodyLimit: number | null;
};

export const defineChannel = <const Kind extends string, Spec extends Common>(kind: ChannelKind<Kind, Spec>) => kind;
export const definePing = <const Kind extends string, Spec extends Common>(kind: PingKind<Kind, Spec>) => kind;

/** A URL as it stands in the inventory, or from where it is kept. Who knows it may use it, so nothing of its path is shown. @throws Unusable */
export async function readUrl(source: SecretSource, use: Use): Promise<URL> {
  const text = isOpenUrl(source) ? source : await use.secret(source);
  const why = urlTrouble(text);
  if (why !== null) throw new Unusable(`its URL ${why}`);
  const url = new URL(text);
  const { href, pathname, search, username, password } = url;
  const words = [username, password, ...pathname.split('/'), ...url.searchParams.values()];
  for (const part of [text, href, `${pathname}${search}`, ...words.filter((word) => word.length >= LONG)])
    use.hide(part);
  return url;
}

/** Shorter words of a URL are no secrets: `hooks`, `v1`. */
const LONG = 10;

export function openChannel<Spec extends Common>(
  kind: ChannelKind<string, Spec>,
  name: string,
  spec: Spec,
  io: NotifyIo,
): Channel {
  const limited = limiter(name, spec, io);
  return {
    name,
    deliver: (notice, signal) => limited(signal, (use) => kind.deliver(spec, cleanAll(notice), use)),
  };
}

export function openPing<Spec extends Common>(
  kind: PingKind<string, Spec>,
  name: string,
  spec: Spec,
  io: NotifyIo,
): Ping {
  const limited = limiter(name, spec, io);
  let bodyLimit: number | null = null;
  return {
    name,
    async start(run, signal) {
      await limited(signal, async (use) => {
        bodyLimit = await kind.start(spec, run, use);
        return { sent: true, answer: '' };
      });
    },
    finish: (run, exitCode, body, signal) =>
      limited(signal, (use) => kind.finish(spec, { run, exitCode, body, bodyLimit }, use)),
  };
}

/** How long a kind may still take to say what it knows when its time is up. */
const GRACE_MS = 200;

/** Keeps every message within its time limit, and secrets out of whatever is said about it. Never rejects. */
function limiter(name: string, { timeout }: Common, io: NotifyIo) {
  const read = once<Result<Secret, string>>();
  return async (signal: AbortSignal, work: (use: Use) => Promise<Delivery>): Promise<Delivery> => {
    const stop = within(signal, milliseconds(timeout));
    const hidden: Secret[] = [];
    const hide = (text: string) => hidden.push(new Secret(name, text));
    const use: Use = {
      signal: stop,
      now: io.now,
      words: io.words,
      machine: io.machine,
      hide,
      async secret(source) {
        const found = await read(JSON.stringify(source), () => io.secret(source));
        if (!found.ok) throw new Unusable(found.failure);
        hidden.push(found.value);
        const text = found.value.reveal().replace(/[\r\n]+$/, '');
        if (text === '') throw new Unusable(`${found.value.name} is empty`);
        return text;
      },
    };
    const delivery = await Promise.race([late(stop, signal, timeout), work(use).catch(refusal)]);
    const redact = Secret.redactor(hidden);
    return { ...delivery, answer: shortened(clean(redact(delivery.answer).replace(/\s+/g, ' '))) };
  };
}

/** Only when no secret is in it any more, or half of one could stay. */
const shortened = (text: string): string => (text.length > 300 ? `${text.slice(0, 300)}…` : text);

function refusal(error: unknown): Delivery {
  if (!(error instanceof Unusable)) throw error;
  return { sent: false, permanent: true, answer: error.message, retryAfterMs: null };
}

const late = (stop: AbortSignal, signal: AbortSignal, timeout: string): Promise<Delivery> =>
  new Promise((resolve) => {
    const answer = () => (signal.aborted ? 'cancelled before it was sent' : `gave no answer within ${timeout}`);
    const end = () => resolve({ sent: false, permanent: false, answer: answer(), retryAfterMs: null });
    const wait = () => setTimeout(end, GRACE_MS);
    if (stop.aborted) wait();
    else stop.addEventListener('abort', wait, { once: true });
  });
