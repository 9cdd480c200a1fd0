import { execFileSync } from 'node:child_process';
import { chmod } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Inputs } from '../../src/config/bind.ts';
import { formatDiagnostic } from '../../src/config/diagnostics/diagnostic.ts';
import { resolveTargets } from '../../src/config/resolve.ts';
import { EVERYTHING, type Selection } from '../../src/config/select.ts';
import { projectWith } from './loaded.ts';
import { echoed, readBy } from './stand-ins.ts';

const INVENTORY = [
  'groups: { vps: { vars: { base: /opt, port: 8000, kept: 3 } } }',
  'hosts:',
  '  web1: { groups: [vps], user: root }',
  '  web2: { groups: [vps], user: deploy, runtime: nohup, vars: { port: 9000 } }',
  '  web3: { groups: [vps] }',
].join('\n');

type Options = {
  inputs?: Inputs;
  env?: Record<string, string>;
  selection?: Selection;
  prepare?: (dir: string) => unknown;
};

async function resolve(playbook: string, files: Readonly<Record<string, string>> = {}, options: Options = {}) {
  await using folder = await projectWith(
    { 'inventory/h.yaml': INVENTORY, 'playbooks/app.yaml': `name: app\nhosts: [vps]\n${playbook}`, ...files },
    options.env ? { env: options.env } : {},
  );
  await options.prepare?.(folder.dir);
  const result = await resolveTargets(folder.project, options.selection ?? EVERYTHING, {}, options.inputs);
  return result.ok
    ? { ...result.value, dir: folder.dir, error: '' }
    : { targets: [], warnings: [], dir: folder.dir, error: result.failure.map(formatDiagnostic).join('\n') };
}

describe('a target', () => {
  it('has every default applied', async () => {
    const { targets } = await resolve('root: /opt/app\n');
    expect(targets[0]).toMatchObject({
      host: 'web1',
      app: 'app',
      runtime: 'auto',
      layout: { root: '/opt/app', current: '/opt/app/current', app: 'app', user: null, data: [] },
      keep: 5,
      policy: {
        batch: 10,
        canary: 0,
        waves: false,
        onFailure: 'stop',
        settleMs: 10_000,
        deadlineMs: 120_000,
        confirm: 'per-host',
      },
      exclusiveOwned: [],
      exclusiveReleased: [],
      tasks: [],
      preconditions: [],
      checks: [],
    });
  });

  it('is filled with the vars of its host', async () => {
    const { targets } = await resolve(
      'root: "{{ base }}/{{ app }}"\nuser: "{{ host }}-svc"\nkeep: "{{ kept }}"\nvars: { url: "http://127.0.0.1:{{ port }}" }\n' +
        'health:\n  - http: { url: "{{ url }}/{{ user }}", status: "{{ port }}" }\n',
    );
    expect(targets.map(({ layout, keep, checks }) => [layout.root, layout.user, keep, checks[0]?.label])).toEqual([
      ['/opt/app', 'web1-svc', 3, 'http http://127.0.0.1:8000/web1-svc 8000'],
      ['/opt/app', 'web2-svc', 3, 'http http://127.0.0.1:9000/web2-svc 9000'],
      ['/opt/app', 'web3-svc', 3, 'http http://127.0.0.1:8000/web3-svc 8000'],
    ]);
  });

  it('has preconditions, filled and of the same kinds as health', async () => {
    const { targets } = await resolve('root: /opt/app\npreconditions:\n  - http: { url: x, status: "{{ port }}" }\n');
    expect(targets.map(({ preconditions, checks }) => [preconditions[0]?.label, checks.length])).toEqual([
      ['http x 8000', 0],
      ['http x 9000', 0],
      ['http x 8000', 0],
    ]);
  });

  it('without a service account has the login as its user in holes', async () => {
    const { targets } = await resolve('root: /home/{{ user }}/app\n');
    expect(targets.map(({ layout }) => layout.root)).toEqual([
      '/home/root/app',
      '/home/deploy/app',
      `/home/${userInfo().username}/app`,
    ]);
  });

  it.each([
    ['50%', 3, 2],
    ['1%', 3, 1],
    ['100%', 3, 3],
    ['2', 3, 2],
  ])('of a batch of %s among %i hosts goes %i at a time', async (batch, _, expected) => {
    const { targets } = await resolve(`root: /opt/app\ndeploy: { batch: ${batch} }\n`);
    expect(targets[0]?.policy.batch).toBe(expected);
  });

  it('of a batch in percent counts only the selected hosts', async () => {
    const selection = { hosts: ['web1'], groups: [], apps: [], all: false };
    const { targets } = await resolve('root: /opt/app\ndeploy: { batch: 50% }\n', {}, { selection });
    expect(targets.map(({ host, policy }) => [host, policy.batch])).toEqual([['web1', 1]]);
  });
});

