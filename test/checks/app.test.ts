import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { file } from '../../src/checks/app/file.ts';
import { generation } from '../../src/checks/app/generation.ts';
import { logs } from '../../src/checks/app/logs.ts';
import { services, settings } from '../../src/checks/app/of-the-app.ts';
import { unit } from '../../src/checks/app/unit.ts';
import { defaultChecks } from '../../src/checks/defaults.ts';
import { bindCheck } from '../../src/checks/define.ts';
import { probeScript, splitProbe } from '../../src/host/call.ts';
import type { Verdict } from '../../src/model/check.ts';
import { Script, sh } from '../../src/shell/sh.ts';
import { wholeScript } from '../../src/transport/exec/script.ts';
import { runIn, SHELLS } from '../tasks/rig.ts';
import { checkHere, checkOf, hostHere, layout, words } from './rig.ts';

const ok = (detail: string): Verdict => ({ ok: true, detail });
const warns = (detail: string): Verdict => ({ ok: true, warning: true, detail });
const fails = (detail: string): Verdict => ({ ok: false, detail });

const UP = 'unit a.service active running 42 3 success 0\n';
const use = (lines: string, unit = 'a.service') => `uptime 100000\nuse ${unit}\n${lines}`;

describe('a unit check looks besides', () => {
  it.each<[string, object, string, Readonly<Record<string, number>>, Verdict]>([
    [
      'at restarts since the last look',
      {},
      UP,
      { 'restarts a.service': 1 },
      warns('a.service was restarted 2 times since the last look'),
    ],
    [
      'at too many of them',
      { restarts: { critical: 2 } },
      UP,
      { 'restarts a.service': 1 },
      fails('a.service was restarted 2 times since the last look'),
    ],
    [
      'at a counter that began anew',
      {},
      UP,
      { 'restarts a.service': 9 },
      warns('a.service was restarted 3 times since the last look'),
    ],
    ['at none since then', {}, UP, { 'restarts a.service': 3 }, ok('active (running), pid 42, 3 restarts')],
    ['at none where nothing is remembered', {}, UP, {}, ok('active (running), pid 42, 3 restarts')],
    [
      'at how long it is up',
      { settled: '10s' },
      UP + use('ActiveEnterTimestampMonotonic=991000000\n'),
      {},
      warns('a.service has been up for less than 10s'),
    ],
    [
      'at one that is up for longer',
      { settled: '10s' },
      UP + use('ActiveEnterTimestampMonotonic=980000000\n'),
      {},
      ok('active (running), pid 42, 3 restarts'),
    ],
    ['at tasks', {}, UP + use('TasksCurrent=9\nTasksMax=10\n'), {}, warns('a.service 9 tasks of 10 (TasksMax)')],
    [
      'at the watchdog',
      { watchdog: { critical: 80 } },
      UP + use('WatchdogUSec=1min 40s\nWatchdogTimestampMonotonic=910000000\n'),
      {},
      fails('a.service has been silent for 90 % of WatchdogSec'),
    ],
    [
      'not at a watchdog that systemd would have ended it for',
      { watchdog: { critical: 80 } },
      UP + use('WatchdogUSec=10s\nWatchdogTimestampMonotonic=910000000\n'),
      {},
      ok('active (running), pid 42, 3 restarts'),
    ],
    [
      'at memory',
      { memory: { critical: 50 } },
      UP + use('MemoryCurrent=512\nMemoryMax=1024\n'),
      {},
      fails('a.service 512 B of 1 KiB (50 %); critical is 50 %'),
    ],
    [
      'not at one that is down',
      { tasks: { warn: 1 } },
      `unit a.service failed failed 0 3 watchdog 6\n${use('TasksCurrent=9\nTasksMax=10\n')}`,
      {},
      fails('failed (failed), watchdog, status 6, 3 restarts'),
    ],
  ])('%s', async (_what, more, printed, before, verdict) =>
    expect(words(await checkOf(unit, { name: 'a.service', ...more }, printed, { before }))).toEqual(verdict),
  );

  it('reads what each uses, with its limits', async () =>
    expect(
      (
        await checkOf(
          unit,
          'a.service',
          UP + use('MemoryCurrent=512\nMemoryMax=1024\nTasksCurrent=9\nTasksMax=infinity\n'),
        )
      ).readings,
    ).toEqual([
      { name: 'restarts a.service', value: 3, unit: 'count', warn: null, critical: null, limit: null },
      { name: 'tasks a.service', value: 9, unit: 'count', warn: null, critical: null, limit: null },
    ]));

  it.each(['', 'unit a.service', 'use a.service\nMemoryCurrent=\u001b[2J\n'])(
    'and fails where the host prints %j',
    async (printed) => {
      const { ok, detail } = await checkOf(unit, 'a.service', printed);
      expect(ok).toBe(false);
      expect(detail).not.toMatch(/\p{Cc}/u);
    },
  );
});

