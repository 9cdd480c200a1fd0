import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PlanContext } from '../../src/model/task.ts';
import { directories } from '../../src/tasks/directories.ts';
import { hostWith, layout, planOf, refusal, runIn, SHELLS, UNPRIVILEGED } from './rig.ts';

const LOG = { path: '/var/log/jarvis', owner: 'jarvis', mode: '0750' };
const folder = (rest: string) =>
  `folder 0 folder 0 0 755 root root\nfolder 0 folder 0 0 755 root root\nfolder 0 ${rest}\nplace 0 root \n`;

describe('a folder, by what was found', () => {
  it.each<[name: string, entry: object, stdout: string, context: PlanContext, want: object]>([
    [
      'is created when absent',
      LOG,
      folder('none'),
      hostWith(),
      { prepare: [{ title: 'create /var/log/jarvis (0750 jarvis)' }], unsupported: [] },
    ],
    [
      'is left alone when right',
      LOG,
      folder('folder 998 998 750 jarvis jarvis'),
      hostWith(),
      { prepare: [], unsupported: [] },
    ],
    [
      'is put right when the mode drifted',
      LOG,
      folder('folder 998 998 777 jarvis jarvis'),
      hostWith(),
      { prepare: [{ title: 'put right /var/log/jarvis (0750 jarvis)' }] },
    ],
    [
      'is put right when the owner drifted',
      LOG,
      folder('folder 0 0 750 root root'),
      hostWith(),
      { prepare: [{ id: 'directories:/var/log/jarvis' }] },
    ],
    [
      'is put right when the group drifted',
      { ...LOG, group: 'adm' },
      folder('folder 998 998 750 jarvis jarvis'),
      hostWith(),
      { prepare: [{ title: 'put right /var/log/jarvis (0750 jarvis:adm)' }] },
    ],
    [
      'keeps its setgid bit only if that is wanted',
      LOG,
      folder('folder 998 998 2750 jarvis jarvis'),
      hostWith(),
      { prepare: [{}] },
    ],
    [
      'is never a link',
      LOG,
      folder('link 998 998 777 jarvis jarvis'),
      hostWith(),
      { prepare: [], unsupported: ['a folder at /var/log/jarvis, where a symbolic link stands'] },
    ],
    [
      'is never a file',
      LOG,
      folder('other 0 0 644 root root'),
      hostWith(),
      { prepare: [], unsupported: ['a folder at /var/log/jarvis, where something else stands'] },
    ],
    [
      'is never reached through a link of somebody else',
      LOG,
      'folder 0 folder 0 0 755 root root\nfolder 0 link 998 998 777 jarvis jarvis\nfolder 0 none\nplace 0  /var/log is a link, which jarvis can turn anywhere\n',
      hostWith(),
      {
        prepare: [],
        unsupported: [
          'a place for /var/log/jarvis that nobody but root can change: /var/log is a link, which jarvis can turn anywhere',
        ],
      },
    ],
    [
      'below a folder of its owner is made with the rights of that owner',
      LOG,
      'folder 0 folder 0 0 755 root root\nfolder 0 folder 998 998 755 jarvis jarvis\nfolder 0 none\nplace 0 jarvis \n',
      hostWith(),
      { prepare: [{ title: 'create /var/log/jarvis (0750 jarvis)' }], unsupported: [] },
    ],
    [
      'below a folder of somebody else has no place',
      LOG,
      'folder 0 folder 0 0 755 root root\nfolder 0 folder 999 999 755 web web\nfolder 0 none\nplace 0 web \n',
      hostWith(),
      {
        prepare: [],
        unsupported: [
          'a place for /var/log/jarvis (jarvis) that web cannot change: it lies below a folder of web, so nobody else can own it',
        ],
      },
    ],
    [
      'that is the root of the app may stand below a home, and is root’s all the same',
      { path: '/opt/jarvis', owner: 'root' },
      'folder 0 folder 998 998 755 jarvis jarvis\nfolder 0 none\nplace 0 jarvis \n',
      hostWith(),
      { prepare: [{ title: 'create /opt/jarvis (0755 root)' }], unsupported: [] },
    ],
    [
      'may be reached through a link of root',
      LOG,
      'folder 0 link 0 0 777 root root\nfolder 0 folder 0 0 755 root root\nfolder 0 none\nplace 0 root \n',
      hostWith(),
      { prepare: [{}], unsupported: [] },
    ],
    ['is unsupported when nothing was seen', LOG, '', hostWith(), { prepare: [], unsupported: ['a look at /var'] }],
    [
      'needs root to be given away',
      LOG,
      folder('none'),
      UNPRIVILEGED,
      { prepare: [], unsupported: ['root, to make /var/log/jarvis (0750 jarvis)'] },
    ],
    [
      'needs root to be taken from another',
      { ...LOG, owner: 'deploy' },
      folder('folder 0 0 750 root root'),
      UNPRIVILEGED,
      { unsupported: ['root, to make /var/log/jarvis (0750 deploy)'] },
    ],
    [
      'is the login user’s without root',
      { path: '/var/log/jarvis' },
      folder('none'),
      UNPRIVILEGED,
      { prepare: [{ title: 'create /var/log/jarvis (0755 deploy)' }] },
    ],
    [
      'is the service user’s with root',
      { path: '/var/log/jarvis' },
      folder('none'),
      hostWith(),
      { prepare: [{ title: 'create /var/log/jarvis (0755 jarvis)' }] },
    ],
    [
      'stands under the root of the app when relative',
      { path: "a b'c" },
      folder('none'),
      hostWith(),
      { prepare: [{ title: "create /opt/jarvis/a b'c (0755 jarvis)" }] },
    ],
  ])('%s', async (_name, entry, stdout, context, want) => {
    expect(await planOf(directories, [entry], stdout, context)).toMatchObject(want);
  });

  it.each(['/', '/a/../b', 'a//b', './a', '/a/', 'a\nb', '', ' a'])('is not %j', (path) =>
    expect(refusal(directories, [{ path }])).not.toBeNull(),
  );

  it('has a mode in quotes', () => {
    expect(refusal(directories, [{ path: '/a', mode: 750 }])).toContain('must be in quotes');
    expect(refusal(directories, [{ path: '/a', mode: '0798' }])).toContain('octal');
    expect(refusal(directories, [{ path: '/a', mode: '2750' }])).toBeNull();
  });
});