describe('vars', () => {
  it('that are numbers keep the way they were written', async () => {
    const playbook = 'root: "/opt/{{ a }}-{{ b }}-{{ c }}"\nvars: { a: 0644, b: 1.10, c: true }\n';
    expect((await resolve(playbook)).targets[0]?.layout.root).toBe('/opt/0644-1.10-true');
  });

  it('and numbers of the playbook too, where text would do as well', async () => {
    const playbook =
      'root: /opt/app\nvars: { v: 2.50, on: yes }\ntasks:\n' +
      '  - echo: { plain: { a: 1.10, b: 0644, c: 7, d: true, e: "{{ v }}" }, numbers: [0010] }\n';
    expect((await resolve(playbook)).targets.map(({ tasks }) => tasks.map(echoed))[0]).toEqual([
      { plain: { a: '1.10', b: '0644', c: 7, d: true, e: '2.50' }, numbers: [10] },
    ]);
  });

  it('behind an alias are those of the anchor', async () => {
    const playbook = 'root: "/opt/{{ a }}-{{ b }}"\nvars: { a: &n 7, b: *n }\n';
    expect((await resolve(playbook)).targets[0]?.layout.root).toBe('/opt/7-7');
  });
});

describe('inputs', () => {
  it('are not touched by commands that only look at a host', async () => {
    const playbook = 'root: /opt/app\ntasks:\n  - secret: { env: NOT_SET }\n';
    expect((await resolve(playbook)).error).toContain('the environment variable NOT_SET is not set');
    const { targets, error } = await resolve(playbook, {}, { inputs: 'skip' });
    expect(error).toBe('');
    expect(targets.map(({ tasks, source }) => [tasks.length, source])).toEqual([
      [0, null],
      [0, null],
      [0, null],
    ]);
  });

  it('that are wrong are all reported, each at its task', async () => {
    const playbook = 'root: /opt/app\ntasks:\n  - copy: { from: one }\n  - copy: { from: two }\n';
    expect((await resolve(playbook)).error.match(/^\S+: .*/gm)).toEqual([
      'playbooks/app.yaml:5:5: the file one does not exist',
      'playbooks/app.yaml:6:5: the file two does not exist',
    ]);
  });

  it('that are missing secrets with an example say where to begin', async () => {
    const playbook = 'root: /opt/app\ntasks:\n  - secret: secrets/app.env\n';
    expect((await resolve(playbook)).error).toMatch(/secrets\/app\.env does not exist$/m);
    const { error } = await resolve(playbook, { 'secrets/app.env.example': 'TOKEN=\n' });
    expect(error).toContain('secrets/app.env does not exist; copy secrets/app.env.example, fill it in');
  });

  it('that know their own place are reported there, without showing the line', async () => {
    const files = { 'files/app.conf': 'port = 1\nname = {{ nope }} TOPSECRET\n' };
    const { error } = await resolve('root: /opt/app\ntasks:\n  - copy: { from: files/app.conf, fill: true }\n', files);
    expect(error).toContain('files/app.conf:2:8: unknown name "nope"');
    expect(error).not.toContain('TOPSECRET');
  });

  it('that are files may be filled with the vars of the host', async () => {
    const files = { 'files/app.conf': 'port = {{ port }}\n' };
    const { targets } = await resolve(
      'root: /opt/app\ntasks:\n  - copy: { from: files/app.conf, fill: true }\n',
      files,
    );
    expect(targets.map(({ tasks }) => readBy(tasks[0])?.[0]?.includes('port = 9000'))).toEqual([false, true, false]);
  });

  it('of a sync leave out the data folders of the app', async () => {
    const playbook = 'root: /opt/app\ndata: [logs]\ntasks:\n  - sync: { from: code }\n';
    const { targets } = await resolve(playbook, { 'code/logs/x': '', 'code/main.py': '', 'code/.env': 'A=1' });
    expect(readBy(targets[0]?.tasks[0])).toEqual(['main.py']);
  });
});

