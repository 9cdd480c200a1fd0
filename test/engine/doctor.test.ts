import { describe, expect, it } from 'vitest';
import { findings, type Reading } from '../../src/engine/doctor/findings.ts';
import { parseSeen, type WantedFolder } from '../../src/engine/doctor/look.ts';
import { parseFacts } from '../../src/host/facts.ts';
import type { Verdict } from '../../src/model/check.ts';
import type { Finding, Machine } from '../../src/model/finding.ts';
import { explainFinding } from '../../src/output/messages/doctor/finding.ts';

const ROOT = '/opt/shop';
const UNIT = 'shop.service';
const layout = { root: ROOT, current: `${ROOT}/current`, app: 'shop', user: 'shop', data: ['data'] };

/** What a host says, in the lines of its program; what is not told of is as it should be. */
type Said = {
  readonly state?: readonly string[];
  readonly ailing?: readonly string[];
  readonly answers?: Readonly<Record<string, readonly string[]>>;
  readonly machine?: readonly (readonly [of: Machine, verdict: Verdict])[];
  readonly checks?: Reading['checks'];
  readonly tripMs?: number;
  readonly wanted?: readonly WantedFolder[];
};

const STATE = ['uid 0', 'user root', 'init systemd', 'tool rsync', 'active 2', 'phase IDLE', 'runtime systemd'];
const up = `unit ${UNIT} active running 4711 0 success 0`;
const state = (active: string, sub: string, restarts: number, result: string, status: number) => [
  `unit ${UNIT} ${active} ${sub} 0 ${restarts} ${result} ${status}`,
  `drift down ${UNIT} ${active} ${sub}`,
];
const failed = (result: string, status: number) => state('failed', 'failed', 0, result, status);
const looping = (result: string, status: number) => state('activating', 'auto-restart', 41, result, status);
const ailing = (...lines: readonly string[]) => [`ailing ${UNIT} shop loaded 200`, ...lines];
const said = (...lines: readonly string[]) => ailing(...lines.map((line) => `said ${line}`));
const need = (role: string, what: string, part: string, path = part, looks = '- -') =>
  `need ${role} ${what} ${looks} ${part}\x1f${path}`;

const DATA: WantedFolder = { path: `${ROOT}/data`, owner: 'shop', mode: 0o750, data: true };

function reading(one: Said): Reading {
  const lines = one.state ?? [up];
  const answers = new Map(
    Object.entries({ ailing: one.ailing ?? [], ...one.answers }).map(([name, text]) => [
      `doctor ${name}`,
      `${text.join('\n')}\n`,
    ]),
  );
  return {
    ...{ layout, account: 'root', probe: parseFacts([...lines, ...STATE].join('\n')) },
    seen: parseSeen(answers),
    ...{ wanted: one.wanted ?? [], machine: one.machine ?? [], checks: one.checks ?? [], ports: [8000] },
    ...{ beside: [], tripMs: one.tripMs ?? 12 },
  };
}

const full = (of: Machine, detail: string) => [[of, { ok: false, detail }]] as const;
/** Port 8000 on 127.0.0.1, held by nginx. */
const NGINX = ['listen 0100007F 1F40 33 900', 'held 900 77 nginx.service nginx', 'owned 33 www-data'];
const settings = (what: string) => [`wrong ${what} 600 shop:shop ${ROOT}/.env`];
const open = (running: string) => [`open 7-a 2 3 ${running} alice@laptop`, 'over-in 40'];
const folder = (uid: number, owner: string, mode: string) => [
  'folder 0 folder 0 0 755 root root',
  'folder 0 folder 0 0 755 root root',
  `folder 0 folder ${uid} ${uid} ${mode} ${owner} ${owner}`,
];

type Row = readonly [situation: string, said: Said, first: object, words: RegExp];

const service = (why: string, more: object = {}) => ({ kind: 'service', unit: UNIT, cause: { why, ...more } });

