#!/usr/bin/env node
import { homedir, userInfo } from 'node:os';
import type { CliContext } from './context.ts';
import { VERSION } from './version.ts';

// The only file that reads the process and ends it.
/** Taken out of the environment before anything else is done, so that no program that is started can inherit it. */
const { FLEET_BECOME_PASSWORD, ...env } = process.env;
Reflect.deleteProperty(process.env, 'FLEET_BECOME_PASSWORD');

const words = process.argv.slice(2);
if (words.length === 1 && (words[0] === '--version' || words[0] === '-V')) {
  process.stdout.write(`${VERSION}\n`);
  process.exit();
}
const home = env.HOME ?? homedir();
/** As far as it can be told before anything is loaded that knows the commands: in `-C ./app deploy` not the folder. */
const command = words.find((word) => /^[a-z][a-z-]*$/.test(word)) ?? '';

async function main(): Promise<void> {
  // Loaded here, since all of it takes half as long again as starting node.
  const { cacheFolder, withCompiled } = await import('../local/code-cache.ts');
  const keepCompiled = await withCompiled(import.meta.dirname, cacheFolder(env, home), command);
  const { endCommands, INTERRUPTED, runCommandLine, Secret } = await import('./program.ts');

  const interrupt = new AbortController();
  let begun = false;
  let abandon = () => {};
  let aside = (text: string): void => void process.stderr.write(text);
  const context: CliContext = {
    invoker: { env, cwd: process.cwd(), home, user: userInfo().username },
    becomePassword: FLEET_BECOME_PASSWORD ? new Secret('FLEET_BECOME_PASSWORD', FLEET_BECOME_PASSWORD) : null,
    execPath: process.execPath,
    stdout: process.stdout,
    stderr: process.stderr,
    stdin: process.stdin,
    signal: interrupt.signal,
    interrupt: () => onSignal(),
    begin: () => {
      begun = true;
    },
    onAside: (hook) => {
      aside = hook;
    },
    onAbandon: (hook) => {
      abandon = hook;
    },
  };

  /**
   * The first signal stops cleanly; the second leaves at once, and each host's deadline does the rest. While only files of
   * this machine are read there is nothing to stop cleanly, and what is read may have no end.
   */
  function onSignal(): void {
    if (!begun) {
      process.stderr.write('fleet: stopped; no host was contacted\n');
      process.exit(INTERRUPTED);
    }
    if (interrupt.signal.aborted) {
      abandon();
      process.stderr.write('fleet: left at once; hosts in the middle of a change go back by themselves\n');
      process.exit(INTERRUPTED);
    }
    aside('fleet: stopping; hosts that had begun are brought to a whole state (again to leave at once)\n');
    interrupt.abort();
  }
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  process.on('exit', endCommands);
  process.stderr.on('error', () => {});
  // Whoever read has gone, as `| head` does. Work that is under way has a reader of its own errors, and goes on.
  process.stdout.on('error', () => {
    if (!begun) process.exit();
  });

  process.exitCode = await runCommandLine(words, context);
  await keepCompiled();
  // A connection that does not want to close must not keep a finished run alive.
  setTimeout(() => process.exit(), 2000).unref();
}

void main();
