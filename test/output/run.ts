import { createReporter, type ReporterOptions, type RunReporter } from '../../src/output/reporter.ts';
import { HOSTS, type Script, START } from './events.ts';
import { Kept, Terminal } from './terminal.ts';

export type Shown = { readonly stdout: string; readonly stderr: string };

type Options = Partial<Omit<ReporterOptions, 'stdout' | 'stderr' | 'size'>>;

const DEFAULTS = {
  mode: 'auto',
  verbose: false,
  quiet: false,
  reads: false,
  isTTY: false,
  env: {},
  hosts: HOSTS,
} as const;

/** Plays a script on streams that are no terminal. */
export async function play(script: Script, command: string, exitCode: number, options: Options = {}): Promise<Shown> {
  const [stdout, stderr] = [new Kept(), new Kept()];
  const size = () => ({ columns: 80, rows: 24 });
  const reporter = await createReporter({ ...DEFAULTS, clock: () => START, stdout, stderr, size, ...options });
  for (const event of script.events) reporter.on(event);
  await reporter.close(script.summary(command, exitCode));
  return { stdout: stdout.text, stderr: stderr.text };
}

/** The live view on a terminal of its own. */
export async function onTerminal(
  columns: number,
  rows: number,
  options: Options = {},
): Promise<{ terminal: Terminal; stderr: Kept; reporter: RunReporter }> {
  const [terminal, stderr] = [new Terminal(columns, rows), new Kept()];
  const live = { ...DEFAULTS, isTTY: true, clock: Date.now, stdout: terminal, stderr, size: terminal.size };
  return { terminal, stderr, reporter: await createReporter({ ...live, ...options }) };
}
