import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { generationId } from '../../src/model/ids.ts';
import type { CheckResult, Failure } from '../../src/model/outcome.ts';
import type { Reading } from '../../src/model/reading.ts';
import { nagios } from '../../src/output/formats/nagios.ts';
import { prometheus } from '../../src/output/formats/prometheus.ts';
import { unknown } from '../../src/output/formats/unknown.ts';
import { healthScript, Script, START } from './events.ts';
import { readMetrics, readPlugin } from './readers.ts';

const healthy = (host: string, checks: readonly CheckResult[] = []) =>
  new Script().end(host, { end: 'healthy', generation: generationId(5), checks }, 90).ends;
const untouched = (host: string, failure: Failure) => new Script().end(host, { end: 'untouched', failure }, 9).ends;
const gone = untouched('web-9', { kind: 'unreachable', detail: 'a|b\x1b[2J' });
const barred = untouched('web-8', { kind: 'auth-refused', detail: 'no key fits' });
const summary = (hosts: Script['ends']) => ({ command: 'health', exitCode: 0, hosts });
const warm = healthy('web-1', [{ check: 'temperature', ok: true, warning: true, detail: 'tj|thermal 78 °C', ms: 1 }]);

const reading = (name: string, more: Partial<Reading> = {}): Reading => ({
  ...{ name, value: 12, unit: 'count', warn: null, critical: null, limit: null },
  ...more,
});
const read = (...readings: readonly Reading[]): CheckResult => ({
  check: 'all',
  ok: true,
  detail: '',
  ms: 1,
  readings,
});

