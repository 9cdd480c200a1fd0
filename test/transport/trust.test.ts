import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, connect as dial, type Socket } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { rolldown } from 'rolldown';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withLock } from '../../src/local/lock.ts';
import type { Connection } from '../../src/model/target.ts';
import { presentedKey } from '../../src/transport/host-keys/host-key.ts';
import { readRevoked } from '../../src/transport/host-keys/revoked.ts';
import { connect, connectionTo, failureIn, optionsIn, valueIn } from './connect-with.ts';
import { makeKey, tempDir } from './keys.ts';
import { type Server, startServer } from './server.ts';
import { type Sshd, startSshd } from './sshd.ts';

describe('a host that is seen for the first time by two connections at once', () => {
  let servers: readonly [Server, Server];
  beforeAll(async () => {
    servers = [await startServer(), await startServer()];
  });
  afterAll(() => Promise.all((servers ?? []).map((server) => server[Symbol.asyncDispose]())));

  /** Ports of two servers with two keys and one name; nobody hears a word before both are connected. */
  async function twins(known: string) {
    const waiting: (() => void)[] = [];
    const talk = (to: number) => (socket: Socket) => {
      socket.on('error', () => {});
      waiting.push(() => {
        const server = dial(to, '127.0.0.1');
        server.on('error', () => {});
        socket.pipe(server).pipe(socket);
      });
      if (waiting.length === 2) for (const begin of waiting) begin();
    };
    const doors = await Promise.all(
      servers.map(async ({ port }) => {
        const door = createServer(talk(port)).listen(0, '127.0.0.1');
        await once(door, 'listening');
        return door;
      }),
    );
    const connections = doors.map((door, i): Connection => {
      const { port } = door.address() as AddressInfo;
      const [user, key] = [servers[i]?.user ?? '', servers[i]?.key.file ?? ''];
      return connectionTo({ port, user, identityFiles: [key], knownHostsFiles: [known], hostKeyAlias: 'twin' });
    });
    return {
      connections,
      bothHeard: () => waiting.length === 2,
      [Symbol.dispose]: () => {
        for (const door of doors) door.close();
      },
    };
  }

  const keysIn = (file: string) => readFileSync(file, 'utf8').trim().split('\n');
  const oneOf = () => servers.map(({ hostKeys }) => `twin ${hostKeys[0]}`);

  it('is trusted with one key only', async () => {
    using dir = tempDir();
    for (let round = 0; round < 10; round += 1) {
      const file = join(dir.path, `known_${round}`);
      using both = await twins(file);
      const options = optionsIn(dir.path, { acceptNew: true, homeKnownHosts: file });
      const results = await Promise.all(both.connections.map((connection) => connect(connection, options)));
      expect(both.bothHeard()).toBe(true);
      const refused = results.filter((result) => !result.ok);
      expect(refused.map((result) => failureIn(result).kind)).toEqual(['host-key-changed']);
      expect(oneOf()).toContain(keysIn(file).join('; '));
      for (const result of results) if (result.ok) await result.value[Symbol.asyncDispose]();
    }
    expect(readdirSync(dir.path).filter((name) => name.includes('lock'))).toEqual([]);
  });

  it('is trusted with one key only, where nothing is recorded', async () => {
    using dir = tempDir();
    using both = await twins('/dev/null');
    const options = optionsIn(dir.path, { acceptNew: true, homeKnownHosts: '/dev/null' });
    const results = await Promise.all(both.connections.map((connection) => connect(connection, options)));
    expect(results.filter((result) => !result.ok).map((result) => failureIn(result).kind)).toEqual([
      'host-key-changed',
    ]);
    for (const result of results) if (result.ok) await result.value[Symbol.asyncDispose]();
  });

  it('is trusted with one key only by two processes', { timeout: 60_000 }, async () => {
    using dir = tempDir();
    const program = join(dir.path, 'first-use.cjs');
    const bundle = await rolldown({
      input: join(import.meta.dirname, 'first-use.ts'),
      platform: 'node',
      external: ['ssh2', 'node-ssh'],
      transform: { target: 'node20' },
    });
    await bundle.write({ file: program, format: 'cjs', codeSplitting: false });
    const env = { PATH: process.env.PATH, NODE_PATH: join(import.meta.dirname, '../../node_modules') };
    for (let round = 0; round < 5; round += 1) {
      const file = join(dir.path, `known_${round}`);
      using both = await twins(file);
      const ends = await Promise.all(
        both.connections.map((connection) =>
          promisify(execFile)(process.execPath, [program, dir.path, JSON.stringify(connection)], { env }),
        ),
      );
      expect(both.bothHeard()).toBe(true);
      expect(ends.map(({ stdout }) => stdout).sort()).toEqual(['accepted', 'host-key-changed']);
      expect(oneOf()).toContain(keysIn(file).join('; '));
    }
  });

  it('is remembered for whoever has accepted it, and for nobody else in the same process', async () => {
    using dir = tempDir();
    const fleet = () => optionsIn(dir.path, { acceptNew: true, homeKnownHosts: '/dev/null' });
    const [one, other] = servers.map(({ port, user, key }) =>
      connectionTo({ port, user, identityFiles: [key.file], hostKeyAlias: 'same-name' }),
    );
    const end = async (to: typeof one, options: ReturnType<typeof fleet>) => {
      if (to === undefined) throw new Error('two servers are wanted');
      const result = await connect(to, options);
      if (result.ok) await result.value[Symbol.asyncDispose]();
      return result.ok ? 'accepted' : result.failure.kind;
    };
    const [mine, yours] = [fleet(), fleet()];
    expect(await end(one, mine)).toBe('accepted');
    expect(await end(other, mine)).toBe('host-key-changed');
    expect(await end(other, yours)).toBe('accepted');
    expect(await end(one, yours)).toBe('host-key-changed');
  });

  it('is refused where its key cannot be recorded', async () => {
    using dir = tempDir();
    const [server] = servers;
    const file = join(dir.path, 'known_hosts');
    writeFileSync(join(dir.path, 'known_hosts.fleet-lock'), '1\nanother machine\n5');
    const connection = connectionTo({ port: server.port, user: server.user, identityFiles: [server.key.file] });
    const options = optionsIn(dir.path, { acceptNew: true, homeKnownHosts: file, connectTimeoutMs: 9000 });
    expect(failureIn(await connect(connection, options))).toMatchObject({
      kind: 'host-key-unknown',
      detail: expect.stringMatching(
        /cannot be recorded: another process has held .*known_hosts\.fleet-lock for 5 s; remove/,
      ),
    });
    expect(existsSync(file)).toBe(false);
  });
});

