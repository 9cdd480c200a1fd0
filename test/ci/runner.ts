import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';

type Step = {
  readonly id: string;
  readonly if?: string;
  readonly shell: 'bash';
  readonly run: string;
  readonly env: Readonly<Record<string, string>>;
};
type Action = {
  readonly inputs: Readonly<Record<string, { readonly default: string }>>;
  readonly runs: { readonly steps: readonly Step[] };
};

/** What a job has seen of an action. */
export type Job = {
  readonly ok: boolean;
  readonly log: string;
  /** The Markdown of the job's summary. */
  readonly summary: string;
  readonly outputs: Readonly<Record<string, string>>;
  /** Ids of the steps that ran. */
  readonly ran: readonly string[];
  /** What the action has left in the runner's own folder. */
  readonly left: readonly string[];
};

/** A cancelled job interrupts the process of the step that is under way by then. */
type Options = { readonly cancelWhen?: () => boolean };

/** Plays a composite action as a runner does: its expressions, its steps under bash, their files; what fails skips what follows. */
export async function playAction(
  folder: string,
  cwd: string,
  given: Readonly<Record<string, string>>,
  { cancelWhen }: Options = {},
): Promise<Job> {
  const action: Action = parse(readFileSync(join(folder, 'action.yml'), 'utf8'));
  const temp = mkdtempSync(join(tmpdir(), 'fleet-runner-'));
  const own = join(temp, 'own');
  mkdirSync(own);
  const inputs = Object.fromEntries(
    Object.entries(action.inputs).map(([name, one]) => [name, given[name] ?? one.default]),
  );
  const outputs: Record<string, string> = {};
  const read = (term: string): string => {
    const [, literal] = /^'(.*)'$/.exec(term) ?? [];
    const [, input] = /^inputs\.([\w-]+)$/.exec(term) ?? [];
    const [, output] = /^steps\.(\w+\.outputs\.\w+)$/.exec(term) ?? [];
    if (literal !== undefined) return literal;
    if (input !== undefined && input in inputs) return inputs[input] ?? '';
    if (output !== undefined) return outputs[output] ?? '';
    throw new Error(`an expression that this runner does not know: ${term}`);
  };
  const filled = (text: string) => text.replace(/\$\{\{ (.*?) \}\}/g, (_, term: string) => read(term));
  const holds = (condition: string) =>
    condition.split(' && ').every((one) => {
      const [left = '', operator, right = ''] = one.split(' ');
      return operator === '==' ? read(left) === read(right) : read(left) !== read(right);
    });

  const ran: string[] = [];
  let [ok, log] = [true, ''];
  const files = { GITHUB_OUTPUT: join(temp, 'output'), GITHUB_STEP_SUMMARY: join(temp, 'summary') };
  writeFileSync(files.GITHUB_STEP_SUMMARY, '');
  for (const step of action.runs.steps) {
    const condition = step.if ?? "'' == ''";
    if (condition !== 'always()' && !(ok && holds(condition))) continue;
    ran.push(step.id);
    writeFileSync(files.GITHUB_OUTPUT, '');
    const script = join(temp, 'step.sh');
    writeFileSync(script, step.run);
    const mine = Object.fromEntries(Object.entries(step.env).map(([name, value]) => [name, filled(value)]));
    const child = spawn('bash', ['--noprofile', '--norc', '-eo', 'pipefail', script], {
      cwd,
      env: {
        PATH: process.env.PATH,
        HOME: temp,
        RUNNER_TEMP: own,
        GITHUB_ACTION_PATH: folder,
        ...files,
        ...mine,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const hear = (chunk: Buffer) => {
      log += chunk;
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    const looking = setInterval(() => {
      if (cancelWhen?.() !== true) return;
      clearInterval(looking);
      child.kill('SIGINT');
    }, 50);
    const code = await new Promise((resolve) => child.on('close', resolve));
    clearInterval(looking);
    ok &&= code === 0;
    for (const [, name = '', value = ''] of readFileSync(files.GITHUB_OUTPUT, 'utf8').matchAll(/^(\w+)=(.*)$/gm))
      outputs[`${step.id}.outputs.${name}`] = value;
  }
  const summary = readFileSync(files.GITHUB_STEP_SUMMARY, 'utf8');
  const left = readdirSync(own);
  rmSync(temp, { recursive: true });
  return { ok, log, summary, outputs, ran, left };
}
