import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
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
