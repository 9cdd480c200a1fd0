import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import type { Run } from '../e2e/fleet.ts';
import { type Bench, end, openBench, STORY } from './bench.ts';

const TEMPLATE = `[Unit]
PartOf=all.target
[Service]
WorkingDirectory={{ root }}/current
ExecStart=/bin/sh run.sh {{ root }} %i
Restart=on-failure
RestartSec=1

[Install]
WantedBy=all.target
`;
const RUN = `[ "$SPEED" != broken ] || { echo "$2 does not run at that speed" >&2; exit 3; }
echo "$$ $(cat VERSION) $SPEED" >"$1/data/$2"
exec sleep 600
`;
/** As somebody has typed it. */
const playbook = (root: string, hosts: string, names: string) => `# Workers.
name: app
hosts: [${hosts}]
root: "${root}"
data: [data]
vars:
  workers: ${names} # who works
deploy: { settle: 1ms, deadline: 5m }
tasks:
  - sync: { from: app }
  - units: { from: units, enable: [all.target], template: true }
  - instances:
      of: worker@.service
      names: "{{ workers }}"
      settings: workers/%i.env
      directives: { MemoryMax: RAM }
      files: [{ from: workers/%i.json, to: "{{ root }}/%i.json", mode: "0600" }]
      atMost: { instances: 3, MemoryMax: 300M }
`;

function workers(bench: Bench<string>, hosts = 'it', names = '[one, two]'): void {
  bench.write('playbooks/app.yaml', playbook('{{ place }}', hosts, names));
  bench.remove('units/app.service');
  bench.write('units/worker@.service', TEMPLATE);
  bench.write('units/all.target', '[Install]\nWantedBy=multi-user.target\n');
  bench.write('app/run.sh', RUN);
  for (const name of ['one', 'two', 'three', '4']) config(bench, name);
}

function config(bench: Bench<string>, name: string, settings = `RAM=80M\nSPEED=${name}-speed\n`): void {
  bench.write(`workers/${name}.env`, settings);
  bench.write(`workers/${name}.json`, `{"name": "${name}"}\n`);
}

const listOf = (bench: Bench<string>) =>
  /^ {2}workers: (.*)$/m.exec(readFileSync(join(bench.folder, 'playbooks/app.yaml'), 'utf8'))?.[1];

/** What an instance has said of itself: a unit counts as up before its shell has read its first line. */
const saidBy = (bench: Bench<'it'>, name: string, besides: string | null = null) =>
  vi.waitFor(
    () => {
      const said = bench.hosts.it.read(`data/${name}`);
      if (said === null || !said.endsWith('\n') || said === besides) throw new Error(`${name} has said nothing new`);
      return said;
    },
    { timeout: 60_000, interval: 50 },
  );

const planOf = (run: Run) => run.events.find(({ type }) => type === 'planned')?.plan as { readonly changes: unknown };

it('one more and one less: the others go on, also where the code has changed meanwhile', STORY, async () => {
  await using bench = await openBench('it');
  const { it: host } = bench.hosts;
  workers(bench);
  expect(end(await bench.fleet('deploy', '--all'))).toMatchObject({ outcome: 'deployed', generation: 1 });
  const started = (name: string) => host.read(`data/${name}`);
  const [one, two] = [await saidBy(bench, 'one'), await saidBy(bench, 'two')];
  const alive = (line: string | null) => existsSync(`/proc/${line?.split(' ')[0]}`);

  bench.write('app/VERSION', 'two\n');
  config(bench, 'one', 'RAM=1M\n');
  bench.remove('workers/two.env');
  bench.write('units/all.target', '# changed\n[Install]\nWantedBy=multi-user.target\n');
  const plan = await bench.human('instances', 'add', 'three', '--all', '--plan');
  expect(plan.stderr).toContain('playbooks/app.yaml:7: + three\n');
  expect(plan.stdout).toContain('leave alone: worker@one.service and worker@two.service');
  expect(listOf(bench)).toBe('[one, two] # who works');
  const added = await bench.fleet('instances', 'add', 'three', '--all');
  expect(end(added)).toMatchObject({ code: 0, outcome: 'deployed', generation: 2 });
  expect(added.stderr).toContain('playbooks/app.yaml:7: + three\n');
  expect(planOf(added)).toMatchObject({
    base: 1,
    changes: [
      { sign: '~', text: 'enabled units' },
      { sign: '+', text: expect.stringMatching(/^file .*\/three\.json$/) },
      { sign: '+', text: 'unit worker@three.service.d/50-fleet-instance.conf' },
    ],
    units: [
      { unit: 'worker@one.service', do: 'leave' },
      { unit: 'worker@two.service', do: 'leave' },
      { unit: 'worker@three.service', do: 'start' },
    ],
  });
  expect([started('one'), started('two')]).toEqual([one, two]);
  expect([one, two].map(alive)).toEqual([true, true]);
  expect(await saidBy(bench, 'three')).toMatch(/^\d+ one three-speed\n$/);
  expect(host.read('three.json')).toBe('{"name": "three"}\n');
  expect(listOf(bench)).toBe('[one, two, three] # who works');
  expect(end(await bench.fleet('instances', 'add', 'three', '--all'))).toMatchObject({ outcome: 'unchanged' });

  const status = await bench.human('instances', 'status', '--all');
  expect(status.stdout).toMatch(/worker@three\.service +active \(running\) .* 2 +\d+ +0 +[\d.]+ [KM]iB/);
  expect(status.stdout).toMatch(/worker@one\.service +active \(running\) .* 1 +\d+ +0 /);
  const { events, summary } = await bench.fleet('instances', 'list', '--all');
  expect(events).toEqual([
    { type: 'instances', host: 'it', app: 'app', template: 'worker@.service', names: ['one', 'two', 'three'], v: 1 },
  ]);
  expect(summary).toMatchObject({ command: 'instances', exitCode: 0, hosts: [] });
  const list = await bench.human('instances', 'list', '--all');
  expect(list.stdout).toMatch(/^it +app +worker@\.service +three$/m);

  const removed = await bench.fleet('instances', 'remove', 'one', '--all');
  expect(end(removed)).toMatchObject({ code: 0, outcome: 'deployed', generation: 3 });
  expect([one, two].map(alive)).toEqual([false, true]);
  expect([started('two'), host.read('one.json')]).toEqual([two, null]);
  expect(listOf(bench)).toBe('[two, three] # who works');
  expect((await bench.human('history', '--all')).stdout).toMatch(/ instances .*2.*3/);

  // All that the project has now, but for what was changed meanwhile, is what is live.
  config(bench, 'two');
  bench.write('app/VERSION', 'one\n');
  bench.write('units/all.target', '[Install]\nWantedBy=multi-user.target\n');
  expect(end(await bench.fleet('deploy', '--all'))).toMatchObject({ outcome: 'unchanged', generation: 3 });

  const back = started('three');
  expect((await bench.fleet('rollback', '--to', '1', '--all')).code).toBe(0);
  expect([alive(two), alive(back), started('two')]).toEqual([true, false, two]);
  expect(alive(await saidBy(bench, 'one', one))).toBe(true);
  expect([host.read('one.json'), host.read('three.json')]).toEqual(['{"name": "one"}\n', null]);
});

