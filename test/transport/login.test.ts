import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Secret } from '../../src/model/secret.ts';
import type { Connection } from '../../src/model/target.ts';
import { sh } from '../../src/shell/sh.ts';
import { connector } from '../../src/transport/connect.ts';
import { connect, connected, connectionTo, failureIn, never, optionsIn, valueIn } from './connect-with.ts';
import { makeKey } from './keys.ts';
import { startServer } from './server.ts';
import { type Sshd, startSshd } from './sshd.ts';

let sshd: Sshd;
const io = { signal: never(), timeoutMs: 5000 };
const to = (more: Partial<Connection> = {}) =>
  connectionTo({ port: sshd.port, user: sshd.user, identityFiles: [sshd.key.file], ...more });
const write = (name: string, text: string) => {
  const file = join(sshd.dir, name);
  writeFileSync(file, text);
  return file;
};

beforeAll(async () => {
  sshd = await startSshd([], ['ed25519', 'ecdsa', 'rsa']);
});
afterAll(() => sshd?.[Symbol.asyncDispose]());

async function works(connection: Connection, more = {}): Promise<void> {
  await using host = valueIn(await connect(connection, optionsIn(sshd.dir, more)));
  expect(valueIn(await host.run(sh`echo in`, io)).stdout).toBe('in\n');
}

test('a host whose key is not known is refused, with the fingerprint and the key to pin', async () => {
  const failure = failureIn(await connect(to(), optionsIn(sshd.dir)));
  expect(failure).toMatchObject({
    kind: 'host-key-unknown',
    presented: sshd.hostKeys[0],
    detail: expect.stringMatching(/^no key of \[127\.0\.0\.1\]:\d+ stands in /),
  });
  await works(to({ hostKeys: [sshd.hostKeys[0] ?? ''] }));
});

test.each([0, 1, 2])('a host known by key type %i alone is recognised', async (i) => {
  const file = write(`known_${i}`, `[127.0.0.1]:${sshd.port} ${sshd.hostKeys[i]}\n`);
  await works(to({ knownHostsFiles: [file] }));
  execFileSync('ssh-keygen', ['-H', '-f', file], { stdio: 'ignore' });
  await works(to({ knownHostsFiles: [file] }));
  await works(to({ knownHostsFiles: [write(`plain_${i}`, `127.0.0.1 ${sshd.hostKeys[i]}\n`)] }));
  await works(to({ hostKeyAlias: 'box', knownHostsFiles: [write(`alias_${i}`, `box ${sshd.hostKeys[i]}\n`)] }));
});

test('a host whose key changed is refused, even when new hosts are accepted', async () => {
  const wrong = makeKey(sshd.dir, 'wrong').publicLine;
  const file = write('changed', `[127.0.0.1]:${sshd.port} ${wrong}\n`);
  const failure = failureIn(await connect(to({ knownHostsFiles: [file] }), optionsIn(sshd.dir, { acceptNew: true })));
  expect(failure).toMatchObject({ kind: 'host-key-changed', detail: expect.stringContaining(`${file}:1`) });
  expect(failureIn(await connect(to({ hostKeys: [wrong] }), optionsIn(sshd.dir))).kind).toBe('host-key-changed');
});