/** Each a broken host, and what has to be named first. */
const BROKEN: readonly Row[] = [
  [
    'no .env',
    {
      state: failed('resources', 0),
      ailing: ailing(need('env', 'absent', `${ROOT}/.env`)),
      answers: { files: settings('absent - -') },
    },
    { kind: 'file', settings: true, wrong: 'absent', fix: { do: 'file', path: `${ROOT}/.env` } },
    /settings \/opt\/shop\/\.env are missing/,
  ],
  [
    'a .env that anybody may read',
    { answers: { files: settings('rights 644 shop:shop') } },
    { kind: 'file', settings: true, wrong: 'rights', fix: { do: 'file' } },
    /another mode or owner/,
  ],
  [
    'a .env of root, without systemd',
    {
      state: failed('resources', 250),
      ailing: ailing(need('env', 'closed', `${ROOT}/.env`, `${ROOT}/.env`, '600 root:root')),
      answers: { files: settings('rights 600 root:root') },
    },
    { kind: 'file', settings: true, is: { mode: '600', owner: 'root:root' } },
    /another mode or owner/,
  ],
  [
    'settings elsewhere that are missing',
    { state: failed('resources', 0), ailing: ailing(need('env', 'absent', '/etc/shop.conf')) },
    service('need', { need: { role: 'env', state: 'absent' } }),
    /its settings file \/etc\/shop\.conf is missing/,
  ],
  [
    'a port that somebody else has',
    {
      state: looping('exit-code', 1),
      ailing: said('Traceback:', "OSError: [Errno 98] Address already in use: ('127.0.0.1', 8000)"),
      answers: { ports: NGINX },
    },
    service('port', { port: 8000 }),
    /port 8000 is in use: nginx \(pid 77, nginx\.service, www-data\)/,
  ],
  [
    'the same in the words of node',
    {
      state: failed('exit-code', 1),
      ailing: said('Error: listen EADDRINUSE: address already in use :::8000', 'code: 1'),
      answers: { ports: NGINX },
    },
    service('port', { port: 8000 }),
    /pid 77/,
  ],
  [
    'the same where the log names no port, but a check does',
    { state: failed('exit-code', 1), ailing: said('bind: Address already in use'), answers: { ports: NGINX } },
    service('port', { port: 8000 }),
    /nginx/,
  ],
  [
    'a port that was in use',
    { state: failed('exit-code', 1), ailing: said('bind 0.0.0.0:8000: address already in use') },
    service('port', { port: 8000, by: null }),
    /was in use when it started/,
  ],
  [
    'a data folder that belongs to root',
    {
      state: looping('exit-code', 1),
      ailing: said("PermissionError: [Errno 13] Permission denied: '/opt/shop/data/db'"),
      wanted: [DATA],
      answers: {
        folders: folder(0, 'root', '700'),
        reach: [need('write', 'closed', `${ROOT}/data`, `${ROOT}/data`, '700 root:root')],
      },
    },
    { kind: 'folder', wrong: 'closed', fix: { do: 'folder', path: `${ROOT}/data`, mode: '00700', owner: 'shop' } },
    /shop cannot write in its folder/,
  ],
  [
    'a data folder that is gone',
    {
      state: looping('exit-code', 1),
      ailing: said("No such file or directory: '/opt/shop/data/db'"),
      wanted: [DATA],
      answers: { folders: [...folder(0, 'root', '755').slice(0, 2), 'folder 0 none'] },
    },
    { kind: 'folder', wrong: 'absent', fix: { do: 'folder', mode: '00750', owner: 'shop' } },
    /folder \/opt\/shop\/data is missing/,
  ],
  [
    'a file that the service may not open',
    {
      state: looping('exit-code', 1),
      ailing: ailing(
        need('named', 'closed', '/srv/models', '/srv/models/one.bin', '700 root:root'),
        'said open /srv/models/one.bin: permission denied',
      ),
    },
    service('permission', { path: '/srv/models/one.bin' }),
    /permission denied: shop may not use \/srv\/models\/one\.bin/,
  ],
  [
    'a working folder that is missing',
    { state: failed('exit-code', 200), ailing: ailing(need('cwd', 'absent', `${ROOT}/current/api`)) },
    service('need', { need: { role: 'cwd' } }),
    /its folder \/opt\/shop\/current\/api is missing/,
  ],
  [
    'a home that the account may not pass',
    {
      state: failed('exit-code', 200),
      ailing: ailing(need('cwd', 'closed', '/home/bob', '/home/bob/shop', '700 bob:bob')),
    },
    service('need', { need: { state: 'closed' } }),
    /may not enter \/home\/bob, on the way to its folder \/home\/bob\/shop/,
  ],
  [
    'a program that is not there',
    { state: failed('exit-code', 203), ailing: ailing(need('program', 'absent', `${ROOT}/current/bin/shop`)) },
    service('need', { need: { role: 'program', state: 'absent' } }),
    /its program .* is missing/,
  ],
  [
    'a program without its execute bit',
    {
      state: failed('exit-code', 203),
      ailing: ailing(need('program', 'noexec', '/opt/x', '/opt/x', '644 root:root')),
    },
    service('need', { need: { state: 'noexec' } }),
    /may not be executed/,
  ],
  [
    'an interpreter that is not there',
    { state: failed('exit-code', 203), ailing: ailing(need('program', 'interpreter', '/usr/bin/python9', '/opt/x')) },
    service('need', { need: { state: 'interpreter' } }),
    /names \/usr\/bin\/python9, which is not there/,
  ],
  [
    'no account',
    { state: failed('exit-code', 217), ailing: ailing('stranger shop') },
    service('account', { name: 'shop' }),
    /no account shop/,
  ],
  [
    'a memory limit',
    { state: failed('oom-kill', 9), ailing: said('loading', "Failed with result 'oom-kill'.") },
    service('memory', { of: 'limit' }),
    /ran out of memory/,
  ],
  [
    'a host without memory',
    {
      state: looping('signal', 9),
      ailing: ailing(need('program', 'ok', '/usr/bin/python3.11', '/usr/bin/python3')),
      answers: { oom: ['oom Out of memory: Killed process 812 (python3.11) total-vm:1kB'] },
    },
    service('memory', { of: 'host' }),
    /host ran out of memory/,
  ],
  [
    'a memory limit of which systemd does not learn, but the kernel tells',
    {
      state: looping('signal', 9),
      answers: { oom: [`oom oom-kill:constraint=CONSTRAINT_MEMCG,task_memcg=/system.slice/${UNIT},task=node`] },
    },
    service('memory', { of: 'limit' }),
    /used more than it may/,
  ],
  [
    'the same where nobody may read what the kernel tells',
    { state: looping('signal', 9), ailing: ailing('limit 3145728'), answers: { oom: ['oom hidden'] } },
    service('memory', { of: 'likely' }),
    /most likely for using more memory/,
  ],
  [
    'a killed service without a limit, where nobody may read what the kernel tells',
    { state: failed('signal', 9), ailing: ailing(), answers: { oom: ['oom hidden'] } },
    service('ended', { status: 9 }),
    /killed with SIGKILL/,
  ],
  [
    'a killed service where the kernel has killed another',
    { state: failed('signal', 9), answers: { oom: ['oom Out of memory: Killed process 812 (java) total-vm:1kB'] } },
    service('ended', { result: 'signal', status: 9 }),
    /killed with SIGKILL/,
  ],
  [
    'a program that wants more memory than it may have',
    { state: looping('exit-code', 134), ailing: said('FATAL ERROR: JavaScript heap out of memory') },
    service('memory', { of: 'program' }),
    /memory that it asked for/,
  ],
  [
    'a watchdog that bites every few minutes',
    {
      state: [`unit ${UNIT} active running 4711 12 success 0`],
      ailing: said(
        'Main process exited, code=killed, status=6/ABRT',
        "shop.service: Failed with result 'watchdog'.",
        'Started shop.',
      ),
    },
    { ...service('watchdog'), symptom: 'restarted', level: 'warn' },
    /no sign of life/,
  ],
  [
    'a module that is missing',
    { state: looping('exit-code', 1), ailing: said("ModuleNotFoundError: No module named 'uvicorn'") },
    { ...service('dependency', { name: 'uvicorn' }), symptom: 'restarting', restarts: 41 },
    /starts again and again \(41 restarts\): uvicorn is not installed/,
  ],
  [
    'a unit that has given up, for want of a key',
    {
      state: failed('start-limit-hit', 1),
      ailing: said(
        "KeyError: 'TELEGRAM_BOT_TOKEN'",
        "Failed with result 'exit-code'.",
        'Start request repeated too quickly.',
      ),
    },
    {
      ...service('setting', { name: 'TELEGRAM_BOT_TOKEN' }),
      symptom: 'gave-up',
      fix: { do: 'reset-failed', unit: UNIT },
    },
    /TELEGRAM_BOT_TOKEN is missing/,
  ],
  [
    'a database that does not run',
    {
      state: looping('exit-code', 1),
      ailing: said('pymongo.errors.ServerSelectionTimeoutError: 127.0.0.1:27017: [Errno 111] Connection refused'),
    },
    service('peer', { place: '127.0.0.1:27017', listening: false }),
    /nobody answers at 127\.0\.0\.1:27017/,
  ],
  [
    'Telegram, polled twice',
    {
      state: looping('exit-code', 1),
      ailing: said('telegram.error.Conflict: terminated by other getUpdates request; make sure'),
    },
    service('conflict'),
    /same token/,
  ],
  [
    'a program for another processor',
    { state: failed('exit-code', 126), ailing: said('/bin/sh: 1: ./shop: Exec format error') },
    service('processor'),
    /another kind of processor/,
  ],
  [
    'too many open files',
    { state: looping('exit-code', 1), ailing: said('accept: EMFILE: too many open files') },
    service('open-files'),
    /as many files/,
  ],
  [
    'a path that the sandbox closes',
    { state: looping('exit-code', 1), ailing: said("OSError: [Errno 30] Read-only file system: '/var/lib/shop/x'") },
    service('read-only', { path: '/var/lib/shop/x' }),
    /may only read \/var\/lib\/shop\/x/,
  ],
  [
    'a full disk',
    {
      state: looping('exit-code', 1),
      ailing: said('OSError: [Errno 28] No space left on device'),
      machine: full('disk', '/ 100 % in use, 0 B free'),
    },
    { kind: 'machine', of: 'disk', level: 'critical' },
    /file system is full.*100 %/,
  ],
  [
    'no inodes',
    {
      state: looping('exit-code', 1),
      ailing: said('cannot create: No space left on device'),
      machine: full('inodes', '/ 100 % in use, 0 free'),
    },
    { kind: 'machine', of: 'inodes' },
    /no more files/,
  ],
  [
    'a wrong clock beside a service that does not say why it stops',
    { state: looping('exit-code', 1), ailing: said('bye'), machine: full('clock', '2 h behind this machine') },
    { kind: 'machine', of: 'clock' },
    /clock is off: 2 h behind/,
  ],
  [
    'a hot processor',
    { machine: full('temperature', 'tj-thermal 91 °C') },
    { kind: 'machine', of: 'temperature' },
    /hot/,
  ],
  [
    'a deploy that died',
    { state: [...state('inactive', 'dead', 0, 'success', 0), ...open('dead'), 'phase ACTIVATING'] },
    { kind: 'transaction', state: 'left' },
    /whoever was at work on it is gone/,
  ],
  [
    'a host that is stuck, since a port is taken',
    {
      state: [...failed('exit-code', 1), ...open('dead'), 'phase REVERT_FAILED'],
      ailing: said('bind: Address already in use :8000'),
      answers: { ports: NGINX },
    },
    service('port'),
    /port 8000 is in use/,
  ],
  [
    'a service that somebody has stopped',
    { state: state('inactive', 'dead', 0, 'success', 0) },
    { ...service('stopped'), symptom: 'down' },
    /somebody has stopped it/,
  ],
  [
    'a supervisor that was killed',
    { state: [`unit ${UNIT} failed orphaned 812 0 supervisor-lost 0`] },
    service('supervisor'),
    /supervisor that kept it up is gone/,
  ],
  [
    'a masked unit',
    {
      state: state('inactive', 'dead', 0, 'success', 0),
      ailing: [`ailing ${UNIT} shop masked -`],
      answers: { files: [`wrong link - - 644 root:root /etc/systemd/system/${UNIT}`] },
    },
    service('not-loaded', { load: 'masked' }),
    /masked/,
  ],
  [
    'a release that somebody has changed',
    { state: [up, 'altered releases/2/main.py'] },
    { kind: 'altered', files: ['releases/2/main.py'] },
    /not as it was deployed/,
  ],
  [
    "a root that is not root's alone",
    { state: [...failed('exit-code', 1), 'unsafe others than root may write in /opt/shop'] },
    { kind: 'unsafe-root' },
    /others than root may write/,
  ],
  [
    'a record that is gone',
    { state: [up, 'unrecorded yes', 'drift unrecorded 2 shop /var/lib/fleet/shop'] },
    { kind: 'no-record' },
    /record of what is live is gone/,
  ],
  [
    'a unit file that was changed by hand',
    { answers: { files: [`wrong content 644 root:root 644 root:root /etc/systemd/system/${UNIT}`] } },
    { kind: 'file', settings: false, wrong: 'content', level: 'warn', fix: null },
    /changed it by hand/,
  ],
];

