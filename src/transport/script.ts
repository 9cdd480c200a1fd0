import type { Script } from '../shell/sh.ts';

/**
 * A script as it is sent to `sh -s`. The shell runs what it has received line by line, so everything stands inside a
 * function that is called on the last line: a script that was cut off runs nothing at all. Its commands read an empty
 * standard input, not the rest of the script.
 */
export function wholeScript(script: Script): string {
  return `fleet_main() {\n:\n${script.text}\n}\n{ fleet_main </dev/null; exit; }\n`;
}