test('a line of known_hosts that ssh cannot read is no key, so it speaks neither for nor against a host', async () => {
  const wrong = makeKey(sshd.dir, 'other').publicLine;
  const ecdsa = makeKey(sshd.dir, 'other_ecdsa', 'ecdsa').publicLine;
  const [type = '', data = ''] = wrong.split(' ');
  const lines = [
    'a.example 2048 65537 1234567890123',
    `b.example ssh-unheard-of@example.com ${data}`,
    `c.example, other.example ${wrong}`,
    'd.example ssh-ed25519 AAAA',
    `e.example ssh-rsa ${data}`,
    `f.example ${type} ${data.slice(0, -8)}`,
    `g.example ${type} ${data.slice(0, 10)}*${data.slice(11)}`,
    `h.example ${ecdsa.slice(0, -12)}`,
    `i.example ${wrong}`,
    `j.example ${ecdsa}`,
  ];
  const file = write('unreadable', `${lines.join('\n')}\n`);
  const bySsh = (name: string) => {
    const flags = [
      '-F',
      'none',
      '-p',
      String(sshd.port),
      '-o',
      `UserKnownHostsFile=${file}`,
      '-o',
      'GlobalKnownHostsFile=none',
    ];
    const more = ['-o', 'BatchMode=yes', '-o', 'StrictHostKeyChecking=yes', '-o', `HostKeyAlias=${name}`];
    return spawnSync('ssh', [...flags, ...more, '127.0.0.1', 'true'], { encoding: 'utf8' }).stderr;
  };
  const verdicts: [string, string, string][] = [];
  for (const hostKeyAlias of lines.map((line) => line.split(/[ ,]/)[0] ?? '')) {
    const { kind } = failureIn(await connect(to({ hostKeyAlias, knownHostsFiles: [file] }), optionsIn(sshd.dir)));
    const said = bySsh(hostKeyAlias);
    verdicts.push([
      hostKeyAlias,
      kind,
      /HAS CHANGED/.test(said) ? 'changed' : /is known for/.test(said) ? 'unknown' : said,
    ]);
  }
  expect(verdicts).toEqual(
    [...'abcdefghij'].map((letter) => {
      const verdict = letter < 'i' ? 'unknown' : 'changed';
      return [`${letter}.example`, `host-key-${verdict}`, verdict];
    }),
  );
});

test('a revoked key is refused', async () => {
  const file = write('revoked', `@revoked * ${sshd.hostKeys[0]}\n[127.0.0.1]:${sshd.port} ${sshd.hostKeys[0]}\n`);
  expect(failureIn(await connect(to({ knownHostsFiles: [file] }), optionsIn(sshd.dir))).kind).toBe('host-key-revoked');
});

test('a known_hosts file that cannot be read refuses the host', async () => {
  expect(
    failureIn(await connect(to({ knownHostsFiles: [sshd.dir] }), optionsIn(sshd.dir, { acceptNew: true }))).kind,
  ).toBe('host-key-unknown');
  await works(to({ knownHostsFiles: [sshd.dir], hostKeys: sshd.hostKeys }));
});

test('a new host is accepted on first use, recorded, and recognised from then on', async () => {
  await using other = await startServer({}, ['ed25519']);
  const file = join(other.dir, 'new', 'known_hosts');
  const notes: string[] = [];
  const options = optionsIn(other.dir, { acceptNew: true, homeKnownHosts: file, onNote: (text) => notes.push(text) });
  const connection = connectionTo({
    port: other.port,
    user: other.user,
    identityFiles: [other.key.file],
    knownHostsFiles: [file],
  });
  await valueIn(await connect(connection, options))[Symbol.asyncDispose]();
  expect(readFileSync(file, 'utf8')).toBe(`[127.0.0.1]:${other.port} ${other.hostKeys[0]}\n`);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(notes.join()).toContain('SHA256:');
  await valueIn(await connect(connection, { ...options, acceptNew: false }))[Symbol.asyncDispose]();
  await valueIn(await connect(connection, options))[Symbol.asyncDispose]();
  expect(readFileSync(file, 'utf8').trim().split('\n').length).toBe(1);
});

type Agent = Disposable & { readonly socket: string; readonly child: ChildProcess };
async function agentWith(dir: string, files: readonly string[]): Promise<Agent> {
  const socket = join(dir, `agent-${files.length}-${Math.random().toString(36).slice(2, 8)}`);
  const child = spawn('ssh-agent', ['-D', '-a', socket], { stdio: ['ignore', 'pipe', 'ignore'] });
  await once(child.stdout, 'data');
  for (const file of files) execFileSync('ssh-add', ['-q', file], { env: { SSH_AUTH_SOCK: socket }, stdio: 'ignore' });
  return { socket, child, [Symbol.dispose]: () => void child.kill() };
}

