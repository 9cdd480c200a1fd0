import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { openHere } from '../../src/cli/project.ts';
import { resolveTargets } from '../../src/config/resolve.ts';
import { EVERYTHING } from '../../src/config/select.ts';
import { deployHost } from '../../src/engine/commands/deploy.ts';
import { contentDigest } from '../../src/engine/plan/parts.ts';
import type { HostRun } from '../../src/engine/run.ts';
import { connections } from '../../src/library/connections.ts';
import type { Run } from '../e2e/fleet.ts';
import { type Bench, end, openBench, STORY, TASKS, until } from './bench.ts';

const DEPLOY = ['deploy', '--all'];
const notes = (run: Run) => run.events.flatMap(({ type, text }) => (type === 'note' ? [text] : []));

/** Whoever hears that it settles can do something about it meanwhile. */
const SLOWLY = { settle: '3s', deadline: '5m' };

/** An app that runs in version one; its next version is two. */
async function live() {
  const bench = await openBench('it');
  expect(end(await bench.fleet(...DEPLOY))).toMatchObject({ code: 0, outcome: 'deployed', generation: 1 });
  bench.playbook({ deploy: SLOWLY });
  bench.write('app/VERSION', 'two\n');
  return bench;
}
const OLD = ['releases/1', 'one', 'IDLE'];
const NEW = ['releases/2', 'two', 'IDLE'];

it('a connection that breaks off in the switch and in the checks is picked up each time', STORY, async () => {
  await using bench = await live();
  const { it: host } = bench.hosts;
  const cut = () => host.line.reset();
  const run = await bench.start(DEPLOY, {
    on: [
      ['"phase":"settle"', cut],
      ['"phase":"verify"', cut],
    ],
  }).ended;
  expect(end(run)).toMatchObject({ code: 0, outcome: 'deployed', generation: 2 });
  expect(notes(run)).toEqual([
    'the connection broke off; the host goes on, and is asked again over a new one',
    'the connection broke off; the checks are asked again over a new one',
  ]);
  expect(await host.standing()).toEqual(NEW);
});

it(
  'a connection that breaks off while code is sent leaves the release before, and nothing of the new one',
  STORY,
  async () => {
    await using bench = await live();
    const { it: host } = bench.hosts;
    const run = await bench.start(DEPLOY, { on: [['"title":"send app', () => host.line.reset()]] }).ended;
    expect(end(run)).toMatchObject({
      code: 1,
      outcome: 'reverted',
      generation: 1,
      failure: { kind: 'connection-lost' },
    });
    expect(await host.standing()).toEqual(OLD);
    expect(existsSync(`${host.root}/releases/2`) || existsSync(`${host.root}/.fleet/generations/2`)).toBe(false);
  },
);

it('Ctrl-C in a build of a first deploy leaves a host on which nobody has been', STORY, async () => {
  await using bench = await openBench('it');
  const { it: host } = bench.hosts;
  bench.playbook({ tasks: [...TASKS, { run: { command: ['sh', '-c', 'echo building; exec sleep 601'] } }] });
  const run = await bench.start(DEPLOY, { on: [['"line":"building"', ({ interrupt }) => interrupt()]] }).ended;
  expect(end(run)).toMatchObject({ code: 130, outcome: 'reverted', generation: 0, failure: { kind: 'cancelled' } });
  expect(existsSync(host.root)).toBe(false);
  await until(() => expect(host.processes()).toEqual([]));
});

it.each(['settle', 'verify'])('Ctrl-C in %s brings the version before back', STORY, async (phase) => {
  await using bench = await live();
  const { it: host } = bench.hosts;
  bench.playbook({ deploy: SLOWLY, health: [{ command: ['sh', '-c', 'exit 1'] }] });
  const run = await bench.start(DEPLOY, { on: [[`"phase":"${phase}"`, ({ interrupt }) => interrupt()]] }).ended;
  expect(end(run)).toMatchObject({ code: 130, outcome: 'reverted', generation: 1, failure: { kind: 'cancelled' } });
  expect(await host.standing()).toEqual(OLD);
});

it('a runner that is killed is heard of, and its way back is gone for it', STORY, async () => {
  await using bench = await live();
  const { it: host } = bench.hosts;
  const run = await bench.start(DEPLOY, { on: [['"phase":"settle"', () => host.killRunner()]] }).ended;
  expect(end(run)).toMatchObject({ code: 1, outcome: 'reverted', generation: 1, failure: { kind: 'runner-died' } });
  expect(await host.standing()).toEqual(OLD);
});

/** The engine alone, with a clock of its own: once its host is gone, every attempt to reach it takes an hour. */
async function loneRun(bench: Bench<'it'>) {
  const world = bench.world();
  const here = await openHere({ C: bench.folder }, world);
  const resolved = await resolveTargets(here.project, EVERYTHING);
  const target = resolved.ok ? resolved.value.targets[0] : undefined;
  if (target === undefined) throw new Error('no target');
  const connect = connections(here, {})(target);
  let hours: number | null = null;
  const run: HostRun = {
    ...{ signal: world.signal, by: 'alice@bench', localRsync: false, connectCode: null, emit: () => {} },
    alone: async () => null,
    newId: () => randomBytes(6).toString('hex'),
    now: () => Date.now() + (hours ?? 0) * 3_600_000,
    async connect(signal) {
      if (hours === null) return connect(signal);
      hours += 1;
      return { ok: false, failure: { kind: 'unreachable', detail: 'no answer' } };
    },
  };
  const lose = () => {
    hours = 0;
    bench.hosts.it.line.reset();
  };
  return { target, run, lose };
}

