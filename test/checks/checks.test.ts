import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { command } from '../../src/checks/app/command.ts';
import { unit } from '../../src/checks/app/unit.ts';
import { bindCheck, type CheckKind } from '../../src/checks/define.ts';
import { CHECKS } from '../../src/checks/index.ts';
import { tcp } from '../../src/checks/net/tcp.ts';
import type { UnitState } from '../../src/model/facts.ts';
import { fail } from '../../src/model/outcome.ts';
import { checkHere, checkOf, hostHere, layout, rawServer, words } from './rig.ts';

const state = (name: string, active: string, sub: string, more: Partial<UnitState> = {}): UnitState => ({
  unit: name,
  active,
  sub,
  pid: 0,
  restarts: 0,
  result: 'success',
  status: 0,
  ...more,
});

/** As the host prints it. */
const line = ({ unit, active, sub, pid, restarts, result, status, startedBy }: UnitState) => {
  const by = startedBy === undefined ? '' : ` ${startedBy.join(',') || '-'}`;
  return `unit ${unit} ${active} ${sub} ${pid} ${restarts} ${result} ${status}${by}\n`;
};

describe('a unit check', () => {
  it.each([
    [state('a.service', 'active', 'running', { pid: 42, restarts: 1 }), true, 'active (running), pid 42, 1 restart'],
    [state('a.service', 'active', 'exited'), true, 'active (exited), 0 restarts'],
    [state('a.socket', 'active', 'listening'), true, 'active (listening), 0 restarts'],
    [state('a.timer', 'active', 'waiting'), true, 'active (waiting), 0 restarts'],
    [state('a.target', 'active', 'active'), true, 'active (active), 0 restarts'],
    [state('a.mount', 'active', 'mounted'), true, 'active (mounted), 0 restarts'],
    [state('a.timer', 'active', 'elapsed'), false, 'active (elapsed), 0 restarts'],
    [
      state('a.service', 'activating', 'auto-restart', { restarts: 3, result: 'exit-code', status: 3 }),
      false,
      'activating (auto-restart), exit-code, status 3, 3 restarts',
    ],
    [state('a.service', 'inactive', 'dead'), false, 'inactive (dead), 0 restarts'],
    [
      state('a.service', 'inactive', 'dead', { startedBy: ['a.socket'] }),
      true,
      'inactive (dead), started by a.socket, 0 restarts',
    ],
    [state('a.service', 'activating', 'start', { startedBy: ['a.timer'] }), true, expect.stringContaining('a.timer')],
    [state('a.service', 'activating', 'auto-restart', { startedBy: [] }), false, expect.anything()],
    [state('a.service', 'failed', 'failed', { startedBy: ['a.timer'] }), false, expect.anything()],
    [state('a.service', 'reloading', 'reload', { pid: 1 }), false, 'reloading (reload), pid 1, 0 restarts'],
  ])('of %o', async (given, ok, detail) => {
    expect(words(await checkOf(unit, given.unit, line(given)))).toEqual({ ok, detail });
  });

  it('of several units passes when all are up, and names those that are not', async () => {
    const up = state('a.service', 'active', 'running', { pid: 42 });
    const timer = state('b.timer', 'active', 'waiting');
    const dead = state('c.service', 'failed', 'failed', { result: 'exit-code', status: 3 });
    expect(words(await checkOf(unit, ['a.service', 'b.timer'], line(up) + line(timer)))).toEqual({
      ok: true,
      detail: '2 units up',
    });
    expect(words(await checkOf(unit, { name: ['a.service', 'c.service'] }, line(up) + line(dead)))).toEqual({
      ok: false,
      detail: 'c.service failed (failed), exit-code, status 3, 0 restarts',
    });
    expect(await checkOf(unit, ['a.service'], line(up))).toEqual(await checkOf(unit, 'a.service', line(up)));
  });

  it('tells that the host could not be asked', async () => {
    const gone = { ...hostHere(), ask: async () => fail({ kind: 'connection-lost', detail: 'gone' } as const) };
    expect(await checkHere(unit, { name: 'a@1.service' }, gone)).toEqual({
      ok: false,
      detail: 'connection-lost: gone',
    });
  });
});

