import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { writeEnv } from '../../src/env/write.ts';
import { sha256 } from '../../src/model/digest.ts';
import { health, KEYS, listenNotify, runPython, scratch, startJarvis } from './running-jarvis.ts';

const BOTS = ['telegram', 'sentiment', 'twitter', 'buytracker', 'treasury'];
const without = (key: string) => Object.fromEntries(Object.entries(KEYS).filter(([name]) => name !== key));
const soon = { timeout: 5000, interval: 20 };

describe.concurrent('starting', () => {
  it('answers /health with version, bots, pid and a digest of the marker', async () => {
    using at = scratch();
    await using jarvis = startJarvis(at, { ...KEYS, JARVIS_MARKER: 'generation 1' });
    await jarvis.says(/ready/);
    expect(await health(jarvis)).toMatchObject({
      status: 200,
      body: {
        ok: true,
        version: '1.0.0',
        mode: 'supervisor',
        bots: Object.fromEntries(BOTS.map((bot) => [bot, 0])),
        pid: jarvis.pid,
        config: sha256('generation 1'),
      },
    });
  });

  it.each(Object.keys(KEYS))('ends with code 1 and names the key when %s is missing or empty', async (key) => {
    for (const env of [without(key), { ...KEYS, [key]: '' }]) {
      using at = scratch();
      await using jarvis = startJarvis(at, env);
      expect(await jarvis.ended).toBe(1);
      expect(jarvis.printed()).toBe(`supervisor: no value for ${key}: set it in the environment or in .env\n`);
    }
  });

  it('takes missing keys from .env in the working directory, and the environment wins', async () => {
    using at = scratch();
    const file = [...Object.entries(KEYS), ['JARVIS_MARKER', `it's "the" file`], ['JARVIS_PORT', '1']] as const;
    writeFileSync(join(at.dir, '.env'), writeEnv(file.map(([key, value]) => ({ key, value }))));
    await using jarvis = startJarvis(at, without('XAI_API_KEY'));
    expect((await health(jarvis)).body).toMatchObject({ config: sha256(`it's "the" file`) });
  });

  it('reads every value as fleet writes it', () => {
    const values = [
      '',
      'bare/1.0:@%+,=-',
      'two words',
      `it's`,
      `"a" 'b'`,
      `\\ $HOME \`id\` '"`,
      'two\nlines',
      '# no',
      'é ✓',
    ];
    const entries = values.map((value, i) => ({ key: `K${i}`, value }));
    const code = 'import sys, json, dotenv; print(json.dumps(dotenv.parse_dotenv(sys.stdin.read())))';
    const read = runPython(code, `# a comment\n\n${writeEnv(entries)}`);
    expect(JSON.parse(read)).toEqual(Object.fromEntries(entries.map(({ key, value }) => [key, value])));
  });

  it('names the line of a broken .env, never what stands there', async () => {
    for (const line of [
      'XAI_API_KEY="canary $HOME"',
      'export XAI_API_KEY=canary',
      'XAI_API_KEY=canary two',
      "XAI_API_KEY='canary",
    ]) {
      using at = scratch();
      writeFileSync(join(at.dir, '.env'), `# keys\n${line}\n`);
      await using jarvis = startJarvis(at, without('XAI_API_KEY'));
      expect(await jarvis.ended).toBe(1);
      expect(jarvis.printed()).toMatch(/^supervisor: \.env: line 2\b.*\n$/);
      expect(jarvis.printed()).not.toContain('canary');
    }
  });

  it('refuses to run twice in one place, and starts again after the first was killed', async () => {
    using at = scratch();
    await using first = startJarvis(at);
    await first.says(/ready/);
    await using second = startJarvis(at);
    expect(await second.ended).toBe(75);
    expect(second.printed()).toBe(`supervisor: another supervisor is running (pid ${first.pid})\n`);

    first.signal('SIGKILL');
    await first.ended;
    await using third = startJarvis(at);
    await third.says(/ready/);
    expect(JSON.parse(at.read('data/state.json'))).toMatchObject({ boots: 2, pid: third.pid });
  });

  it('ends with code 1 when the port is taken', async () => {
    using at = scratch();
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    await using jarvis = startJarvis(at, { ...KEYS, JARVIS_PORT: String(port) });
    expect(await jarvis.ended).toBe(1);
    expect(jarvis.printed()).toContain('address already in use');
    other.close();
  });
});

