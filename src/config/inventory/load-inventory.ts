import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { NotAFile, readLocalText, SAFE_READ } from '../../local/file.ts';
import { type Diagnostic, diagnostic, wholeFile } from '../diagnostics/diagnostic.ts';
import { check, diagnose } from '../diagnostics/issues.ts';
import { readYaml, YAML_MOST } from '../diagnostics/read.ts';
import { renamedKeys } from '../diagnostics/renamed-keys.ts';
import { locator } from '../diagnostics/source-map.ts';
import type { Invoker } from '../invoker.ts';
import { runDynamicInventory } from './dynamic-inventory.ts';
import { type Inventory, type InventoryPart, mergeInventory } from './inventory.ts';
import { inventorySchema } from './inventory-schema.ts';

type Loaded = { readonly part: InventoryPart | null; readonly diagnostics: readonly Diagnostic[] };
const NOTHING: Loaded = { part: null, diagnostics: [] };

/** Reads and merges everything in `inventory/`. */
export async function loadInventory(
  projectDir: string,
  invoker: Invoker,
): Promise<{
  readonly inventory: Inventory;
  readonly diagnostics: readonly Diagnostic[];
  readonly warnings: readonly string[];
}> {
  const names = (await readdir(join(projectDir, 'inventory'))).sort();
  const loaded = await Promise.all(names.map((name) => loadFile(projectDir, name, invoker)));
  const diagnostics = loaded.flatMap((one) => one.diagnostics);
  const parts = loaded.flatMap(({ part }) => part ?? []);
  const merged = mergeInventory(parts, diagnostics.length === 0);
  return {
    inventory: merged.inventory,
    diagnostics: [...diagnostics, ...merged.diagnostics],
    warnings: parts.flatMap((part) => part.warnings ?? []),
  };
}

/** `.yaml` and `.yml` are data even when the executable bit is set, as file systems without modes always set it. */
async function loadFile(projectDir: string, name: string, invoker: Invoker): Promise<Loaded> {
  if (name.startsWith('.') || name.endsWith('~')) return NOTHING;
  const file = `inventory/${name}`;
  const path = join(projectDir, 'inventory', name);
  try {
    const info = await stat(path);
    if (/\.ya?ml$/.test(name) && !info.isDirectory()) return parseInventory(file, await readLocalText(path, YAML_MOST));
    if (!info.isFile()) return NOTHING;
    if ((info.mode & 0o111) !== 0) return await runDynamicInventory(file, path, projectDir, invoker);
    if (await isScript(path)) {
      const fix = `if it is a dynamic inventory: chmod +x ${file}; else move it out of inventory/`;
      return { part: null, diagnostics: [diagnostic(wholeFile(file), 'this script is not executable', fix)] };
    }
    return NOTHING;
  } catch (error) {
    if (error instanceof NotAFile)
      return { part: null, diagnostics: [diagnostic(wholeFile(file), `this ${error.message}`)] };
    return { part: null, diagnostics: [diagnostic(wholeFile(file), `cannot be read: ${(error as Error).message}`)] };
  }
}

/** Checks the text of one static inventory file. An empty file is an empty inventory. */
export function parseInventory(file: string, text: string): Loaded {
  const { yaml, diagnostics } = readYaml(file, text);
  if (yaml === null) return { part: null, diagnostics };
  const locate = locator(yaml);
  const checked = check(inventorySchema, yaml.value ?? {});
  const { errors, warnings } = renamedKeys(inventorySchema, yaml.value, locate);
  if (checked.ok && errors.length === 0) return { part: { value: checked.value, locate, warnings }, diagnostics: [] };
  if (checked.ok) return { part: null, diagnostics: errors };
  return { part: null, diagnostics: [...diagnose(inventorySchema, checked.issues, locate), ...errors] };
}

async function isScript(path: string): Promise<boolean> {
  await using file = await open(path, SAFE_READ);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0);
  return bytesRead === 2 && buffer.toString('latin1') === '#!';
}
