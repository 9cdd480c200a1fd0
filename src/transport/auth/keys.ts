import { readFile } from 'node:fs/promises';
import type { ParsedKey } from 'ssh2';
import ssh2 from 'ssh2';
import type { Secret } from '../model/secret.ts';
import { bytesOf } from './reveal.ts';

/** What a configured identity file turned out to be. */
export type KeyFile = { readonly file: string } & (
  | { readonly state: 'ready'; readonly key: ParsedKey; readonly blob: Buffer }
  /** Encrypted; its public half, when it can be told, finds it in the agent. */
  | { readonly state: 'locked'; readonly text: string; readonly blob: Buffer | null }
  /** A public key: names a key of the agent. */
  | { readonly state: 'public'; readonly blob: Buffer }
  | { readonly state: 'absent' }
  | { readonly state: 'unusable'; readonly why: string }
);

/** Decrypting takes 0.2 to 1 s of CPU, so each file is read and decrypted once per process. */
const read = new Map<string, Promise<KeyFile>>();
const unlocked = new Map<string, Promise<KeyFile>>();

export function readKey(file: string): Promise<KeyFile> {
  const known = unlocked.get(file) ?? read.get(file) ?? load(file);
  if (!unlocked.has(file)) read.set(file, known);
  return known;
}

/** Asks for the passphrase of a locked key, once per process; without a right one the key is unusable from then on. */
export function unlockKey(
  key: Extract<KeyFile, { state: 'locked' }>,
  passphrase: (file: string) => Promise<Secret | null>,
): Promise<KeyFile> {
  const known = unlocked.get(key.file) ?? passphrase(key.file).then((secret) => decrypt(key, secret));
  unlocked.set(key.file, known);
  return known;
}

function decrypt({ file, text }: { file: string; text: string }, secret: Secret | null): KeyFile {
  if (secret === null) return { file, state: 'unusable', why: 'is encrypted and no passphrase was given' };
  const key = ssh2.utils.parseKey(text, bytesOf(secret));
  if (key instanceof Error)
    return {
      file,
      state: 'unusable',
      why: /passphrase|decrypt/i.test(key.message) ? 'was not opened by the passphrase' : key.message,
    };
  return { file, state: 'ready', key, blob: key.getPublicSSH() };
}

async function load(file: string): Promise<KeyFile> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT'
      ? { file, state: 'absent' }
      : { file, state: 'unusable', why: `cannot be read (${code ?? error})` };
  }
  const unsupported = unsupportedReason(text);
  if (unsupported !== null) return { file, state: 'unusable', why: unsupported };
  const key = ssh2.utils.parseKey(text);
  if (!(key instanceof Error)) {
    return key.isPrivateKey()
      ? { file, state: 'ready', key, blob: key.getPublicSSH() }
      : { file, state: 'public', blob: key.getPublicSSH() };
  }
  if (!/no passphrase given/.test(key.message))
    return { file, state: 'unusable', why: `cannot be used: ${key.message}` };
  return { file, state: 'locked', text, blob: openSshPublicBlob(text) ?? (await publicFile(`${file}.pub`)) };
}

function unsupportedReason(text: string): string | null {
  if (/^-----BEGIN (ENCRYPTED )?PRIVATE KEY-----/m.test(text)) {
    return 'is in PKCS#8 format, which is not supported; `ssh-keygen -p -f FILE` rewrites it in OpenSSH format';
  }
  const type = openSshPublicBlob(text)?.toString('latin1', 4) ?? text;
  if (/^sk-/.test(type)) return 'is a FIDO security key (sk-), which is not supported; use a plain key';
  if (/^\S+-cert-v01@openssh\.com/.test(type))
    return 'is an OpenSSH certificate, which is not supported; authorise the plain key';
  return null;
}

/** The public half stands in the clear in front of an encrypted OpenSSH key (PROTOCOL.key). */
function openSshPublicBlob(text: string): Buffer | null {
  const body = /-----BEGIN OPENSSH PRIVATE KEY-----([\s\S]*?)-----END/.exec(text)?.[1];
  if (body === undefined) return null;
  const data = Buffer.from(body, 'base64');
  const magic = 'openssh-key-v1\0';
  if (data.toString('latin1', 0, magic.length) !== magic) return null;
  let at = magic.length;
  const next = () => {
    const length = at + 4 <= data.length ? data.readUInt32BE(at) : 0;
    const field = data.subarray(at + 4, at + 4 + length);
    at += 4 + length;
    return field;
  };
  for (const _ of ['cipher', 'kdf', 'kdf options']) next();
  at += 4;
  const blob = next();
  return blob.length > 4 ? blob : null;
}

async function publicFile(file: string): Promise<Buffer | null> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const key = ssh2.utils.parseKey(text);
  return key instanceof Error ? null : key.getPublicSSH();
}
