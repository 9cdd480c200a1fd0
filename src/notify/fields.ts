import { z } from 'zod';
import { duration } from '../util/duration.ts';

/** Where a secret is read from: a file, a variable of the operator's environment, or what a command prints. */
export type SecretSource = string | { readonly env: string } | { readonly command: readonly string[] };

const words = z
  .array(z.string().refine((word) => !word.includes('\0'), 'must not contain NUL'))
  .min(1)
  .refine((all) => all[0] !== '', 'must begin with the name of a command');

const variable = z.strictObject({
  env: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of an environment variable'),
});

/** What would show the secret itself, written where a file's name is wanted. */
const LITERAL = /^[a-z]+:\/\/|^whsec_|^\d+:[\w-]{20,}$/;

/** A secret is never written into the inventory, which is shared. */
export const secretSource = z.union([
  z
    .string()
    .min(1)
    .refine((text) => !LITERAL.test(text), {
      error:
        'must say where the secret is read from, not be the secret: a file, { env: NAME } or { command: [PROGRAM] }',
    }),
  variable,
  z.strictObject({ command: words }),
]);

/** The variables that a notifier's secrets are read from, wherever in it they stand. */
export function variablesOf(spec: unknown): readonly string[] {
  if (typeof spec !== 'object' || spec === null) return [];
  const found = variable.safeParse(spec);
  return found.success ? [found.data.env] : Object.values(spec).flatMap(variablesOf);
}

/** A URL that is no secret by itself. */
const openUrl = z
  .string()
  .regex(/^https?:\/\//)
  .check((context) => {
    const message = urlTrouble(context.value);
    if (message !== null) context.issues.push({ code: 'custom', input: context.value, message });
  });

/** A URL as it stands, or where it is read from: who knows one of those may use it. */
export const urlSource = z.union([openUrl, secretSource]);

/** A server's own address, which is no secret. */
export const serverUrl = openUrl;

export const isOpenUrl = (source: SecretSource): source is string =>
  typeof source === 'string' && /^https?:\/\//.test(source);

/** Why nothing may be sent there, or null. What is sent tells of hosts, and may carry a token. */
export function urlTrouble(text: string): string | null {
  if (!/^https?:\/\/[^\s\p{Cc}]+$/u.test(text) || !URL.canParse(text)) return 'must be a URL with https://';
  const { protocol, hostname } = new URL(text);
  if (protocol === 'https:' || isLoopback(hostname)) return null;
  return 'must begin with https://; http:// is for a server on this machine only';
}

export const isLoopback = (host: string): boolean => /^(localhost|127(\.\d+){3}|\[?::1\]?)$/.test(host);

/** What every kind takes. */
export const common = {
  timeout: duration
    .meta({ description: 'How long sending one message may take, reading its secrets included.', examples: ['10s'] })
    .default('10s'),
};

export type Common = { readonly timeout: string };
