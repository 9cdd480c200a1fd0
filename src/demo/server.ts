import { timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { userInfo } from 'node:os';
import type { AuthContext, Connection, ServerChannel, TcpipRequestInfo } from 'ssh2';
import ssh2 from 'ssh2';
import { exec, type Running } from './exec.ts';
import { type DemoKey, newKey } from './keys.ts';
import { killLeftovers } from './leftovers.ts';
import { makeSandbox, removeSandbox } from './sandbox.ts';

/** A host to deploy to that lives in a temporary folder of this machine, under the caller's own account. */
export type DemoHost = AsyncDisposable & {
  readonly address: '127.0.0.1';
  readonly port: number;
  readonly user: string;
  /** `ssh-ed25519 base64`, to pin. */
  readonly hostKey: string;
  /** Private key file of the only key that is let in. */
  readonly identityFile: string;
  /** The temporary folder, mode 0700, that holds everything of the host and goes with it. */
  readonly root: string;
};

/**
 * Starts an SSH server of our own on a free port of 127.0.0.1. Commands run as the caller, without more rights than the
 * caller has; shells, terminals, subsystems, other keys and other addresses are refused. Disposing it ends its
 * connections and every process that was started through it, and removes its folder.
 */
export async function startDemoHost(): Promise<DemoHost> {
  const { username: user } = userInfo();
  const [hostKey, clientKey] = [newKey(), newKey()];
  const sandbox = await makeSandbox(clientKey.privateKey, user);
  const server = new ssh2.Server({ hostKeys: [hostKey.privateKey], ident: 'fleet-demo' }, (client) => {
    client.on('error', () => {});
    client.on('authentication', (context) => decideLogin(context, user, clientKey));
    client.on('ready', () => serve(client, sandbox));
  });

  const sockets = new Set<Socket>();
  const listener = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    server.injectSocket(socket);
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const bound = listener.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0;

  let ending: Promise<void> | undefined;
  const end = async () => {
    const closed = once(listener, 'close');
    listener.close();
    for (const socket of sockets) socket.destroy();
    await closed;
    await killLeftovers(sandbox.root);
    await removeSandbox(sandbox.root);
  };
  return {
    address: '127.0.0.1',
    port,
    user,
    hostKey: hostKey.line,
    identityFile: sandbox.identityFile,
    root: sandbox.root,
    [Symbol.asyncDispose]() {
      ending ??= end();
      return ending;
    },
  };
}

/** Commands and connections to the loopback; ssh2 refuses by itself whatever nobody listens for. */
function serve(client: Connection, account: Parameters<typeof exec>[2]): void {
  client.on('tcpip', forward);
  client.on('session', (accept) => {
    let running: Running | undefined;
    const session = accept();
    session.on('exec', (acceptExec, _reject, info) => {
      running = exec(info.command, acceptExec(), account);
    });
    session.on('signal', (_accept, _reject, info) => running?.signal(info.name));
  });
}

const LOOPBACK = new Set(['127.0.0.1', 'localhost']);

/** Carries a connection of the client on to a service of this machine's loopback, and to nothing else. */
function forward(accept: () => ServerChannel, reject: () => void, to: TcpipRequestInfo): void {
  if (!LOOPBACK.has(to.destIP)) {
    reject();
    return;
  }
  const socket = connect({ host: '127.0.0.1', port: to.destPort, allowHalfOpen: true, noDelay: true });
  socket.once('error', reject);
  socket.once('connect', () => {
    socket.off('error', reject);
    const channel = accept();
    socket.on('error', () => channel.close());
    channel.on('error', () => socket.destroy());
    channel.on('close', () => socket.destroy());
    channel.pipe(socket).pipe(channel);
  });
}

/** Lets in the one user with the one key, proved by a signature, and nobody else and no other way. */
function decideLogin(context: AuthContext, user: string, key: DemoKey): void {
  if (mayEnter(context, user, key)) context.accept();
  else context.reject(['publickey']);
}

function mayEnter(context: AuthContext, user: string, { parsed }: DemoKey): boolean {
  if (context.method !== 'publickey' || context.username !== user) return false;
  if (context.key.algo !== parsed.type || !same(context.key.data, parsed.getPublicSSH())) return false;
  // Without a signature the client only asks whether this key would do; ssh2 does not take that for a login.
  if (context.signature === undefined) return true;
  return context.blob !== undefined && parsed.verify(context.blob, context.signature, context.hashAlgo) === true;
}

const same = (a: Buffer, b: Buffer) => a.length === b.length && timingSafeEqual(a, b);
