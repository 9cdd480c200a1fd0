import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecure } from 'node:https';
import { type AddressInfo, createServer as createTcp, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecureContext, TLSSocket } from 'node:tls';
import { text } from '../text.ts';

type Received = {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
};

/** What a server does with a request; `at` counts from 0. */
export type Behaviour = (request: Received, response: ServerResponse, at: number) => void;

export type Receiver = AsyncDisposable & { readonly url: string; readonly port: number; readonly requests: Received[] };

/** A real HTTP server on 127.0.0.1 that remembers what it was sent. */
export async function receiver(behaviour: Behaviour, tls?: Certificate): Promise<Receiver> {
  const requests: Received[] = [];
  const take = async (request: IncomingMessage, response: ServerResponse) => {
    const { method = '', url = '', headers } = request;
    const received = { method, path: url, headers, body: await text(request) };
    requests.push(received);
    behaviour(received, response, requests.length - 1);
  };
  const server = tls === undefined ? createServer(take) : createSecure(tls, take);
  const port = await listening(server);
  return {
    ...{ url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`, port, requests },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

const listening = (server: Server) =>
  new Promise<number>((done) => server.listen(0, '127.0.0.1', () => done((server.address() as AddressInfo).port)));

/** A port of this machine where nobody listens. */
export async function closedPort(): Promise<number> {
  const server = createTcp();
  const port = await listening(server);
  await new Promise((done) => server.close(done));
  return port;
}

type Certificate = { readonly key: Buffer; readonly cert: Buffer };

/** Signed by nobody else, for 127.0.0.1. */
export function selfSigned(): Certificate {
  const folder = mkdtempSync(join(tmpdir(), 'fleet-cert-'));
  try {
    const [key, cert] = [join(folder, 'key'), join(folder, 'cert')];
    const options = ['-x509', '-newkey', 'ed25519', '-nodes', '-days', '2', '-subj', '/CN=127.0.0.1'];
    execFileSync('openssl', ['req', ...options, '-keyout', key, '-out', cert], { stdio: 'ignore' });
    return { key: readFileSync(key), cert: readFileSync(cert) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Replies in place of the usual ones, by the command that they answer; `GREETING` comes first. */
export type SmtpReplies = Readonly<Record<string, string | null>>;

export type SmtpServer = AsyncDisposable & {
  readonly port: number;
  /** What clients said, line by line. */
  readonly said: string[];
  readonly mails: string[];
  readonly open: () => number;
};

/** A real SMTP server on 127.0.0.1. A reply of null is none: it goes silent. */
export async function smtpServer(replies: SmtpReplies = {}, tls?: Certificate): Promise<SmtpServer> {
  const said: string[] = [];
  const mails: string[] = [];
  const sockets = new Set<Socket>();
  const server = createTcp((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => {});
    talk(socket);
  });
  function talk(socket: Socket): void {
    let rest = '';
    let mail: string | null = null;
    const say = (what: string, usual: string) => {
      const reply = Object.hasOwn(replies, what) ? replies[what] : usual;
      if (typeof reply === 'string') socket.write(`${reply}\r\n`);
    };
    const hear = (line: string): void => {
      if (mail !== null) {
        if (line !== '.') mail += `${line}\n`;
        else {
          mails.push(mail);
          mail = null;
          say('END', '250 queued as 1');
        }
        return;
      }
      said.push(line);
      const command = line.split(' ')[0]?.toUpperCase() ?? '';
      if (command === 'EHLO') say('EHLO', `250-here${tls ? '\r\n250-STARTTLS' : ''}\r\n250 AUTH PLAIN`);
      else if (command === 'STARTTLS' && tls) {
        socket.write('220 go on\r\n');
        socket.removeAllListeners('data');
        const secure = new TLSSocket(socket, { isServer: true, secureContext: createSecureContext(tls) });
        secure.on('error', () => {});
        secure.on('data', () => said.push('something over TLS'));
      } else if (command === 'STARTTLS') say('STARTTLS', '502 not here');
      else if (command === 'DATA') {
        mail = '';
        say('DATA', '354 go on');
      } else if (command === 'QUIT') socket.end('221 bye\r\n');
      else
        say(
          line.startsWith('RCPT') ? line : command,
          Object.hasOwn(replies, command) ? String(replies[command]) : '250 fine',
        );
    };
    socket.on('data', (chunk: Buffer) => {
      rest += chunk.toString('latin1');
      const lines = rest.split('\r\n');
      rest = lines.pop() ?? '';
      for (const line of lines) hear(line);
    });
    say('GREETING', '220 here ESMTP');
  }
  const port = await listening(server);
  return {
    ...{ port, said, mails, open: () => sockets.size },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((done) => server.close(done));
    },
  };
}

/** Ports of this machine where connections are taken, and nothing is ever said. */
export async function silentPorts(most: number): Promise<AsyncDisposable & { readonly ports: readonly number[] }> {
  const sockets = new Set<Socket>();
  const servers = Array.from({ length: most }, () =>
    createTcp((socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket)).on('error', () => {});
    }),
  );
  const ports = await Promise.all(servers.map(listening));
  return {
    ports,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
    },
  };
}
