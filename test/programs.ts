import child, { ChildProcess } from 'node:child_process';
import { accessSync, constants, readFileSync, realpathSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, delimiter, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/*
 * Runs before every test file. Whatever a test, the rig or the product under test starts in this process has to be
 * among the programs that the set-up installs: what a machine has by chance, another one lacks.
 */

const root = fileURLToPath(new URL('../', import.meta.url));
const sets: Record<string, Record<string, string>> = JSON.parse(
  readFileSync(join(root, 'scripts/programs.json'), 'utf8'),
);
/** It may be a link. */
const modules = realpathSync(join(root, 'node_modules'));
const listed = new Set(Object.values(sets).flatMap((set) => Object.keys(set)));

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** @throws when a program is started that the set-up does not know */
function check(file: string, cwd: unknown, path = process.env.PATH ?? ''): void {
  const places = file.includes('/') ? [''] : path.split(delimiter);
  const found = places.map((place) => resolve(String(cwd ?? '.'), place, file)).find(isProgram);
  // One that is nowhere fails by itself.
  if (found === undefined || found === process.execPath) return;
  // A test's own script, or what npm brings.
  if ([tmpdir(), root, modules].some((folder) => found.startsWith(join(folder, '/')))) return;
  if (listed.has(basename(found).replace(/^(python3)\.\d+$/, '$1'))) return;
  throw new Error(
    `${file} is not among the programs that tests may start: add it to scripts/programs.json, with its Debian package`,
  );
}

type Options = { readonly cwd?: unknown; readonly env?: NodeJS.ProcessEnv; readonly shell?: unknown } | undefined;

const starting = ChildProcess.prototype as unknown as {
  spawn: (options: { file: string; cwd?: unknown; envPairs?: readonly string[] }) => number;
};
const begin = starting.spawn;
starting.spawn = function (options) {
  const path = options.envPairs?.find((pair) => pair.startsWith('PATH='))?.slice(5);
  check(options.file, options.cwd, path);
  return begin.call(this, options);
};

for (const name of ['spawnSync', 'execFileSync'] as const) {
  const real = child[name] as (file: string, ...rest: unknown[]) => unknown;
  const checked = (file: string, ...rest: unknown[]) => {
    const options = rest.find((one) => typeof one === 'object' && !Array.isArray(one)) as Options;
    if (!options?.shell) check(file, options?.cwd, options?.env?.PATH);
    return real(file, ...rest);
  };
  Object.assign(child, { [name]: checked });
}
syncBuiltinESMExports();
