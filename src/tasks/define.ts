import type { z } from 'zod';
import type { Declared } from '../model/declared.ts';
import type { Layout } from '../model/layout.ts';
import type { TaskPlan, Tree } from '../model/plan.ts';
import type { Secret } from '../model/secret.ts';
import type { BoundTask, InstanceSet, PlanContext } from '../model/task.ts';
import type { Script } from '../shell/sh.ts';

/** Why an input on the operator's machine cannot be used; becomes a diagnostic at the task's place in the playbook. */
export class InputError extends Error {
  constructor(
    message: string,
    /** Where the trouble is when it is in a file of its own (an env file, a unit), else the playbook entry. */
    readonly at: { readonly file: string; readonly line: number; readonly column: number } | null = null,
  ) {
    super(message);
  }
}

/** The operator's side of the world, as tasks may see it. Paths are relative to the project folder. */
export type LocalIo = {
  /** Reads a text file. @throws InputError */
  read(path: string): Promise<string>;
  /** Reads a file as it is: text where it is UTF-8, else its bytes. @throws InputError */
  bytes(path: string): Promise<string | Uint8Array>;
  /** Regular files below a folder, relative to it, sorted. @throws InputError */
  list(folder: string): Promise<readonly string[]>;
  /** Walks a folder with gitignore-style patterns and hashes every file. @throws InputError */
  tree(folder: string, exclude: readonly string[]): Promise<Tree>;
  /** A secret's text from a file, the invoker's environment or a command's standard output. @throws InputError */
  secret(source: SecretSource): Promise<string>;
  /** Fills `{{ name }}` placeholders in the text of a file, as in the playbook itself. @throws InputError */
  fill(text: string, file: string): string;
  /** Tells the operator, once for all hosts, of what stops nothing. */
  warn(text: string): void;
  /** The same, for what only `fleet check` says. */
  hint(text: string): void;
};

export type SecretSource = string | { readonly env: string } | { readonly command: readonly string[] };

/**
 * The whole contract of a task kind: a schema, what it reads locally, what it reads on the host, and a pure plan.
 * `local` runs before any host is contacted; `probe` is a read-only fragment of the run's one probe; `plan` has no
 * clock, no files, no environment.
 */
export interface TaskKind<Kind extends string, Spec, Local, Facts> {
  readonly kind: Kind;
  /** What it does, for the reference and for editors. */
  readonly about: string;
  readonly schema: z.ZodType<Spec>;
  local(spec: Spec, io: LocalIo, layout: Layout): Promise<Local>;
  /** Secrets among the inputs, so that a host's output can be cleared of them. */
  secrets?(local: Local): readonly Secret[];
  /** What the app's files can be checked against, host or no host. */
  declares?(want: { readonly spec: Spec; readonly local: Local }, layout: Layout): Partial<Declared>;
  /** What of it one instance is, for those that make some. */
  instances?(spec: Spec): InstanceSet;
  probe(spec: Spec, layout: Layout): Script | null;
  parse(stdout: string): Facts;
  plan(want: { readonly spec: Spec; readonly local: Local }, facts: Facts, context: PlanContext): TaskPlan;
}

export const defineTask = <const Kind extends string, Spec, Local, Facts>(task: TaskKind<Kind, Spec, Local, Facts>) =>
  task;

/**
 * Reads a task's inputs and closes over them.
 * @param name where the task stands in its playbook
 * @throws InputError
 */
export async function bindTask<Spec, Local, Facts>(
  name: string,
  task: TaskKind<string, Spec, Local, Facts>,
  spec: Spec,
  io: LocalIo,
  layout: Layout,
): Promise<BoundTask> {
  const local = await task.local(spec, io, layout);
  return {
    name,
    secrets: task.secrets?.(local) ?? [],
    declares: task.declares?.({ spec, local }, layout) ?? {},
    ...(task.instances === undefined ? {} : { instances: task.instances(spec) }),
    probe: task.probe(spec, layout),
    plan: (stdout, context) => task.plan({ spec, local }, task.parse(stdout), context),
  };
}