const found = (more = '') => `now 100000\nlog 2048 99990 40000 /l\n${more}`;
const PATTERN = { match: 'ERR', warn: 1, critical: 3 };

describe('a check of logs', () => {
  it.each<[string, object, string, Verdict]>([
    ['are small', { size: { warn: '4K' } }, found(), ok('/l 2 KiB')],
    ['are large', { size: { warn: '2K', critical: '4K' } }, found(), warns('/l 2 KiB; warns from 2K, critical is 4K')],
    ['are too large', { size: { critical: '2K' } }, found(), fails('/l 2 KiB; critical is 2K')],
    ['were written to', { age: { warn: '1m' } }, found(), ok('/l 2 KiB')],
    [
      'are silent',
      { age: { warn: '5s', critical: '10s' } },
      found(),
      fails('/l: nothing was written to it for 10 s; warns from 5s, critical is 10s'),
    ],
    ['were rotated', { rotated: { warn: '1d' } }, found(), ok('/l 2 KiB; /l was rotated 16 h ago')],
    [
      'were not rotated for long',
      { rotated: { warn: '8h' } },
      found(),
      warns('/l was rotated 16 h ago; warns from 8h'),
    ],
    [
      'were never rotated',
      { rotated: { warn: '8h' } },
      'now 5\nlog 1 5 - /l\n',
      warns('/l: no rotated file stands beside it'),
    ],
    [
      'are empty',
      { rotated: { warn: '8h' } },
      'now 5\nlog 0 5 - /l\n',
      ok('/l 0 B; /l is empty and was never rotated'),
    ],
    ['are not there', { size: { warn: '1K' } }, 'now 5\n', warns('no file /l')],
    ['are not there and must be written to', { age: { critical: '1m' } }, 'now 5\n', fails('no file /l')],
    [
      'hold nothing bad',
      { patterns: [PATTERN] },
      found('position 2048\nmatches 0 0 \n'),
      ok('/l 2 KiB; 0 lines match ERR of late; read up to 2048'),
    ],
    [
      'hold something',
      { patterns: [PATTERN] },
      found('position 9\nmatches 0 1 ERR \u001b[2J\n'),
      warns('1 line matches ERR of late, the last: ERR \\x1b[2J'),
    ],
    [
      'hold too much',
      { patterns: [PATTERN] },
      found('position 9\nmatches 0 3 ERR c\n'),
      fails('3 lines match ERR of late, the last: ERR c'),
    ],
    ['cannot be read', { patterns: [PATTERN] }, found('unread no\n'), warns('/l cannot be read: no')],
    ['are nonsense', { size: { warn: '1K' } }, 'log x\nlog 1 2\nnow', warns('no file /l')],
  ])('that %s', async (_what, entry, printed, verdict) =>
    expect(words(await checkOf(logs, { path: '/l', ...entry }, printed))).toEqual(verdict),
  );

  it('remembers how far it has read, and asks from there', async () => {
    const entry = { path: '/l', patterns: [PATTERN] };
    const verdict = await checkOf(logs, entry, found('position 4096\nmatches 0 2 x\n'), {
      before: { 'log position /l': 2048 },
    });
    expect(verdict.detail).toBe('2 lines match ERR since the last look, the last: x');
    expect(verdict.readings).toContainEqual(expect.objectContaining({ name: 'log position /l', value: 4096 }));
    const bound = bindCheck(logs, logs.schema.parse(entry), layout);
    expect(bound.asks(() => null)?.script.text).toContain('tell_matches /l - ERR');
    expect(bound.asks((name) => (name === 'log position /l' ? 2048 : null))?.script.text).toContain(
      'tell_matches /l 2048 ERR',
    );
  });

  const folder = mkdtempSync(join(tmpdir(), 'logs-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('sees what was added since, also across a rotation, and follows no word out of its quotes', {
    timeout: 60_000,
  }, async () => {
    const path = join(folder, "a b'c $(id).log");
    writeFileSync(path, 'ERR 1\nfine\n');
    const look = async (from: number | null) => {
      const check = bindCheck(logs, logs.schema.parse({ path, patterns: [{ match: '^ERR [0-9]$', warn: 1 }] }), layout);
      const before = from === null ? {} : { [`log position ${path}`]: from };
      return check.check(hostHere({ before }));
    };
    const count = (verdict: Verdict) => verdict.readings?.find(({ name }) => name.startsWith('log lines'))?.value;
    expect(count(await look(null))).toBe(1);
    expect(count(await look(11))).toBe(0);
    writeFileSync(path, 'ERR 1\nfine\nERR 2\n');
    expect(count(await look(11))).toBe(1);
    writeFileSync(`${path}.1`, 'ERR 1\nfine\nERR 2\nERR 3\n');
    writeFileSync(path, 'ERR 4\n');
    expect(count(await look(17))).toBe(2);
  });
});