describe('nagios', () => {
  it.each<readonly [string, Script['ends'], number]>([
    ['every host is healthy', healthy('web-1'), 0],
    ['a check warns', warm, 1],
    ['a check fails', healthScript().ends, 2],
    ['a host cannot be reached', [...healthy('web-1'), ...gone], 2],
    ['a connection is lost', untouched('web-1', { kind: 'connection-lost', detail: '' }), 2],
    ['a host does not answer in time', untouched('web-1', { kind: 'timed-out', what: 'probe', ms: 1 }), 2],
    ['a login is refused', [...warm, ...barred], 3],
    ['a host key is not known', untouched('web-1', { kind: 'host-key-unknown', detail: '', presented: '' }), 3],
    ['a host key has changed', untouched('web-1', { kind: 'host-key-changed', detail: '', presented: '' }), 3],
    ['somebody has ended it', untouched('web-1', { kind: 'cancelled', phase: 'probe' }), 3],
    ['there are no hosts', [], 3],
    ['one host is barred and another down', [...barred, ...gone], 2],
  ])('where %s', (_, hosts, code) => {
    const result = nagios(summary(hosts));
    expect(result.code).toBe(code);
    const { head } = readPlugin(result.text);
    expect(head).toMatch(new RegExp(`^FLEET ${['OK', 'WARNING', 'CRITICAL', 'UNKNOWN'][code]} - \\d+ hosts?`));
  });

  it('says why no host could be asked, on lines of which none begins numbers or moves a cursor', () => {
    expect(unknown('a.yaml:1:2: a|b\x1b[2J\n1 error')).toEqual({
      ...{ text: 'FLEET UNKNOWN - a.yaml:1:2: a/b\\x1b[2J\n1 error', code: 3 },
    });
    expect(readPlugin(unknown('x'.repeat(200)).text)).toMatchObject({ long: ['x'.repeat(200)] });
  });

  it('names what is bad below, and no text of a host can pass for numbers', () => {
    const { text } = nagios(summary([...healthScript().ends, ...gone]));
    expect(text.split('\n')).toEqual([
      'FLEET CRITICAL - 3 hosts: 1 healthy, 1 unhealthy, 1 unreachable | healthy=1 unhealthy=1 unchecked=1',
      'web-2/jarvis: 1 of 2 health checks failed: http http://127.0.0.1:8000/health: status 502, not 200',
      'web-9/jarvis: no SSH connection could be opened: a/b\\x1b[2J',
      'web-1/jarvis: warning: temperature below 85 °C: tj-thermal 78 °C',
    ]);
  });

  it.each<readonly [string, Reading, string]>([
    [
      'bytes',
      reading('memory', { value: 5e8, unit: 'bytes', warn: 8e8, critical: 9e8, limit: 1e9 }),
      "'memory'=500000000B;800000000;900000000;0;1000000000",
    ],
    [
      'a share',
      reading('disk /', { value: 0.873, unit: 'ratio', warn: 0.85, critical: 0.95 }),
      "'disk /'=87.3%;85;95;0;100",
    ],
    [
      'what is bad when it is low',
      reading('certificate', { value: 86400, unit: 'seconds', warn: 1209600, critical: 259200 }),
      "'certificate'=86400s;1209600:;259200:",
    ],
    [
      'what may be below zero',
      reading('clock', { value: -0.25, unit: 'seconds', warn: 1, critical: 5 }),
      "'clock'=-0.25s;~:1;~:5",
    ],
    ['a temperature', reading("it's a=b|c", { value: 41.5, unit: 'celsius', warn: 75 }), "'it''s a:b/c'=41.5;~:75"],
    ['a number without limits', reading('restarts'), "'restarts'=12;;;0"],
    ['a number that is none', reading('odd', { value: Number.NaN }), "'odd'=U;;;0"],
    ['a very small one', reading('small', { value: 1e-9 }), "'small'=0;;;0"],
  ])('writes %s with its limits', (_, one, expected) => {
    const { text } = nagios(summary(healthy('web-1', [read(one)])));
    expect(text).toBe(`FLEET OK - 1 host: 1 healthy | healthy=1 unhealthy=0 unchecked=0 ${expected}`);
    expect(readPlugin(text).numbers).toHaveLength(4);
  });

  it('writes numbers behind the text where there is some, each by a name of its own', () => {
    const hosts = [
      ...healthy('web-1', [read(reading('load'), reading('load'))]),
      ...healthy('web-2', [read(reading('load'))]),
      ...gone,
    ];
    const { long, numbers } = readPlugin(nagios(summary(hosts)).text);
    expect(long).toHaveLength(1);
    expect(numbers.slice(3).map(({ label }) => label)).toEqual([
      'web-1/jarvis load',
      'web-1/jarvis load #2',
      'web-2/jarvis load',
    ]);
  });

  it('is read as it is meant, whatever hosts say and however much', () => {
    const line = fc.oneof(
      fc.string(),
      fc.string({ unit: 'grapheme', maxLength: 900 }),
      fc.constantFrom("|'=", "''", 'a=1 b=2'),
    );
    const number = fc.oneof(fc.double(), fc.integer());
    const some = fc.record({
      name: fc.string({ minLength: 1, maxLength: 60 }),
      value: number,
      unit: fc.constantFrom('bytes', 'ratio', 'seconds', 'celsius', 'count'),
      warn: fc.option(number),
      critical: fc.option(number),
      limit: fc.option(number),
    }) as fc.Arbitrary<Reading>;
    const check = fc.record({
      ...{ check: line, detail: line, ok: fc.constant(true), warning: fc.constant(true as const), ms: fc.nat() },
      readings: fc.array(some, { maxLength: 60 }),
    });
    const host = fc.record({ checks: fc.array(check, { maxLength: 4 }), down: fc.option(line) });
    fc.assert(
      fc.property(fc.array(host, { minLength: 1, maxLength: 30 }), (all) => {
        const hosts = all.flatMap(({ checks, down }, i) =>
          down === null ? healthy(`web-${i}`, checks) : untouched(`web-${i}`, { kind: 'unreachable', detail: down }),
        );
        const { text } = nagios(summary(hosts));
        const { numbers } = readPlugin(text);
        expect(numbers.slice(0, 3).map(({ label }) => label)).toEqual(['healthy', 'unhealthy', 'unchecked']);
        const metrics = readMetrics(prometheus(summary(hosts), START));
        expect(metrics.filter(({ name }) => name === 'fleet_host_checked')).toHaveLength(all.length);
        // What it has written it reads again.
        const again = prometheus(summary([]), START, { text: prometheus(summary(hosts), START), has: () => true });
        expect(readMetrics(again).length).toBe(metrics.length);
      }),
      { numRuns: 60 },
    );
  });
});

test('the strict readers refuse what they are to refuse', () => {
  for (const text of [
    `${'x'.repeat(81)} | a=1`,
    'FLEET OK | a=1 | b=2',
    'FLEET OK\n| a=1',
    'FLEET OK | a=1 a=2',
    'FLEET OK | a=1e5',
    'FLEET OK | a b=1',
    'FLEET OK | a=1x',
    `FLEET OK\n${'x'.repeat(8190)}`,
  ])
    expect(() => readPlugin(text), text.slice(0, 40)).toThrow();
  const head = '# HELP a b\n# TYPE a gauge\n';
  expect(readMetrics(`${head}a{x="\\n"} 1\n# EOF\n`)).toHaveLength(1);
  for (const text of [
    `${head}a 1\n`,
    `${head}a 1 1395066363000\n# EOF\n`,
    `${head}a 1\na 2\n# EOF\n`,
    `${head}b 1\n# EOF\n`,
    `a 1\n# EOF\n`,
    `${head}a{x="\\x"} 1\n# EOF\n`,
    `${head}a{x="1",x="2"} 1\n# EOF\n`,
    `${head}a 1\n${head}a{x="2"} 1\n# EOF\n`,
  ])
    expect(() => readMetrics(text), text).toThrow();
});

