// biome-ignore-all lint/suspicious/noTemplateCurlyInString: systemd writes its variables like this
import { describe, expect, it } from 'vitest';
import { EMPTY_DECLARED } from '../../../src/model/declared.ts';
import { betweenApps } from '../../../src/unit/lint/between-apps.ts';
import { layoutAt, linted, service, units } from './sample.ts';

const BOTH = { enable: ['a.service', 'b.service'] };
const run = (options: string, more = '') => `[Service]\nUser=app\nExecStart=/opt/app/current/x ${options}\n${more}`;
const on8000 = run('--host 127.0.0.1 --port 8000');

/** The level of port-conflict for two enabled services, or null. */
const level = (a: string, b: string, more: Parameters<typeof linted>[1] = BOTH) =>
  linted({ 'a.service': a, 'b.service': b }, more).find(({ rule }) => rule === 'port-conflict')?.level ?? null;

describe('two services of one port', () => {
  it.each([
    ['an option', run('--port=8000')],
    ['an address with a port', run('--listen 127.0.0.1:8000')],
    ['a bind to all', run('--bind 0.0.0.0:8000')],
    ['a variable of the unit', run('--port ${MINE}', 'Environment=MINE=8000')],
    ['a variable that is the whole of an argument', run('--port $MINE', 'Environment=MINE=8000')],
    ['a variable that is several arguments', run('$OPTIONS', 'Environment="OPTIONS=--verbose --port 8000"')],
    ['PORT', run('', 'Environment=PORT=8000')],
    ['a variable that can only be its own port', run('', 'Environment=JARVIS_API_PORT=8000')],
    ['http.server', '[Service]\nUser=app\nExecStart=/usr/bin/python3 -m http.server 8000\n'],
  ])('are an error where it is told by %s', (_by, unit) => {
    expect(level(on8000, unit)).toBe('error');
    expect(level(on8000, unit.replace('8000', '8001'))).toBe(null);
  });

  it.each([
    ['have addresses of their own', on8000, run('--host 127.0.0.2 --port 8000')],
    ['have addresses of their own, by variables', on8000, run('', 'Environment=PORT=8000 HOST=10.0.0.5')],
    ['are a oneshot, which does not stay', on8000, run('--port 8000', 'Type=oneshot')],
    ['exclude each other', on8000, `[Unit]\nConflicts=a.service b.service\n${on8000}`],
    ['allow it', on8000, `# fleet: allow port-conflict\n${on8000}`],
    [
      'have a variable that the env file beats',
      on8000,
      run('--port ${P}', 'Environment=P=8000\nEnvironmentFile=/opt/app/.env'),
    ],
  ])('are fine where they %s', (_how, a, b) => {
    expect(level(a, b, { ...BOTH, envKeys: ['P'] })).toBe(null);
    expect(level(b, a, { ...BOTH, envKeys: ['P'] })).toBe(null);
  });

  it('are only warned of where it is not certain', () => {
    const client = run('', 'Environment=REDIS_PORT=6379');
    expect(level(client, client)).toBe('warning');
    expect(level(on8000, on8000, { enable: ['a.service'] })).toBe('warning');
  });

  it('are an error where an enabled target wants them, and where a drop-in says so', () => {
    const files = {
      'all.target': '[Unit]\nWants=a.service b.service\n',
      'a.service': on8000,
      'b.service': run('--port 8001'),
      'b.service.d/x.conf': '[Service]\nExecStart=\nExecStart=/opt/app/current/x --port 8000\n',
    };
    const found = (enable: string[]) => linted(files, { enable }).filter(({ rule }) => rule === 'port-conflict');
    expect(found(['all.target'])).toMatchObject([
      {
        level: 'error',
        file: 'units/b.service.d/x.conf',
        line: 3,
        message: 'b.service and a.service both listen on port 8000',
      },
    ]);
    expect(found([])).toMatchObject([{ level: 'warning' }]);
  });

  it('of three apps are told with all that is known of the host', () => {
    const app = (name: string, port: number) => ({
      app: name,
      layout: layoutAt(`/opt/${name}`),
      declared: {
        ...EMPTY_DECLARED,
        units: units({ [`${name}.service`]: service(`Environment=PORT=${port}`) }),
        enable: [`${name}.service`],
      },
    });
    const found = betweenApps([app('x', 9000), app('y', 8000), app('z', 9000)]);
    expect(found.map(({ level: one, message }) => [one, message])).toEqual([
      ['error', 'z.service listens on port 9000, as x.service of the app x does on the same host'],
    ]);
    expect(found[0]?.why).toContain('ports known here: 8000 y.service (y); 9000 x.service (x), z.service (z)');
  });
});
