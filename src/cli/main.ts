#!/usr/bin/env node
import { homedir, userInfo } from 'node:os';
import { CommanderError } from 'commander';
import { program } from './program.ts';
import { UsageError } from './project.ts';
import type { World } from './world.ts';

// The only file that reads the process and ends it.
const interrupt = new AbortController();
let abandon = () => {};
let aside = (text: string): void => void process.stderr.write(text);
const world: World = {
  caller: { env: process.env, cwd: process.cwd(), home: process.env.HOME ?? homedir(), user: userInfo().username },
  execPath: process.execPath,
  stdout: process.stdout,
  stderr: process.stderr,
  stdin: process.stdin,
  signal: interrupt.signal,
  interrupt: () => onSignal(),
  onAside: (hook) => {
    aside = hook;
  },
  onAbandon: (hook) => {
    abandon = hook;
  },
};

/** The first signal stops cleanly; the second leaves at once, and each host's deadline does the rest. */
function onSignal(): void {
  if (interrupt.signal.aborted) {
    abandon();
    process.stderr.write('fleet: left at once; hosts in the middle of a change go back by themselves\n');
    process.exit(130);
  }
  aside('fleet: stopping; hosts that had begun are brought to a whole state (again to leave at once)\n');
  interrupt.abort();
}
process.on('SIGINT', onSignal);
process.on('SIGTERM', onSignal);
process.stderr.on('error', () => {});

async function run(): Promise<number> {
  let code = 0;
  try {
    await program(world, (ended) => {
      code = ended;
    }).parseAsync(process.argv);
    return code;
  } catch (error) {
    // Commander has already said what is wrong.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (error instanceof UsageError) {
      process.stderr.write(`${error.message}\n`);
      return 2;
    }
    process.stderr.write(
      `fleet: internal error, please report it: ${error instanceof Error ? error.stack : String(error)}\n`,
    );
    return 70;
  }
}

process.exitCode = await run();
// A connection that does not want to close must not keep a finished run alive.
setTimeout(() => process.exit(), 2000).unref();
