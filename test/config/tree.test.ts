import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { listFiles, readTree } from '../../src/config/inputs/tree.ts';
import { InputError } from '../../src/tasks/define.ts';
import { folderWith } from './project-folder.ts';

const paths = async (dir: string, exclude: readonly string[] = [], data: readonly string[] = []) =>
  (await readTree(dir, 'app', exclude, data)).entries.map(({ path }) => path);

describe('a tree', () => {
  it('has sorted entries with kinds, executable bits, sizes and SHA-256 digests', async () => {
    await using folder = await folderWith({ 'b/run': '#!/bin/sh\n', 'a.txt': 'hello\n' });
    await mkdir(join(folder.dir, 'empty'));
    await symlink('a.txt', join(folder.dir, 'link'));
    const tree = await readTree(folder.dir, 'app', [], []);
    const sum = (path: string) =>
      execFileSync('sha256sum', [join(folder.dir, path)], { encoding: 'utf8' }).slice(0, 64);
    expect(tree.entries).toEqual([
      { type: 'file', path: 'a.txt', executable: false, size: 6, digest: sum('a.txt') },
      { type: 'directory', path: 'b' },
      { type: 'file', path: 'b/run', executable: true, size: 10, digest: sum('b/run') },
      { type: 'directory', path: 'empty' },
      { type: 'symlink', path: 'link', target: 'a.txt' },
    ]);
    expect(tree).toMatchObject({ from: folder.dir, bytes: 16 });
  });

  it('keeps names with spaces, newlines, quotes and other alphabets', async () => {
    const names = ['a b', 'new\nline', "it's", '-rf', '~', '$(x)', 'déjà', '日本', '🚀', 'back\\slash'];
    await using folder = await folderWith(Object.fromEntries(names.map((name) => [`x/${name}`, name])));
    expect(await paths(folder.dir)).toEqual(['x', ...names.map((name) => `x/${name}`).sort()]);
  });

  it('has the digest of a large file too', async () => {
    await using folder = await folderWith({});
    const text = 'x'.repeat(3 * 1024 * 1024);
    await writeFile(join(folder.dir, 'large'), text);
    const expected = createHash('sha256').update(text).digest('hex');
    expect((await readTree(folder.dir, 'app', [], [])).entries).toMatchObject([
      { size: text.length, digest: expected },
    ]);
  });

  it('leaves out what gitignore patterns name, as git does', async () => {
    await using folder = await folderWith({
      'a.pyc': '',
      'keep.py': '',
      'lib/b.pyc': '',
      'lib/__pycache__/c': '',
      'build/x': '',
      'src/build/x': '',
      'logs/a.log': '',
      'logs/b.log': '',
      'CASE.txt': '',
    });
    const exclude = ['*.pyc', '__pycache__/', '/build', '*.log', '!b.log', 'case.txt'];
    expect(await paths(folder.dir, exclude)).toEqual([
      'CASE.txt',
      'keep.py',
      'lib',
      'logs',
      'logs/b.log',
      'src',
      'src/build',
      'src/build/x',
    ]);
  });

  it('never has env files, whatever the patterns say', async () => {
    const files = {
      '.env': '',
      '.env.local': '',
      'sub/.env.production': '',
      '.envrc': '',
      'a/.env/secret': '',
      'env.py': '',
      '.environment/x': '',
    };
    await using folder = await folderWith(files);
    const exclude = ['!.env', '!.env.*', '!**/.env*'];
    expect(await paths(folder.dir, exclude)).toEqual(['.environment', '.environment/x', 'a', 'env.py', 'sub']);
  });

  it("never has the app's data folders, which belong to the host", async () => {
    await using folder = await folderWith({ 'data/x': '', 'var/db/y': '', 'var/z': '', 'src/data/kept': '' });
    expect(await paths(folder.dir, ['!data'], ['data', 'var/db'])).toEqual([
      'src',
      'src/data',
      'src/data/kept',
      'var',
      'var/z',
    ]);
  });

  it('has a digest that changes with content, names and executable bits, and with nothing else', async () => {
    await using folder = await folderWith({ a: '1', b: '2' });
    const at = async () => (await readTree(folder.dir, 'app', [], [])).digest;
    const first = await at();
    await folder.write('a', '1');
    expect(await at()).toBe(first);
    await chmod(join(folder.dir, 'a'), 0o600);
    expect(await at()).toBe(first);
    await chmod(join(folder.dir, 'a'), 0o755);
    const executable = await at();
    await folder.write('b', '3');
    const changed = await at();
    await folder.write('c', '');
    expect(new Set([first, executable, changed, await at()]).size).toBe(4);
  });

  it('may begin at a link to a folder', async () => {
    await using folder = await folderWith({ 'real/x': '' });
    await symlink('real', join(folder.dir, 'link'));
    expect(await paths(join(folder.dir, 'link'))).toEqual(['x']);
  });
});

