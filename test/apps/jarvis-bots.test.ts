import { existsSync, mkdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { health, KEYS, listenNotify, type Program, scratch, startJarvis } from './running-jarvis.ts';

const BOTS = ['telegram', 'sentiment', 'twitter', 'buytracker', 'treasury'] as const satisfies readonly Program[];
const soon = { timeout: 5000, interval: 20 };

describe.concurrent('a bot alone', () => {
  it.each(BOTS)('%s says ready and pings its watchdog, answers /health and stops when asked to', async (name) => {
    using at = scratch();
    const address = join(at.dir, 'notify');
    await using systemd = await listenNotify(at, address);
    await using bot = startJarvis(at, { ...KEYS, NOTIFY_SOCKET: address, WATCHDOG_USEC: '100000' }, name);
    await systemd.says(/^READY=1 STATUS=1 of 1 bot, 0 bot restarts$/m);
    await systemd.says(/(WATCHDOG=1\n[\s\S]*){4}/);
    expect(await health(bot)).toMatchObject({ status: 200, body: { mode: name, bots: { [name]: 0 }, pid: bot.pid } });
    expect(existsSync(join(at.dir, '.lifeos/trading/positions.json'))).toBe(name === 'treasury');
    bot.signal('SIGTERM');
    expect(await bot.ended).toBe(0);
    await systemd.says(/^STOPPING=1/m);
  });

  it.each([
    ['supervisor', 'on', true],
    ['supervisor', 'off', false],
    ['telegram', 'on', true],
    ['telegram', 'off', false],
    ['twitter', 'on', false],
  ] as const)('%s with TELEGRAM_POLLING=%s: polls is %s, in the log and in /health', async (name, polling, polls) => {
    using at = scratch();
    await using bot = startJarvis(at, { ...KEYS, TELEGRAM_POLLING: polling }, name);
    await bot.says(/ready/);
    expect((await health(bot)).body.polling).toBe(polls);
    const said = polls ? ['polling'] : name === 'twitter' ? [] : ['not polling: TELEGRAM_POLLING is off'];
    const lines = at.read(`logs/${name}.log`).matchAll(/ INFO telegram: (.*polling.*)$/gm);
    expect([...lines].map(([, words]) => words)).toEqual(said);
  });

  it('listens on the port behind the supervisor that is its own', async () => {
    using at = scratch();
    await using bot = startJarvis(at, { ...KEYS, JARVIS_PORT: '47310' }, 'treasury');
    expect(await bot.says(/health at (\S+)/)).toBe('http://127.0.0.1:47315/health');
  });

  it('ends with code 1 when it crashes, and the other bots go on', async () => {
    using at = scratch();
    const env = { ...KEYS, JARVIS_FAULT: 'crash-bot:twitter' };
    await using twitter = startJarvis(at, env, 'twitter');
    await using treasury = startJarvis(at, env, 'treasury');
    expect(await twitter.ended).toBe(1);
    expect(twitter.printed()).toContain('twitter: crashed: RuntimeError: told to crash');
    expect((await health(treasury)).status).toBe(200);
  });

  it('a fault that names one process strikes that one only', async () => {
    using at = scratch();
    const env = { ...KEYS, JARVIS_FAULT: 'exit-at-start@telegram' };
    await using telegram = startJarvis(at, env, 'telegram');
    await using sentiment = startJarvis(at, env, 'sentiment');
    expect(await telegram.ended).toBe(1);
    expect((await health(sentiment)).status).toBe(200);
  });

  it('neither runs twice nor beside the supervisor, in either order', async () => {
    using at = scratch();
    await using first = startJarvis(at, KEYS, 'telegram');
    await first.says(/ready/);
    await using second = startJarvis(at, KEYS, 'telegram');
    expect(await second.ended).toBe(75);
    expect(second.printed()).toBe(`telegram: another telegram is running (pid ${first.pid})\n`);
    await using supervisor = startJarvis(at);
    expect(await supervisor.ended).toBe(75);
    expect(supervisor.printed()).toBe('supervisor: bots are running alone\n');
    first.signal('SIGTERM');
    await first.ended;
    await using alone = startJarvis(at);
    await alone.says(/ready/);
    await using third = startJarvis(at, KEYS, 'telegram');
    expect(await third.ended).toBe(75);
    expect(third.printed()).toBe(`telegram: another supervisor is running (pid ${alone.pid})\n`);
  });

  it('treasury leaves positions that are there as they are, to the inode', async () => {
    using at = scratch();
    const file = join(at.dir, '.lifeos/trading/positions.json');
    mkdirSync(join(at.dir, '.lifeos/trading'), { recursive: true });
    writeFileSync(file, '{"positions": ["SOL"]}');
    const before = statSync(file);
    await using bot = startJarvis(at, KEYS, 'treasury');
    await bot.says(/ready/);
    const { ino, mtimeMs } = statSync(file);
    expect({ ino, mtimeMs }).toEqual({ ino: before.ino, mtimeMs: before.mtimeMs });
  });

  it('opens its log anew on SIGHUP and goes on', async () => {
    using at = scratch();
    await using bot = startJarvis(at, KEYS, 'sentiment');
    await bot.says(/ready/);
    renameSync(join(at.dir, 'logs/sentiment.log'), join(at.dir, 'logs/sentiment.log.1'));
    bot.signal('SIGHUP');
    await vi.waitFor(() => expect(at.read('logs/sentiment.log')).toContain('log opened anew'), soon);
  });

  it.each(['perhaps', ''])('refuses TELEGRAM_POLLING=%j', async (polling) => {
    using at = scratch();
    await using bot = startJarvis(at, { ...KEYS, TELEGRAM_POLLING: polling }, 'telegram');
    expect(await bot.ended).toBe(1);
    expect(bot.printed()).toBe('telegram: TELEGRAM_POLLING must be on or off\n');
  });
});