it('one that cannot be is refused or goes back, and the list is as it was', STORY, async () => {
  await using bench = await openBench('it');
  const { it: host } = bench.hosts;
  workers(bench);
  const add = async (...names: readonly string[]) => {
    const run = await bench.fleet('instances', 'add', ...names, '--all');
    return { code: run.code, said: run.stdout + run.stderr, list: listOf(bench), host: run.summary?.hosts[0] };
  };
  const same = '[one, two] # who works';
  const first = await add('three');
  expect(first).toMatchObject({ code: 3, list: same, host: { failure: { kind: 'not-apart' } } });
  expect((await bench.fleet('deploy', '--all')).code).toBe(0);
  const [one, two] = [await saidBy(bench, 'one'), await saidBy(bench, 'two')];

  expect(await add('five')).toMatchObject({
    ...{ code: 2, list: same },
    said: expect.stringContaining('instance five: the file workers/five.env does not exist; write it'),
  });
  expect(await add('a b')).toMatchObject({ code: 2, list: same, said: expect.stringContaining('letters, digits') });
  const both = await add('three', '4');
  expect(both).toMatchObject({ code: 3, list: same, host: { outcome: 'untouched', failure: { kind: 'over-limit' } } });
  expect(both.said).toContain('4 instances of worker@.service, and atMost allows 3');
  config(bench, 'three', 'RAM=200M\n');
  expect((await add('three')).said).toContain('may take 360M of memory together, and atMost allows 300M');

  config(bench, 'three', 'RAM=80M\nSPEED=broken\n');
  const broken = await add('three');
  expect(broken).toMatchObject({ code: 1, list: same, host: { outcome: 'reverted', generation: 1 } });
  expect(broken.said).toContain('three does not run at that speed');
  expect(broken.said).toContain('playbooks/app.yaml:7 is as it was');
  expect([host.read('data/one'), host.read('data/two'), host.read('three.json')]).toEqual([one, two, null]);

  const start = await bench.human('instances', 'start', 'three', '--all');
  expect({ code: start.code, said: start.stderr }).toMatchObject({
    ...{ code: 2, said: expect.stringContaining('`fleet instances add three` makes it one') },
  });
  const stop = await bench.fleet('instances', 'stop-all', '--all');
  expect(stop.summary?.hosts[0]).toMatchObject({ outcome: 'done' });
  expect(existsSync(`/proc/${one.split(' ')[0]}`)).toBe(false);
  expect((await bench.fleet('instances', 'start-all', '--all')).code).toBe(0);
  expect(await saidBy(bench, 'one', one)).toMatch(/one-speed/);
  expect((await bench.fleet('instances', 'restart', 'one', '--all')).code).toBe(0);
});

it(
  'a list that other hosts have too is theirs as well; one of its own is changed in the inventory',
  STORY,
  async () => {
    await using bench = await openBench('it', 'other');
    workers(bench, 'it, other');
    expect((await bench.fleet('deploy', '--all')).code).toBe(0);
    const refused = await bench.human('instances', 'add', 'three', '--host', 'it');
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('playbooks/app.yaml:7:12: this list of instances is also that of other');
    const unasked = await bench.human('instances', 'add', 'three');
    expect(unasked).toMatchObject({ code: 2, stderr: expect.stringContaining('no host was named') });
    expect(listOf(bench)).toBe('[one, two] # who works');

    const inventory = JSON.parse(readFileSync(join(bench.folder, 'inventory/hosts.yaml'), 'utf8'));
    inventory.hosts.it.vars.workers = ['one', 'two'];
    bench.write('inventory/hosts.yaml', JSON.stringify(inventory));
    expect((await bench.fleet('instances', 'add', '4', '--host', 'it')).code).toBe(0);
    expect(readFileSync(join(bench.folder, 'inventory/hosts.yaml'), 'utf8')).toContain('"workers":["one","two", "4"]');
    expect([bench.hosts.it.read('4.json'), bench.hosts.other.read('4.json')]).toEqual(['{"name": "4"}\n', null]);
  },
);