describe('secrets', () => {
  const secret = async (source: string, files: Readonly<Record<string, string>> = {}, options: Options = {}) => {
    const { targets, error, warnings } = await resolve(
      `root: /opt/app\ntasks:\n  - secret: ${source}\n`,
      files,
      options,
    );
    const values = targets.map(({ tasks }) => readBy(tasks[0])?.[0]);
    return { value: values[0], values, error, warnings };
  };

  it('come from a file of the project, which only its owner should read', async () => {
    const files = { 'secrets/app.env': 'A=1\n' };
    const open = await secret('secrets/app.env', files, {
      prepare: (dir) => chmod(join(dir, 'secrets/app.env'), 0o644),
    });
    expect(open).toMatchObject({ value: 'A=1\n' });
    expect(open.warnings).toEqual([
      'secrets/app.env can be read by other users of this machine: chmod 600 secrets/app.env',
    ]);
    const closed = await secret('secrets/app.env', files, {
      prepare: (dir) => chmod(join(dir, 'secrets/app.env'), 0o600),
    });
    expect(closed.warnings).toEqual([]);
  });

  it("come from the caller's environment", async () => {
    expect(await secret('{ env: APP_ENV }', {}, { env: { APP_ENV: 'A=2' } })).toMatchObject({ value: 'A=2' });
  });

  it('come from the output of a command, run once for all hosts, in the project folder, without a shell', async () => {
    const files = { 'secrets/print': '#!/bin/sh\necho run >> runs\necho "$1" $(wc -l < runs)\n' };
    const { values } = await secret('{ command: [./secrets/print, "$(id); *"] }', files);
    expect(values).toEqual(['$(id); * 1\n', '$(id); * 1\n', '$(id); * 1\n']);
  });

  it('that a command fails to print are reported with its standard error and never its output', async () => {
    const files = { 'bad.sh': '#!/bin/sh\necho TOPSECRET\necho "no key" >&2\nexit 4\n' };
    const { error } = await secret('{ command: [./bad.sh] }', files);
    expect(error).toContain('the command ./bad.sh for this secret ended with exit code 4:\n  no key');
    expect(error).not.toContain('TOPSECRET');
    expect((await secret('{ command: [no-such-program] }')).error).toContain(
      'the command no-such-program for this secret was not found',
    );
  });
});

describe('the source of what is deployed', () => {
  const git = (dir: string, ...args: string[]) => {
    const env = { PATH: process.env.PATH, HOME: dir, GIT_CONFIG_NOSYSTEM: '1' };
    const who = ['-c', 'user.name=t', '-c', 'user.email=t@example.com', '-c', 'init.defaultBranch=main'];
    return execFileSync('git', [...who, ...args], {
      cwd: dir,
      env,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  };
  const playbook = 'root: /opt/app\ntasks:\n  - sync: { from: code }\n';

  it('is the commit of the synced folder, and whether that folder was changed', async () => {
    let commit = '';
    const prepare = (dir: string) => {
      const code = join(dir, 'code');
      git(code, 'init');
      git(code, 'add', '-A');
      git(code, 'commit', '-m', 'one');
      commit = git(code, 'rev-parse', 'HEAD');
    };
    const clean = await resolve(playbook, { 'code/a': '1' }, { prepare });
    expect(clean.targets[0]?.source).toEqual({ commit, dirty: false });
    const dirty = await resolve(
      playbook,
      { 'code/a': '1' },
      {
        prepare: async (dir) => {
          prepare(dir);
          await chmod(join(dir, 'code/a'), 0o755);
        },
      },
    );
    expect(dirty.targets[0]?.source).toEqual({ commit, dirty: true });
  });

  it('is unknown without a repository or without git', async () => {
    expect((await resolve(playbook, { 'code/a': '1' })).targets[0]?.source).toBeNull();
    expect(
      (await resolve(playbook, { 'code/a': '1' }, { env: { PATH: '/nonexistent' } })).targets[0]?.source,
    ).toBeNull();
  });
});
