import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { silentPorts } from '../notify/receivers.ts';
import { type Bench, openBench, STORY } from './bench.ts';
import { cron, SILENT } from './cron-bench.ts';

/** One after the other: each is a hundred logins, or a hundred programs that are started. */
const ALONE = { ...STORY, concurrent: false };

/** Writes a hundred more hosts into the inventory, which are where `at` says. */
function hundred(bench: Bench<'it'>, at: (i: number) => object): void {
  const file = join(bench.folder, 'inventory', 'hosts.yaml');
  const { hosts } = JSON.parse(readFileSync(file, 'utf8'));
  const more = Array.from({ length: 100 }, (_, i) => `more${i}`);
  for (const [i, name] of more.entries()) hosts[name] = { ...hosts.it, vars: { place: `/srv/${name}` }, ...at(i) };
  // The one that is there comes last.
  const { it: last, ...others } = hosts;
  writeFileSync(file, JSON.stringify({ hosts: { ...others, it: last } }));
  bench.playbook({
    defaultChecks: false,
    hosts: [...more, ...Object.keys(others).filter((name) => !more.includes(name)), 'it'],
  });
}

it(
  'a hundred hosts that are gone are ten lines, one host that is there is seen, and the run keeps its time',
  ALONE,
  async () => {
    await using bench = await openBench('it');
    expect((await bench.fleet('deploy', '--all')).code).toBe(0);
    hundred(bench, () => ({ port: 1 }));
    const begun = Date.now();
    // As far apart as in a real run: more than the run has time for one after the other.
    const { code, stdout } = await cron(bench, [], { every: '2m' }, { everyMs: 15_000 });
    expect(Date.now() - begun).toBeLessThan(108_000);
    expect([code, stdout.match(/^CRITICAL /gm)?.length]).toEqual([3, 10]);
    expect(stdout).toContain('project: 100 critical');
    expect(stdout).toMatch(/and 90 more/);
    expect(stdout.split('\n').length).toBeLessThan(70);
    expect(stdout).not.toContain(' it ');
    expect(await cron(bench, [], { every: '1m' })).toEqual({ code: 3, ...SILENT });
  },
);

it('a hundred hosts that never answer keep none of a hundred that do from being looked at', ALONE, async () => {
  await using bench = await openBench('it');
  expect((await bench.fleet('deploy', '--all')).code).toBe(0);
  await using silence = await silentPorts(100);
  const file = join(bench.folder, 'inventory', 'hosts.yaml');
  const { hosts } = JSON.parse(readFileSync(file, 'utf8'));
  for (let i = 0; i < 99; i += 1) hosts[`good${i}`] = hosts.it;
  writeFileSync(file, JSON.stringify({ hosts }));
  hundred(bench, (i) => ({ port: silence.ports[i] }));
  // Each takes six seconds twice: ten at a time would take two minutes, of which there are fewer.
  const config = join(bench.folder, 'ssh_config');
  writeFileSync(config, 'ConnectTimeout 6\n', { mode: 0o600 });
  const world = bench.world();
  const { invoker } = world;
  const short = { ...world, invoker: { ...invoker, env: { ...invoker.env, FLEET_SSH_CONFIG: config } } };
  const { code, stdout } = await cron({ ...bench, world: () => short }, [], { every: '2m' });
  expect(code).toBe(3);
  expect(stdout).toContain('project: 100 critical on 100 hosts\n');
  expect(stdout).not.toContain('no time left');
});

it('hosts that a run has no time for are told of once', ALONE, async () => {
  await using bench = await openBench('it');
  await using silence = await silentPorts(100);
  hundred(bench, (i) => ({ port: silence.ports[i] }));
  const { stdout } = await cron(bench, [], { every: '6s' });
  expect(stdout).toMatch(/^WARNING \[\w{4}\] no time left for \d+ hosts: more\d+, /m);
  expect((await cron(bench, [], { every: '6s' })).stdout).not.toContain('no time left');
});