const place = { hosts: ['web'], app: 'shop' };
const stories = (found: readonly Finding[]) => found.map((one) => explainFinding(one, place));

describe('what is named first on a host', () => {
  it.each(BROKEN)('%s', (_, what, first, words) => {
    const found = findings(reading(what));
    expect(found[0]).toMatchObject(first);
    const [story] = stories(found);
    expect(`${story?.what} ${story?.evidence.join(' ')}`).toMatch(words);
    // Nobody is left with a cause alone.
    expect(stories(found).filter(({ fix }) => fix.length === 0)).toEqual([]);
  });

  it('is nothing where nothing is wrong', () => {
    expect(findings(reading({}))).toEqual([]);
    const restarted = { state: [`unit ${UNIT} active running 1 7 success 0`] };
    expect(findings(reading({ ...restarted, ailing: [`ailing ${UNIT} shop loaded 86400`] }))).toEqual([]);
    expect(findings(reading({ ...restarted, ailing: ailing() }))).toMatchObject([
      { symptom: 'restarted', level: 'warn', cause: { why: 'unknown' } },
    ]);
  });
});

it('what the program has said counts for more than what systemd says of each start', () => {
  const ended = [
    'shop.service: Main process exited, code=exited, status=1/FAILURE',
    `${UNIT}: Failed with result 'exit-code'.`,
  ];
  const evidence = (...lines: readonly string[]) =>
    findings(reading({ state: looping('exit-code', 1), ailing: said(...lines) }))[0]?.evidence;
  expect(evidence('Started shop.', 'cannot open the shop', ...ended, 'Stopped shop.')).toEqual([
    'cannot open the shop',
  ]);
  expect(evidence(...ended)).toEqual(ended);
});