test('a key of the agent opens the door', async () => {
  using agent = await agentWith(sshd.dir, [sshd.key.file]);
  await works(to({ identityFiles: [], identitiesOnly: false, agent: agent.socket, hostKeys: sshd.hostKeys }));
});

test('with many keys in the agent the configured one goes first, and others stay back when told so', async () => {
  const others = Array.from({ length: 8 }, (_, i) => makeKey(sshd.dir, `other${i}`).file);
  using agent = await agentWith(sshd.dir, [...others, sshd.key.file]);
  await works(to({ agent: agent.socket, identitiesOnly: false, hostKeys: sshd.hostKeys }));
  await works(to({ agent: agent.socket, identityFiles: [`${sshd.key.file}.pub`], hostKeys: sshd.hostKeys }));
  const failure = failureIn(
    await connect(
      to({ agent: agent.socket, identityFiles: [], identitiesOnly: false, hostKeys: sshd.hostKeys }),
      optionsIn(sshd.dir),
    ),
  );
  expect(failure).toMatchObject({
    kind: 'auth-refused',
    detail: expect.stringMatching(/too many keys.*9 keys of the agent/),
  });
});

test('an agent that is gone is named, and key files still work', async () => {
  const agent = join(sshd.dir, 'no-agent');
  await works(to({ agent, hostKeys: sshd.hostKeys }));
  const failure = failureIn(
    await connect(to({ agent, identityFiles: [], hostKeys: sshd.hostKeys }), optionsIn(sshd.dir)),
  );
  expect(failure).toMatchObject({ kind: 'auth-refused', detail: expect.stringContaining(agent) });
});

test('an encrypted key is opened with its passphrase', async () => {
  const locked = makeKey(sshd.dir, 'locked', 'ed25519', ['-a', '2'], 'open sesame');
  writeFileSync(join(sshd.dir, 'authorized_keys'), `${sshd.key.publicLine}\n${locked.publicLine}\n`);
  const passphrase = (file: string) => Promise.resolve(new Secret(file, 'open sesame'));
  await works(to({ identityFiles: [locked.file], hostKeys: sshd.hostKeys }), { passphrase });
});

test('a key that others can read is not used, and ssh does not use it either', async () => {
  const { file } = makeKey(sshd.dir, 'open');
  execFileSync('sh', ['-c', 'cat "$1.pub" >>"$2"', 'sh', file, join(sshd.dir, 'authorized_keys')]);
  const known = write('open_known', `[127.0.0.1]:${sshd.port} ${sshd.hostKeys[0]}\n`);
  const bySsh = () => {
    const flags = ['-F', 'none', '-i', file, '-p', String(sshd.port), '-o', `UserKnownHostsFile=${known}`];
    const more = ['-o', 'BatchMode=yes', '-o', 'IdentitiesOnly=yes', '-o', 'IdentityAgent=none'];
    return spawnSync('ssh', [...flags, ...more, `${sshd.user}@127.0.0.1`, 'echo in'], { encoding: 'utf8' }).stdout;
  };
  const copy = (mode: number) => {
    // Each file is read once per process.
    const other = `${file}-${mode.toString(8)}`;
    writeFileSync(other, readFileSync(file), { mode: 0o600 });
    chmodSync(other, mode);
    return other;
  };
  for (const mode of [0o644, 0o640, 0o602]) {
    chmodSync(file, mode);
    expect(bySsh()).toBe('');
    const identityFiles = [copy(mode)];
    const failure = failureIn(await connect(to({ identityFiles, hostKeys: sshd.hostKeys }), optionsIn(sshd.dir)));
    expect(JSON.stringify(failure)).toMatch(/can be read by others, so it is not used, as by ssh: chmod 600 /);
  }
  chmodSync(file, 0o600);
  expect(bySsh()).toBe('in\n');
  await works(to({ identityFiles: [copy(0o600)], hostKeys: sshd.hostKeys }));
});

