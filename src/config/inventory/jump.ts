import { z } from 'zod';
import { NAME } from '../../model/ids.ts';
import { isAddress } from './names.ts';

/** One hop as it was written: an inventory host or an address, with what overrides its own settings. */
export type Hop = { readonly address: string; readonly user: string | null; readonly port: number | null };

const HOP = /^(?:(?<user>[^@]*)@)?(?:\[(?<v6>[^\]]*)\]|(?<name>[^:]*))(?::(?<port>\d+))?$/;

/** `[user@]address[:port]`, also as `ssh://…`; IPv6 stands in brackets when a port follows. */
function parseHop(text: string): Hop | null {
  const word = text.trim().replace(/^ssh:\/\//, '');
  if (isAddress(word)) return { address: word, user: null, port: null };
  const groups = HOP.exec(word)?.groups;
  const address = groups?.v6 ?? groups?.name ?? '';
  const user = groups?.user ?? null;
  const port = groups?.port === undefined ? null : Number(groups.port);
  if (!isAddress(address) || (user !== null && !NAME.test(user))) return null;
  if (port !== null && (port < 1 || port > 65_535)) return null;
  return { address, user, port };
}

/** The hops of a ProxyJump or `jump` value, outermost first; none for `none`. Null when one of them makes no sense. */
export function parseJump(text: string): readonly Hop[] | null {
  if (text.trim().toLowerCase() === 'none') return [];
  const hops = text.split(',').map(parseHop);
  return hops.every((hop) => hop !== null) ? hops : null;
}

export const jumpSchema = z
  .string()
  .refine((text) => parseJump(text) !== null, { error: 'must be a host of the inventory or [user@]address[:port]' })
  .meta({
    description:
      'Hosts to go through, outermost first, with commas: hosts of the inventory or `[user@]address[:port]`; none for none. By default `ProxyJump` of the SSH configuration.',
    examples: ['admin@bastion.example.com:2222'],
  });
