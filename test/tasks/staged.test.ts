import { describe, expect, it } from 'vitest';
import { digest } from '../../src/model/ids.ts';
import type { Tree, TreeEntry } from '../../src/model/plan.ts';
import type { LocalIo } from '../../src/tasks/define.ts';
import { logrotate } from '../../src/tasks/logrotate.ts';
import { run } from '../../src/tasks/run.ts';
import { sync } from '../../src/tasks/sync.ts';
import { filesOf, hostWith, planOf, refusal, UNPRIVILEGED } from './rig.ts';

describe('sync', () => {
  const asked: string[][] = [];
  const ioWith = (entries: readonly TreeEntry[]): LocalIo => ({
    ...filesOf({}),
    tree: async (from, exclude): Promise<Tree> => {
      asked.push([...exclude]);
      return { from, entries, bytes: 1, digest: digest('d1') };
    },
  });
  const io = ioWith([
    { type: 'directory', path: 'src' },
    { type: 'file', path: 'src/a.py', executable: false, size: 1, digest: digest('f1') },
  ]);

  it('sends a local tree into the release', async () => {
    const { stage, unsupported } = await planOf(sync, { from: '../Jarvis' }, '', hostWith(), io);
    expect(stage).toMatchObject([
      { do: 'sync', to: '', title: 'send ../Jarvis (1 file)', tree: { from: '../Jarvis' } },
    ]);
    expect(unsupported).toEqual([]);
  });

  it('leaves .env files out, whatever the playbook takes back in', async () => {
    await planOf(sync, { from: 'x', exclude: ['.git', '!.env'] }, '', hostWith(), io);
    expect(asked.at(-1)).toEqual(['.git', '.git', '!.env', '.env*']);
  });

  it('leaves .git behind, unless the playbook takes it back in', async () => {
    await planOf(sync, { from: 'x' }, '', hostWith(), io);
    expect(asked.at(-1)).toEqual(['.git', '.env*']);
    await planOf(sync, { from: 'x', exclude: ['!.git'] }, '', hostWith(), io);
    expect(asked.at(-1)).toEqual(['.git', '!.git', '.env*']);
  });

  it('needs rsync or tar on the host', async () => {
    const { unsupported } = await planOf(sync, { from: 'x' }, '', hostWith({ tools: new Set() }), io);
    expect(unsupported).toEqual(['rsync or tar, to receive files']);
  });

  it('is an error when nothing is left to send', () =>
    expect(planOf(sync, { from: 'x' }, '', hostWith(), ioWith([{ type: 'directory', path: 'a' }]))).rejects.toThrow(
      'x holds no files to send',
    ));

  it.each([
    { from: '' },
    { from: 'x', to: '/abs' },
    { from: 'x', to: '../up' },
    { from: 'x', exclude: [''] },
    { form: 'x' },
  ])('refuses %j', (entry) => expect(refusal(sync, entry)).not.toBeNull());
});

describe('run', () => {
  it('is a command of words in the staged release', async () => {
    const { stage } = await planOf(run, {
      command: ['sh', '-c', "echo 'a b'"],
      creates: '.venv',
      cwd: 'app',
      timeout: '90s',
    });
    expect(stage).toEqual([
      {
        id: `run:sh -c "echo 'a b'"`,
        title: `run sh -c "echo 'a b'"`,
        do: 'run',
        argv: ['sh', '-c', "echo 'a b'"],
        cwd: 'app',
        creates: '.venv',
        timeoutMs: 90_000,
      },
    ]);
  });

  it('has ten minutes and the release itself when nothing else is said', async () => {
    expect((await planOf(run, { command: ['make'] })).stage).toMatchObject([
      { cwd: '', creates: null, timeoutMs: 600_000 },
    ]);
  });

  it('before the start is no build step, and has nothing to create', async () => {
    const { stage, before } = await planOf(run, { command: ['./migrate', 'up'], when: 'before-start', timeout: '5m' });
    expect(stage).toEqual([]);
    expect(before).toEqual([
      {
        ...{ id: 'before:./migrate up', title: 'before the start: ./migrate up' },
        ...{ argv: ['./migrate', 'up'], cwd: '', timeoutMs: 300_000 },
      },
    ]);
    expect(refusal(run, { command: ['a'], when: 'before-start', creates: 'x' })).not.toBeNull();
    expect(refusal(run, { command: ['a'], when: 'later' })).not.toBeNull();
  });

  it.each([
    { command: 'make all' },
    { command: [] },
    { command: [''] },
    { command: ['a\0b'] },
    { command: [1] },
    { command: ['make'], creates: '/abs' },
    { command: ['make'], cwd: '../up' },
    { command: ['make'], timeout: '10' },
    { command: ['make'], timeout: 10 },
  ])('refuses %j', (entry) => expect(refusal(run, entry)).not.toBeNull());
});

describe('logrotate', () => {
  const io = filesOf({ 'units/j.logrotate': '/var/log/{{ host }} {}\n' });
  const file = { path: '/etc/logrotate.d/jarvis', mode: 0o644, owner: 'root', group: 'root' };

  it('installs the file under the name of the app', async () => {
    const plan = await planOf(logrotate, 'units/j.logrotate', '', hostWith(), io);
    expect(plan).toMatchObject({
      files: [{ ...file, content: '/var/log/{{ host }} {}\n' }],
      warnings: [],
      unsupported: [],
    });
  });

  it('fills the file when it is a template', async () => {
    const plan = await planOf(logrotate, { from: 'units/j.logrotate', template: true }, '', hostWith(), io);
    expect(plan.files).toMatchObject([{ content: '/var/log/alpha {}\n' }]);
  });

  it('is left out without root, with a warning', async () => {
    const plan = await planOf(logrotate, 'units/j.logrotate', '', UNPRIVILEGED, io);
    expect(plan).toMatchObject({
      files: [],
      unsupported: [],
      warnings: ['/etc/logrotate.d/jarvis is not installed: that needs root'],
    });
  });

  it('warns where nothing would read the file', async () => {
    const plan = await planOf(logrotate, 'units/j.logrotate', '', hostWith({ tools: new Set() }), io);
    expect(plan.files).toHaveLength(1);
    expect(plan.warnings).toHaveLength(1);
  });
});
