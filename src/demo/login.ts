import { timingSafeEqual } from 'node:crypto';
import type { AuthContext } from 'ssh2';
import type { DemoKey } from './keys.ts';

/** Lets in the one user with the one key, proved by a signature, and nobody else and no other way. */
export function decideLogin(context: AuthContext, user: string, key: DemoKey): void {
  if (mayEnter(context, user, key)) context.accept();
  else context.reject(['publickey']);
}

function mayEnter(context: AuthContext, user: string, { parsed }: DemoKey): boolean {
  if (context.method !== 'publickey' || context.username !== user) return false;
  if (context.key.algo !== parsed.type || !same(context.key.data, parsed.getPublicSSH())) return false;
  // Without a signature the client only asks whether this key would do; ssh2 does not take that for a login.
  if (context.signature === undefined) return true;
  return context.blob !== undefined && parsed.verify(context.blob, context.signature, context.hashAlgo) === true;
}

const same = (a: Buffer, b: Buffer) => a.length === b.length && timingSafeEqual(a, b);