const file600 = (more = '600 jarvis jarvis 2048 90000 regular file') => `now 100000\nfile ${more}\n`;

describe('a file check', () => {
  it.each<[string, unknown, string, Verdict]>([
    ['is as it should be', { path: '/f', mode: '0600', owner: 'jarvis' }, file600(), ok('0600 jarvis:jarvis, 2 KiB')],
    ['has another mode', { path: '/f', mode: '640' }, file600(), fails('its mode is 0600, not 0640')],
    [
      'has another owner and group',
      { path: '/f', owner: 'root', group: 'adm', otherwise: 'warn' },
      file600(),
      warns('it belongs to jarvis, not root; its group is jarvis, not adm'),
    ],
    [
      'is too old',
      { path: '/f', age: { warn: '2h', critical: '1d' } },
      file600(),
      warns('changed 2 h ago; warns from 2h, critical is 1d'),
    ],
    ['is too large', { path: '/f', size: { critical: '2K' } }, file600(), fails('2 KiB; critical is 2K')],
    [
      'is too small',
      { path: '/f', least: { warn: '3K', critical: '2K' } },
      file600(),
      fails('2 KiB; warns from 3K, critical is 2K'),
    ],
    ['is missing', '/f', 'now 1\nabsent\n', fails('it is not there')],
    ['is missing, and not missed', { path: '/f', absent: true }, 'now 1\nabsent\n', ok('not there')],
    ['is there and must not be', { path: '/f', absent: true, otherwise: 'warn' }, file600(), warns('it is there')],
    ['leads nowhere', '/f', 'now 1\ndangling\n', fails('it is a link to what is not there')],
    ['cannot be looked at', '/f', 'now 1\nhidden\n', warns('/f cannot be looked at by this login')],
    ['tells nothing', '/f', '', warns('the host tells nothing of /f')],
    ['tells nonsense', '/f', file600('9 a b c'), warns('the host tells nothing of /f')],
    [
      'is of a hostile account',
      { path: '/f', owner: 'root' },
      file600('600 \u001b[2J x 1 1 regular file'),
      fails('it belongs to \\x1b[2J, not root'),
    ],
  ])('of one that %s', async (_what, entry, printed, verdict) =>
    expect(words(await checkOf(file, entry, printed))).toEqual(verdict),
  );

  it('asks this machine', async () => {
    expect(await checkHere(file, { path: '/etc/passwd', mode: '0644', owner: 'root' })).toMatchObject({ ok: true });
    expect(await checkHere(file, '/no/such')).toEqual(fails('it is not there'));
  });
});

const made = 'active 3\ngeneration 1 good 0 x\ngeneration 3 good 1 y\n';

