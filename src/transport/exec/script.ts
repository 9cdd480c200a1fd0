import type { Exit, Result } from '../../model/outcome.ts';
import type { Script } from '../../shell/sh.ts';
import type { Link } from '../ssh2/link.ts';
import type { RunIo } from '../transport.ts';
import type { Privilege } from './privilege.ts';

export function runScript(link: Link, privilege: Privilege, script: Script, io: RunIo): Promise<Result<Exit>> {
  // Standard input stays open, since a channel that was ended can no longer be sent a signal.
  return privilege.runJob(link, {
    go: 'exec sh -s',
    feed: (stdin) => stdin.write(wholeScript(script)),
    io,
    what: 'command',
  });
}

/**
 * A script as it is sent to `sh -s`. The shell runs what it has received line by line, so everything stands inside a
 * function that is called on the last line: a script that was cut off runs nothing at all. Its commands read an empty
 * standard input, not the rest of the script.
 */
export function wholeScript(script: Script): string {
  return `fleet_main() {\n:\n${script.text}\n}\n{ fleet_main </dev/null; exit; }\n`;
}
