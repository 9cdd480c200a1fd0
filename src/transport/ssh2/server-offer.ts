import type { Duplex } from 'node:stream';

/** What a server says before any key is exchanged: who it is, and the algorithms that it offers. */
export type ServerOffer = { readonly ident: () => string; readonly lists: () => OfferedLists | null };

export type OfferedLists = {
  readonly kex: readonly string[];
  readonly hostKey: readonly string[];
  readonly cipher: readonly string[];
  readonly mac: readonly string[];
};

/** The identification and the first packet fit into this many times over. */
const MOST = 64 * 1024;
const KEXINIT = 20;

/** Reads along what a server sends in the clear, until its offer is whole; the SSH library keeps that to itself. */
export function serverOffer(socket: Duplex): ServerOffer {
  let head = Buffer.alloc(0);
  let lists: OfferedLists | null = null;
  const take = (chunk: Buffer) => {
    head = Buffer.concat([head, chunk]);
    lists = readOffer(head);
    if (lists !== null || head.length > MOST) socket.off('data', take);
  };
  socket.on('data', take);
  return { ident: () => /^SSH-[^\r\n]*/m.exec(head.toString('latin1'))?.[0] ?? '', lists: () => lists };
}

/** RFC 4253: lines, the last of which begins with `SSH-`; then a packet, here KEXINIT with its name-lists. */
function readOffer(bytes: Buffer): OfferedLists | null {
  const line = /(^|\n)SSH-[^\n]*\n/.exec(bytes.toString('latin1'));
  if (line === null) return null;
  const packet = bytes.subarray(line.index + line[0].length);
  if (packet.length < 5 || packet.length < 4 + packet.readUInt32BE(0) || packet[5] !== KEXINIT) return null;
  let at = 4 + 1 + 1 + 16;
  const next = (): readonly string[] => {
    const length = at + 4 <= packet.length ? packet.readUInt32BE(at) : 0;
    const text = packet.toString('latin1', at + 4, at + 4 + length);
    at += 4 + length;
    return text === '' ? [] : text.split(',');
  };
  const [kex = [], hostKey = [], cipher = [], , mac = []] = [next(), next(), next(), next(), next()];
  return { kex, hostKey, cipher, mac };
}

/** The list that a failed negotiation was about, by the SSH library's message; null when it cannot be told. */
export function listIn(message: string, { kex, hostKey, cipher, mac }: OfferedLists): readonly string[] | null {
  if (/key exchange algorithm/i.test(message)) return kex.filter((name) => !/^(ext-info-|kex-strict-)/.test(name));
  if (/host key format/i.test(message)) return hostKey;
  if (/cipher/i.test(message)) return cipher;
  return /\bMAC\b/.test(message) ? mac : null;
}