describe('a check of the generation', () => {
  it.each<[string, object, string, Verdict]>([
    ['is as it should be', {}, `phase IDLE\n${made}`, ok('3 is active')],
    ['was gone back from', {}, made.replace('active 3', 'active 1'), ok('1 is active, 3 is the newest good one')],
    ['is another one', { expected: 1 }, made, fails('generation 3 is active, not 1')],
    [
      'was never proved',
      {},
      'active 3\ngeneration 3 open 1 y\n',
      fails('generation 3 is active and was never proved healthy'),
    ],
    ['is none', {}, 'active 0\n', fails('nothing is deployed there')],
    [
      'has drifted',
      {},
      `${made}drift changed /a\ndrift disabled b\naltered releases/3/c\ndrift gone d\n`,
      warns(
        'differs from what was deployed: changed /a, disabled b, gone d and 1 more; `fleet status` tells all of it',
      ),
    ],
    [
      'must not drift',
      { drift: 'critical' },
      `${made}drift changed \u001b[2J\n`,
      fails('differs from what was deployed: changed \\x1b[2J; `fleet status` tells all of it'),
    ],
    ['may drift', { drift: 'ignore' }, `${made}drift changed /a\n`, ok('3 is active')],
    [
      'is on its way',
      {},
      `phase SETTLING\nopen t 1 3 running bob\nover-in 55\n${made}`,
      ok('a deploy of generation 3 by bob is at work (SETTLING), over in 55 s at the latest'),
    ],
    [
      'is late',
      {},
      `phase REVERTING\nopen t 1 3 running bob\nover-in -5\n${made}`,
      fails('a deploy of generation 3 by bob is at work (REVERTING) and should have been over 5 s ago'),
    ],
    [
      'was left',
      {},
      `phase SETTLING\nopen t 1 3 dead bob x\nover-in 9\n${made}`,
      fails('a deploy of generation 3 by bob x was left in SETTLING; the next deploy finishes it'),
    ],
    ['is not told', {}, 'phase', fails('the host does not tell which generation is active')],
  ])('that %s', async (_what, entry, printed, verdict) =>
    expect(words(await checkOf(generation, entry, printed))).toEqual(verdict),
  );
});

describe('what health asks by itself', () => {
  const labels = (own: readonly { kind: string; spec: unknown }[], taken: readonly string[] = []) =>
    defaultChecks(['units', 'disk', 'inodes', 'memory', 'clock', 'generation', 'env'], own, taken, layout).map(
      ({ label }) => label,
    );

  it('gives way to what the playbook asks of the same thing', () => {
    expect(labels([])).toEqual([
      ...['limits of the services', 'disk /opt/jarvis, /', 'inodes /opt/jarvis, /', 'memory of the host'],
      ...['clock of the host', 'generation', '.env'],
    ]);
    expect(
      labels(
        [
          { kind: 'disk', spec: ['/', '/opt/jarvis'] },
          { kind: 'inodes', spec: { path: '/' } },
        ],
        ['clock of the host'],
      ),
    ).toEqual([...['limits of the services', 'inodes /opt/jarvis', 'memory of the host', 'generation', '.env']]);
  });

  it('is bad where the host has no memory left, and where it has little a warning', async () => {
    const [check] = defaultChecks(['memory'], [], [], layout);
    const at = async (free: number) => {
      const text = `MemTotal 100000\nMemAvailable ${free}\n`;
      const verdict = await check?.check(hostHere({ printed: text }));
      return verdict?.ok === true ? (verdict.warning ?? false) : 'bad';
    };
    expect(await Promise.all([12_000, 8000, 2900].map(at))).toEqual([false, true, 'bad']);
  });

  const printed =
    use('MemoryCurrent=95\nMemoryMax=100\nTasksCurrent=95\nTasksMax=100\n') + use('MemoryCurrent=1\n', 'b.service');
  it.each<[string, { memory: string[]; rest: string[] }, string, Verdict]>([
    [
      'are full',
      { memory: [], rest: [] },
      printed,
      warns('a.service 95 of 100 B (95 %); warns from 90 %, critical is 98 %; a.service 95 tasks of 100 (TasksMax)'),
    ],
    [
      'have memory that is judged elsewhere',
      { memory: ['a.service'], rest: [] },
      printed,
      warns('a.service 95 tasks of 100 (TasksMax)'),
    ],
    [
      'are judged elsewhere',
      { memory: ['a.service'], rest: ['a.service'] },
      printed,
      ok('2 services within their limits'),
    ],
    [
      'are about to be killed, and can start no thread more',
      { memory: [], rest: [] },
      printed.replaceAll('=95', '=98'),
      fails('a.service 98 of 100 B (98 %); warns from 90 %, critical is 98 %; a.service 98 tasks of 100 (TasksMax)'),
    ],
    ['are none', { memory: [], rest: [] }, '', ok('0 services within their limits')],
  ])('of services that %s', async (_what, elsewhere, text, verdict) =>
    expect(words(await checkOf(services, elsewhere, text))).toEqual(verdict),
  );

  it.each<[string, string, Verdict]>([
    ['is right', `owner jarvis\n${file600()}`, ok('0600, jarvis')],
    [
      'is open to others',
      `owner jarvis\n${file600('644 jarvis jarvis 1 1 regular file')}`,
      fails('its mode is 0644, not 0600'),
    ],
    ['is somebody else’s', `owner -\n${file600('600 root root 1 1 regular file')}`, ok('0600, root')],
    ['is gone', 'owner jarvis\nnow 1\nabsent\n', fails('it is not there')],
    ['was never there', '', ok('none was deployed')],
  ])('of an .env that %s', async (_what, text, verdict) =>
    expect(words(await checkOf(settings, {}, text))).toEqual(verdict),
  );
});