describe('a TCP check', () => {
  it.each<[string, (port: number) => unknown]>([
    ['a port', (port) => port],
    ['host:port', (port) => `127.0.0.1:${port}`],
    ['a mapping', (port) => ({ port, timeout: '1s' })],
  ])('passes where something accepts connections, named as %s', async (_name, entry) => {
    await using raw = await rawServer((socket) => socket.end('hello'));
    expect(words(await checkHere(tcp, entry(raw.port)))).toEqual({ ok: true, detail: 'accepts connections' });
  });

  it('fails where nothing listens', async () => {
    const { port, ...free } = await rawServer(() => {});
    await free[Symbol.asyncDispose]();
    expect(await checkHere(tcp, port)).toEqual({
      ok: false,
      detail: `nothing listens on 127.0.0.1:${port} (ECONNREFUSED)`,
    });
  });

  it('tells a connection that takes too long', async () => {
    const slow = {
      ...hostHere(),
      dial: async () => ({ ok: false, failure: { kind: 'timed-out', what: 'dial', ms: 5 } }) as const,
    };
    expect((await checkHere(tcp, '[::1]:80', slow)).detail).toBe('no connection to [::1]:80 within 5s');
  });
});

describe('a command check', () => {
  it.each<[string, unknown, boolean, string]>([
    ['passes on exit 0, with the last line', ['printf', 'one\ntwo\n\n'], true, 'two'],
    ['passes without a word', ['true'], true, 'exit 0'],
    ['fails on any other exit', ['sh', '-c', 'echo "disk full" >&2; exit 3'], false, 'exit 3: disk full'],
    ['takes its words as they are', ['printf', '%s', `a b'c $(id) "x"`], true, `a b'c $(id) "x"`],
    ['makes output harmless', ['printf', '\\033[2Jx'], true, '\\x1b[2Jx'],
    ['gives up in time', { command: ['sleep', '9'], timeout: '50ms' }, false, 'no end within 50ms'],
  ])('%s', async (_name, entry, ok, detail) => expect(await checkHere(command, entry)).toEqual({ ok, detail }));

  it('tells a command that is not there', async () => {
    const { ok, detail } = await checkHere(command, ['no-such-command-xyz']);
    expect(ok).toBe(false);
    expect(detail).toMatch(/^exit 127: .*no-such-command-xyz/);
  });
});

