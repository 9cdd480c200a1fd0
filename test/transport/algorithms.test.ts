import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AlgorithmLimits } from '../../src/model/target.ts';
import { sh } from '../../src/shell/sh.ts';
import { chosenAlgorithms, chosenHostKeys } from '../../src/transport/algorithms.ts';
import { connect, connected, connectionTo, failureIn, never, optionsIn, valueIn } from './connect-with.ts';
import { type Sshd, startSshd } from './sshd.ts';

const io = { signal: never(), timeoutMs: 5000 };
/** What this sshd takes, in an order that is nobody's default. */
const LIMITS = ['KexAlgorithms ecdh-sha2-nistp521', 'Ciphers aes192-ctr,aes256-gcm@openssh.com', 'MACs hmac-sha2-512'];
let sshd: Sshd;
const log: string[] = [];

beforeAll(async () => {
  sshd = await startSshd([...LIMITS, 'LogLevel DEBUG1'], ['ed25519', 'ecdsa']);
  sshd.process.stderr?.on('data', (chunk) => log.push(String(chunk)));
});
afterAll(() => sshd?.[Symbol.asyncDispose]());

/** What sshd says was agreed on. */
async function agreed(algorithms: AlgorithmLimits): Promise<string> {
  log.length = 0;
  await using host = await connected(sshd, { algorithms });
  expect(valueIn(await host.run(sh`echo in`, io)).stdout).toBe('in\n');
  return log.join('');
}
const refusal = async (algorithms: AlgorithmLimits) => {
  const identityFiles = [sshd.key.file];
  const connection = connectionTo({ ...sshd, identityFiles, hostKeys: sshd.hostKeys, algorithms });
  return JSON.stringify(failureIn(await connect(connection, optionsIn(sshd.dir))));
};

describe('algorithms that the ssh configuration limits a connection to', () => {
  test('are the ones that are agreed on', async () => {
    const text = await agreed({
      kex: ['sntrup761x25519-sha512@openssh.com', 'ecdh-sha2-nistp521'],
      hostKeys: ['ecdsa-sha2-nistp256'],
      ciphers: ['aes192-ctr'],
      macs: ['umac-64@openssh.com', 'hmac-sha2-512'],
    });
    expect(text).toMatch(/kex: algorithm: ecdh-sha2-nistp521/);
    expect(text).toMatch(/kex: host key algorithm: ecdsa-sha2-nistp256/);
    expect(text).toMatch(/kex: client->server cipher: aes192-ctr MAC: hmac-sha2-512/);
  });

  test("are fleet's own where nothing is limited", async () => {
    const text = await agreed({});
    expect(text).toMatch(/host key algorithm: ssh-ed25519/);
    expect(text).toMatch(/client->server cipher: aes256-gcm@openssh.com/);
  });

  test('without a MAC that both have, only ciphers that need none are left', async () => {
    expect(await agreed({ macs: ['umac-64@openssh.com'] })).toMatch(/cipher: aes256-gcm@openssh.com/);
  });

  test.each<[AlgorithmLimits, RegExp]>([
    [{ kex: ['curve25519-sha256'] }, /no matching key exchange algorithm; the host offers only ecdh-sha2-nistp521/],
    [{ ciphers: ['aes128-ctr'] }, /no matching .* cipher; the host offers only aes192-ctr, aes256-gcm@openssh.com/],
    [{ ciphers: ['aes192-ctr'], macs: ['hmac-sha1'] }, /no matching .* MAC; the host offers only hmac-sha2-512/],
    [
      { hostKeys: ['rsa-sha2-512'] },
      /no matching host key format; the host offers only ssh-ed25519, ecdsa-sha2-nistp256/,
    ],
  ])('that the host does not offer end with what it offers: %j', async (limits, words) => {
    expect(await refusal(limits)).toMatch(words);
  });

  test.each<[AlgorithmLimits, string]>([
    [{ kex: ['sntrup761x25519-sha512'] }, 'KexAlgorithms of the SSH configuration allows (sntrup761x25519-sha512)'],
    [{ ciphers: ['none'] }, 'Ciphers of the SSH configuration allows (none)'],
    [{ ciphers: ['aes128-ctr'], macs: ['umac-64@openssh.com'] }, 'MACs of the SSH configuration'],
    [{ hostKeys: ['ssh-dss'] }, 'HostKeyAlgorithms of the SSH configuration allows (ssh-dss)'],
  ])('of which fleet has none are not widened: %j', async (limits, words) => {
    expect(await refusal(limits)).toContain(words);
  });

  test('take SHA-1 for a host key in only where the operator asks for it', () => {
    const known = { name: 'h', plainName: 'h', pinned: [], lines: [], revoked: () => null };
    const all = ['ssh-rsa', 'rsa-sha2-512', 'ssh-ed25519'];
    expect(chosenHostKeys(known, { hostKeys: all })).toEqual({
      ok: true,
      value: ['ssh-ed25519', 'rsa-sha2-512', 'ssh-rsa'],
    });
    for (const limits of [{}, { hostKeys: ['ssh-ed25519'] }])
      expect(chosenHostKeys(known, limits)).not.toMatchObject({ value: expect.arrayContaining(['ssh-rsa']) });
  });

  test('keep the slow group exchange for the last', () => {
    const slow = 'diffie-hellman-group-exchange-sha256';
    const chosen = chosenAlgorithms({ kex: [slow, 'diffie-hellman-group14-sha256'] });
    expect(chosen).toMatchObject({ ok: true, value: { kex: ['diffie-hellman-group14-sha256', slow] } });
  });
});

test('an address of the wrong family is not tried, and a limit of time is kept to', async () => {
  const identityFiles = [sshd.key.file];
  const at = { ...sshd, identityFiles, hostKeys: sshd.hostKeys };
  const closed = failureIn(
    await connect(connectionTo({ ...at, address: 'localhost', family: 6 }), optionsIn(sshd.dir)),
  );
  expect(closed.kind).toBe('unreachable');
  await using open = valueIn(
    await connect(connectionTo({ ...at, address: 'localhost', family: 4 }), optionsIn(sshd.dir)),
  );
  expect(valueIn(await open.run(sh`echo in`, io)).stdout).toBe('in\n');
  const slow = connectionTo({ ...at, connectTimeoutMs: 1 });
  expect(JSON.stringify(failureIn(await connect(slow, optionsIn(sshd.dir))))).toContain('within 0.001 s');
});
