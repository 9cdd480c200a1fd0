import { spawn } from 'node:child_process';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { bindCheck, type CheckKind } from '../../src/checks/define.ts';
import { asking } from '../../src/host/call.ts';
import { type CheckIo, NO_MEMORY, type Verdict } from '../../src/model/check.ts';
import { type Exit, fail, ok, type Result } from '../../src/model/outcome.ts';
import type { Script } from '../../src/shell/sh.ts';
import { wholeScript } from '../../src/transport/exec/script.ts';

export const layout = { root: '/opt/jarvis', current: '/opt/jarvis/current', app: 'jarvis', user: 'jarvis', data: [] };

type Given = {
  /** What the host prints, in place of this machine. */
  readonly printed?: string;
  /** What an earlier look has seen. */
  readonly before?: Readonly<Record<string, number>>;
  readonly signal?: AbortSignal;
  /** When it was asked, and when it had answered; milliseconds since 1970. */
  readonly from?: number;
  readonly to?: number;
  readonly up?: number;
};

/** This machine as the host, before a first deploy: real connections, and the host program in a real shell. */
export function hostHere({
  printed,
  before = {},
  signal = new AbortController().signal,
  ...times
}: Given = {}): CheckIo {
  return {
    signal,
    memory: { ...NO_MEMORY, before: (name) => before[name] ?? null },
    async ask({ script, withinMs }) {
      const { from = Date.now(), up = null } = times;
      if (printed !== undefined) return ok({ text: printed, from, to: times.to ?? from, up });
      const site = { layout: { ...layout, user: null }, uid: process.getuid?.() ?? 0, hasProgram: false };
      const ran = await runHere(asking(site, script), withinMs);
      if (!ran.ok) return ran;
      if (ran.value.code !== 0) throw new Error(`exit ${ran.value.code}: ${ran.value.stdout}${ran.value.stderr}`);
      return ok({ text: ran.value.stdout, from, to: Date.now(), up });
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

function runHere(script: Script, timeoutMs: number): Promise<Result<Exit>> {
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

/** The same where the host prints this. */
export const checkOf = <Spec>(kind: CheckKind<string, Spec>, entry: unknown, printed: string, given: Given = {}) =>
  checkHere(kind, entry, hostHere({ ...given, printed }));

/** Without numbers, which have tests of their own. */
export const words = ({ readings: _, ...verdict }: Verdict) => verdict;

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