describe('a lock beside a file', () => {
  it('is held by one at a time', async () => {
    using dir = tempDir();
    let inside = 0;
    let most = 0;
    await Promise.all(
      Array.from({ length: 20 }, () =>
        withLock(join(dir.path, 'f'), async () => {
          inside += 1;
          most = Math.max(most, inside);
          await new Promise((resolve) => setTimeout(resolve, 2));
          inside -= 1;
        }),
      ),
    );
    expect(most).toBe(1);
    expect(readdirSync(dir.path)).toEqual([]);
  });

  it('of a process that was killed is taken away', async () => {
    using dir = tempDir();
    const program = join(dir.path, 'hold.mjs');
    const bundle = await rolldown({ input: join(import.meta.dirname, '../../src/local/lock.ts'), platform: 'node' });
    await bundle.write({ file: join(dir.path, 'lock.mjs'), format: 'esm' });
    writeFileSync(
      program,
      `import { withLock } from './lock.mjs';\nawait withLock(process.argv[2], async () => process.kill(process.pid, 'SIGKILL'));\n`,
    );
    const file = join(dir.path, 'f');
    await expect(promisify(execFile)(process.execPath, [program, file])).rejects.toMatchObject({ signal: 'SIGKILL' });
    // The control: it was left.
    expect(existsSync(`${file}.fleet-lock`)).toBe(true);
    expect(await withLock(file, async () => 'in')).toBe('in');
    expect(existsSync(`${file}.fleet-lock`)).toBe(false);
  });
});