describe.concurrent('speaking to systemd', () => {
  it.each(['path', 'abstract'])(
    'says ready, pings within half the watchdog time and says stopping (%s socket)',
    async (kind) => {
      using at = scratch();
      const address = kind === 'path' ? join(at.dir, 'notify') : `@fleet-test-${process.pid}-${Date.now()}`;
      await using systemd = await listenNotify(at, address);
      await using jarvis = startJarvis(at, { ...KEYS, NOTIFY_SOCKET: address, WATCHDOG_USEC: '300000' });
      await systemd.says(/^READY=1 STATUS=5 of 5 bots, 0 bot restarts$/m);
      await systemd.says(/(WATCHDOG=1\n[\s\S]*){4}/);

      jarvis.signal('SIGTERM');
      expect(await jarvis.ended).toBe(0);
      await systemd.says(/^STOPPING=1/m);
    },
  );

  it('pings every minute at the latest, and not at all when the watchdog waits for another process', () => {
    const ask = (environment: Record<string, string>) =>
      runPython(
        'import sys, json, notify; print(notify.ping_interval(json.load(sys.stdin)))',
        JSON.stringify(environment),
      );
    expect(ask({ WATCHDOG_USEC: '300000000' })).toBe('60.0\n');
    expect(ask({ WATCHDOG_USEC: '20000000' })).toBe('10.0\n');
    expect(ask({ WATCHDOG_USEC: '20000000', WATCHDOG_PID: '1' })).toBe('None\n');
    expect(ask({})).toBe('None\n');
  });

  it('does not say ready before every bot is up', async () => {
    using at = scratch();
    const address = join(at.dir, 'notify');
    await using systemd = await listenNotify(at, address);
    const env = { ...KEYS, NOTIFY_SOCKET: address, WATCHDOG_USEC: '100000', JARVIS_FAULT: 'never-ready' };
    await using jarvis = startJarvis(at, env);
    // Four pings: it runs and its messages arrive, so a READY=1 would have come too.
    await systemd.says(/(WATCHDOG=1\n[\s\S]*){4}/);
    expect(systemd.printed()).not.toContain('READY');
    expect(await health(jarvis)).toMatchObject({ status: 503, body: { ok: false } });
  });
});

describe.concurrent('running', () => {
  it('stops within a second when asked to', async () => {
    using at = scratch();
    await using jarvis = startJarvis(at);
    await jarvis.says(/ready/);
    const asked = Date.now();
    jarvis.signal('SIGTERM');
    expect(await jarvis.ended).toBe(0);
    expect(Date.now() - asked).toBeLessThan(1000);
  });

  it('goes on in a new log file after SIGHUP', async () => {
    using at = scratch();
    await using jarvis = startJarvis(at);
    await jarvis.says(/ready/);
    // It is printed before it is written.
    await vi.waitFor(() => expect(at.read('logs/supervisor.log')).toContain('ready'), soon);
    renameSync(join(at.dir, 'logs/supervisor.log'), join(at.dir, 'logs/supervisor.log.1'));
    const moved = at.read('logs/supervisor.log.1');
    jarvis.signal('SIGHUP');
    await vi.waitFor(() => expect(at.read('logs/supervisor.log')).toContain('log opened anew'), soon);
    expect(at.read('logs/supervisor.log.1')).toBe(moved);
    expect((await health(jarvis)).status).toBe(200);
  });

  it('never writes over positions, also when it cannot read them', async () => {
    for (const [content, ready] of [
      ['{"positions": ["SOL"]}', true],
      ['{"positions": [', false],
    ] as const) {
      using at = scratch();
      mkdirSync(join(at.dir, '.lifeos/trading'), { recursive: true });
      writeFileSync(join(at.dir, '.lifeos/trading/positions.json'), content);
      await using jarvis = startJarvis(at);
      await jarvis.says(ready ? /ready/ : /treasury: crashed: Damaged/);
      expect((await health(jarvis)).status).toBe(ready ? 200 : 503);
      expect(at.read('.lifeos/trading/positions.json')).toBe(content);
    }
  });

  it('lets no key out, whatever it says, writes or answers', async () => {
    using at = scratch();
    const address = join(at.dir, 'notify');
    await using systemd = await listenNotify(at, address);
    await using jarvis = startJarvis(at, { ...KEYS, NOTIFY_SOCKET: address, JARVIS_FAULT: 'crash-bot:telegram' });
    await jarvis.says(/telegram: crashed/);
    const answer = await health(jarvis);
    jarvis.signal('SIGTERM');
    await jarvis.ended;

    const files = readdirSync(at.dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    expect(files.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['supervisor.log', 'state.json', 'positions.json']),
    );
    const written = files.map((file) => readFileSync(join(file.parentPath, file.name), 'utf8'));
    const all = [jarvis.printed(), systemd.printed(), answer.text, ...written].join('\n');
    for (const secret of Object.values(KEYS)) expect(all).not.toContain(secret);
    expect(all).not.toContain('canary');
  });

  it('has the keys that the search above looks for, and would have been caught', async () => {
    using at = scratch();
    await using jarvis = startJarvis(at);
    await jarvis.says(/ready/);
    const environ = readFileSync(`/proc/${jarvis.pid}/environ`, 'utf8');
    for (const secret of Object.values(KEYS)) expect(environ).toContain(secret);
  });

  it('replaces a key that an error message quotes by its name', () => {
    using at = scratch();
    const code = `
import logging, pathlib, sys
from logfile import open_log
from secret import Secret
open_log(pathlib.Path(sys.stdin.read()), [Secret("XAI_API_KEY", "canary-1")])
logging.getLogger("twitter").warning("refused: key=%s", "canary-1")`;
    expect(runPython(code, join(at.dir, 'log'))).toBe('twitter: refused: key=[secret XAI_API_KEY]\n');
    expect(at.read('log')).toContain('refused: key=[secret XAI_API_KEY]');
  });
});

