import { randomBytes } from 'node:crypto';
import { appendFileSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openHere } from '../../src/cli/project.ts';
import { resolveTargets } from '../../src/config/resolve.ts';
import { EVERYTHING } from '../../src/config/select.ts';
import { healthOf } from '../../src/engine/commands/health.ts';
import { lookAtHosts } from '../../src/engine/fleet/fleet.ts';
import { connections } from '../../src/library/connections.ts';
import { NO_MEMORY } from '../../src/model/check.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { type Bench, openBench, STORY, until } from './bench.ts';
import { cron, SILENT } from './cron-bench.ts';

// What a run of `fleet health --cron` knows of the one before, and how often it goes to a host.

const status = ({ hosts }: Bench<'it'>) => hosts.it.read('.fleet/run/app.service/status') ?? '';

/** Its main process dies, and the supervisor starts it again. */
async function restart(bench: Bench<'it'>, times: number): Promise<void> {
  process.kill(Number(/^MainPID=(\d+)$/m.exec(status(bench))?.[1]), 'SIGKILL');
  const again = new RegExp(`^ActiveState=active.*^NRestarts=${times}$`, 'ms');
  await until(() => expect(status(bench)).toMatch(again));
}

it.each([
  ['a check of the playbook', [{ unit: 'app.service' }], 'unit app.service'],
  ['the service itself, where no check is about it', [], 'service app.service'],
])('a restart since the last look is told once, by %s', STORY, async (_who, health, check) => {
  await using bench = await openBench('it');
  bench.playbook({ health });
  await bench.fleet('deploy', '--all');
  expect(await cron(bench)).toEqual({ code: 0, ...SILENT });
  await restart(bench, 1);
  // Whoever looks in between knows it too, and takes nothing away from the next run.
  const words = 'app.service was restarted once since the last look';
  expect((await bench.human('health', '--all')).stdout).toContain(words);
  const told = await cron(bench);
  expect(told.stdout).toContain(`app on it: ${check}: ${words}`);
  expect(told.code).toBe(0);
  expect((await bench.human('health', '--all')).stdout).not.toContain(words);
  expect((await cron(bench)).stdout).toContain(`${check} is well again`);
  expect(await cron(bench)).toEqual({ code: 0, ...SILENT });
});

it('lines of a log are counted once, however the log is rotated', STORY, async () => {
  await using bench = await openBench('it');
  const log = join(bench.hosts.it.root, 'data', 'app.log');
  bench.playbook({
    health: [{ logs: { path: '{{ place }}/data/app.log', patterns: [{ match: '^ERROR', warn: 1 }] } }],
  });
  mkdirSync(join(bench.hosts.it.root, 'data'), { recursive: true });
  writeFileSync(log, 'fine\n');
  await bench.fleet('deploy', '--all');
  expect(await cron(bench)).toEqual({ code: 0, ...SILENT });
  appendFileSync(log, 'ERROR one\nERROR two\n');
  expect((await cron(bench)).stdout).toContain('2 lines match ^ERROR since the last look, the last: ERROR two');
  expect((await cron(bench)).stdout).toContain('is well again');
  // The new file is longer than the old one was: its size alone would not tell that it is another.
  appendFileSync(log, 'ERROR three\n');
  renameSync(log, `${log}.1`);
  writeFileSync(log, `${'fine\n'.repeat(50)}ERROR four\n`);
  expect((await cron(bench)).stdout).toContain('2 lines match ^ERROR since the last look, the last: ERROR four');
  expect((await cron(bench)).stdout).toContain('is well again');
  expect(await cron(bench)).toEqual({ code: 0, ...SILENT });
});

it('whoever switches off what health asks by itself hears nothing of a service that is down', STORY, async () => {
  await using bench = await openBench('it');
  const off = (what: boolean | object) => bench.playbook({ health: [], defaultChecks: what });
  off(true);
  await bench.fleet('deploy', '--all');
  await bench.fleet('stop', 'app.service', '--host', 'it');
  const look = async () => {
    const { code, stdout } = await bench.human('health', '--all');
    return { code, told: /service app\.service|deployed|generation/.test(stdout) };
  };
  expect(await look()).toEqual({ code: 1, told: true });
  off({ services: false });
  expect((await bench.human('health', '--all')).stdout).not.toContain('service app.service');
  off(false);
  expect(await look()).toEqual({ code: 0, told: false });
  expect(await cron(bench)).toEqual({ code: 0, ...SILENT });
});

