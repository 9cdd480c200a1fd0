import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, vi } from 'vitest';
import {
  type Event,
  type Fleet,
  type LogEntry,
  nagios,
  openFleet,
  prometheus,
  type Question,
  Refusal,
} from '../../src/library/index.ts';
import { closedPort, receiver } from '../notify/receivers.ts';
import { type Bench, openBench, STORY, until } from '../runs/bench.ts';

/** A fleet on the hosts of a bench, opened as a program does it. */
async function opened(bench: Bench<string>): Promise<Fleet> {
  const { env, cwd, home, user } = bench.world().invoker;
  const fleet = await openFleet({ env, cwd, home, user });
  if (!fleet.ok) throw fleet.failure;
  return fleet.value;
}

const ends = (summary: { readonly hosts: readonly { readonly outcome: { readonly end: string } }[] }) =>
  summary.hosts.map(({ outcome }) => outcome.end);

async function succeeded<T>(run: PromiseLike<{ ok: true; value: T } | { ok: false; failure: Refusal }>): Promise<T> {
  const result = await run;
  if (!result.ok) throw result.failure;
  return result.value;
}

it('deploys, proves and goes back; events come as they happen, and nothing is printed', STORY, async () => {
  await using bench = await openBench('one', 'two');
  const fleet = await opened(bench);
  expect([fleet.dir, [...fleet.apps]]).toEqual([bench.folder, [['app', ['one', 'two']]]]);
  expect(await succeeded(fleet.check())).toMatchObject({ hosts: [{ host: 'one' }, { host: 'two' }] });
  const printed = [vi.spyOn(process.stdout, 'write'), vi.spyOn(process.stderr, 'write')];
  const events: Event[] = [];
  const run = fleet.deploy({ all: true });
  for await (const event of run) events.push(event);
  const done = await succeeded(run);
  expect([done.exitCode, ends(done)]).toEqual([0, ['deployed', 'deployed']]);
  expect(events.at(-1)).toMatchObject({ type: 'summary', command: 'deploy', exitCode: 0 });
  const phases = events.flatMap((one) => (one.type === 'phase' && one.host === 'one' ? [one.phase] : []));
  expect(phases.slice(0, 2)).toEqual(['connect', 'probe']);
  // Awaited without being iterated it is the same.
  expect(ends(await succeeded(fleet.deploy({ hosts: ['one'] })))).toEqual(['unchanged']);
  expect(await succeeded(fleet.health())).toMatchObject({ exitCode: 0 });

  bench.write('app/VERSION', 'two\n');
  expect((await succeeded(fleet.plan({ all: true, exitCode: true }))).exitCode).toBe(5);
  expect(ends(await succeeded(fleet.deploy({ hosts: ['one'] })))).toEqual(['deployed']);
  expect(ends(await succeeded(fleet.rollback({ hosts: ['one'] })))).toEqual(['rolled-back']);
  const { units } = await succeeded(fleet.status({ hosts: ['one'] }));
  expect(units).toMatchObject([{ host: 'one', unit: 'app.service', state: 'active', restarts: 0, generation: 1 }]);
  expect(units[0]?.memoryMb).toBeGreaterThan(0);
  expect(printed.map((spy) => spy.mock.calls)).toEqual([[], []]);
  // Which would have been seen.
  process.stdout.write('');
  expect(printed[0]?.mock.calls).toHaveLength(1);
  for (const spy of printed) spy.mockRestore();
});

it('one part is deployed by itself; what there are no instances of is a value', STORY, async () => {
  await using bench = await openBench('it');
  const fleet = await opened(bench);
  expect(ends(await succeeded(fleet.deploy({ all: true })))).toEqual(['deployed']);
  bench.write('secrets/app.env', 'TOKEN=another\n');
  bench.write('app/VERSION', 'two\n');
  const plan = fleet.plan({ all: true, only: 'env' });
  const planned = [];
  for await (const event of plan) if (event.type === 'planned') planned.push(event.plan.changes);
  expect(planned).toEqual([[{ sign: '~', part: { kind: 'env' } }]]);
  expect(ends(await succeeded(fleet.deploy({ all: true, only: 'env' })))).toEqual(['deployed']);
  expect(await bench.hosts.it.standing()).toEqual(['releases/2', 'one', 'IDLE']);
  const none = await fleet.instances.list({ all: true });
  expect(none.ok ? null : none.failure).toMatchObject({ message: expect.stringContaining('no selected app has') });
  expect((await fleet.instances.add(['x'], { all: true })).ok).toBe(false);
});

