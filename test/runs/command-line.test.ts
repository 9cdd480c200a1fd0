import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import type { CliContext } from '../../src/cli/context.ts';
import { runCommandLine } from '../../src/cli/program.ts';
import { VERSION } from '../../src/cli/version.ts';
import type { Run } from '../e2e/fleet.ts';
import { jsonLines } from '../json-lines.ts';
import { end, openBench, STORY } from './bench.ts';

it('refuses before any host is contacted, with 2, for people and for scripts', STORY, async () => {
  await using bench = await openBench('it');
  const unnamed = await bench.human('deploy');
  expect({ code: unnamed.code, stdout: unnamed.stdout }).toEqual({ code: 2, stdout: '' });
  expect(unnamed.stderr).toContain('no host was named, so deploy would change all of them: it');
  const flag = await bench.fleet('deploy', '--al');
  expect({ code: flag.code, summary: flag.summary }).toMatchObject({
    code: 2,
    summary: { command: 'deploy', hosts: [] },
  });
  expect(flag.stderr).toContain('--all');
  bench.playbook({ kepp: 3 });
  const wrong = await bench.fleet('check');
  expect({ code: wrong.code, summary: wrong.summary }).toMatchObject({
    code: 2,
    summary: {
      exitCode: 2,
      errors: [
        {
          ...{ file: 'playbooks/app.yaml', line: 1 },
          message: expect.stringContaining('kepp'),
          hint: expect.stringContaining('keep'),
        },
      ],
    },
  });
  expect((await bench.human('lock', '--all', '--hold', 'why', '--release')).code).toBe(2);
  expect(bench.hosts.it.line.connections).toBe(0);
});

it('checks a project offline, and plans without writing a thing', STORY, async () => {
  await using bench = await openBench('it');
  const { it: host } = bench.hosts;
  expect(await bench.human('check')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('no host was contacted'),
  });
  expect(host.line.connections).toBe(0);
  const plan = await bench.human('plan');
  expect(plan.code).toBe(0);
  expect(plan.stdout).toMatch(/\+ .*app\.service/);
  expect(end(await bench.fleet('plan', '--exit-code'))).toMatchObject({ code: 5, outcome: 'planned', pending: true });
  expect(existsSync(host.root)).toBe(false);
});

it('reports what runs there: status, history, health and plan', STORY, async () => {
  await using bench = await openBench('it');
  const none = await bench.fleet('health');
  expect(end(none)).toMatchObject({ code: 1, outcome: 'unhealthy' });
  const deployed = await bench.human('deploy', '--all', '--quiet');
  expect(deployed).toMatchObject({ code: 0, stderr: '' });
  expect(deployed.stdout.trimEnd().split('\n').at(-1)).toBe('deploy: 1 deployed');

  expect(end(await bench.fleet('plan', '--exit-code'))).toMatchObject({ code: 0, outcome: 'unchanged' });
  const last = { action: 'deploy', from: 0, to: 1, result: 'committed', by: expect.stringMatching(/^alice@/) };
  expect(end(await bench.fleet('status', '--verify'))).toMatchObject({
    ...{ code: 0, outcome: 'reported' },
    report: { generation: 1, runtime: 'nohup', phase: 'IDLE', drift: [], verified: 2, last },
  });
  expect(end(await bench.fleet('history'))).toMatchObject({ code: 0, report: { active: 1, entries: [last] } });
  expect(end(await bench.fleet('health'))).toMatchObject({ code: 0, outcome: 'healthy', generation: 1 });
  expect(await bench.human('health', '--format', 'nagios')).toMatchObject({
    ...{ code: 0, stdout: expect.stringMatching(/^FLEET OK/) },
  });
  expect((await bench.human('health', '--format', 'prometheus')).stdout).toMatch(/^fleet_\w+\{.*host="it".*\} 1$/m);
});

it(
  'the summary has the exit code of the process: of a usage error, a bug and a plan, with flags wherever they stand',
  STORY,
  async () => {
    await using bench = await openBench('it');
    const codes = ({ code, summary }: Run) => [code, summary?.exitCode];
    expect(codes(await bench.fleet('plan', '--exit-code'))).toEqual([5, 5]);
    expect(codes(await bench.fleet('plan'))).toEqual([0, 0]);
    expect(codes(await bench.fleet('-C', bench.folder, 'check'))).toEqual([0, 0]);
    expect(codes(await bench.fleet('--al', 'plan'))).toEqual([2, 2]);
    expect(codes(await bench.fleet('paln'))).toEqual([2, 2]);
    expect(codes(await bench.fleet('pause', 'it', '--for', '2h', '--reason', 'x'))).toEqual([0, 0]);
    expect(codes(await bench.fleet('ack', 'nothing'))).toEqual([2, 2]);
    expect(codes(await bench.fleet('ssh', 'it'))).toEqual([2, 2]);
    const [out, err] = [new PassThrough({ encoding: 'utf8' }), new PassThrough({ encoding: 'utf8' })];
    const begin = () => {
      throw new Error('a bug');
    };
    const context = { ...bench.world(), begin, stdout: out, stderr: err } as unknown as CliContext;
    expect(await runCommandLine(['--json', 'plan'], context)).toBe(70);
    expect(jsonLines(out.read())[0]).toMatchObject({
      type: 'summary',
      command: 'plan',
      exitCode: 70,
      errors: [{ message: 'a bug' }],
    });
    expect(err.read()).toContain('internal error');
  },
);

it('tells scripts what a report of a bug needs', STORY, async () => {
  await using bench = await openBench('it');
  const { code, events } = await bench.fleet('--version');
  expect(code).toBe(0);
  expect(events).toMatchObject([{ type: 'version', version: VERSION, node: process.version }]);
  expect(events[0]?.ssh).toMatch(/^OpenSSH/);
});

it('a log has all that happened, each line with its time, whatever the screen shows', STORY, async () => {
  await using bench = await openBench('it');
  const log = join(bench.folder, 'fleet.log');
  const lines = () => readFileSync(log, 'utf8').split('\n');
  expect((await bench.human('deploy', '--all', '--quiet', '--log-file', 'fleet.log')).code).toBe(0);
  expect(lines()[0]).toMatch(/^# \S+Z fleet \S+ deploy, by alice$/);
  expect(lines().filter((line) => /^\d{4}-\S+Z it \| (connecting|deployed: generation 1)/.test(line))).toHaveLength(2);
  expect(lines().at(-2)).toBe('deploy: 1 deployed');
  expect(statSync(log).mode & 0o777).toBe(0o600);
  const before = lines().length;
  const status = await bench.fleet('status', '--log-file', log);
  expect(status.summary?.exitCode).toBe(0);
  expect(lines().length).toBeGreaterThan(before);
  expect(readFileSync(log, 'utf8')).not.toContain('canary-token');
  const refused = await bench.fleet('status', '--log-file', 'none/such');
  expect(refused).toMatchObject({
    code: 2,
    summary: { errors: [{ message: expect.stringContaining('--log-file none/such') }] },
  });
});