it(
  'a host that cannot be asked any more is unknown, and the next deploy finishes what its dead runner left',
  STORY,
  async () => {
    await using bench = await live();
    const { it: host } = bench.hosts;
    const { target, run, lose } = await loneRun(bench);
    const emit: HostRun['emit'] = (event) => {
      if (event.type !== 'phase' || event.phase !== 'settle') return;
      host.killRunner();
      lose();
    };
    const outcome = await deployHost(target, { ...run, emit });
    expect(outcome).toMatchObject({ end: 'unknown', failure: { kind: 'connection-lost' } });
    expect(await host.standing()).toMatchObject({ 0: 'releases/2', 2: 'SETTLING' });

    const status = await bench.fleet('status', '--all');
    expect(end(status)).toMatchObject({
      code: 0,
      report: { phase: 'SETTLING', open: expect.stringContaining('alice') },
    });
    const plan = await bench.fleet('plan', '--all');
    expect(notes(plan)).toEqual([expect.stringContaining('was left unfinished and would be finished first')]);
    expect(end(await bench.fleet('health', '--all'))).toMatchObject({ code: 1, outcome: 'unhealthy' });

    const next = await bench.fleet(...DEPLOY);
    expect(end(next)).toMatchObject({ code: 0, outcome: 'deployed', generation: 3 });
    expect(notes(next)).toEqual([expect.stringContaining('on its way from 1 to 2; it was finished first')]);
    expect(await host.standing()).toEqual(['releases/3', 'two', 'IDLE']);
  },
);

it('a way back that fails ends with 4, and stays so until its cause is gone', STORY, async () => {
  await using bench = await live();
  const { it: host } = bench.hosts;
  writeFileSync(`${host.root}/data/refuse`, '');
  const run = await bench.fleet(...DEPLOY);
  expect(end(run)).toMatchObject({ code: 4, outcome: 'stuck', failure: { kind: 'not-settled' } });
  const again = await bench.fleet(...DEPLOY);
  expect(end(again)).toMatchObject({ code: 4, outcome: 'stuck', failure: { kind: 'needs-repair' } });
  rmSync(`${host.root}/data/refuse`);
  const last = await bench.fleet(...DEPLOY);
  expect(end(last)).toMatchObject({ code: 0, outcome: 'deployed' });
  expect((await host.standing()).slice(1)).toEqual(['two', 'IDLE']);
});

it('of two operators the second one is told who is at work, and changes nothing', STORY, async () => {
  await using bench = await live();
  const { it: host } = bench.hosts;
  bench.playbook({ health: [{ command: ['test', '-e', `${host.root}/data/go`] }] });
  const both = async () => {
    const second = await bench.start(DEPLOY, { as: 'bob' }).ended;
    expect(end(second)).toMatchObject({ code: 3, outcome: 'untouched', failure: { kind: 'locked' } });
    expect(end(second).failure?.message).toContain('alice@');
    writeFileSync(`${host.root}/data/go`, '');
  };
  const first = await bench.start(DEPLOY, { on: [['"phase":"verify"', both]] }).ended;
  expect(end(first)).toMatchObject({ code: 0, outcome: 'deployed', generation: 2 });
  expect(await host.standing()).toEqual(NEW);
});

it('a host that is held is left alone until it is let go', STORY, async () => {
  await using bench = await openBench('it');
  const { it: host } = bench.hosts;
  mkdirSync(host.root);
  const held = await bench.start(['lock', '--all', '--hold', 'a new disk'], { as: 'bob' }).ended;
  expect(end(held)).toMatchObject({ code: 0, report: { held: expect.stringMatching(/^bob@.*: a new disk$/) } });
  const refused = await bench.fleet(...DEPLOY);
  expect(end(refused)).toMatchObject({ code: 3, outcome: 'untouched', failure: { kind: 'locked', hold: true } });
  expect(end(refused).failure?.message).toContain('a new disk');
  expect(end(await bench.fleet('lock', '--all', '--release'))).toMatchObject({ code: 0, report: { held: null } });
  expect(end(await bench.fleet('lock', '--all'))).toMatchObject({ code: 0, report: { held: null, open: null } });
});

it('a file that was read by an earlier run, and is another one while it is sent, is not deployed', STORY, async () => {
  await using bench = await openBench('it');
  bench.write('app/held', 'good\n');
  // So many that their digests are kept, from five seconds after the last change on.
  for (let i = 0; i < 512; i += 1) bench.write(`app/many/${i}`, '');
  await sleep(5100);
  expect(end(await bench.fleet(...DEPLOY))).toMatchObject({ code: 0, outcome: 'deployed', generation: 1 });
  bench.write('app/held', 'better\n');
  await sleep(5100);
  await bench.fleet('plan', '--all');
  const kept = readdirSync(`${bench.folder}/.cache/fleet`).map((name) => `${bench.folder}/.cache/fleet/${name}`);
  expect(kept.some((file) => readFileSync(file, 'latin1').includes(contentDigest('better\n')))).toBe(true);
  bench.write('app/VERSION', 'two\n');
  const other = () => bench.write('app/held', 'torn!!\n');
  // Before what is sent is known; behind all that is read here.
  const run = await bench.start(DEPLOY, { on: [['"phase":"prepare"', other]] }).ended;
  expect(end(run)).toMatchObject({ code: 1, outcome: 'reverted', failure: { kind: 'not-as-sent', file: 'held' } });
  expect(await bench.hosts.it.standing()).toEqual(OLD);
});