it('what is wrong before any host is contacted is a value, with its place', STORY, async () => {
  await using bench = await openBench('it');
  const { env, home } = bench.world().invoker;
  const nowhere = await openFleet({ env, home, cwd: '/', user: 'alice' });
  expect(nowhere).toMatchObject({ ok: false, failure: { message: expect.stringContaining('inventory') } });
  const fleet = await opened(bench);
  for (const run of [fleet.deploy({ hosts: ['nobody'] }), fleet.deploy({ all: true, parallel: 0 })]) {
    const refused = await run;
    expect(refused.ok ? null : refused.failure).toBeInstanceOf(Refusal);
  }
  const events: Event[] = [];
  for await (const event of fleet.plan({ hosts: ['nobody'] })) events.push(event);
  expect(events).toEqual([]);
  const logs = fleet.logs({ all: true, since: 'whenever' });
  for await (const _ of logs) expect.unreachable();
  expect(await logs.ended).toMatchObject({ ok: false, failure: { message: expect.stringContaining('since must be') } });

  bench.write('playbooks/app.yaml', '{ name: app, hosts: [it], taks: [] }');
  const wrong = await openFleet({ env, home, cwd: bench.folder, user: 'alice' });
  expect(wrong.ok ? [] : wrong.failure.diagnostics).toContainEqual(
    expect.objectContaining({ file: 'playbooks/app.yaml', line: 1, fix: expect.stringContaining('"tasks"') }),
  );
});

it('what wants a word is asked as a record, and not done without one', STORY, async () => {
  await using bench = await openBench('one', 'two');
  const fleet = await opened(bench);
  const asked: Question[] = [];
  const answer = (yes: boolean) => (question: Question) => {
    asked.push(question);
    return yes;
  };
  const unnamed = await fleet.deploy();
  expect(unnamed).toMatchObject({ ok: false, failure: { question: { ask: 'all-hosts', hosts: ['one', 'two'] } } });
  expect(await fleet.deploy({ agree: answer(false) })).toMatchObject({ ok: false });
  expect(bench.hosts.one.read('current/VERSION')).toBeNull();
  expect(ends(await succeeded(fleet.deploy({ agree: answer(true) })))).toEqual(['deployed', 'deployed']);
  expect(await fleet.stop(['app'], { all: true })).toMatchObject({ ok: false, failure: { question: { ask: 'stop' } } });
  expect(ends(await succeeded(fleet.stop(['app'], { hosts: ['one'] })))).toEqual(['done']);
  const units = async () => (await succeeded(fleet.status({ all: true }))).units.map(({ state }) => state);
  expect(await units()).toEqual(['inactive', 'active']);
  expect(ends(await succeeded(fleet.restart(['app'], { all: true })))).toEqual(['done', 'done']);
  expect(await units()).toEqual(['active', 'active']);
  const gone = await fleet.rollback({ all: true, to: 'nothing', agree: answer(false) });
  expect(gone).toMatchObject({ ok: false, failure: { question: { ask: 'delete' } } });
  expect(await units()).toEqual(['active', 'active']);
  expect(ends(await succeeded(fleet.rollback({ all: true, to: 'nothing', yes: true })))).toEqual([
    'removed',
    'removed',
  ]);
  expect(asked.map(({ ask }) => ask)).toEqual(['all-hosts', 'all-hosts', 'delete']);
});

it('a signal stops a deploy as Ctrl-C does', STORY, async () => {
  await using bench = await openBench('it');
  const fleet = await opened(bench);
  await succeeded(fleet.deploy({ all: true }));
  bench.write('app/VERSION', 'two\n');
  bench.playbook({ deploy: { settle: '30s', deadline: '5m' } });
  const again = await opened(bench);
  const stop = new AbortController();
  const run = again.deploy({ all: true, signal: stop.signal });
  for await (const event of run) if (event.type === 'phase' && event.phase === 'settle') stop.abort();
  expect(await succeeded(run)).toMatchObject({ exitCode: 130, hosts: [{ outcome: { end: 'reverted' } }] });
  expect(await bench.hosts.it.standing()).toEqual(['releases/1', 'one', 'IDLE']);
});

