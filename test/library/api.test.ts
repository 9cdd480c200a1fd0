import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { API } from 'typescript/unstable/sync';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
const script = join(root, 'scripts/declarations.mjs');

const written = promisify(execFile)(process.execPath, [script]);

// Versions follow SemVer for it: a change of what programs see is seen in a diff, and told in CHANGELOG.md.
it('the types of the library are those that were agreed to, and need nothing but node and what the package brings', async () => {
  const { stdout } = await written;
  expect(stdout).toContain('declare function openFleet');
  await expect(stdout).toMatchFileSnapshot('api.txt');
});

const inside = (prefix: string) => {
  mkdirSync(join(root, '.cache'), { recursive: true });
  const folder = mkdtempSync(join(root, '.cache', prefix));
  return { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) };
};

it('an editor shows what every type is, and what every command does', async () => {
  using place = inside('api-');
  const { stdout } = await written;
  const file = join(place.folder, 'index.d.ts');
  const settings = join(place.folder, 'tsconfig.json');
  writeFileSync(file, stdout);
  writeFileSync(
    settings,
    JSON.stringify({ compilerOptions: { module: 'nodenext', types: ['node'] }, files: ['index.d.ts'] }),
  );
  const api = new API();
  try {
    const project = api.updateSnapshot({ openProjects: [settings] }).getProject(settings);
    const source = project?.program.getSourceFile(file);
    const entry = source === undefined ? undefined : project?.checker.getSymbolAtLocation(source);
    if (project === undefined || entry === undefined) throw new Error('the declarations are no module');
    const { checker } = project;
    const exported = new Map(
      checker.getExportsOfModule(entry).map((one) => [one.name, checker.getAliasedSymbol(one)] as const),
    );
    /** Empty where an editor has nothing to show. */
    const docs = new Map([...exported].map(([name, one]) => [name, checker.getDocumentationCommentOfSymbol(one)]));
    const alone = ['Fleet', 'Instances', 'Env', 'LogOptions', 'Options'];
    for (const name of alone) {
      const symbol = exported.get(name);
      if (symbol === undefined) throw new Error(`${name} is not exported`);
      for (const member of checker.getPropertiesOfType(checker.getDeclaredTypeOfSymbol(symbol)))
        docs.set(`${name}.${member.name}`, checker.getDocumentationCommentOfSymbol(member));
    }
    expect(docs.get('Fleet.deploy')).toMatch(/^Makes each host be what the project says, as one transaction/);
    expect(docs.get('LogOptions.priority')).toMatch(/^At least so bad: `err`, `warning`/);
    expect(docs.size).toBeGreaterThan(100);
    expect([...docs].filter(([, doc]) => doc.trim() === '').map(([name]) => name)).toEqual([]);
  } finally {
    api.close();
  }
});

it('types that need a package which is not brought are refused by its name', async () => {
  using place = inside('foreign-');
  mkdirSync(join(place.folder, 'library'));
  symlinkSync(join(root, 'node_modules'), join(place.folder, 'node_modules'));
  writeFileSync(
    join(place.folder, 'library/index.d.ts'),
    "import type { ZodType } from 'zod';\nexport type Schema = ZodType;\n",
  );
  const program = `const { declarations } = await import(${JSON.stringify(script)});
    await declarations(process.argv[1]).catch((error) => console.log(String(error)));`;
  const run = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program, place.folder]);
  expect(run.stdout).toBe("Error: the library's types need what the package does not bring: zod\n");
});
