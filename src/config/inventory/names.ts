import { z } from 'zod';
import { NAME } from '../../model/ids.ts';

const ALLOWED = 'must consist of letters, digits, "_", "." and "-", and not begin with "." or "-"';

const name = (longest: number) => z.string().max(longest).regex(NAME, { error: ALLOWED });

/** Names that become words of commands and parts of paths: an allow-list, so none can be read as an option. */
export const hostNameSchema = name(253);
export const groupNameSchema = name(64);
export const appNameSchema = name(64);
export const accountSchema = name(64);
export const exclusiveNameSchema = name(64);
export const channelNameSchema = name(64);

/** Names that fleet itself defines for `{{ name }}`; vars cannot have them. */
export const BUILT_IN: readonly string[] = ['root', 'current', 'user', 'host', 'app'];

const VAR_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

export const isVarName = (text: string): boolean => VAR_NAME.test(text) && !BUILT_IN.includes(text);

const varNameSchema = z
  .string()
  .regex(VAR_NAME, { error: 'must consist of letters, digits and "_", and not begin with a digit' })
  .refine((name) => !BUILT_IN.includes(name), { error: 'is defined by fleet itself; choose another' });

const PLAIN = [z.string(), z.number(), z.boolean()] as const;

/** Values of vars, or lists of them; they are always filled in as text. */
export const varsSchema = z.record(varNameSchema, z.union([...PLAIN, z.array(z.union(PLAIN))])).meta({
  description:
    'Values for {{ name }} in the playbook and in files that are filled: text, numbers, booleans, or lists of them, always filled in as text. A list stands for a whole value.',
  examples: [{ mode: 'supervisor', bots: ['bot-a.service', 'bot-b.service'] }],
});

const HOST_OR_V4 = /^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_.])?$/;
const ZONE = /%[A-Za-z0-9_.-]+$/;

/** Whether a word is a host name, an IPv4 or an IPv6 address, and so nothing that ssh could take for an option. */
export const isAddress = (text: string): boolean =>
  text.length <= 253 && (HOST_OR_V4.test(text) || z.ipv6().safeParse(text.replace(ZONE, '')).success);

export const addressSchema = z
  .string()
  .refine(isAddress, { error: 'must be a host name or an IP address' })
  .meta({
    description: "Host name, IP address, or a `Host` of your SSH configuration; by default the host's name.",
    examples: ['72.61.7.126'],
  });
