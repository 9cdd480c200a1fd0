import type { JsonLine, SummaryLine } from '../output/json-line.ts';
import { cleanJson } from '../util/sanitize.ts';
import type { CliContext, CommonFlags } from './context.ts';

/** A line for scripts. */
export const printJson = ({ stdout }: CliContext, line: JsonLine): void => void stdout.write(`${cleanJson(line)}\n`);

/** The last line of a command that went to no host. */
export const endLine = (command: string, exitCode: number): SummaryLine => ({
  ...{ type: 'summary', command, exitCode, hosts: [], v: 1 },
});

/** A command that has words to say, and nothing for scripts but how it ended: with `--json` its words go to standard error. */
export async function inWords(
  command: string,
  flags: CommonFlags,
  context: CliContext,
  work: (context: CliContext) => Promise<number>,
): Promise<number> {
  if (flags.json !== true) return work(context);
  const exitCode = await work({ ...context, stdout: context.stderr });
  printJson(context, endLine(command, exitCode));
  return exitCode;
}
