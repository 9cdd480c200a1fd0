import { createHash } from 'node:crypto';
import { NotAFile, readLocal } from '../../local/file.ts';
import { fail, ok, type Result } from '../../model/outcome.ts';

/** Tells where a key is marked as revoked, or null. */
export type Revoked = (blob: Buffer) => string | null;

/**
 * The file of RevokedHostKeys: a list of public keys, or a key revocation list of OpenSSH. As with ssh, a file that is
 * missing or cannot be understood revokes every key, since it may have held this one; the failure says so.
 */
export async function readRevoked(file: string | null): Promise<Result<Revoked, string>> {
  if (file === null) return ok(() => null);
  let bytes: Buffer;
  try {
    bytes = await readLocal(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = error instanceof NotAFile ? error.message : `cannot be read (${code ?? error})`;
    return fail(`${file}, named by RevokedHostKeys, ${why}`);
  }
  try {
    return ok(
      bytes.subarray(0, MAGIC.length).equals(MAGIC) ? inKrl(bytes, file) : inList(bytes.toString('utf8'), file),
    );
  } catch (error) {
    if (!(error instanceof NotUnderstood)) throw error;
    return fail(`${file}, named by RevokedHostKeys, ${error.message}`);
  }
}

/** The message is a predicate. */
class NotUnderstood extends Error {}

function inList(text: string, file: string): Revoked {
  const lines = text.split('\n').map((line, i) => ({ words: line.trim().split(/\s+/), where: `${file}:${i + 1}` }));
  const keys = lines.flatMap(({ words: [type = '', data = ''], where }) => {
    if (type === '' || type.startsWith('#')) return [];
    const blob = Buffer.from(data, 'base64');
    if (blob.length < 8 || blob.toString('latin1', 4, 4 + blob.readUInt32BE(0)) !== type)
      throw new NotUnderstood(`has no public key in line ${where.slice(file.length + 1)} (each line is: TYPE BASE64)`);
    return [{ blob, where }];
  });
  return (blob) => keys.find((key) => key.blob.equals(blob))?.where ?? null;
}

const MAGIC = Buffer.from('SSHKRL\n\0', 'latin1');
const SECTION = { certificates: 1, keys: 2, sha1: 3, sha256: 5, extension: 255 } as const;

/** PROTOCOL.krl of OpenSSH. What it says of certificates is passed over: a host's certificate is never accepted here. */
function inKrl(bytes: Buffer, file: string): Revoked {
  const krl = reader(bytes.subarray(MAGIC.length));
  if (krl.number() !== 1) throw new NotUnderstood('is a key revocation list of a format that is not known here');
  // Its version, when it was made, flags; then what is reserved, and a comment.
  krl.skip(3 * 8);
  krl.field();
  krl.field();
  const revoked = { keys: new Set<string>(), sha1: new Set<string>(), sha256: new Set<string>() };
  while (!krl.atEnd()) {
    const type = krl.byte();
    const section = reader(krl.field());
    if (type === SECTION.certificates) continue;
    if (type === SECTION.extension) {
      const name = section.field().toString('latin1');
      if (section.byte() !== 0) throw new NotUnderstood(`has an extension that is not known here: ${name}`);
      continue;
    }
    const into =
      type === SECTION.keys ? 'keys' : type === SECTION.sha1 ? 'sha1' : type === SECTION.sha256 ? 'sha256' : null;
    if (into === null)
      throw new NotUnderstood(`is a key revocation list with a section that is not known here (${type})`);
    while (!section.atEnd()) revoked[into].add(section.field().toString('base64'));
  }
  const hash = (name: string, blob: Buffer) => createHash(name).update(blob).digest('base64');
  return (blob) =>
    revoked.keys.has(blob.toString('base64')) ||
    revoked.sha1.has(hash('sha1', blob)) ||
    revoked.sha256.has(hash('sha256', blob))
      ? file
      : null;
}

function reader(bytes: Buffer) {
  let at = 0;
  const take = (length: number): Buffer => {
    if (at + length > bytes.length) throw new NotUnderstood('is a key revocation list that is cut off');
    at += length;
    return bytes.subarray(at - length, at);
  };
  const number = () => take(4).readUInt32BE(0);
  return {
    number,
    skip: (length: number) => void take(length),
    byte: () => take(1).readUInt8(0),
    field: () => take(number()),
    atEnd: () => at === bytes.length,
  };
}