it('log lines come no faster than they are taken, and leaving the loop ends the reading', STORY, async () => {
  await using bench = await openBench('it');
  const fleet = await opened(bench);
  await succeeded(fleet.deploy({ all: true }));
  const file = join(bench.hosts.it.root, '.fleet/run/app.service/log');
  const lines = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, i) => `line ${from + i}\n`).join('');
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, lines(0, 30_000));
  const taken: string[] = [];
  const past = fleet.logs({ all: true, last: 30_000 });
  for await (const entry of past) if (entry.type === 'line') taken.push(entry.line.text);
  expect(taken).toEqual(Array.from({ length: 30_000 }, (_, i) => `line ${i}`));
  expect(await past.ended).toMatchObject({ ok: true, value: { hosts: [{ outcome: { end: 'done' } }] } });

  // Far more than is kept for a reader, who leaves after the first.
  const left = fleet.logs({ all: true, last: 30_000 });
  for await (const _ of left) break;
  expect(await left.ended).toMatchObject({ ok: true });

  const follow = fleet.logs({ all: true, units: ['app'], follow: true, last: 1 });
  const heard: LogEntry[] = [];
  for await (const entry of follow) {
    heard.push(entry);
    if (heard.length === 1) appendFileSync(file, 'and more\n');
    else break;
  }
  expect(heard.map((one) => one.type === 'line' && one.line.text)).toEqual(['line 29999', 'and more']);
  expect(await follow.ended).toMatchObject({ ok: true, value: { exitCode: 0 } });

  // A signal ends what follows as leaving does, and as Ctrl-C ends it for the command line.
  const signal = new AbortController();
  const until = fleet.logs({ all: true, follow: true, last: 1, signal: signal.signal });
  for await (const _ of until) signal.abort();
  expect(await until.ended).toMatchObject({ ok: true, value: { exitCode: 0 } });
});

it('status is watched over one connection until the reader leaves; a command runs on every host', STORY, async () => {
  await using bench = await openBench('it');
  const fleet = await opened(bench);
  await succeeded(fleet.deploy({ all: true }));
  const before = bench.hosts.it.line.connections;
  let looks = 0;
  const watching = fleet.watch({ all: true, everyMs: 200 });
  for await (const { host, outcome } of watching) {
    expect([host, outcome.end]).toEqual(['it', 'reported']);
    looks += 1;
    if (looks === 3) break;
  }
  expect(await watching.ended).toMatchObject({ ok: true, value: { exitCode: 0 } });
  const signal = new AbortController();
  const until = fleet.watch({ all: true, everyMs: 200, signal: signal.signal });
  for await (const _ of until) signal.abort();
  expect(await until.ended).toMatchObject({ ok: true, value: { exitCode: 0 } });
  expect(bench.hosts.it.line.connections - before).toBe(2);

  const said: string[] = [];
  const run = fleet.run(['sh', '-c', 'echo "$1"; exit 3', 'sh', 'a $(b)'], { all: true });
  for await (const event of run) if (event.type === 'output') said.push(event.line);
  expect([said, (await succeeded(run)).exitCode]).toEqual([['a $(b)'], 3]);
  expect(await fleet.run(['true'], { all: true, as: 'a b' })).toMatchObject({ ok: false });
});

it('a reader who is slow loses output, is told how much, and loses nothing else', STORY, async () => {
  await using bench = await openBench('it');
  const fleet = await opened(bench);
  const run = fleet.run(['seq', '20000'], { all: true });
  await run;
  await sleep(0);
  const kinds = new Map<string, number>();
  for await (const event of run) {
    const many = event.type === 'dropped' ? event.events : 1;
    kinds.set(event.type, (kinds.get(event.type) ?? 0) + many);
  }
  expect(kinds.get('output')).toBeGreaterThan(5000);
  expect((kinds.get('output') ?? 0) + (kinds.get('dropped') ?? 0)).toBe(20_000);
  expect([kinds.get('ended'), kinds.get('summary')]).toEqual([1, 1]);
});

