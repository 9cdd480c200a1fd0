import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { Channel, Delivery, Notice } from '../../src/model/notice.ts';
import { type Bench, openBench, STORY } from './bench.ts';
import { cron, moveHosts, SILENT } from './cron-bench.ts';

/** Somebody who keeps what comes, and answers as told. */
function chat(...answers: readonly Delivery[]) {
  const got: Notice[] = [];
  const channel: Channel = {
    name: 'chat',
    async deliver(notice) {
      got.push(notice);
      return answers[got.length - 1] ?? { sent: true, answer: '200' };
    },
  };
  return { got, channel };
}

/** A service that says something when it is ended, and is not started again. */
function lastWords(bench: Bench<'it'>): void {
  bench.write('app/serve.sh', SERVE);
  bench.write('units/app.service', UNIT);
}

const SERVE = `echo "$(cat VERSION) $$" >"$1/data/serving"
trap 'echo "cannot go on with $TOKEN" >&2; kill $!; exit 3' TERM
sleep 600 & wait
`;
const UNIT = `[Service]
WorkingDirectory={{ root }}/current
EnvironmentFile={{ root }}/.env
ExecStart=/bin/sh serve.sh {{ root }}
[Install]
WantedBy=multi-user.target
`;

async function endService({ hosts }: Bench<'it'>): Promise<void> {
  const [, pid = ''] = hosts.it.read('data/serving')?.trim().split(' ') ?? [];
  process.kill(Number(pid), 'SIGTERM');
  while (hosts.it.read('.fleet/run/app.service/status')?.includes('ActiveState=active') === true) await sleep(50);
}

const id = (text: string) => /\[([a-z2-9]{4})\]/.exec(text)?.[1] ?? '';

it(
  'says nothing while all is well, then what is bad, once, with its cause, its words and what to type',
  STORY,
  async () => {
    await using bench = await openBench('it');
    lastWords(bench);
    expect((await bench.fleet('deploy', '--all')).code).toBe(0);
    expect(await cron(bench)).toEqual({ code: 0, ...SILENT });
    expect(await cron(bench)).toEqual({ code: 0, ...SILENT });
    await endService(bench);
    const bad = await cron(bench);
    expect(bad).toMatchObject({ code: 1, stderr: '' });
    expect(bad.stdout).toMatch(/^project: 1 critical on it\n\nCRITICAL \[\w{4}\] app on it: service app\.service: /);
    expect(bad.stdout).toContain('  | cannot go on with [secret TOKEN]\n');
    expect(bad.stdout).toContain('  next: fleet health --host it --app app\n');
    // The check of the playbook that says the same is not told beside it.
    expect(bad.stdout).not.toContain('unit app.service');
    expect(bad.stdout).not.toContain('canary-token');
    expect(await cron(bench)).toEqual({ code: 1, ...SILENT });
    expect(await cron(bench, [], { exitZero: true })).toEqual({ code: 0, ...SILENT });

    const explained = await bench.human('health', '--explain', id(bad.stdout));
    expect(explained.stdout).toContain('stdout: problem sent (printed)');
    expect((await bench.human('ack', id(bad.stdout))).stdout).toContain('no reminders until it is well, or worse');
    expect(await bench.human('ack', 'zzzz')).toMatchObject({
      code: 2,
      stderr: `there is no problem zzzz: open are ${id(bad.stdout)}\n`,
    });

    // A new generation puts it right.
    bench.write('app/serve.sh', 'echo "ok $$" >"$1/data/serving"\nexec sleep 600\n');
    expect((await bench.fleet('deploy', '--all')).code).toBe(0);
    const well = await cron(bench);
    expect(well).toMatchObject({ code: 0, stderr: '' });
    expect(well.stdout).toMatch(
      /^project: 1 well again on it\n\nOK \[\w{4}\] app on it: service app\.service is well again after \d+s\n$/,
    );
    expect(id(well.stdout)).toBe(id(bad.stdout));
    expect(await cron(bench)).toEqual({ code: 0, ...SILENT });
    const over = await bench.human('health', '--explain', id(bad.stdout));
    expect(over.stdout).toContain('over; critical at worst');
  },
);