/** Valid entries of each kind, short and long, and their labels; a new kind needs one here. */
const ENTRIES: Readonly<Record<string, readonly (readonly [entry: unknown, label: string])[]>> = {
  unit: [
    ['jarvis.service', 'unit jarvis.service'],
    [['a.service', 'b.timer'], 'unit a.service, b.timer'],
    [{ name: 'w@1.service' }, 'unit w@1.service'],
  ],
  http: [
    ['http://127.0.0.1:8000/health', 'http http://127.0.0.1:8000/health'],
    [{ url: 'https://[::1]/', status: [200, 204] }, 'http https://[::1]/'],
  ],
  tcp: [
    [6379, 'tcp 127.0.0.1:6379'],
    ['[::1]:80', 'tcp [::1]:80'],
    [{ host: 'db', port: 5432 }, 'tcp db:5432'],
  ],
  command: [
    [['pg_isready', '-q'], 'command pg_isready -q'],
    [{ command: ['true'] }, 'command true'],
  ],
  temperature: [
    [{ critical: 85 }, 'temperature below 85 °C'],
    [{ warn: 75, critical: 85.5, zones: ['tj-thermal', 'cpu*'] }, 'temperature below 85.5 °C'],
  ],
  memory: [
    ['a.service', 'memory a.service'],
    [['a.service', 'b@1.service'], 'memory a.service, b@1.service'],
    [{ unit: 'a.service', warn: 70, critical: 95 }, 'memory a.service'],
    ['host', 'memory of the host'],
    [{ unit: 'host', critical: 97 }, 'memory of the host'],
  ],
  disk: [
    ['/var', 'disk /var'],
    [['/', '/srv'], 'disk /, /srv'],
    [{}, 'disk /opt/jarvis'],
    [{ path: ['/', '/srv'], warn: 80, critical: 90.5 }, 'disk /, /srv'],
  ],
  inodes: [
    ['/var', 'inodes /var'],
    [{ warn: 50 }, 'inodes /opt/jarvis'],
  ],
  load: [[{ warn: 2, critical: 4, over: '15m' }, 'load over 15m']],
  swap: [[{ critical: 80 }, 'swap of the host']],
  clock: [
    [{}, 'clock of the host'],
    [{ warn: '2s', critical: '1m' }, 'clock of the host'],
  ],
  logs: [
    [{ unit: 'a.service', patterns: [{ match: '^E[[:digit:]]+', critical: 1 }] }, 'logs a.service'],
    [
      {
        path: '/var/log/a.log',
        size: { warn: '1M', critical: '2M' },
        age: { critical: '1h' },
        rotated: { warn: '8d' },
      },
      'logs /var/log/a.log',
    ],
  ],
  file: [
    ['/etc/a.pem', 'file /etc/a.pem'],
    [
      { path: '/b', mode: '0600', owner: 'a', group: 'b', age: { warn: '1d' }, least: { warn: '2M', critical: '1M' } },
      'file /b',
    ],
  ],
  generation: [
    [{}, 'generation'],
    [{ expected: 3, drift: 'critical' }, 'generation'],
  ],
  ports: [
    [
      { open: [80, '[::1]:81', { port: '*:82', by: 'a.service' }], local: [6379], closed: ['10.0.0.1:1'] },
      'ports open 80, [::1]:81, *:82; local 6379; closed 10.0.0.1:1',
    ],
  ],
  certificate: [
    ['/a.pem', 'certificate /a.pem'],
    [{ path: '/a.pem', warn: '30d', critical: '7d' }, 'certificate /a.pem'],
  ],
};

