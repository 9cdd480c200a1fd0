import { execFileSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  hostKeyAlgorithms,
  judgeHostKey,
  type KnownKeys,
  presentedKey,
} from '../../src/transport/host-keys/host-key.ts';
import {
  knownHostName,
  matchesHost,
  parseKnownHosts,
  readKnownHosts,
} from '../../src/transport/host-keys/known-hosts.ts';
import { makeKey, tempDir } from './keys.ts';

const blobOf = (publicLine: string) => Buffer.from(publicLine.split(' ')[1] ?? '', 'base64');
const about = (lines: string, more: Partial<KnownKeys> = {}): KnownKeys => ({
  name: 'web.example',
  plainName: 'web.example',
  pinned: [],
  revoked: () => null,
  lines: parseKnownHosts(lines, 'known_hosts'),
  ...more,
});

/** Line numbers that ssh-keygen -F finds for a name. */
function foundByOpenSsh(file: string, name: string): readonly number[] {
  try {
    const out = execFileSync('ssh-keygen', ['-F', name, '-f', file], {
      stdio: ['ignore', 'pipe', 'ignore'],
    }).toString();
    return [...out.matchAll(/found: line (\d+)/g)].map((match) => Number(match[1]));
  } catch {
    return [];
  }
}

test('the same lines are found as by ssh-keygen -F', () => {
  using dir = tempDir();
  const ed = makeKey(dir.path, 'ed').publicLine;
  const rsa = makeKey(dir.path, 'rsa', 'rsa', ['-b', '2048']).publicLine;
  const file = join(dir.path, 'known_hosts');
  const hashed = join(dir.path, 'hashed');
  writeFileSync(hashed, `hidden.example ${ed}\n[hidden.example]:2222 ${rsa}\n`);
  execFileSync('ssh-keygen', ['-H', '-f', hashed], { stdio: 'ignore' });
  const text = [
    '# a comment',
    '',
    `web.example ${ed}`,
    `web.example,192.0.2.7 ${rsa} with a comment`,
    `[web.example]:2222 ${ed}`,
    `*.wild.example ${ed}`,
    `*.not.example,!no.not.example ${ed}`,
    `h?st.example ${rsa}`,
    `@revoked web.example ${ed}`,
    `@cert-authority *.ca.example ${ed}`,
    `UPPER.example ${ed}`,
    `\t tab.example\t${ed}`,
    `2001:db8::1 ${ed}`,
  ].join('\n');
  writeFileSync(file, `${text}\n${execFileSync('cat', [hashed])}`);
  const names = [
    'web.example',
    '192.0.2.7',
    '[web.example]:2222',
    '[web.example]:2200',
    'a.wild.example',
    'wild.example',
    'yes.not.example',
    'no.not.example',
    'host.example',
    'hoost.example',
    'upper.example',
    'x.ca.example',
    'tab.example',
    'hidden.example',
    '[hidden.example]:2222',
    '[hidden.example]:22',
    '2001:db8::1',
    'nobody.example',
  ];
  const lines = parseKnownHosts(String(execFileSync('cat', [file])), file);
  const found = (name: string) =>
    lines.filter((line) => matchesHost(line.hosts, name)).map((line) => Number(line.where.split(':').at(-1)));
  expect(Object.fromEntries(names.map((name) => [name, found(name)]))).toEqual(
    Object.fromEntries(names.map((name) => [name, foundByOpenSsh(file, name)])),
  );
  expect(found('web.example').length).toBeGreaterThan(0);
});

test('a host is looked up by name and port, unless it has an alias', () => {
  expect(knownHostName('Web.Example', 22, null)).toBe('web.example');
  expect(knownHostName('web.example', 2222, null)).toBe('[web.example]:2222');
  expect(knownHostName('web.example', 2222, 'Alias')).toBe('alias');
});

test('a key is accepted, unknown, changed or revoked', () => {
  using dir = tempDir();
  const right = makeKey(dir.path, 'right').publicLine;
  const other = makeKey(dir.path, 'other').publicLine;
  const rsa = makeKey(dir.path, 'rsa', 'rsa', ['-b', '2048']).publicLine;
  const key = presentedKey(blobOf(right));
  const verdict = (lines: string, more: Partial<KnownKeys> = {}) => judgeHostKey(key, about(lines, more)).verdict;
  expect(verdict(`web.example ${right}`)).toBe('accepted');
  expect(verdict(`web.example ${rsa}\nweb.example ${right}`)).toBe('accepted');
  expect(verdict('')).toBe('unknown');
  expect(verdict(`db.example ${right}`)).toBe('unknown');
  expect(verdict(`web.example ${other}`)).toBe('changed');
  expect(verdict(`web.example ${rsa}`)).toBe('changed');
  expect(verdict(`web.example ${right}\n@revoked * ${right}`)).toBe('revoked');
  expect(verdict(`@cert-authority web.example ${right}`)).toBe('unknown');
  expect(verdict('', { pinned: [`${right} comment`] })).toBe('accepted');
  expect(verdict(`web.example ${right}`, { pinned: [other] })).toBe('changed');
  expect(verdict(`@revoked * ${right}`, { pinned: [right] })).toBe('revoked');
});

test('a host on another port falls back to its plain name, which can only confirm', () => {
  using dir = tempDir();
  const right = makeKey(dir.path, 'right').publicLine;
  const other = makeKey(dir.path, 'other').publicLine;
  const onPort = { name: '[web.example]:2222' };
  const verdict = (lines: string) => judgeHostKey(presentedKey(blobOf(right)), about(lines, onPort)).verdict;
  expect(verdict(`web.example ${right}`)).toBe('accepted');
  expect(verdict(`web.example ${other}`)).toBe('unknown');
  expect(verdict(`web.example ${right}\n[web.example]:2222 ${other}`)).toBe('changed');
  expect(verdict(`@revoked web.example ${right}\n[web.example]:2222 ${right}`)).toBe('revoked');
});

test('the fingerprint is the one that ssh-keygen prints', () => {
  using dir = tempDir();
  const { file, publicLine } = makeKey(dir.path, 'key', 'ecdsa');
  const printed = execFileSync('ssh-keygen', ['-l', '-f', file]).toString();
  expect(printed).toContain(presentedKey(blobOf(publicLine)).fingerprint);
});

test('key types that are known are asked for first, SHA-1 signatures never', () => {
  using dir = tempDir();
  const rsa = makeKey(dir.path, 'rsa', 'rsa', ['-b', '2048']).publicLine;
  expect(hostKeyAlgorithms(about(''))[0]).toBe('ssh-ed25519');
  expect(hostKeyAlgorithms(about(`web.example ${rsa}`)).slice(0, 2)).toEqual(['rsa-sha2-512', 'rsa-sha2-256']);
  expect(hostKeyAlgorithms(about('', { pinned: [rsa] }))[0]).toBe('rsa-sha2-512');
  expect(hostKeyAlgorithms(about(''))).not.toContain('ssh-rsa');
});

test('a missing file has no lines; an unreadable one is a failure', async () => {
  using dir = tempDir();
  expect(await readKnownHosts([join(dir.path, 'none')])).toEqual({ ok: true, value: [] });
  expect((await readKnownHosts([dir.path])).ok).toBe(false);
  chmodSync(dir.path, 0o700);
});