describe.each(SHELLS.map((shell) => [shell.join(' '), shell] as const))('a real folder in %s', (_name, shell) => {
  let base = '';
  beforeEach(() => {
    base = join(realpathSync(mkdtempSync(join(tmpdir(), 'fleet-folder-'))), "a b'c $(id) \\x");
    mkdirSync(base);
  });
  afterEach(() => rmSync(join(base, '..'), { recursive: true }));

  const me = userInfo();
  const context = hostWith({ uid: me.uid, user: me.username });
  const mode = (path: string) => (statSync(path).mode & 0o7777).toString(8);
  const plan = async (...list: { path: string; mode?: string; owner?: string }[]) => {
    const entries = list.map((entry) => ({ owner: me.username, ...entry }));
    const probe = directories.probe(directories.schema.parse(entries), layout);
    return planOf(directories, entries, runIn(shell, probe), context);
  };
  const apply = async (...list: Parameters<typeof plan>) => {
    const { prepare, unsupported } = await plan(...list);
    expect(unsupported).toEqual([]);
    for (const step of prepare) runIn(shell, step.apply);
    return () => {
      for (const { undo } of prepare.toReversed()) if (undo !== 'keep') runIn(shell, undo);
    };
  };

  it('is created with its parents, is then right, and is gone after undoing', async () => {
    const path = join(base, 'x', 'y');
    const undo = await apply({ path, mode: '2750' });
    expect([mode(join(base, 'x')), mode(path)]).toEqual(['755', '2750']);
    expect((await plan({ path, mode: '2750' })).prepare).toEqual([]);
    undo();
    expect(existsSync(join(base, 'x'))).toBe(false);
  });

  it('that somebody put something into stays when its creation is undone', async () => {
    const undo = await apply({ path: join(base, 'x') });
    writeFileSync(join(base, 'x', 'kept'), '');
    undo();
    expect(existsSync(join(base, 'x', 'kept'))).toBe(true);
  });

  it('may be listed before the folder that it is in', async () => {
    const undo = await apply({ path: join(base, 'x', 'y'), mode: '0700' }, { path: join(base, 'x'), mode: '0711' });
    expect([mode(join(base, 'x', 'y')), mode(join(base, 'x'))]).toEqual(['700', '711']);
    undo();
    expect(existsSync(join(base, 'x'))).toBe(false);
  });

  it('gets its mode, setgid bit included, and gets back the one that it had', async () => {
    const path = join(base, 'x');
    mkdirSync(path);
    writeFileSync(join(path, 'inside'), '', { mode: 0o604 });
    chmodSync(path, 0o2777);
    const undo = await apply({ path, mode: '0750' });
    expect([mode(path), mode(join(path, 'inside'))]).toEqual(['750', '604']);
    undo();
    expect(mode(path)).toBe('2777');
  });

  it.each(['target', './target', '../*/target', 'deeper/..//target', 'other'])(
    'is made behind a link of our own to %s',
    async (to) => {
      for (const name of ['target', 'deeper']) mkdirSync(join(base, name));
      symlinkSync('target', join(base, 'other'));
      symlinkSync(to.replace('*', basename(base)), join(base, 'link'));
      const path = join(base, 'link', 'x', 'y');
      const undo = await apply({ path, mode: '0750' });
      expect(mode(join(base, 'target', 'x', 'y'))).toBe('750');
      expect((await plan({ path, mode: '0750' })).prepare).toEqual([]);
      undo();
      expect(existsSync(join(base, 'target', 'x'))).toBe(false);
    },
  );

  it('that was swapped for a link after the look is not followed', async () => {
    const [path, target] = [join(base, 'x'), join(base, 'target')];
    mkdirSync(target, { mode: 0o700 });
    mkdirSync(path, { mode: 0o700 });
    const { prepare } = await plan({ path, mode: '0755' });
    rmSync(path, { recursive: true });
    symlinkSync(target, path);
    expect(() => prepare.map((step) => runIn(shell, step.apply))).toThrow('is no folder');
    expect(mode(target)).toBe('700');
    expect((await plan({ path })).unsupported).toEqual([`a folder at ${path}, where a symbolic link stands`]);
  });
});
