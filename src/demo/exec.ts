import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { ServerChannel } from 'ssh2';

export type Account = { readonly home: string; readonly env: Readonly<Record<string, string>> };

/** A running command, as far as its session may touch it. */
export type Running = { signal(name: string): void };

/** Milliseconds between asking a command to end and ending it. */
const GRACE = 1000;

const isSignal = (name: string): name is NodeJS.Signals => Object.hasOwn(constants.signals, name);

/** Runs a command line as sshd does, in a process group of its own, which ends with its channel. */
export function exec(command: string, channel: ServerChannel, account: Account): Running {
  const child = spawn('/bin/sh', ['-c', command], {
    cwd: account.home,
    env: account.env,
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const kill = (signal: NodeJS.Signals) => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    try {
      process.kill(-child.pid, signal);
    } catch {
      // The group has ended between the look and the kill.
    }
  };

  for (const stream of [child.stdin, child.stdout, child.stderr, channel, channel.stderr]) stream.on('error', () => {});
  channel.pipe(child.stdin);
  child.stdout.pipe(channel, { end: false });
  child.stderr.pipe(channel.stderr, { end: false });

  channel.on('close', () => {
    child.stdout.unpipe().resume();
    child.stderr.unpipe().resume();
    kill('SIGTERM');
    setTimeout(() => kill('SIGKILL'), GRACE).unref();
  });
  child.on('error', () => {
    channel.exit(127);
    channel.end();
  });
  // All output has been read by now; an empty write waits until the last of stderr has gone before the end is announced.
  child.on('close', (code, signal) => {
    channel.stderr.write('', () => {
      if (signal !== null) channel.exit(signal.replace(/^SIG/, ''), false, '');
      else channel.exit(code ?? 255);
      channel.end();
    });
  });
  return {
    signal(name) {
      const full = `SIG${name}`;
      if (isSignal(full)) kill(full);
    },
  };
}
