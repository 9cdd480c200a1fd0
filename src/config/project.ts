import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { NotAFile, readLocalText } from '../local/file.ts';
import { fail, ok, type Result } from '../model/outcome.ts';
import { type Diagnostic, diagnostic, sortDiagnostics, wholeFile } from './diagnostics/diagnostic.ts';
import { YAML_MOST } from './diagnostics/read.ts';
import type { Inventory } from './inventory/inventory.ts';
import { loadInventory } from './inventory/load-inventory.ts';
import type { Invoker } from './invoker.ts';
import { type Playbook, parsePlaybook } from './playbook/playbook.ts';
import { type PlaybookSchema, playbookSchema } from './playbook/playbook-schema.ts';
import { REGISTRY, type Registry } from './playbook/registry.ts';
import { crossFileRules } from './rules/rules.ts';
import { type SshConfig, sshConfig } from './ssh/ssh-config.ts';

/** A project whose files are right by themselves and with each other. */
export type Project = {
  /** Absolute. */
  readonly dir: string;
  readonly invoker: Invoker;
  readonly registry: Registry;
  readonly schema: PlaybookSchema;
  readonly inventory: Inventory;
  readonly playbooks: readonly Playbook[];
  readonly ssh: SshConfig;
  /** What is right in the inventory and should be put otherwise, with its place; of a playbook it stands there. */
  readonly warnings: readonly string[];
};

export type ProjectOptions = {
  readonly invoker: Invoker;
  readonly registry?: Registry;
  /** Read instead of the operator's SSH configuration; `none` for none. */
  readonly sshConfigFile?: string;
};

/** Reads inventory and playbooks; every error of every file at once. */
export async function loadProject(
  dir: string,
  options: ProjectOptions,
): Promise<Result<Project, readonly Diagnostic[]>> {
  const { invoker, registry = REGISTRY, sshConfigFile = null } = options;
  const schema = playbookSchema(registry);
  const [{ inventory, diagnostics, warnings }, read] = await Promise.all([
    loadInventory(dir, invoker),
    loadPlaybooks(dir, schema),
  ]);
  const playbooks = read.flatMap((one) => (one.ok ? [one.value] : []));
  const found = [
    ...diagnostics,
    ...read.flatMap((one) => (one.ok ? [] : one.failure)),
    // With a part of the inventory missing, every name in a playbook could be blamed wrongly.
    ...(diagnostics.length === 0 ? crossFileRules(inventory, playbooks, invoker.user) : []),
  ];
  if (found.length > 0) return fail(sortDiagnostics(found));
  return ok({ dir, invoker, registry, schema, inventory, playbooks, warnings, ssh: sshConfig(invoker, sshConfigFile) });
}

async function loadPlaybooks(dir: string, schema: PlaybookSchema) {
  const names = (await readdir(join(dir, 'playbooks'))).filter((name) => /^[^.].*\.ya?ml$/.test(name)).sort();
  return Promise.all(
    names.map(async (name): Promise<Result<Playbook, readonly Diagnostic[]>> => {
      const file = `playbooks/${name}`;
      try {
        return parsePlaybook(file, await readLocalText(join(dir, file), YAML_MOST), schema);
      } catch (error) {
        if (error instanceof NotAFile) return fail([diagnostic(wholeFile(file), `this ${error.message}`)]);
        const code = (error as NodeJS.ErrnoException).code;
        if (code === undefined) throw error;
        return fail([diagnostic(wholeFile(file), `cannot be read: ${(error as Error).message}`)]);
      }
    }),
  );
}