describe('what comes behind', () => {
  const kinds = (what: Said) => findings(reading(what)).map(({ kind, level }) => `${level} ${kind}`);

  it('is what the first explains, and the stuck host that it has led to', () => {
    const row = BROKEN.find(([name]) => name.startsWith('a host that is stuck'));
    expect(kinds(row?.[1] ?? {})).toEqual(['critical service', 'critical transaction']);
    const disk = BROKEN.find(([name]) => name === 'a full disk');
    expect(kinds(disk?.[1] ?? {})).toEqual(['critical machine', 'critical service']);
  });

  it('is no alarm while somebody is at work, and nothing is put right then', () => {
    const all = findings(
      reading({
        state: [...failed('exit-code', 1), ...open('running'), 'phase SETTLING'],
        answers: { files: settings('rights 644 shop:shop') },
      }),
    );
    expect(all.map(({ kind, level, fix }) => [kind, level, fix])).toEqual([
      ['transaction', 'warn', null],
      ['file', 'note', null],
      ['service', 'note', null],
    ]);
  });

  it('is what will be in the way', () => {
    const found = findings(
      reading({
        state: [
          up,
          `foreign ${UNIT} /etc/systemd/system/${UNIT}.d/override.conf`,
          'held hold 2026-01-02T03:04:05Z bob\tdisk swap',
        ],
        answers: {
          shell: ['shell /bin/bash 50 2'],
          sshd: [
            'from 192.0.2.7',
            'sshd persourcepenalties crash:90 authfail:5',
            'sshd maxsessions 2',
            'sshd maxstartups 2:30:3',
          ],
          left: ['left-unit shop-old.service'],
        },
        tripMs: 130,
        checks: [{ check: 'http /', ok: false, detail: '503' }],
      }),
    );
    expect(found.map(({ kind, level }) => `${level} ${kind}`)).toEqual([
      'critical check',
      'warn drop-in',
      'warn sshd-limit',
      'warn sshd-limit',
      'warn left-unit',
      'warn login-shell',
      'note held',
      'note sshd',
    ]);
    expect(stories(found).map(({ what }) => what)).toEqual(
      expect.arrayContaining([
        "root's login shell /bin/bash takes 100 ms before each command, and sshd starts it for every one",
        'sshd will turn this machine (192.0.2.7) away for a while after a few refused logins',
      ]),
    );
  });

  it('is no slow shell that sshd does not start, and no penalty that we are excepted from', () => {
    const shell = ['shell /bin/bash 50 2'];
    expect(kinds({ answers: { shell }, tripMs: 12 })).toEqual([]);
    expect(kinds({ answers: { shell: [] }, tripMs: 900 })).toEqual(['warn slow-commands']);
    const penal = (from: string, ...set: string[]) =>
      kinds({ answers: { sshd: [`from ${from}`, 'sshd persourcepenalties crash:90', ...set] } });
    const list = 'sshd persourcepenaltyexemptlist 10.0.0.0/8,192.0.2.0/24,!192.0.2.9,2001:db8::/32,198.51.100.*';
    expect(penal('192.0.2.7')).toEqual(['note sshd']);
    for (const from of ['192.0.2.7', '10.255.0.1', '2001:db8:1::7', '198.51.100.4', ''])
      expect(penal(from, list)).toEqual([]);
    // A list that is somebody else's is none of ours.
    for (const from of ['192.0.3.7', '192.0.2.9', '2001:db9::1', '198.51.101.4'])
      expect(penal(from, list)).toEqual(['note sshd']);
    const turned = ['from 192.0.2.7', 'turned drop connection #3 from [192.0.2.7]:5 penalty: failed authentication'];
    expect(kinds({ answers: { sshd: turned } })).toEqual(['warn sshd']);
    expect(kinds({ answers: { sshd: turned.map((line) => line.replace('[192.0.2.7]', '[192.0.2.8]')) } })).toEqual([]);
  });

  it('is rsync, where the host has none', () => {
    const { probe, ...rest } = reading({});
    const bare = { ...rest, probe: { ...probe, facts: { ...probe.facts, tools: new Set<string>() } } };
    expect(findings(bare).map(({ kind }) => kind)).toEqual(['no-rsync']);
  });
});