it('restarts are counted since the monitor looked, which tells what is bad once', STORY, async () => {
  await using bench = await openBench('it');
  const fleet = await opened(bench);
  await succeeded(fleet.deploy({ all: true }));
  const said: string[] = [];
  const look = () => fleet.monitor({ all: true, channels: [], print: async (text) => void said.push(text) });
  expect((await succeeded(look())).exitCode).toBe(0);
  const unit = async () => (await succeeded(fleet.status({ all: true }))).units[0];
  const before = await unit();
  expect(before).toMatchObject({ restarts: 0, restartsSince: 0 });
  process.kill(before?.pid ?? 0, 'SIGKILL');
  await until(async () => expect(await unit()).toMatchObject({ state: 'active', restarts: 1, restartsSince: 1 }));
  expect(said).toEqual([]);
  await succeeded(look());
  expect(said.join('')).toContain('app.service was restarted once since the last look');
  expect(await unit()).toMatchObject({ restartsSince: 0 });
  const paused = await succeeded(fleet.pause('it', { for: '2h', reason: 'a new disk' }));
  expect(await succeeded(fleet.pauses())).toEqual([paused]);
  expect((await fleet.unpause('none')).ok).toBe(false);
  expect(await succeeded(fleet.unpause(paused.id))).toEqual(paused);
});

it('a key of an env file is changed, and no value comes back', STORY, async () => {
  await using bench = await openBench('it');
  const fleet = await opened(bench);
  expect(await succeeded(fleet.env.list())).toMatchObject([{ file: 'secrets/app.env', keys: [{ key: 'TOKEN' }] }]);
  const set = await succeeded(fleet.env.set('MORE', async () => 'canary-value', { apps: ['app'] }));
  expect(set).toEqual({ ...set, had: false, line: 2, overruled: false, missing: false });
  expect(JSON.stringify([set, await fleet.env.list()])).not.toContain('canary');
  expect(readFileSync(join(bench.folder, 'secrets/app.env'), 'utf8')).toContain('canary-value');
  expect((await fleet.env.unset('LESS')).ok).toBe(false);
  expect(await succeeded(fleet.env.unset('MORE'))).toMatchObject({ had: true });
  for (const wrong of [fleet.env.set('a b', ''), fleet.env.set('A', '', { file: 'none' })])
    expect(await wrong).toMatchObject({ ok: false });
});

it('what is remembered, who can be told, and the formats of monitors are for programs too', STORY, async () => {
  await using bench = await openBench('it');
  await using ops = await receiver((_, response) => response.end('thanks'));
  const gone = await closedPort();
  bench.write('secrets/hook.key', Buffer.alloc(32, 1).toString('base64'));
  const hook = (url: string) => ({ webhook: { url, secret: 'secrets/hook.key', timeout: '2s' } });
  const notify = { ops: hook(ops.url), dead: hook(`http://127.0.0.1:${gone}/x`) };
  bench.write('inventory/notify.yaml', JSON.stringify({ notify }));
  const fleet = await opened(bench);
  expect(await succeeded(fleet.channels())).toEqual([
    { channel: 'ops', kind: 'webhook' },
    { channel: 'dead', kind: 'webhook' },
  ]);
  expect(await fleet.channels(['opps'])).toMatchObject({
    ok: false,
    failure: { message: expect.stringContaining('did you mean "ops"?') },
  });
  const heard: string[] = [];
  const tested = await succeeded(fleet.testChannels([], { onTested: ({ channel }) => heard.push(channel) }));
  expect(tested).toMatchObject([
    { channel: 'ops', kind: 'webhook', sent: true },
    { channel: 'dead', sent: false },
  ]);
  expect([heard, ops.requests.length]).toEqual([['ops', 'dead'], 1]);

  expect(await succeeded(fleet.trends())).toEqual([]);
  await succeeded(fleet.deploy({ all: true }));
  await succeeded(fleet.monitor({ print: async () => {} }));
  const trends = await succeeded(fleet.trends({ hosts: ['it'] }));
  expect(trends).toContainEqual(expect.objectContaining({ host: 'it', app: null, perHour: null, limitIn: null }));
  expect(await fleet.trends({ hosts: ['nobody'] })).toMatchObject({ ok: false });

  const seen = await succeeded(fleet.health());
  expect(await nagios(seen)).toMatchObject({
    code: 0,
    text: expect.stringMatching(/^FLEET OK - 1 host: 1 healthy \|/),
  });
  expect(await prometheus(seen, 1000)).toContain('\nfleet_healthy{host="it",app="app"} 1\n');
});