describe.concurrent('a fault on purpose', () => {
  it('exit-at-start ends with code 1 before anything runs', async () => {
    using at = scratch();
    await using jarvis = startJarvis(at, { ...KEYS, JARVIS_FAULT: 'exit-at-start' });
    expect(await jarvis.ended).toBe(1);
    expect(readdirSync(at.dir)).toEqual([]);
  });

  it('exit-after ends with code 1 once it was ready', async () => {
    using at = scratch();
    await using jarvis = startJarvis(at, { ...KEYS, JARVIS_FAULT: 'exit-after:0.3' });
    await jarvis.says(/ready/);
    expect(await jarvis.ended).toBe(1);
    expect(jarvis.printed()).toMatch(/\nsupervisor: JARVIS_FAULT=exit-after after 0\.3 s\n$/);
  });

  it('http-500 answers 500 though it is ready', async () => {
    using at = scratch();
    await using jarvis = startJarvis(at, { ...KEYS, JARVIS_FAULT: 'http-500' });
    await jarvis.says(/ready/);
    expect(await health(jarvis)).toMatchObject({ status: 500, body: { ok: false } });
  });

  it('hang stops pings and answers, and SIGTERM is not heeded', async () => {
    using at = scratch();
    const address = join(at.dir, 'notify');
    await using systemd = await listenNotify(at, address);
    const env = { ...KEYS, NOTIFY_SOCKET: address, WATCHDOG_USEC: '100000', JARVIS_FAULT: 'hang:0.4' };
    await using jarvis = startJarvis(at, env);
    await systemd.says(/(WATCHDOG=1\n[\s\S]*){4}/);
    // No answer alone may be a busy machine; no ping meanwhile, where six were due, is a hang.
    const pings = await vi.waitFor(async () => {
      const before = systemd.printed();
      // Not by "rejects": a try that fails would count for whichever test beside this one ends meanwhile.
      expect(await health(jarvis, 300).catch((error: Error) => error.message)).toMatch(/timeout/);
      expect(systemd.printed()).toBe(before);
      return before;
    }, soon);
    jarvis.signal('SIGTERM');
    const ended = await Promise.race([jarvis.ended, new Promise((done) => setTimeout(done, 400, 'still there'))]);
    expect(ended).toBe('still there');
    expect(systemd.printed()).toBe(pings);
  });

  it('crash-bot restarts one bot with growing delays, the others do not notice', async () => {
    using at = scratch();
    await using jarvis = startJarvis(at, { ...KEYS, JARVIS_FAULT: 'crash-bot:twitter' });
    await jarvis.says(/twitter: crashed: RuntimeError.*; starts again in 0\.5 s[\s\S]*; starts again in 1 s/);
    const { status, body } = await health(jarvis);
    expect({ status, ok: body.ok }).toEqual({ status: 200, ok: true });
    const { twitter, ...others } = body.bots as Record<string, number>;
    expect(twitter).toBeGreaterThan(0);
    expect(Object.values(others)).toEqual([0, 0, 0, 0]);
  });

  it.each(['explode', 'hang', 'hang:soon', 'crash-bot:nobody', 'http-500:1'])(
    '%s is refused with the list of faults',
    async (fault) => {
      using at = scratch();
      await using jarvis = startJarvis(at, { ...KEYS, JARVIS_FAULT: fault });
      expect(await jarvis.ended).toBe(1);
      expect(jarvis.printed()).toMatch(
        /^supervisor: JARVIS_FAULT: must be one of exit-at-start, .* and crash-bot:NAME/,
      );
    },
  );
});