describe('a host that says what it wants', () => {
  const EVIL = '\x1b[2J\x1b]0;x\x07\u202egnp.exe';
  it('moves no cursor, and says no more than is read', () => {
    const long = 'x'.repeat(1_000_000);
    const found = findings(
      reading({
        state: failed('exit-code', 1),
        ailing: said(...Array.from({ length: 5000 }, (_, i) => `${i} ${EVIL}${long.slice(0, 2000)}`)),
        answers: {
          left: [`left-unit ${EVIL}`],
          files: [`wrong rights 644 ${EVIL} 600 shop:shop /opt/${EVIL}`],
          sshd: [`from ${EVIL}`, `sshd maxsessions ${EVIL}`, `turned ${EVIL}`],
          oom: [`oom ${EVIL}`],
          shell: [`shell ${EVIL} 900 1`],
          ports: [`listen ${EVIL} 1F40 0 1`, `held 1 2 ${EVIL} ${EVIL}`],
        },
        tripMs: 5000,
      }),
    );
    expect(found.length).toBeGreaterThan(2);
    const text = JSON.stringify([found, stories(found)]);
    expect(text).not.toMatch(/[\x00-\x1f\u202e]|\\u001b/);
    expect(text).toContain('x1b');
    expect(text.length).toBeLessThan(30_000);
  });
});
