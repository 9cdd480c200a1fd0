import { expect, test } from 'vitest';
import { generationId } from '../../src/model/ids.ts';
import { nagios } from '../../src/output/formats/nagios.ts';
import { prometheus } from '../../src/output/formats/prometheus.ts';
import { unknown } from '../../src/output/formats/unknown.ts';
import { healthScript, Script, START } from './events.ts';

const good = (host: string) =>
  new Script().end(host, { end: 'healthy', generation: generationId(5), checks: [] }, 90).ends;
const gone = new Script().end(
  'web-9',
  { end: 'untouched', failure: { kind: 'unreachable', detail: 'a|b\x1b[2J' } },
  9,
).ends;
const summary = (hosts: Script['ends']) => ({ command: 'health', exitCode: 0, hosts });

test('nagios: OK only when every host was seen to be healthy', () => {
  expect(nagios(summary(good('web-1')))).toEqual({
    text: 'FLEET OK - 1 host: 1 healthy | healthy=1 unhealthy=0 unchecked=0',
    code: 0,
  });
  expect(nagios(summary([...good('web-1'), ...gone])).code).toBe(3);
  expect(nagios(summary([...healthScript().ends, ...gone])).code).toBe(2);
  expect(nagios(summary([])).code).toBe(3);
});

test('nagios: where no host could be asked, why, on lines of which none begins numbers or moves a cursor', () => {
  expect(unknown('a.yaml:1:2: a|b\x1b[2J\n1 error')).toEqual({
    text: 'FLEET UNKNOWN - a.yaml:1:2: a/b\\x1b[2J\n1 error',
    code: 3,
  });
});

test('nagios: a warning of a check is WARNING only where nothing is worse', () => {
  const checks = [{ check: 'temperature', ok: true, warning: true, detail: 'tj|thermal 78 °C', ms: 1 } as const];
  const warm = new Script().end('web-1', { end: 'healthy', generation: generationId(5), checks }, 90).ends;
  expect(nagios(summary(warm))).toEqual({
    text: [
      'FLEET WARNING - 1 host: 1 healthy | healthy=1 unhealthy=0 unchecked=0',
      'web-1/jarvis: warning: temperature: tj/thermal 78 °C',
    ].join('\n'),
    code: 1,
  });
  expect(nagios(summary([...warm, ...gone])).code).toBe(3);
  expect(nagios(summary([...warm, ...healthScript().ends])).code).toBe(2);
});

test('nagios: what is bad is named below, and no text of a host can pass for numbers', () => {
  const { text } = nagios(summary([...healthScript().ends, ...gone]));
  expect(text.split('\n')).toEqual([
    'FLEET CRITICAL - 3 hosts: 1 healthy, 1 unhealthy, 1 not checked | healthy=1 unhealthy=1 unchecked=1',
    'web-2/jarvis: 1 of 2 health checks failed: http http://127.0.0.1:8000/health: status 502, not 200',
    'web-9/jarvis: no SSH connection could be opened: a/b\\x1b[2J',
    'web-1/jarvis: warning: temperature below 85 °C: tj-thermal 78 °C',
  ]);
});

test('prometheus: every host, every check, and when it was', async () => {
  await expect(prometheus(summary([...healthScript().ends, ...gone]), START)).toMatchFileSnapshot(
    'golden/health.prom.txt',
  );
});

test('prometheus: a label cannot be broken out of', () => {
  const checks = [{ check: 'a"} 1\nfleet_healthy{x="\\', ok: true, detail: '', ms: 1 }];
  const hosts = new Script().end('web-1', { end: 'healthy', generation: generationId(1), checks }, 1).ends;
  const lines = prometheus(summary(hosts), START).trimEnd().split('\n');
  for (const line of lines) expect(line).toMatch(/^(# .*|[a-z_]+(\{(\w+="([^"\\]|\\.)*",?)+\})? [\d.]+)$/);
  expect(lines.filter((line) => line.startsWith('fleet_healthy'))).toHaveLength(1);
});
