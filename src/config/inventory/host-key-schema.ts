import { z } from 'zod';

const TYPE = /^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521))$/;

/** `example`: one says best what is wanted. */
type Parsed = { readonly key: string } | { readonly why: string; readonly example?: true };

/** A public host key as known_hosts and `ssh-keyscan` print it, without the host: `type base64`, comment dropped. */
function parseHostKey(text: string): Parsed {
  if (/^(SHA256|MD5):/.test(text)) return { why: 'must be the whole key, not its fingerprint', example: true };
  const [type = '', data = ''] = text.trim().split(/\s+/);
  if (!TYPE.test(type)) {
    return { why: 'must begin with its type: ssh-ed25519, ecdsa-sha2-nistp256 or ssh-rsa' };
  }
  const bytes = Buffer.from(data, 'base64');
  const length = bytes.length > 4 ? bytes.readUInt32BE(0) : 0;
  const named = bytes.subarray(4, 4 + length).toString('latin1');
  if (named !== type || bytes.toString('base64').replace(/=+$/, '') !== data.replace(/=+$/, '')) {
    return { why: `is not a complete ${type} key` };
  }
  return { key: `${type} ${data}` };
}

const one = z.string().transform((text, context) => {
  const parsed = parseHostKey(text);
  if ('key' in parsed) return parsed.key;
  context.addIssue({ code: 'custom', message: parsed.why, params: { example: parsed.example } });
  return z.NEVER;
});

/** One pinned key or several, always a list afterwards. */
export const hostKeySchema = z
  .union([one, z.array(one).min(1)])
  .transform((keys) => [keys].flat())
  .meta({
    description: 'Pinned host keys, as `ssh-keyscan` prints them without the host; they replace known_hosts.',
    examples: ['ssh-ed25519 AAAA…'],
  });
