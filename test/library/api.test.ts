import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');

// Versions follow SemVer for it: a change of what programs see is seen in a diff, and told in CHANGELOG.md.
it('the types of the library are those that were agreed to, and need nothing but node and what the package brings', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [join(root, 'scripts/declarations.mjs')]);
  expect(stdout).toContain('declare function openFleet');
  await expect(stdout).toMatchFileSnapshot('api.txt');
});
