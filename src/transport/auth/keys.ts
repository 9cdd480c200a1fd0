import { stat } from 'node:fs/promises';
import type { ParsedKey } from 'ssh2';
import ssh2 from 'ssh2';
import { NotAFile, readLocalText } from '../../local/file.ts';
import type { Secret } from '../../model/secret.ts';
import { bytesOf } from './reveal.ts';

/** What a configured identity file turned out to be. */
export type KeyFile = { readonly file: string } & (
  | { readonly state: 'ready'; readonly key: ParsedKey; readonly blob: Buffer }
  /** Encrypted; its public half, when it can be told, finds it in the agent. */
  | { readonly state: 'locked'; readonly text: string; readonly blob: Buffer | null }
  /** A public key: names a key of the agent. */
  | { readonly state: 'public'; readonly blob: Buffer }
  | { readonly state: 'absent' }
  /** Its public half, when it can be told, still finds it in the agent. */
  | { readonly state: 'unusable'; readonly why: string; readonly blob?: Buffer | null }
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
  let isOpen: boolean;
  try {
    text = await readLocalText(file);
    const { uid, mode } = await stat(file);
    isOpen = uid === process.getuid?.() && (mode & 0o077) !== 0;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (error instanceof NotAFile) return { file, state: 'unusable', why: error.message };
    return code === 'ENOENT'
      ? { file, state: 'absent' }
      : { file, state: 'unusable', why: `cannot be read (${code ?? error})` };
  }
  const unsupported = unsupportedReason(text);
  if (unsupported !== null) return { file, state: 'unusable', why: unsupported, blob: openSshPublicBlob(text) };
  const key = ssh2.utils.parseKey(text);
  if (isOpen && isPrivate(text, key)) {
    const blob = key instanceof Error ? openSshPublicBlob(text) : key.getPublicSSH();
    return {
      file,
      state: 'unusable',
      why: `can be read by others, so it is not used, as by ssh: chmod 600 ${file}`,
      blob,
    };
  }
  if (!(key instanceof Error)) {
    return key.isPrivateKey()
      ? { file, state: 'ready', key, blob: key.getPublicSSH() }
      : { file, state: 'public', blob: key.getPublicSSH() };
  }
  if (!/no passphrase given/.test(key.message))
    return { file, state: 'unusable', why: `cannot be used: ${key.message}` };
  return { file, state: 'locked', text, blob: openSshPublicBlob(text) ?? (await publicFile(`${file}.pub`)) };
}

/** A key that is encrypted cannot be asked what it is before it is opened. */
const isPrivate = (text: string, key: ParsedKey | Error) =>
  key instanceof Error ? /^-----BEGIN [A-Z ]*PRIVATE KEY-----/m.test(text) : key.isPrivateKey();

function unsupportedReason(text: string): string | null {
  if (/^-----BEGIN (ENCRYPTED )?PRIVATE KEY-----/m.test(text)) {
    return 'is in PKCS#8 format, which is not supported; `ssh-keygen -p -f FILE` rewrites it in OpenSSH format';
  }
  const cipher = openSshFields(text)?.cipher;
  if (cipher === 'chacha20-poly1305@openssh.com') {
    return 'is encrypted with chacha20-poly1305, which is not supported; `ssh-keygen -p -Z aes256-ctr -f FILE` rewrites it';
  }
  const type = openSshPublicBlob(text)?.toString('latin1', 4) ?? text;
  if (/^sk-/.test(type)) return 'is a FIDO security key (sk-), which is not supported; use a plain key';
  if (/^\S+-cert-v01@openssh\.com/.test(type))
    return 'is an OpenSSH certificate, which is not supported; authorise the plain key';
  return null;
}

const openSshPublicBlob = (text: string): Buffer | null => openSshFields(text)?.blob ?? null;

/** The public half stands in the clear in front of an encrypted OpenSSH key, and its cipher (PROTOCOL.key). */
function openSshFields(text: string): { readonly cipher: string; readonly blob: Buffer | null } | null {
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
  const cipher = next().toString('latin1');
  for (const _ of ['kdf', 'kdf options']) next();
  at += 4;
  const blob = next();
  return { cipher, blob: blob.length > 4 ? blob : null };
}

async function publicFile(file: string): Promise<Buffer | null> {
  const text = await readLocalText(file).catch(() => '');
  const key = ssh2.utils.parseKey(text);
  return key instanceof Error ? null : key.getPublicSSH();
}
