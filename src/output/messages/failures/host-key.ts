import { createHash } from 'node:crypto';
import type { Failure } from '../../../model/outcome.ts';
import type { Explanation } from '../explanation.ts';

type HostKeyFailure = Extract<Failure, { presented: string }>;

/** Who the host is: not known, not who it was, or known to be bad. */
export function explainHostKey(failure: HostKeyFailure): Explanation {
  const key = shownKey(failure.presented);
  const shown = key === null ? '' : ` (${key.type} ${key.fingerprint})`;
  const evidence = [
    ...(key === null ? [] : [`key presented: ${key.type} ${key.fingerprint}`]),
    ...(failure.detail === '' ? [] : [failure.detail]),
  ];
  switch (failure.kind) {
    case 'host-key-unknown':
      return { what: `the key of this host is not known yet${shown}`, evidence, fix: unknown(key) };
    case 'host-key-changed':
      return { what: `THE KEY OF THIS HOST HAS CHANGED${shown}`, evidence, fix: changed(key) };
    case 'host-key-revoked':
      return { what: `the host presented a key that is marked as revoked${shown}`, evidence, fix: REVOKED };
  }
}

/** The file on the host that holds the public half of the key that was presented. */
function keyFile(key: ShownKey | null): string {
  const type = /ecdsa|rsa|dss/.exec(key?.type ?? '')?.[0] ?? 'ed25519';
  return `/etc/ssh/ssh_host_${type === 'dss' ? 'dsa' : type}_key.pub`;
}

const compare = (key: ShownKey | null) =>
  "On the host itself (its console or the provider's web console, not over this connection) run " +
  `\`ssh-keygen -lf ${keyFile(key)}\` and compare the SHA256 fingerprint with the one above.`;

function unknown(key: ShownKey | null): string[] {
  if (key === null)
    return ['Put right what is named above, so that known keys can be read; then run the same command again.'];
  const line = key.line ?? 'TYPE BASE64';
  return [
    compare(key),
    'If they are equal, run the same command with `--accept-new`: it trusts the key of a host that is seen for the ' +
      'first time, and writes it to known_hosts.',
    `Or pin the key at this host in the inventory: \`hostKey: "${line}"\``,
  ];
}

const changed = (key: ShownKey | null): string[] => [
  'Stop here until you know why: the host was set up anew, or somebody sits between you and it. Nothing was sent to it: ' +
    'no command, no password, no secret.',
  compare(key),
  'Only if they are equal: take out the old key where it is named above (`ssh-keygen -R ADDRESS` for known_hosts, the ' +
    '`hostKey:` entry in the inventory), then run the same command with `--accept-new`.',
  'If they differ, the connection is being intercepted: tell whoever runs the network. `--accept-new` never accepts a ' +
    'changed key.',
];

const REVOKED = [
  'A revoked key may be in the hands of somebody else, so do not connect. On the console of the host, give it a new one ' +
    '(remove the old files in /etc/ssh, run `ssh-keygen -A`, restart sshd) and note its fingerprint.',
  'If the mark is a mistake, take out the `@revoked` line, or the key in the file of RevokedHostKeys, that is named above.',
];

/** A public key as it was presented: its type, what people compare, and the line that pins it (null when not known). */
type ShownKey = { readonly type: string; readonly fingerprint: string; readonly line: string | null };

/** @param presented `type base64`, as in a .pub file or known_hosts; or a text that holds a `SHA256:` fingerprint */
function shownKey(presented: string): ShownKey | null {
  const [type, second] = presented.trim().split(/\s+/);
  if (type === undefined || second === undefined) return null;
  if (second.startsWith('SHA256:')) return { type, fingerprint: second, line: null };
  const hash = createHash('sha256').update(Buffer.from(second, 'base64')).digest('base64').replace(/=+$/, '');
  return { type, fingerprint: `SHA256:${hash}`, line: `${type} ${second}` };
}