test('a key with an encryption that is not supported is named, with the way out', async () => {
  const { file } = makeKey(sshd.dir, 'chacha', 'ed25519', ['-a', '1', '-Z', 'chacha20-poly1305@openssh.com'], 'word');
  const failure = failureIn(await connect(to({ identityFiles: [file], hostKeys: sshd.hostKeys }), optionsIn(sshd.dir)));
  expect(JSON.stringify(failure)).toContain('chacha20-poly1305, which is not supported; `ssh-keygen -p -Z aes256-ctr');
  execFileSync('sh', ['-c', 'cat "$1.pub" >>"$2"', 'sh', file, join(sshd.dir, 'authorized_keys')]);
  const cured = `${file}-cured`;
  writeFileSync(cured, readFileSync(file), { mode: 0o600 });
  execFileSync('ssh-keygen', ['-q', '-p', '-P', 'word', '-N', 'word', '-a', '1', '-Z', 'aes256-ctr', '-f', cured]);
  const passphrase = () => Promise.resolve(new Secret('passphrase', 'word'));
  await works(to({ identityFiles: [cured], hostKeys: sshd.hostKeys }), { passphrase });
});

test('keys that cannot be used are named with the reason', async () => {
  const pkcs8 = join(sshd.dir, 'pkcs8');
  execFileSync('openssl', ['genpkey', '-algorithm', 'ed25519', '-out', pkcs8], { stdio: 'ignore' });
  const identityFiles = [
    pkcs8,
    join(sshd.dir, 'absent'),
    write('sk', 'sk-ssh-ed25519@openssh.com AAAA x\n'),
    write('cert', 'ssh-ed25519-cert-v01@openssh.com AAAA x\n'),
  ];
  const { detail } = failureIn(await connect(to({ identityFiles, hostKeys: sshd.hostKeys }), optionsIn(sshd.dir))) as {
    detail: string;
  };
  for (const reason of ['PKCS#8', 'sk-', 'certificate', 'authorized_keys']) expect(detail).toContain(reason);
});

test('a host behind jump hosts is reached, each hop with its own key check', async () => {
  await using first = await startServer();
  await using second = await startSshd();
  const hop = connectionTo({
    port: first.port,
    user: first.user,
    identityFiles: [first.key.file],
    hostKeys: first.hostKeys,
  });
  const middle = connectionTo({
    port: second.port,
    user: second.user,
    identityFiles: [second.key.file],
    hostKeys: second.hostKeys,
  });
  await works(to({ hostKeys: sshd.hostKeys, jump: [hop, middle] }));
  const wrong = { ...hop, hostKeys: [second.hostKeys[0] ?? ''] };
  expect(failureIn(await connect(to({ hostKeys: sshd.hostKeys, jump: [wrong] }), optionsIn(sshd.dir))).kind).toBe(
    'host-key-changed',
  );
  expect(
    failureIn(await connect(to({ port: 1, hostKeys: sshd.hostKeys, jump: [hop] }), optionsIn(sshd.dir))),
  ).toMatchObject({ kind: 'unreachable', detail: expect.stringContaining('jump host') });
  const host = valueIn(await connect(to({ hostKeys: sshd.hostKeys, jump: [hop] }), optionsIn(sshd.dir)));
  setTimeout(first.drop, 100);
  expect(failureIn(await host.run(sh`sleep 5`, io)).kind).toBe('connection-lost');
  await host[Symbol.asyncDispose]();
});

