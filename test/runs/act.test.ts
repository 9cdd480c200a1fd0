import { rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { end, openBench, STORY } from './bench.ts';
import { cron, SILENT } from './cron-bench.ts';

/** Hangs while there is data/ill, which a start takes away, unless there is data/incurable. */
const SERVE = `[ -e "$1/data/incurable" ] || rm -f "$1/data/ill"
echo "$(cat VERSION) $$" >"$1/data/serving"
exec sleep 600
`;

async function until(what: () => unknown, seconds = 60): Promise<void> {
  const last = Date.now() + seconds * 1000;
  while (!what()) {
    if (Date.now() > last) throw new Error(`never: ${what}`);
    await sleep(100);
  }
}

it('a service that hangs is restarted by its host, not without an end, and that is told', STORY, async () => {
  await using bench = await openBench('it');
  const { it: host } = bench.hosts;
  const check = { command: { command: ['test', '!', '-e', `${host.root}/data/ill`] } };
  bench.write('app/serve.sh', SERVE);
  bench.playbook({ act: { every: '1s', hung: [{ unit: 'app.service', when: check, failures: 2 }] } });
  expect(end(await bench.fleet('deploy', '--all'))).toMatchObject({ code: 0, generation: 1 });
  expect((await bench.human('health', '--all')).stdout).toMatch(/act +ok .*nothing had to be done/);
  const restarts = () => host.read('.fleet/acts')?.match(/\trestarted\t/g)?.length ?? 0;
  const ill = () => writeFileSync(`${host.root}/data/ill`, '');
  const before = host.read('data/serving');
  ill();
  await until(() => restarts() === 1 && host.read('data/ill') === null);
  expect(await host.standing()).toEqual(['releases/1', 'one', 'IDLE']);
  expect(host.read('data/serving')).not.toBe(before);
  const health = await bench.human('health', '--all');
  expect(health.stdout).toMatch(
    /act +WARNING .*app\.service restarted at \S+: command test ! -e \S+ failed 2 times in a row/,
  );

  // What no start cures.
  writeFileSync(`${host.root}/data/incurable`, '');
  ill();
  await until(() => host.read('.fleet/acts')?.includes('not restarted any more for now'));
  await sleep(5000);
  expect(restarts()).toBe(3);

  // With the rules goes whoever acts by them.
  bench.playbook({});
  bench.write('app/VERSION', 'two\n');
  expect(end(await bench.fleet('deploy', '--all'))).toMatchObject({ code: 0, generation: 2 });
  await until(() => !host.processes().some((line) => / act (look|guard) /.test(line)));
  expect((await bench.human('health', '--all')).stdout).not.toMatch(/\bact +(ok|WARNING)/);
});

it('whoever kills it does not end it; a hold and a transaction keep it away', STORY, async () => {
  await using bench = await openBench('it');
  const { it: host } = bench.hosts;
  const check = { command: { command: ['test', '!', '-e', `${host.root}/data/ill`] } };
  bench.write('app/serve.sh', SERVE);
  bench.playbook({ act: { every: '1s', hung: [{ unit: 'app.service', when: check, failures: 1 }] } });
  await bench.fleet('deploy', '--all');
  const lookers = () =>
    host.processes().flatMap((line) => (/ act look $/.test(line) ? [Number(line.split(' ')[0])] : []));
  await until(() => lookers().length === 1);
  const [first = 0] = lookers();
  process.kill(first, 'SIGKILL');
  await until(() => lookers().some((pid) => pid !== first));
  await bench.fleet('lock', '--hold', 'by hand', '--all');
  writeFileSync(`${host.root}/data/ill`, '');
  await sleep(4000);
  expect(host.read('.fleet/acts')).toBe(null);
  await bench.fleet('lock', '--release', '--all');
  await until(() => host.read('data/ill') === null && host.read('.fleet/acts') !== null);
  const told = host.read('.fleet/acts');

  // A deploy that is at work: it waits for a health check, for as long as there is data/wait.
  const wait = `${host.root}/data/wait`;
  writeFileSync(wait, '');
  bench.playbook({
    act: { every: '1s', hung: [{ unit: 'app.service', when: check, failures: 1 }] },
    health: [{ command: { command: ['test', '!', '-e', wait], retryFor: '5m' } }],
  });
  bench.write('app/VERSION', 'two\n');
  const deploy = bench.start(['deploy', '--all']);
  await until(() => /^phase AWAIT_CONFIRM$/m.test(host.read('.fleet/state') ?? ''));
  writeFileSync(`${host.root}/data/ill`, '');
  await sleep(4000);
  expect([host.read('.fleet/acts'), host.read('data/ill')]).toEqual([told, '']);
  rmSync(wait);
  expect(end(await deploy.ended)).toMatchObject({ code: 0, generation: 2 });
  // As soon as that is over it does what it was kept from.
  await until(() => host.read('data/ill') === null && host.read('.fleet/acts') !== told);
});

it('each thing that a host does by itself between two runs of the cron job is told, once', STORY, async () => {
  await using bench = await openBench('it');
  const { it: host } = bench.hosts;
  const check = { command: { command: ['test', '!', '-e', `${host.root}/data/ill`] } };
  bench.write('app/serve.sh', SERVE);
  bench.playbook({ act: { every: '1s', hung: [{ unit: 'app.service', when: check, failures: 1 }] } });
  expect(end(await bench.fleet('deploy', '--all'))).toMatchObject({ code: 0, generation: 1 });
  expect(await cron(bench)).toEqual({ code: 0, ...SILENT });
  const hang = async (times: number) => {
    writeFileSync(`${host.root}/data/ill`, '');
    const restarts = () => host.read('.fleet/acts')?.match(/\trestarted\t/g)?.length ?? 0;
    await until(() => restarts() === times && host.read('data/ill') === null);
  };
  await hang(1);
  const first = await cron(bench);
  expect(first.stdout).toMatch(/^WARNING \[\w{4}\] app on it: act: app\.service restarted at \S+: command test /m);
  expect(await cron(bench)).toEqual({ code: 0, ...SILENT });
  await hang(2);
  const second = await cron(bench);
  const id = /\[(\w{4})\]/.exec(first.stdout)?.[1];
  expect(second.stdout).toMatch(new RegExp(`^WARNING \\[${id}\\] app on it: act: .*app\\.service restarted at`, 'm'));
  expect(await cron(bench)).toEqual({ code: 0, ...SILENT });

  // What no start cures is not restarted for ever, and somebody has to come.
  writeFileSync(`${host.root}/data/incurable`, '');
  writeFileSync(`${host.root}/data/ill`, '');
  await until(() => host.read('.fleet/acts')?.includes('not restarted any more for now'));
  const given = await cron(bench);
  expect(given.stdout).toMatch(
    /^CRITICAL \[\w{4}\] app on it: act: hangs and is not restarted any more: app\.service; /m,
  );
  expect(await cron(bench)).toEqual({ code: 1, ...SILENT });
});
