import { readFileSync, statSync } from 'node:fs';
import { expect, it } from 'vitest';
import { closedPort, receiver } from '../notify/receivers.ts';
import { end, openBench, STORY } from './bench.ts';

const KEY = Buffer.alloc(32, 1).toString('base64');
const hook = (url: string) => ({ webhook: { url, secret: 'secrets/hook.key', timeout: '2s' } });

it('tells the channels of a playbook of what they are to hear, once, and nothing of the rest', STORY, async () => {
  await using bench = await openBench('it');
  await using ops = await receiver((_, response) => response.end());
  await using pager = await receiver((_, response) => response.end());
  bench.write('secrets/hook.key', KEY);
  bench.write('inventory/notify.yaml', JSON.stringify({ notify: { ops: hook(ops.url), pager: hook(pager.url) } }));
  bench.playbook({ notify: { deploy: ['ops'], rollback: ['ops'], revert: ['ops', 'pager'] } });
  expect(end(await bench.fleet('deploy', '--all'))).toMatchObject({ code: 0, outcome: 'deployed' });
  expect(end(await bench.fleet('deploy', '--all'))).toMatchObject({ code: 0, outcome: 'unchanged' });
  bench.write('app/VERSION', 'broken\n');
  expect(end(await bench.fleet('deploy', '--all'))).toMatchObject({ code: 1, outcome: 'reverted' });
  const told = ops.requests.map(({ body }) => JSON.parse(body).data);
  expect(told.map(({ worst, headline }) => [worst, headline])).toEqual([
    ['ok', 'deploy of app: 1 deployed'],
    ['warning', 'deploy of app: 1 reverted'],
  ]);
  expect(told[1].items[0]).toMatchObject({ kind: 'deploy', subject: { host: 'it', app: 'app' } });
  expect(told[1].items[0].log.join()).toContain('cannot open the shop');
  expect(pager.requests.map(({ body }) => JSON.parse(body).data.headline)).toEqual(['deploy of app: 1 reverted']);
  // What the app is given is in no message.
  expect(JSON.stringify([ops.requests, pager.requests])).not.toContain('canary-token');
});

it('a channel that cannot be told is said, and changes nothing about the run', STORY, async () => {
  await using bench = await openBench('it');
  await using silent = await receiver(() => {});
  bench.write('secrets/hook.key', KEY);
  const dead = hook(`http://127.0.0.1:${await closedPort()}/canary-path`);
  bench.write('inventory/notify.yaml', JSON.stringify({ notify: { dead, silent: hook(silent.url) } }));
  bench.playbook({ notify: ['dead', 'silent'] });
  const run = await bench.human('deploy', '--all', '--quiet');
  expect(run.code).toBe(0);
  expect(run.stdout).toMatch(/^deploy: 1 deployed$/m);
  expect(run.stderr).toMatch(/^dead: NOT TOLD: 127\.0\.0\.1:\d+ refused the connection/m);
  expect(run.stderr).toMatch(/^silent: NOT TOLD: .*no answer/m);
  expect(run.stderr).not.toContain('canary-path');

  const tried = await bench.human('notify', '--test');
  expect([tried.code, tried.stdout.match(/NOT TOLD/g)?.length]).toEqual([1, 2]);
  expect((await bench.human('notify')).stdout).toBe('dead: webhook\nsilent: webhook\n');
  const wrong = await bench.human('notify', '--test', 'deda');
  expect([wrong.code, wrong.stderr]).toEqual([
    2,
    'there is no channel "deda" in the inventory\ndid you mean "dead"?\n',
  ]);
});

it('monitors and collectors read what was seen, and what was seen before', STORY, async () => {
  await using bench = await openBench('it');
  expect((await bench.human('deploy', '--all', '--quiet')).code).toBe(0);
  const write = () => bench.human('health', '--format', 'prometheus', '--output', 'fleet.prom');
  expect(await write()).toEqual({ code: 0, stdout: '', stderr: '' });
  const read = () => readFileSync(`${bench.folder}/fleet.prom`, 'utf8');
  expect(statSync(`${bench.folder}/fleet.prom`).mode & 0o777).toBe(0o644);
  expect(read()).toMatch(/^fleet_healthy\{host="it",app="app"\} 1$/m);
  expect(read()).toMatch(/\n# EOF\n$/);
  bench.write(
    'inventory/hosts.yaml',
    readFileSync(`${bench.folder}/inventory/hosts.yaml`, 'utf8').replace(/"port":\d+/, `"port":${await closedPort()}`),
  );
  expect((await write()).code).toBe(3);
  expect(read()).toMatch(/^fleet_host_checked\{host="it",app="app"\} 0$/m);
  expect(read()).toMatch(/^fleet_healthy\{host="it",app="app"\} 1$/m);
  const plugin = await bench.human('health', '--format', 'nagios');
  expect([plugin.code, plugin.stdout]).toEqual([
    2,
    expect.stringMatching(/^FLEET CRITICAL - 1 host: 1 unreachable \|/),
  ]);
  const usage = await bench.human('health', '--format', 'nagios', '--bogus');
  expect([usage.code, usage.stdout]).toEqual([3, expect.stringMatching(/^FLEET UNKNOWN - /)]);
  expect((await bench.human('health', '--format', 'prometheus', '--output', '/dev/null')).code).toBe(2);
});
