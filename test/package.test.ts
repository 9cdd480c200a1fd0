import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import type { CliContext } from '../src/cli/context.ts';
import { manualPages } from '../src/cli/manual.ts';
import { program } from '../src/cli/program.ts';

// What is packed is looked at by `npm run test:package`, which needs a build.

const root = join(import.meta.dirname, '..');
const own = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

it('runs nothing when it is installed', () => {
  const install = ['preinstall', 'install', 'postinstall', 'prepare', 'preprepare', 'postprepare'];
  expect(Object.keys(own.scripts).filter((name) => install.includes(name))).toEqual([]);
  expect(existsSync(join(root, 'binding.gyp'))).toBe(false);
});

it('brings nothing along: what it uses is part of its bundle', () => {
  expect([own.dependencies, own.optionalDependencies, own.peerDependencies]).toEqual([undefined, undefined, undefined]);
  expect(readFileSync(join(root, 'scripts/bundle.mjs'), 'utf8')).not.toContain('external:');
});

it('has a manual page for each command, and npm learns of each', () => {
  const nowhere = { stdout: new PassThrough(), stderr: new PassThrough() } as unknown as CliContext;
  const pages = manualPages(
    program(nowhere, () => {}),
    '0',
    'January 1, 2026',
  );
  expect([...own.man].sort()).toEqual(pages.map(({ name }) => `dist/man/${name}`).sort());
});

it('shows the schemas to whoever imports them', () => {
  const schemas = readdirSync(join(root, 'schemas'));
  expect(schemas.sort()).toEqual(['inventory.schema.json', 'line.schema.json', 'playbook.schema.json']);
  expect(own.exports['./schemas/*.json']).toBe('./schemas/*.json');
  expect(own.files).toContain('schemas');
});

it("has a name that is nobody else's, and is published for all, with where it was built", () => {
  expect(own.name).toMatch(/^@[a-z-]+\/fleet$/);
  expect(own.private).toBeUndefined();
  expect(own.publishConfig).toEqual({ access: 'public', provenance: true });
  expect(own.repository.url).toMatch(/^git\+https:/);
});

it('takes along what is no code from wherever a module looks for it', () => {
  const bundled = readFileSync(join(root, 'scripts/bundle.mjs'), 'utf8');
  const looking = (readdirSync(join(root, 'src'), { recursive: true }) as string[])
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) =>
      [
        ...readFileSync(join(root, 'src', file), 'utf8').matchAll(
          /new URL\(['`](\.[^'`$]*)[^'`]*['`], import\.meta\.url\)/g,
        ),
      ].map(([, path]) => ({ file, path: path ?? '' })),
    );
  expect(looking.length).toBeGreaterThan(4);
  // Up to the package itself from two folders below it, or beside the module, where the bundle has a copy.
  const strange = looking.filter(({ path }) => {
    const beside = /^\.\/([\w-]+)/.exec(path)?.[1];
    return path !== '../../' && !(beside !== undefined && bundled.includes(`'${beside}'],`));
  });
  expect(strange).toEqual([]);
});
