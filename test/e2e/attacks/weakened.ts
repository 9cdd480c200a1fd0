import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Replacement } from './cures.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const COMMAND = 'dist/bin';
const PROGRAM = `${COMMAND}/program`;

const built = new Map<string, string>();

/** Where a run keeps its builds, all its processes; it takes them away itself, since a process may be ended at its last test. */
export const weakenedBy = (main: number) => join(tmpdir(), `fleet-weakened-${main}`);

/**
 * A build like the product's in all but these texts, for the control of a test; gone with this run.
 * @returns its command
 * @throws when a text does not stand exactly once where it should: the cure has moved, and the control would be none
 */
export function weakened(replacements: readonly Replacement[]): string {
  const key = JSON.stringify(replacements);
  const known = built.get(key);
  if (known !== undefined) return known;
  mkdirSync(weakenedBy(process.ppid), { recursive: true });
  const folder = mkdtempSync(join(weakenedBy(process.ppid), 'build-'));
  for (const part of ['package.json', COMMAND]) {
    mkdirSync(dirname(join(folder, part)), { recursive: true });
    cpSync(join(ROOT, part), join(folder, part), { recursive: true });
  }
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  for (const { in: where, text, by } of replacements) replace(folder, where, text, by);
  const command = join(folder, COMMAND, 'fleet.js');
  built.set(key, command);
  return command;
}

function replace(folder: string, where: string, text: string, by: string): void {
  const all = (of: string) =>
    (readdirSync(join(folder, of), { recursive: true }) as string[]).map((name) => join(of, name));
  const files =
    where === 'dist'
      ? all(COMMAND).filter((path) => path.endsWith('.js'))
      : all(PROGRAM).filter((path) => basename(path) === where);
  const found = files.flatMap((file) => {
    const count = readFileSync(join(folder, file), 'utf8').split(text).length - 1;
    return Array.from({ length: count }, () => file);
  });
  const [file] = found;
  if (file === undefined || found.length !== 1) {
    throw new Error(`the text to weaken stands ${found.length} times in ${where}, not once:\n${text}`);
  }
  const content = readFileSync(join(folder, file), 'utf8');
  writeFileSync(join(folder, file), content.split(text).join(by));
}