test('prometheus: every host, every check, and when it was', async () => {
  await expect(prometheus(summary([...healthScript().ends, ...gone]), START)).toMatchFileSnapshot(
    'golden/health.prom.txt',
  );
});

test('prometheus: a label cannot be broken out of, and two checks of one name are two series', () => {
  const check = { check: 'a"} 1\nfleet_healthy{x="\\', ok: true, detail: '', ms: 1 };
  const series = readMetrics(prometheus(summary(healthy('web-1', [check, check])), START));
  expect(series.filter(({ name }) => name === 'fleet_healthy')).toHaveLength(1);
  expect(series.filter(({ name }) => name === 'fleet_check_ok').map(({ labels }) => labels.check)).toEqual([
    'a"} 1\\nfleet_healthy{x="\\',
    'a"} 1\\nfleet_healthy{x="\\ #2',
  ]);
});

test('prometheus: numbers come by their unit, with their limits', () => {
  const one = reading('memory bot.service', { value: 5e8, unit: 'bytes', warn: 8e8, limit: 1e9 });
  const series = readMetrics(prometheus(summary(healthy('web-1', [read(one, reading('restarts'))])), START));
  const labels = { host: 'web-1', app: 'jarvis', reading: 'memory bot.service' };
  expect(series.filter(({ name }) => name.startsWith('fleet_reading'))).toEqual([
    { name: 'fleet_reading_bytes', labels, value: 5e8 },
    { name: 'fleet_reading_warn_bytes', labels, value: 8e8 },
    { name: 'fleet_reading_limit_bytes', labels, value: 1e9 },
    { name: 'fleet_reading_number', labels: { ...labels, reading: 'restarts' }, value: 12 },
  ]);
});

describe('prometheus: what an earlier run has written', () => {
  const check: CheckResult = { check: 'tcp 1', ok: true, detail: '', ms: 1 };
  const first = prometheus(summary([...healthy('web-1', [check]), ...healthy('web-9', [check])]), START);
  const has = (text: string, when: { readonly has?: (host: string) => boolean } = {}) => ({
    text,
    has: when.has ?? (() => true),
  });
  const of = (text: string, host: string) =>
    Object.fromEntries(
      readMetrics(text)
        .filter(({ labels }) => labels.host === host)
        .map(({ name, value }) => [name, value]),
    );

  it('stays where its host was not seen, but for that; with the time when it was', () => {
    const later = START + 60_000;
    const second = prometheus(summary([...healthy('web-1', [check]), ...gone]), later, has(first));
    expect(of(second, 'web-9')).toEqual({ ...of(first, 'web-9'), fleet_host_checked: 0 });
    expect(of(second, 'web-9')).toMatchObject({ fleet_healthy: 1, fleet_check_seen_timestamp_seconds: START / 1000 });
    expect(of(second, 'web-1')).toMatchObject({ fleet_check_seen_timestamp_seconds: later / 1000 });
  });

  it('stays where its host was not asked', () => {
    const second = prometheus(summary(healthy('web-1', [check])), START + 1, has(first));
    expect(of(second, 'web-9')).toEqual(of(first, 'web-9'));
  });

  it('goes where the check, or the host, is no longer in the project', () => {
    const other = { ...check, check: 'tcp 2' };
    const second = prometheus(
      summary(healthy('web-1', [other])),
      START,
      has(first, { has: (host) => host === 'web-1' }),
    );
    expect(readMetrics(second).filter(({ labels }) => labels.check === 'tcp 1' || labels.host === 'web-9')).toEqual([]);
  });

  it('is left out where it is damaged, or another program has written it', () => {
    const damaged = first.slice(0, first.length / 2);
    const alien =
      'node_load1 0.5\nfleet_healthy{host="web-9",app="x"} 1 1395066363000\nfleet_healthy{host="web-9"} what\n';
    expect(readMetrics(prometheus(summary(gone), START, has(alien)))).toHaveLength(2);
    expect(readMetrics(prometheus(summary(gone), START, has(damaged))).length).toBeGreaterThan(2);
  });
});