describe('what a check asks', () => {
  it.each(SHELLS.map((shell) => [shell]))('is answered alike by %s', { timeout: 60_000 }, (shell) => {
    const asked = ['tell_settings', 'tell_use_of_app', 'tell_memory', 'tell_load', 'tell_clock', 'tell_file /nope'];
    const told = runIn(shell, Script.ofProgram(asked.map((one) => `(${one})`).join('\n')));
    expect(told).toMatch(/^MemTotal \d+$/m);
    expect(told).toMatch(/^load [\d.]+ [\d.]+ [\d.]+ \d+$/m);
    expect(told).toMatch(/^clock \d{10} \d+$/m);
    expect(told).toMatch(/^absent$/m);
  });

  it.each(SHELLS.map((shell) => [shell]))(
    'goes in one command, what is slow side by side, with %s',
    { timeout: 60_000 },
    ([shell = 'sh', ...options]) => {
      const fragments = [
        { name: 'a', probe: sh`echo one; read -r x; echo "$x"; exit 3` },
        { name: 'slow 1', probe: sh`sleep 1; echo first`, slow: true },
        { name: 'slow 2', probe: sh`sleep 1; printf ${'second\n\nN end 1\n0 third\n'}`, slow: true },
        { name: 'b', probe: sh`tell_clock` },
      ];
      const script = wholeScript(
        probeScript({ ...layout, root: '/no/such/root', user: null }, fragments, 'N0nce', [], 'sent'),
      );
      const stdout = execFileSync(shell, [...options, '-s'], {
        input: script,
        encoding: 'utf8',
        stdio: ['pipe', 'pipe', 'pipe'],
      });
      const parts = splitProbe(stdout, fragments, 'N0nce');
      expect(parts?.answers.get('a')).toBe('one\n\n');
      expect(parts?.answers.get('slow 1')).toBe('first');
      expect(parts?.answers.get('slow 2')).toBe('second\n\nN end 1\n0 third');
      const at = Number(/^clock \d+ (\d+)$/m.exec(parts?.answers.get('b') ?? '')?.[1]);
      // Both slept a second at the same time.
      expect((parts?.up ?? 0) - at).toBeGreaterThanOrEqual(95);
    },
  );

  it('makes a verdict on one harmless line of whatever is printed', { timeout: 60_000 }, () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.oneof(
            fc.string({ unit: 'binary' }),
            fc.constantFrom(
              'unit a.service',
              'active 1',
              'file 600 a b 1 1 x',
              'now 5',
              'log 1 2 3 ',
              'matches 0 1 ',
              'drift ',
            ),
          ),
        ),
        async (lines) => {
          for (const [kind, entry] of [
            [unit, 'a.service'],
            [file, { path: '/f', mode: '0600' }],
            [generation, {}],
            [logs, { path: '/l', size: { warn: '1K' }, patterns: [PATTERN] }],
          ] as const) {
            const { detail } = await checkOf(kind as never, entry, lines.join('\n'));
            expect(detail).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
          }
        },
      ),
      { numRuns: 60 },
    ),
  );
});