describe('links of a tree', () => {
  const linked = async (path: string, target: string) => {
    await using folder = await folderWith({ 'app/dir/file': '', 'app/other/x': '', secret: '' });
    await symlink(target, join(folder.dir, 'app', path));
    return await readTree(join(folder.dir, 'app'), 'app', [], []).then(
      (tree) => tree.entries.filter(({ type }) => type === 'symlink').map(({ path: at }) => at),
      (error: InputError) => error.message,
    );
  };

  it.each([
    ['link', 'dir/file'],
    ['dir/link', '../other/x'],
    ['link', 'gone'],
    ['link', '.'],
    ['dir/link', '..'],
  ])('%s -> %s stays', async (path, target) => {
    expect(await linked(path, target)).toEqual([path]);
  });

  it.each([
    ['link', '/etc/passwd'],
    ['link', '../secret'],
    ['link', '..'],
    ['dir/link', '../../secret'],
    ['link', 'dir/../../secret'],
    ['link', 'dir/../other'],
  ])('%s -> %s is refused by name', async (path, target) => {
    expect(await linked(path, target)).toBe(
      `app/${path} is a link to ${target}, outside the folder; exclude it or copy what it leads to`,
    );
  });

  it('that are excluded do no harm', async () => {
    await using folder = await folderWith({ x: '' });
    await symlink('/etc/passwd', join(folder.dir, 'bad'));
    expect(await paths(folder.dir, ['bad'])).toEqual(['x']);
  });

  it('which are accepted never lead out of the tree', async () => {
    const part = fc.constantFrom('..', '.', 'd', 'e', 'x');
    const target = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
    await fc.assert(
      fc.asyncProperty(target, target, async (first, second) => {
        await using folder = await folderWith({ 'app/d/e/x': 'in', x: 'out', 'd/x': 'out', 'e/x': 'out' });
        await symlink(first, join(folder.dir, 'app/d/one'));
        await symlink(second.replace('x', 'one'), join(folder.dir, 'app/d/e/two'));
        const root = join(folder.dir, 'app');
        const accepted = await readTree(root, 'app', [], []).then(
          () => true,
          (error) => !(error instanceof InputError),
        );
        if (!accepted) return;
        for (const link of ['d/one', 'd/e/two']) {
          const real = execFileSync('realpath', ['-m', join(root, link)], { encoding: 'utf8' }).trim();
          expect(`${real}/`.startsWith(`${root}/`), `${first} ${second}`).toBe(true);
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('what cannot stand in a release', () => {
  it('a pipe is refused by name, and not when it is excluded', async () => {
    await using folder = await folderWith({ x: '' });
    execFileSync('mkfifo', [join(folder.dir, 'pipe')]);
    await expect(paths(folder.dir)).rejects.toThrow('app/pipe is a socket, pipe or device; exclude it');
    expect(await paths(folder.dir, ['pipe'])).toEqual(['x']);
  });

  it('a name that is not UTF-8 is refused, and not when it is excluded', async () => {
    await using folder = await folderWith({ x: '' });
    await writeFile(Buffer.concat([Buffer.from(`${folder.dir}/bad`), Buffer.from([0xff])]), '');
    await expect(paths(folder.dir)).rejects.toThrow('is not UTF-8');
    expect(await paths(folder.dir, ['bad*'])).toEqual(['x']);
  });

  it('a folder that is missing, or is a file, is named as it was written', async () => {
    await using folder = await folderWith({ x: '' });
    await expect(readTree(join(folder.dir, 'gone'), '../gone', [], [])).rejects.toThrow(
      'the folder ../gone does not exist',
    );
    await expect(readTree(join(folder.dir, 'x'), 'x', [], [])).rejects.toThrow('x is not a folder');
    await expect(readTree(join(folder.dir, 'gone'), 'x', [], [])).rejects.toBeInstanceOf(InputError);
  });
});

describe('everything that is wrong', () => {
  it('is told at once, in order', async () => {
    await using folder = await folderWith({ x: '', 'sub/y': '' });
    execFileSync('mkfifo', [join(folder.dir, 'pipe'), join(folder.dir, 'sub/pipe')]);
    await symlink('/etc/passwd', join(folder.dir, 'bad'));
    await writeFile(Buffer.concat([Buffer.from(`${folder.dir}/odd`), Buffer.from([0xff])]), '');
    const message = await readTree(folder.dir, 'app', [], []).catch((error: InputError) => error.message);
    expect(String(message).split('\n')).toEqual([
      'app/bad is a link to /etc/passwd, outside the folder; exclude it or copy what it leads to',
      expect.stringContaining('the name is not UTF-8'),
      'app/pipe is a socket, pipe or device; exclude it',
      'app/sub/pipe is a socket, pipe or device; exclude it',
    ]);
  });
});

describe('what is told of a tree that can be sent', () => {
  const KEY = '-----BEGIN OPENSSH PRIVATE KEY-----\ncanary\n-----END OPENSSH PRIVATE KEY-----\n';
  const CERTIFICATE = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
  const told = async (
    files: Record<string, string>,
    {
      exclude = [],
      data = [],
      and,
    }: { exclude?: string[]; data?: string[]; and?: (dir: string) => Promise<void> } = {},
  ) => {
    await using folder = await folderWith(files);
    await and?.(folder.dir);
    const said: string[] = [];
    await readTree(folder.dir, 'app', exclude, data, (text) => said.push(text));
    return said.sort();
  };

  it.each<[string, string]>([
    ['.git/config', '[remote "origin"]\n\turl = https://x:canary@example.com/a.git\n'],
    ['.git/config', '[http]\n\textraheader = AUTHORIZATION: basic canary\n'],
    ['tls/server.pem', KEY],
    ['tls/unclear.pem', 'canary'],
    ['tls/both.pem', CERTIFICATE + KEY],
    ['tls/server.key', KEY],
    ['.ssh/id_rsa', 'canary'],
    ['keys/id_deploy', KEY],
    ['.npmrc', '//registry.example/:_authToken=canary\n'],
    ['.netrc', 'machine x login y password canary\n'],
    ['store.p12', 'canary'],
    ['config/production.env', 'PORT=1\nDB_PASSWORD=canary\n'],
    ['google/credentials.json', '{"refresh_token": "canary"}'],
    ['pip.conf', '[global]\nindex-url = https://u:canary@example.com/\n'],
  ])('a secret in %s is named, and nothing of it is shown', async (path, text) => {
    const said = await told({ 'main.py': '', [path]: text });
    expect(said).toEqual([expect.stringContaining(`app/${path} looks like `)]);
    expect(said.join()).not.toContain('canary');
  });

  it('public keys, certificates, settings without a token and what is excluded are no secrets', async () => {
    const files = {
      '.git/config': '[remote "origin"]\n\turl = https://example.com/a.git\n\turl = git@example.com:a/b\n',
      'tls/ca.pem': CERTIFICATE,
      'tls/public.pem': '-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----\n',
      '.ssh/id_rsa.pub': 'ssh-rsa AAAA',
      'src/id_map.py': '',
      'src/id_generator': '#!/bin/sh\n',
      '.npmrc': 'save-exact=true\n',
      'translations.key': 'a = b\n',
      'config/ports.env': 'PORT=1\nTOKEN=\n',
      'app.env.example': 'DB_PASSWORD=change-me\n',
      'left/server.pem': KEY,
    };
    expect(await told(files, { exclude: ['left'] })).toEqual([]);
  });

  it('a submodule that was never fetched', async () => {
    const files = {
      '.gitmodules':
        '[submodule "a"]\n\tpath = lib/a\n[submodule "b"]\n\tpath = "lib/b"\n[submodule "c"]\n\tpath = docs/c\n',
      'lib/b/code.c': '',
      x: '',
    };
    const and = async (dir: string) => void (await mkdir(join(dir, 'lib/a'), { recursive: true }));
    expect(await told(files, { exclude: ['docs'], and })).toEqual([
      'app/lib/a: a git submodule that holds nothing; git submodule update --init --recursive',
    ]);
  });

  it('files below a data folder, which stay behind', async () => {
    const files = { 'data/seed.sql': '', 'data/x/y': '', 'logs/.gitkeep': '', 'cache/z': '', x: '' };
    expect(await told(files, { data: ['data', 'logs', 'cache'], exclude: ['/cache'] })).toEqual([
      'app/data holds 2 files that are not sent: data is a data folder, which belongs to the host',
    ]);
  });

  it('a script whose first line ends with CRLF, and a program that sets its user', async () => {
    const large = `#!/bin/sh\r\n${'x'.repeat(2 * 1024 * 1024)}`;
    const files = { a: '#!/bin/sh\r\necho\r\n', large, good: '#!/bin/sh\necho\r\n', 'text.csv': 'a\r\n', tool: '' };
    const and = (dir: string) => chmod(join(dir, 'tool'), 0o4755);
    expect(await told(files, { and })).toEqual([
      expect.stringMatching(/^app\/a: the #! line ends with CRLF/),
      expect.stringMatching(/^app\/large: the #! line ends with CRLF/),
      expect.stringMatching(/^app\/tool is setuid or setgid here, and is not on the hosts/),
    ]);
  });
});

describe('the list of a folder', () => {
  it('has regular files only, sorted, links to files among them', async () => {
    await using folder = await folderWith({ 'b.service': '', 'a.service.d/limits.conf': '' });
    await symlink('b.service', join(folder.dir, 'alias.service'));
    await symlink('gone', join(folder.dir, 'broken.service'));
    expect(await listFiles(folder.dir, 'units')).toEqual(['a.service.d/limits.conf', 'alias.service', 'b.service']);
  });
});