const REFUSED: Readonly<Record<string, readonly unknown[]>> = {
  unit: [
    'jarvis',
    'w@.service',
    "a b'c.service",
    '../x.service',
    '-x.service',
    { name: 'a.service', within: '30' },
    { name: 'a.service', retryFor: '30' },
    [],
    ['a.service', 'a.service'],
    ['a'],
  ],
  http: [
    'ftp://x/',
    'http://',
    '127.0.0.1:80',
    'http://u:p@h/',
    'http://a b/',
    { url: 'http://h/', status: 99 },
    { url: 'http://h/', headers: { 'a b': '1' } },
    { url: 'http://h/', headers: { A: 'x\r\ny' } },
  ],
  tcp: [0, 65_536, '127.0.0.1', 'a:b', '127.0.0.1:99999', { port: 80, host: 'a b' }, 1.5],
  command: [[], 'true', [''], ['a\0b'], [1], { command: ['true'], user: 'x' }],
  temperature: [85, {}, { warn: 85, critical: 85 }, { critical: 0 }, { critical: 85, zones: [] }, { critical: '85' }],
  memory: [
    'a',
    [],
    80,
    { warn: 80 },
    { unit: 'a.service', critical: 80 },
    { unit: 'a.service', warn: 0 },
    { unit: 'a.service', warn: '80%' },
    { unit: 'a.service', critical: 101 },
    { unit: 'host', critical: 90 },
    ['host'],
  ],
  disk: [
    'var',
    [],
    ['/a', '/a'],
    80,
    { path: '/', warn: 95 },
    { warn: 0 },
    { critical: 101 },
    { critical: 80 },
    { free: '1G' },
  ],
  inodes: ['/a\nb', { warn: 96, critical: 95 }],
  load: [{}, 2, { warn: 4, critical: 4 }, { warn: 0 }, { warn: 1, over: '2m' }],
  swap: [{}, { warn: 90, critical: 50 }, { warn: 200 }],
  clock: [{ warn: '5m' }, { warn: 5 }, { warn: '1m', critical: '10s' }, { warn: '0s' }, { critical: '1y' }],
  logs: [
    '/var/log/a.log',
    { path: '/a' },
    { path: 'a', size: { warn: '1M' } },
    { unit: 'a.service' },
    { unit: 'a.service', size: { warn: '1M' }, patterns: [{ match: 'E', warn: 1 }] },
    { unit: ['a.service', 'b.service'], patterns: [{ match: 'E', warn: 1 }] },
    { path: '/a', unit: 'a.service', patterns: [{ match: 'E', warn: 1 }] },
    { path: '/a*', patterns: [{ match: 'E', warn: 1 }] },
    { path: '/a', patterns: [{ match: 'E' }] },
    { path: '/a', patterns: [{ match: '(', warn: 1 }] },
    { path: '/a', patterns: [{ match: '', warn: 1 }] },
    { path: '/a', patterns: [{ match: 'a\nb', warn: 1 }] },
    { path: '/a', patterns: [{ match: 'E', warn: 2, critical: 1 }] },
    { path: '/a', size: { warn: '2M', critical: '1M' } },
    { path: '/a', size: {} },
    { path: '/a', age: { warn: '10' } },
  ],
  file: [
    'a',
    { path: '/a', mode: '9' },
    { path: '/a', mode: 600 },
    { path: '/a', owner: 'a b' },
    { path: '/a', age: { warn: '3d', critical: '25h' } },
    { path: '/a', least: { warn: '1M', critical: '2M' } },
  ],
  generation: ['12', { expected: 0 }, { drift: 'fail' }],
  ports: [
    {},
    [80],
    { open: ['a:80'] },
    { open: ['80'] },
    { open: ['999.0.0.1:80'] },
    { local: ['127.0.0.1:80'] },
    { open: [80], closed: [80] },
    { open: [{ port: 80 }] },
  ],
  certificate: ['a.pem', { path: '/a', warn: '7d', critical: '30d' }, { path: '/a', critical: '14d' }],
};

/** Kinds whose answer does not change while a deploy waits. */
const SHORT: Readonly<Record<string, number>> = Object.fromEntries(
  ['temperature', 'disk', 'inodes', 'clock', 'generation', 'certificate'].map((kind) => [kind, 1000]),
);

const kinds: readonly CheckKind<string, unknown>[] = CHECKS;

describe.each(kinds.map((kind) => [kind.kind, kind] as const))('the check kind %s', (name, kind) => {
  it.each(ENTRIES[name] ?? [])('takes %j', (entry, label) => {
    const once = kind.schema.parse(entry);
    expect(kind.schema.parse(once)).toEqual(once);
    expect(kind.label(once, layout)).toBe(label);
  });

  it.each(REFUSED[name] ?? [])('refuses %j', (entry) => expect(kind.schema.safeParse(entry).success).toBe(false));

  it('waits as long as the deadline allows unless told otherwise, or less where waiting changes nothing', () => {
    const [short, long] = [ENTRIES[name]?.at(0)?.[0], ENTRIES[name]?.at(-1)?.[0]];
    const tried = (entry: unknown) => bindCheck(kind, kind.schema.parse(entry), layout).retryForMs;
    const preset = SHORT[name] ?? null;
    const set = (key: string) => tried({ ...(long as object), [key]: '2m' });
    expect([tried(short), tried(long), set('retryFor'), set('within')]).toEqual([preset, preset, 120_000, 120_000]);
  });

  it('can be described to an editor', () => expect(() => z.toJSONSchema(kind.schema, { io: 'input' })).not.toThrow());
});
