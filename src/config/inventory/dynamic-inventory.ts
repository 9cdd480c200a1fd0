import { lastLines, runCommand } from '../../local/command.ts';
import { type Diagnostic, diagnostic, wholeFile } from '../diagnostics/diagnostic.ts';
import { check, diagnose } from '../diagnostics/issues.ts';
import type { Invoker } from '../invoker.ts';
import { ansibleInventory } from './ansible.ts';
import type { InventoryPart } from './inventory.ts';
import { inventorySchema } from './inventory-schema.ts';

/** Milliseconds that a dynamic inventory may take. */
const TIME_LIMIT = 30_000;

/** Runs an executable of `inventory/` with `--list`, in the project folder, and checks what it printed like a file. */
export async function runDynamicInventory(
  file: string,
  path: string,
  projectDir: string,
  invoker: Invoker,
  timeoutMs: number = TIME_LIMIT,
): Promise<{ readonly part: InventoryPart | null; readonly diagnostics: readonly Diagnostic[] }> {
  const at = wholeFile(file);
  const refuse = (message: string, stderr = '') => ({
    part: null,
    diagnostics: [diagnostic(at, message, stderr.trim() === '' ? null : lastLines(stderr))],
  });
  const result = await runCommand([path, '--list'], { cwd: projectDir, env: { ...invoker.env }, timeoutMs });
  if (!result.ran) return refuse(`this dynamic inventory ${result.why}`, result.stderr);
  if (result.code !== 0) return refuse(`this dynamic inventory ended with exit code ${result.code}`, result.stderr);
  let json: unknown;
  try {
    json = JSON.parse(result.stdout);
  } catch (error) {
    return refuse(`this dynamic inventory printed no valid JSON: ${(error as Error).message}`, result.stderr);
  }
  const converted = ansibleInventory(json);
  if (!converted.ok) return refuse(`this dynamic inventory printed JSON of another form: ${converted.failure}`);
  const { value, notes } = converted.value;
  const checked = check(inventorySchema, value);
  if (checked.ok) return { part: { value: checked.value, locate: () => at, notes }, diagnostics: [] };
  const diagnostics = checked.issues.flatMap((issue) =>
    diagnose(inventorySchema, [issue], () => at).map((one) => ({
      ...one,
      message: `in its output, at ${issue.path.join('.')}: ${one.message}`,
    })),
  );
  return { part: null, diagnostics };
}
