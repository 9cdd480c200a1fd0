import { spawn } from 'node:child_process';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { bindCheck, type CheckKind } from '../../src/checks/define.ts';
import { look } from '../../src/host/call.ts';
import type { CheckIo } from '../../src/model/check.ts';
import type { UnitState } from '../../src/model/facts.ts';
import { fail, ok, type Result } from '../../src/model/outcome.ts';
import type { Script } from '../../src/shell/sh.ts';
import { wholeScript } from '../../src/transport/exec/script.ts';

const layout = { root: '/opt/jarvis', current: '/opt/jarvis/current', app: 'jarvis', user: 'jarvis', data: [] };

/** This machine as the host: real connections, real commands; only units are given. */
export function hostHere(
  units: Readonly<Record<string, UnitState>> = {},
  signal = new AbortController().signal,
): CheckIo {
  return {
    signal,
    run: (script, timeoutMs) => runHere(script, timeoutMs),
    execute({ command, programs, as }, timeoutMs) {
      // The program that does it on a host, as it is there before the first deploy.
      const site = { layout: { ...layout, user: null }, uid: process.getuid?.() ?? 0, hasProgram: false };
      const words = [as, '-', '60', String(programs.length), ...programs, ...command];
      return runHere(look(site, 'command', ...words), timeoutMs);
    },
    units: async (names) => {
      const states = names.flatMap((name) => units[name] ?? []);
      if (states.length === names.length) return ok(states);
      return fail({ kind: 'connection-lost', detail: 'the connection is gone' });
    },
    dial: (host, port, timeoutMs) => dialHere(host, port, timeoutMs),
  };
}

function dialHere(host: string, port: number, timeoutMs: number): Promise<Result<Duplex>> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: timeoutMs });
    socket.on('connect', () => resolve(ok(socket.setTimeout(0))));
    socket.on('timeout', () => resolve(fail({ kind: 'timed-out', what: 'the connection', ms: timeoutMs })));
    socket.on('error', (error: NodeJS.ErrnoException) =>
      resolve(fail({ kind: 'unreachable', detail: error.code ?? error.message })),
    );
  });
}

function runHere(script: Script, timeoutMs: number): ReturnType<CheckIo['run']> {
  return new Promise((resolve) => {
    const child = spawn('dash', ['-s'], { stdio: ['pipe', 'pipe', 'pipe'] });
    child.stdin.on('error', () => {});
    child.stdin.end(wholeScript(script));
    const said = { stdout: '', stderr: '' };
    child.stdout.on('data', (chunk) => (said.stdout += chunk));
    child.stderr.on('data', (chunk) => (said.stderr += chunk));
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      resolve(fail({ kind: 'timed-out', what: 'the command', ms: timeoutMs }));
    }, timeoutMs);
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve(ok({ code: code ?? 137, ...said }));
    });
  });
}

/** Runs a check as a playbook's entry describes it. */
export const checkHere = <Spec>(kind: CheckKind<string, Spec>, entry: unknown, io = hostHere()) =>
  bindCheck(kind, kind.schema.parse(entry), layout).check(io);

/** A server of raw bytes on 127.0.0.1, gone with the test. */
export async function rawServer(talk: (socket: Socket) => void): Promise<AsyncDisposable & { readonly port: number }> {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('error', () => {});
    talk(socket);
  });
  return { port: await listening(server), [Symbol.asyncDispose]: () => closed(server, open) };
}

export function listening(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
}

function closed(server: Server, open: Iterable<Socket>): Promise<void> {
  for (const socket of open) socket.destroy();
  return new Promise((resolve) => server.close(() => resolve()));
}