/** A second app of the same host. */
function secondApp(bench: Bench<'it'>): void {
  const { root } = bench.hosts.it;
  bench.write('blog/serve.sh', 'exec sleep 600\n');
  bench.write('blog-units/blog.service', UNIT);
  bench.write(
    'playbooks/blog.yaml',
    JSON.stringify({
      ...{ name: 'blog', hosts: ['it'], root: `${root}-blog`, deploy: { settle: '1ms', deadline: '5m' } },
      tasks: [{ sync: { from: 'blog' } }, { units: { from: 'blog-units', enable: ['blog.service'], template: true } }],
    }),
  );
}

const UNIT = `[Service]
WorkingDirectory={{ root }}/current
ExecStart=/bin/sh serve.sh {{ root }}
[Install]
WantedBy=multi-user.target
`;

it('all apps of a host share one login and one command', STORY, async () => {
  await using bench = await openBench('it');
  // What a command says is quoted, and may be a secret.
  bench.playbook({ health: [{ unit: 'app.service' }, { command: ['sh', '-c', 'echo with $TOKEN'] }] });
  secondApp(bench);
  const { line } = bench.hosts.it;
  const logins = async <T>(work: () => Promise<T>) => {
    const before = line.connections;
    const result = await work();
    return { result, count: line.connections - before };
  };
  // No app has our program there yet: it is sent, over the same connection.
  expect(await logins(() => cron(bench))).toMatchObject({ count: 1, result: { code: 1 } });
  const deployed = await bench.fleet('deploy', '--all');
  expect([deployed.code, deployed.stderr]).toEqual([0, '']);
  expect(await cron(bench)).toMatchObject({ code: 0, stdout: expect.stringContaining('well again') });
  expect(await logins(() => cron(bench))).toEqual({ count: 1, result: { code: 0, ...SILENT } });
  const shown = await logins(() => bench.human('health', '--all', '--parallel', '1'));
  expect(shown).toMatchObject({ count: 1, result: { code: 0 } });
  expect(shown.result.stdout).toMatch(/it +app.*it +blog/s);
  expect(shown.result.stdout).not.toContain('canary-token');
  expect((await bench.human('health', '--host', 'it', '--verbose')).stdout).toContain('with [secret TOKEN]');
  expect(await commandsOf(bench)).toEqual({ ends: ['healthy', 'healthy'], commands: 1 });
  // Of one that is bad, its evidence is read besides, and nothing of the other.
  line.blackhole();
  const gone = await logins(() => cron(bench, [], { every: '1m' }));
  expect(gone.result.stdout.split('\n').filter((text) => text.startsWith('CRITICAL'))).toHaveLength(1);
  expect(gone.count).toBe(2);
});

/** Of `fleet health`, what it sends. */
async function commandsOf(bench: Bench<'it'>) {
  const world = bench.world();
  const here = await openHere({ C: bench.folder }, world);
  const resolved = await resolveTargets(here.project, EVERYTHING);
  if (!resolved.ok) throw new Error('no targets');
  const connect = connections(here, {});
  let commands = 0;
  const counted = (transport: Transport): Transport =>
    new Proxy(transport, {
      get(of, key) {
        if (key === 'run') commands += 1;
        const value: unknown = Reflect.get(of, key);
        return typeof value === 'function' ? value.bind(of) : value;
      },
    });
  const hosts = await lookAtHosts(resolved.value.targets, (shares) => healthOf(shares, () => NO_MEMORY), {
    ...{ signal: world.signal, now: Date.now, report: () => {}, by: 'alice@bench', localRsync: false, parallel: 10 },
    newId: () => randomBytes(6).toString('hex'),
    kind: 'reads',
    connect: (target) => async (signal) => {
      const connected = await connect(target)(signal);
      return connected.ok ? { ...connected, value: counted(connected.value) } : connected;
    },
  });
  return { ends: hosts.map(({ outcome }) => outcome.end), commands };
}