it('names what went live since it was last well, and the command that goes back', STORY, async () => {
  await using bench = await openBench('it');
  lastWords(bench);
  await bench.fleet('deploy', '--all');
  await cron(bench);
  bench.write('app/VERSION', 'two\n');
  expect((await bench.fleet('deploy', '--all')).code).toBe(0);
  await endService(bench);
  const { stdout } = await cron(bench);
  expect(stdout).toMatch(/ {2}generation 2 is live since \d\d:\d\d UTC by alice@\S+; it was last well with 1\n/);
  expect(stdout).toContain('  next: fleet rollback --to 1 --host it --app app\n');
});

it('one line when no host answers, none again, and one when they are back', STORY, async () => {
  await using bench = await openBench('one', 'two');
  await bench.fleet('deploy', '--all');
  await cron(bench);
  moveHosts(bench, ['one', 'two'], true);
  const down = await cron(bench);
  expect(down).toMatchObject({ code: 3, stderr: '' });
  expect(down.stdout.split('\n').filter((line) => line.startsWith('CRITICAL'))).toEqual([
    `CRITICAL [${id(down.stdout)}] none of the 2 hosts answers: this machine's own network is down`,
  ]);
  expect(await cron(bench)).toEqual({ code: 3, ...SILENT });
  moveHosts(bench, ['one'], false);
  const half = await cron(bench);
  expect(half.stdout).toContain('hosts answer again');
  expect(half.stdout).toMatch(/CRITICAL \[\w{4}\] two cannot be looked at: /);
  expect(half.stdout).toMatch(/ {2}hides \d+ checks\n/);
  moveHosts(bench, ['two'], false);
  expect((await cron(bench)).stdout).toContain('two answers again');
});

it('a channel gets what it could not be sent, in one, and standard output has all there is', STORY, async () => {
  await using bench = await openBench('it');
  await bench.fleet('deploy', '--all');
  const broken = chat({ sent: false, permanent: true, answer: '404 no_team', retryAfterMs: null });
  moveHosts(bench, ['it'], true);
  const first = await cron(bench, [broken.channel]);
  expect(broken.got).toHaveLength(1);
  expect(broken.got[0]).toMatchObject({
    worst: 'critical',
    items: [{ kind: 'problem', subject: { host: 'it' } }],
    more: 0,
  });
  expect(first.stdout).toContain('the channel chat takes no messages and will not without a change: 404 no_team');
  moveHosts(bench, ['it'], false);
  const back = await cron(bench, [broken.channel]);
  expect(broken.got[1]?.items).toMatchObject([{ kind: 'recovered', severity: 'ok' }]);
  expect(back.stdout).not.toContain('takes no messages');
  const explained = await bench.human('health', '--explain', broken.got[0]?.items[0]?.id ?? '');
  expect(explained.stdout).toContain('chat: problem NOT sent (404 no_team)');
  expect(explained.stdout).toContain('chat: recovered sent (200)');
});

it('a channel that never answers delays nobody for long, and throws no other one out', STORY, async () => {
  await using bench = await openBench('it');
  moveHosts(bench, ['it'], true);
  const good = chat();
  const throwing: Channel = { name: 'bad', deliver: () => Promise.reject(new Error('a bug')) };
  const run = await cron(bench, [throwing, good.channel]);
  expect([good.got.length, run.code]).toEqual([1, 3]);
  const found = await bench.human('health', '--explain', good.got[0]?.items[0]?.id ?? '');
  expect(found.stdout).toContain('bad: problem NOT sent (Error: a bug)');
});

