import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ServerChannel, Connection as ServerSide, Session } from 'ssh2';
import ssh2 from 'ssh2';
import { type KeyPair, makeKey } from './keys.ts';

/** What the test decides while a client is connected. */
export type Behaviour = {
  /** Refuses every key. */
  refuseLogin?: boolean;
  /** Accepts TCP connections and says nothing. */
  mute?: boolean;
  /** Sends this in place of an SSH identification. */
  greeting?: string;
  /** Closes this many connections at once before serving one. */
  dropFirst?: number;
  /** Channels at a time; further ones are refused, as OpenSSH does beyond MaxSessions. */
  maxSessions?: number;
  /** Runs a command in place of /bin/sh. */
  onExec?: (command: string, channel: ServerChannel) => void;
};

type Counts = {
  connections: number;
  logins: number;
  offeredKeys: number;
  /** Sessions open at the same time on one connection, at most. */
  mostSessions: number;
  /** Connections without a login yet: now, and at most. */
  starting: number;
  mostStarting: number;
};

/** An in-process SSH server on 127.0.0.1 whose commands really run in /bin/sh. */
export type Server = AsyncDisposable & {
  readonly dir: string;
  readonly port: number;
  readonly user: string;
  readonly key: KeyPair;
  readonly hostKeys: readonly string[];
  readonly behaviour: Behaviour;
  /** Sockets of clients connected now. */
  readonly sockets: ReadonlySet<Socket>;
  readonly counts: Counts;
  /** Cuts every link without a word (RST). */
  readonly drop: () => void;
};

export async function startServer(
  behaviour: Behaviour = {},
  hostKeyTypes: readonly string[] = ['ed25519'],
): Promise<Server> {
  const dir = mkdtempSync(join(tmpdir(), 'fleet-server-'));
  const key = makeKey(dir, 'id');
  const hosts = hostKeyTypes.map((type) => makeKey(dir, `host_${type}`, type));
  const counts: Counts = { connections: 0, logins: 0, offeredKeys: 0, mostSessions: 0, starting: 0, mostStarting: 0 };
  const sockets = new Set<Socket>();
  const ssh = new ssh2.Server({ hostKeys: hosts.map(({ privateText }) => privateText) }, (client) =>
    serve(client, key, behaviour, counts),
  );
  const server = createServer({ noDelay: true }, (socket) => {
    counts.connections += 1;
    counts.starting += 1;
    counts.mostStarting = Math.max(counts.mostStarting, counts.starting);
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => {});
    if (counts.connections <= (behaviour.dropFirst ?? 0)) socket.destroy();
    else if (behaviour.greeting !== undefined) socket.end(behaviour.greeting);
    else if (!behaviour.mute) ssh.injectSocket(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const drop = () => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  return {
    dir,
    port: (server.address() as AddressInfo).port,
    user: 'tester',
    key,
    hostKeys: hosts.map(({ publicLine }) => publicLine),
    behaviour,
    sockets,
    counts,
    drop,
    async [Symbol.asyncDispose]() {
      drop();
      server.close();
      await once(server, 'close');
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function serve(client: ServerSide, key: KeyPair, behaviour: Behaviour, counts: Counts): void {
  let sessions = 0;
  const allowed = ssh2.utils.parseKey(key.publicLine);
  client.on('error', () => {});
  client.on('ready', () => {
    counts.starting -= 1;
  });
  client.on('authentication', (attempt) => {
    if (attempt.method !== 'publickey') return attempt.reject(['publickey']);
    if (attempt.signature === undefined) counts.offeredKeys += 1;
    const known = !(allowed instanceof Error) && attempt.key.data.equals(allowed.getPublicSSH());
    if (behaviour.refuseLogin || !known) return attempt.reject(['publickey']);
    if (attempt.signature !== undefined) counts.logins += 1;
    attempt.accept();
  });
  client.on('session', (accept, reject) => {
    if (sessions >= (behaviour.maxSessions ?? 10)) return void reject();
    sessions += 1;
    counts.mostSessions = Math.max(counts.mostSessions, sessions);
    const session = accept();
    session.on('close', () => {
      sessions -= 1;
    });
    serveSession(session, behaviour);
  });
  client.on('tcpip', (accept, reject, { destIP, destPort }) => {
    const target = connect({ host: destIP, port: destPort, noDelay: true });
    target.once('error', () => reject());
    target.once('connect', () => {
      const channel = accept();
      target.on('error', () => {});
      target.pipe(channel).pipe(target);
      channel.on('close', () => target.destroy());
    });
  });
}

function serveSession(session: Session, behaviour: Behaviour): void {
  session.on('exec', (accept, _reject, { command }) => {
    const channel = accept();
    if (behaviour.onExec !== undefined) return behaviour.onExec(command, channel);
    const child = spawn('/bin/sh', ['-c', command], { detached: true });
    child.stdin.on('error', () => {});
    channel.pipe(child.stdin);
    child.stdout.on('data', (chunk) => channel.write(chunk));
    child.stderr.on('data', (chunk) => channel.stderr.write(chunk));
    session.on('signal', (_accept, _refuse, { name }) => child.kill(`SIG${name}` as NodeJS.Signals));
    child.on('close', (code, signal) => {
      if (code !== null) channel.exit(code);
      else channel.exit((signal ?? 'SIGKILL').replace('SIG', ''));
      channel.end();
    });
  });
}
