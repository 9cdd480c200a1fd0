import { chmodSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { MonitorState } from '../../src/monitor/state.ts';
import { closedPort, receiver, smtpServer } from '../notify/receivers.ts';
import { type Bench, openBench, STORY } from './bench.ts';
import { cron, moveHosts, remember, SILENT, stateFolderOf } from './cron-bench.ts';

// The cron job with the channels and pings of the inventory, and real servers behind them.

const KEY = Buffer.alloc(32, 1).toString('base64');
const hook = (url: string, more: object = {}) => ({ webhook: { url, secret: 'secrets/hook.key', ...more } });
const notifiers = (bench: Bench<string>, notify: object) => {
  bench.write('secrets/hook.key', KEY);
  bench.write('inventory/notify.yaml', JSON.stringify({ notify }));
};
const items = ({ body }: { readonly body: string }) => JSON.parse(body).data.items as { kind: string; text: string }[];

/** As if all channels that failed had waited long enough. */
const waited = (state: MonitorState): MonitorState => ({
  ...state,
  channels: Object.fromEntries(Object.entries(state.channels).map(([name, one]) => [name, { ...one, retryAt: 0 }])),
});

it('what is so on every run is told once: a key that others may read, a ping that nobody hears', STORY, async () => {
  await using bench = await openBench('it');
  await using ops = await receiver((_, response) => response.end());
  await using alive = await receiver((_, response) => response.end('OK'));
  const ping = (url: string) => ({ ops: hook(ops.url), alive: { healthchecks: { url, timeout: '2s' } } });
  notifiers(bench, ping(`http://127.0.0.1:${await closedPort()}`));
  chmodSync(join(bench.folder, 'secrets/hook.key'), 0o644);
  await bench.fleet('deploy', '--all');

  const first = await cron(bench, null);
  expect(first).toMatchObject({ code: 0, stderr: '' });
  expect(first.stdout).toMatch(/^WARNING the ping alive is not heard: 127\.0\.0\.1:\d+ refused the connection/m);
  // The key is read with the first message.
  const second = await cron(bench, null);
  expect(second).toMatchObject({ code: 0, stderr: '' });
  expect(second.stdout).toContain('WARNING secrets/hook.key can be read by other users of this machine: chmod 600');
  expect(second.stdout).not.toContain('the ping');
  expect(await cron(bench, null)).toEqual({ code: 0, ...SILENT });
  expect(await cron(bench, null)).toEqual({ code: 0, ...SILENT });
  expect(ops.requests.flatMap(items).map(({ text }) => text.slice(0, 16))).toEqual([
    'the ping alive i',
    'secrets/hook.key',
  ]);

  notifiers(bench, ping(alive.url));
  expect((await cron(bench, null)).stdout).toMatch(/^OK the ping alive is heard again after \d+s$/m);
  expect(await cron(bench, null)).toEqual({ code: 0, ...SILENT });
  expect(await cron(bench, null)).toEqual({ code: 0, ...SILENT });
});

it(
  'channels that are slow, busy, gone, moved, closed or silent: whoever takes it has it, and the run ends',
  STORY,
  async () => {
    await using bench = await openBench('it');
    await using slow = await receiver((_, response) => void setTimeout(() => response.end(), 1000));
    await using busy = await receiver((_, response, i) => response.writeHead(i === 0 ? 503 : 200).end());
    await using gone = await receiver((_, response) => response.writeHead(404).end('no_service'));
    await using moved = await receiver((_, response) => response.writeHead(301, { location: slow.url }).end());
    await using silent = await receiver(() => {});
    await using mails = await smtpServer();
    await using alive = await receiver((_, response) => response.end('OK'));
    await using mute = await receiver(() => {});
    const mail = {
      to: ['ops@example.org'],
      from: 'fleet@example.org',
      smtp: { host: '127.0.0.1', port: mails.port, tls: 'none' },
    };
    notifiers(bench, {
      ...{ slow: hook(slow.url), busy: hook(busy.url), gone: hook(gone.url), moved: hook(moved.url), mail: { mail } },
      closed: hook(`http://127.0.0.1:${await closedPort()}`),
      silent: hook(silent.url, { timeout: '10m' }),
      alive: { healthchecks: { url: alive.url } },
      mute: { healthchecks: { url: mute.url, timeout: '10m' } },
    });
    await bench.fleet('deploy', '--all');
    moveHosts(bench, ['it'], true);
    const begun = Date.now();
    const run = () => cron(bench, null, {}, { sendMs: 3000 });
    const bad = await run();
    expect(Date.now() - begun).toBeLessThan(60_000);
    expect(bad).toMatchObject({ code: 3, stderr: '' });
    expect(bad.stdout).toContain('it cannot be looked at');
    for (const name of ['gone', 'moved'])
      expect(bad.stdout).toMatch(
        new RegExp(`^WARNING the channel ${name} takes no messages and will not without a change`, 'm'),
      );
    expect(bad.stdout).toContain('WARNING the ping mute is not heard: took longer than 3 s');
    expect(slow.requests.flatMap(items)).toMatchObject([{ kind: 'problem' }]);
    expect(mails.mails.join()).toContain('it cannot be looked at');

    moveHosts(bench, ['it'], false);
    remember(bench, waited);
    const well = await run();
    expect(well.stdout).toContain('it answers again');
    // Told by the run itself, and no longer news for who has been told nothing until now.
    expect(items(busy.requests[1] ?? { body: '' })).toContainEqual(
      expect.objectContaining({ kind: 'recovered', text: expect.stringContaining('was not well from') }),
    );
    expect(items(slow.requests[1] ?? { body: '' })).toContainEqual(expect.objectContaining({ kind: 'recovered' }));
    expect(mails.mails.at(-1)).toContain('RECOVERED: it answers');
    const id = /\[([a-z2-9]{4})\]/.exec(bad.stdout)?.[1] ?? '';
    const trail = (await bench.human('health', '--explain', id)).stdout;
    for (const line of [
      'busy: problem NOT sent (503',
      'silent: problem NOT sent (took longer than 3 s)',
      'closed: problem NOT sent (127.0.0.1',
      'gone: problem NOT sent (404',
      'moved: problem NOT sent (301',
      'slow: problem sent',
      'mail: recovered sent',
    ])
      expect(trail).toContain(line);

    // Pings hear what was told, and how all stands when nothing was.
    await run();
    const quiet = await run();
    expect(quiet).toEqual({ code: 0, ...SILENT });
    const heard = alive.requests.map(({ path, body }) => [path.split('?')[0], body] as const);
    expect(heard.map(([path]) => path)).toEqual(['/start', '/3', '/start', '/0', '/start', '/0', '/start', '/0']);
    expect(heard[1]?.[1]).toContain('it cannot be looked at');
    expect(heard[3]?.[1]).toContain('it answers again');
    expect(heard[7]?.[1]).toMatch(/^\d+ checks on 1 host: all is well\n$/);
  },
);

it('a run that should have ended long ago is told of once, by the run that finds it', STORY, async () => {
  await using bench = await openBench('it');
  moveHosts(bench, ['it'], true);
  await cron(bench);
  // Of another machine, so that nobody here can tell whether it is still at work.
  const lock = join(stateFolderOf(bench), 'run');
  writeFileSync(lock, '4711\nelsewhere\n1');
  expect(await cron(bench)).toEqual({ code: 0, ...SILENT });
  utimesSync(lock, new Date(0), new Date(0));
  const late = await cron(bench);
  expect(late).toMatchObject({ code: 1, stderr: '' });
  expect(late.stdout).toMatch(
    /^CRITICAL fleet health --cron runs since 1970-01-01 00:00 UTC \(process 4711\) and should have ended/,
  );
  expect(await cron(bench)).toEqual({ code: 1, ...SILENT });
});

it('what cannot be written down is told all the same, each time, and why it cannot', STORY, async () => {
  await using bench = await openBench('it');
  moveHosts(bench, ['it'], true);
  await cron(bench);
  remember(bench, (state) => ({ ...state, subjects: {} }));
  // Where the lock would be.
  mkdirSync(join(stateFolderOf(bench), 'monitor.fleet-lock.break'));
  mkdirSync(join(stateFolderOf(bench), 'monitor.fleet-lock'));
  for (let i = 0; i < 2; i += 1) {
    const { code, stdout, stderr } = await cron(bench);
    expect([code, stderr]).toEqual([3, '']);
    expect(stdout).toContain('it cannot be looked at');
    expect(stdout).toContain(
      'What this run has found could not be written down, so that it is told again on every run',
    );
  }
});