test('OpenSSH runs four commands side by side, behind a jump host too', async () => {
  await using first = await startServer();
  const hop = connectionTo({
    port: first.port,
    user: first.user,
    identityFiles: [first.key.file],
    hostKeys: first.hostKeys,
  });
  for (const jump of [[], [hop]]) {
    await using host = valueIn(await connect(to({ hostKeys: sshd.hostKeys, jump }), optionsIn(sshd.dir)));
    valueIn(await host.run(sh`true`, io));
    const began = Date.now();
    await Promise.all([1, 2, 3, 4].map(() => host.run(sh`sleep 2`, io)));
    expect(Date.now() - began).toBeLessThan(6000);
  }
});

test.each([1, 2])('a server with MaxSessions %i still runs many commands', async (limit) => {
  await using small = await startSshd([`MaxSessions ${limit}`]);
  await using host = await connected(small);
  const results = await Promise.all([1, 2, 3, 4, 5, 6].map((n) => host.run(sh`echo ${n}`, io)));
  expect(results.map((result) => valueIn(result).stdout.trim())).toEqual(['1', '2', '3', '4', '5', '6']);
});

test('a server that allows no session at all is named, and not asked for ever', { timeout: 30_000 }, async () => {
  await using closed = await startSshd(['MaxSessions 0']);
  await using host = await connected(closed);
  expect(failureIn(await host.run(sh`true`, { ...io, timeoutMs: 25_000 }))).toMatchObject({ kind: 'unsupported' });
});

test('a service on the loopback of the host is reached, and a closed port is not', async () => {
  const web = createServer((_request, response) => response.end('healthy')).listen(0, '127.0.0.1');
  await once(web, 'listening');
  const { port } = web.address() as AddressInfo;
  await using host = await connected(sshd);
  const stream = valueIn(await host.dial('127.0.0.1', port, io));
  const body = await new Promise<string>((resolve, reject) => {
    const request = get({ host: '127.0.0.1', port, createConnection: () => stream as never }, (response) => {
      response.setEncoding('utf8').on('data', (text: string) => resolve(text));
    });
    request.on('error', reject);
  });
  expect(body).toBe('healthy');
  web.close();
  web.closeAllConnections();
  expect(failureIn(await host.dial('127.0.0.1', 1, io)).kind).toBe('unreachable');
  await using closed = await startSshd(['AllowTcpForwarding no']);
  await using strict = await connected(closed);
  expect(failureIn(await strict.dial('127.0.0.1', port, io))).toMatchObject({
    ...{ kind: 'no-forwarding', wanted: 'checks', to: [`127.0.0.1:${port}`], key: '' },
  });
  const silent: Duplex = stream;
  silent.destroy();
});

test('connections that are dropped unread count no more, however many they are', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await using host = await connected(sshd);
  for (let i = 0; i < 9; i += 1) valueIn(await host.dial('127.0.0.1', port, { ...io, timeoutMs: 5_000 })).destroy();
  expect(valueIn(await host.run(sh`echo in`, io)).stdout).toBe('in\n');
  server.close();
  server.closeAllConnections();
});

test('thirty hosts behind one address get in although sshd takes few at a time', async () => {
  await using busy = await startSshd(['MaxStartups 2:50:10']);
  const connection = connectionTo({
    port: busy.port,
    user: busy.user,
    identityFiles: [busy.key.file],
    hostKeys: busy.hostKeys,
  });
  const results = await Promise.all(
    Array.from({ length: 30 }, () => connect(connection, optionsIn(busy.dir, { retries: 5 }))),
  );
  for (const result of results) await valueIn(result)[Symbol.asyncDispose]();
});

test('each call of a connector is a connection of its own', async () => {
  await using server = await startServer();
  const connectIt = connector(
    connectionTo({ port: server.port, user: server.user, identityFiles: [server.key.file], hostKeys: server.hostKeys }),
    optionsIn(server.dir),
  );
  await using one = valueIn(await connectIt(never()));
  await using two = valueIn(await connectIt(never()));
  expect(one).not.toBe(two);
  expect(server.counts.connections).toBe(2);
});