describe('RevokedHostKeys', () => {
  const blobOf = (line: string) => Buffer.from(line.split(' ')[1] ?? '', 'base64');

  const NAMES = ['bad', 'bad-rsa', 'good'] as const;
  let dir: string;
  let folder: ReturnType<typeof tempDir>;
  beforeAll(() => {
    folder = tempDir();
    dir = folder.path;
    for (const name of NAMES)
      makeKey(dir, name, name === 'bad-rsa' ? 'rsa' : 'ed25519', name === 'bad-rsa' ? ['-b', '1024'] : []);
    makeKey(dir, 'ca');
  });
  afterAll(() => folder?.[Symbol.dispose]());
  const key = (name: string) => readFileSync(join(dir, `${name}.pub`), 'utf8');

  /** Which keys a file revokes, or what is said of the file. */
  async function judged(make: (file: string) => void): Promise<readonly string[] | string> {
    const file = join(dir, 'revoked');
    rmSync(file, { recursive: true, force: true });
    make(file);
    const read = await readRevoked(file);
    if (!read.ok) return read.failure.replaceAll(dir, 'DIR');
    return NAMES.filter((name) => read.value(blobOf(key(name))) !== null);
  }

  /** What ssh-keygen itself makes of the file. */
  const byOpenSsh = () =>
    NAMES.filter(
      (name) => spawnSync('ssh-keygen', ['-Q', '-f', join(dir, 'revoked'), join(dir, `${name}.pub`)]).status !== 0,
    );
  const keygen = (...args: readonly string[]) => execFileSync('ssh-keygen', args, { cwd: dir, stdio: 'ignore' });
  const BOTH = ['bad', 'bad-rsa'];

  it('is read as a revocation list of ssh-keygen, in each of its forms', { timeout: 30_000 }, async () => {
    expect(await judged((file) => keygen('-k', '-f', file, 'bad.pub', 'bad-rsa.pub'))).toEqual(BOTH);
    expect(byOpenSsh()).toEqual(BOTH);
    for (const form of ['key: ', 'sha1: ', 'sha256: ']) {
      const made = await judged((file) => {
        writeFileSync(join(dir, 'spec'), BOTH.map((name) => `${form}${key(name)}`).join(''));
        keygen('-k', '-f', file, 'spec');
      });
      expect(made, form).toEqual(BOTH);
      expect(byOpenSsh(), form).toEqual(BOTH);
    }
    const withSerials = await judged((file) => {
      const hash = presentedKey(blobOf(key('bad-rsa'))).fingerprint;
      writeFileSync(join(dir, 'spec'), `serial: 1-9\nid: somebody\n${key('bad')}hash: ${hash}\n`);
      keygen('-k', '-f', file, '-s', 'ca.pub', '-z', '7', 'spec');
    });
    expect(withSerials).toEqual(BOTH);
    expect(byOpenSsh()).toEqual(BOTH);
  });

  it('is read as a list of keys', async () => {
    const list = (file: string) => writeFileSync(file, `# of last year\n\n  ${BOTH.map(key).join('\n')}`);
    expect(await judged(list)).toEqual(BOTH);
    expect(await judged((file) => writeFileSync(file, ''))).toEqual([]);
  });

  it('that cannot be understood is said to be so, and never taken for an empty one', { timeout: 30_000 }, async () => {
    expect(await judged(() => {})).toBe('DIR/revoked, named by RevokedHostKeys, cannot be read (ENOENT)');
    expect(await judged((file) => mkdirSync(file))).toContain('is a folder');
    expect(await judged((file) => writeFileSync(file, 'SHA256:abc\n'))).toContain('no public key in line 1');
    expect(await judged((file) => writeFileSync(file, '127.0.0.1 ssh-ed25519 AAAA\n'))).toContain('line 1');
    const changed = (change: (whole: Buffer) => Buffer) => (file: string) => {
      keygen('-k', '-f', file, 'bad.pub');
      writeFileSync(file, change(readFileSync(file)));
    };
    expect(await judged(changed((whole) => whole.subarray(0, -3)))).toContain('cut off');
    const more = Buffer.from([42, 0, 0, 0, 0]);
    expect(await judged(changed((whole) => Buffer.concat([whole, more])))).toContain('not known here (42)');
  });

  describe('with a real sshd', () => {
    let sshd: Sshd;
    beforeAll(async () => {
      sshd = await startSshd();
    });
    afterAll(() => sshd?.[Symbol.asyncDispose]());

    /** What ssh itself makes of the same host and file. */
    function ssh(revoked: string): string {
      const known = join(sshd.dir, 'known_hosts');
      writeFileSync(known, `[127.0.0.1]:${sshd.port} ${sshd.hostKeys[0]}\n`);
      const options = [
        `UserKnownHostsFile=${known}`,
        `RevokedHostKeys=${revoked}`,
        'BatchMode=yes',
        'IdentitiesOnly=yes',
      ];
      const args = [
        '-F',
        'none',
        ...options.flatMap((option) => ['-o', option]),
        '-i',
        sshd.key.file,
        '-p',
        String(sshd.port),
      ];
      try {
        return String(
          execFileSync('ssh', [...args, `${sshd.user}@127.0.0.1`, 'echo in'], { stdio: ['ignore', 'pipe', 'pipe'] }),
        );
      } catch (error) {
        return String((error as { stderr: Buffer }).stderr);
      }
    }

    it.each(['as a list', 'as a KRL'])(
      'refuses the key that it revokes, a pinned one too, as ssh does (%s)',
      { timeout: 30_000 },
      async (how) => {
        const other = makeKey(sshd.dir, `other ${how}`);
        const file = join(sshd.dir, `revoked ${how}`.replaceAll(' ', '-'));
        const revoke = (line: string) => {
          writeFileSync(`${file}.pub`, `${line}\n`);
          if (how === 'as a list') writeFileSync(file, `${line}\n`);
          else execFileSync('ssh-keygen', ['-k', '-f', file, `${file}.pub`], { stdio: 'ignore' });
        };
        const to = (more: Partial<Connection>) =>
          connectionTo({
            port: sshd.port,
            user: sshd.user,
            identityFiles: [sshd.key.file],
            revokedHostKeys: file,
            ...more,
          });
        const ways = [{ hostKeys: sshd.hostKeys }, { knownHostsFiles: [join(sshd.dir, 'known_hosts')] }];

        // The control: another key is revoked.
        revoke(other.publicLine);
        expect(ssh(file)).toBe('in\n');
        for (const way of ways) await valueIn(await connect(to(way), optionsIn(sshd.dir)))[Symbol.asyncDispose]();

        revoke(sshd.hostKeys[0] ?? '');
        expect(ssh(file)).toMatch(/revoked/i);
        for (const way of [...ways, {}]) {
          const failure = failureIn(await connect(to(way), optionsIn(sshd.dir, { acceptNew: true })));
          expect(failure).toMatchObject({ kind: 'host-key-revoked', detail: expect.stringContaining(file) });
        }
        // A file that is not there refuses as well.
        const gone = join(sshd.dir, 'gone');
        expect(ssh(gone)).not.toBe('in\n');
        expect(
          failureIn(await connect(to({ hostKeys: sshd.hostKeys, revokedHostKeys: gone }), optionsIn(sshd.dir))),
        ).toMatchObject({
          kind: 'host-key-unknown',
          detail: expect.stringContaining('RevokedHostKeys'),
        });
      },
    );

    it('refuses a jump host by its own configuration', async () => {
      await using first = await startServer();
      const file = join(sshd.dir, 'revoked-jump');
      writeFileSync(file, `${first.hostKeys[0]}\n`);
      const hop = { port: first.port, user: first.user, identityFiles: [first.key.file], hostKeys: first.hostKeys };
      const through = (jump: Connection) =>
        connectionTo({
          port: sshd.port,
          user: sshd.user,
          identityFiles: [sshd.key.file],
          hostKeys: sshd.hostKeys,
          jump: [jump],
        });
      await valueIn(await connect(through(connectionTo(hop)), optionsIn(sshd.dir)))[Symbol.asyncDispose]();
      const refused = await connect(through(connectionTo({ ...hop, revokedHostKeys: file })), optionsIn(sshd.dir));
      expect(failureIn(refused).kind).toBe('host-key-revoked');
    });
  });
});