it('says nothing of what is paused, and what is still bad when the pause ends', STORY, async () => {
  await using bench = await openBench('it');
  const pausing = await bench.human('pause', 'it', '--for', '2h', '--reason', 'disk swap');
  expect(pausing.stdout).toMatch(/^paused: it with all its apps until .* UTC: disk swap \(alice@\S+\) \[\w{4}\]\n/);
  moveHosts(bench, ['it'], true);
  expect(await cron(bench)).toMatchObject(SILENT);
  expect((await bench.human('pause', '--list')).stdout).toContain('disk swap');
  const listed = await bench.fleet('pause', '--list');
  expect(listed.events).toMatchObject([{ type: 'pause', host: 'it', app: null, reason: 'disk swap' }]);
  expect(listed.summary).toMatchObject({ command: 'pause', exitCode: 0 });
  expect((await bench.human('pause', '--end', id(pausing.stdout))).stdout).toMatch(/^ended: it with/);
  expect((await cron(bench)).stdout).toContain('it cannot be looked at');
  for (const [words, why] of [
    [['pause', 'it', '--reason', 'x'], 'a pause always ends'],
    [['pause', 'it', '--for', '2h'], '--reason'],
    [['pause', 'nobody', '--for', '2h', '--reason', 'x'], 'there is no host and no app "nobody"; hosts: it; apps: app'],
    [['pause', 'it', '--for', '2 hours', '--reason', 'x'], 'neither a time such as 90m, 2h or 3d'],
    [['pause', '--end', 'zzzz'], 'there is no pause zzzz'],
    [['health', '--cron', '--format', 'json'], 'leave --format and --json out'],
    [['health', '--every', '5m'], 'belongs to --cron'],
    [['health', '--install-cron', '--host', 'it'], 'leave --host, --group and --app out'],
    [['health', '--cron', '--trend'], '--cron and --trend are different things'],
  ] as const) {
    const refused = await bench.human(...words);
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining(why)]);
  }
});

it('another run at the same time is silent', STORY, async () => {
  await using bench = await openBench('it');
  moveHosts(bench, ['it'], true);
  const [first, second] = await Promise.all([cron(bench), cron(bench)]);
  expect([first, second].filter(({ stdout }) => stdout.includes('it cannot be looked at'))).toHaveLength(1);
  expect([first, second]).toContainEqual({ code: 0, ...SILENT });
});

it('a deploy in the middle of runs is no outage', STORY, async () => {
  await using bench = await openBench('it');
  await bench.fleet('deploy', '--all');
  await cron(bench);
  bench.write('app/VERSION', 'two\n');
  bench.playbook({ deploy: { settle: '4s', deadline: '5m' } });
  let during: Promise<unknown> = Promise.resolve();
  const deploy = bench.start(['deploy', '--all'], {
    on: [['"phase":"activate"', () => (during = cron(bench))]],
  });
  expect((await deploy.ended).code).toBe(0);
  expect(await during).toEqual({ code: 0, ...SILENT });
  expect(await cron(bench)).toEqual({ code: 0, ...SILENT });
});

it('a deploy whose runner died is a problem of its own', STORY, async () => {
  await using bench = await openBench('it');
  await bench.fleet('deploy', '--all');
  await cron(bench);
  bench.write('app/VERSION', 'two\n');
  bench.playbook({ deploy: { settle: '30s', deadline: '5m' } });
  const state = join(bench.hosts.it.root, '.fleet', 'state');
  const deploy = bench.start(['deploy', '--all'], { on: [['"phase":"settle"', () => bench.hosts.it.killRunner()]] });
  await deploy.ended;
  // As it was before somebody came and finished it.
  writeFileSync(state, readFileSync(state, 'utf8').replace(/^phase .*$/m, 'phase SETTLING'));
  const { stdout, code } = await cron(bench);
  expect(stdout).toMatch(/app on it: a change by alice@\S+ was left settling, and nobody is at work on it\n/);
  expect(stdout).toContain('  next: fleet status --host it --app app\n');
  expect(code).toBe(1);
});
