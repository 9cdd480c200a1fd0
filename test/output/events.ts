import type { EventBody, FleetEvent, Summary } from '../../src/model/events.ts';
import { generationId, hostName } from '../../src/model/ids.ts';
import type { HostOutcome } from '../../src/model/outcome.ts';
import type { PlanView } from '../../src/model/plan.ts';

const generation = generationId;
export const START = Date.UTC(2026, 0, 2, 3, 4, 5);

/** Events of one run, a tenth of a second apart. */
export class Script {
  readonly events: FleetEvent[] = [];
  readonly ends: Summary['hosts'][number][] = [];
  at = START;

  add(host: string, body: EventBody, app = 'jarvis'): this {
    this.events.push({ at: this.at, host: hostName(host), app, ...body });
    this.at += 100;
    return this;
  }

  end(host: string, outcome: HostOutcome, durationMs: number, app = 'jarvis'): this {
    this.ends.push({ host: hostName(host), app, outcome, durationMs });
    return this.add(host, { type: 'ended', outcome, durationMs }, app);
  }

  summary(command: string, exitCode: number): Summary {
    return { command, exitCode, hosts: this.ends };
  }
}

const PLAN: PlanView = {
  to: 'advance',
  base: generation(4),
  runtime: 'systemd',
  changes: [
    { sign: '~', part: { kind: 'code', name: '.' } },
    { sign: '~', part: { kind: 'env' } },
    { sign: '+', part: { kind: 'unit', name: 'jarvis.service.d/limits.conf' } },
    { sign: '-', part: { kind: 'unit', name: 'old.timer' } },
    { sign: '!', drift: { kind: 'changed', path: '/etc/logrotate.d/jarvis' } },
  ],
  units: [
    { unit: 'jarvis.service', do: 'restart', because: { kind: 'code', name: '.' }, more: 1 },
    { unit: 'api.service', do: 'reload', because: { kind: 'file', name: '/etc/jarvis/api.yaml' }, more: 0 },
    { unit: 'voice.service', do: 'start', because: 'down' },
    { unit: 'jarvis.socket', do: 'leave' },
    { unit: 'jarvis.target', do: 'leave' },
    { unit: 'old.timer', do: 'stop' },
  ],
  replaces: [
    {
      ...{ unit: 'cron.service', aliasOf: null, state: 'enabled', running: 1, early: false, carries: false },
      ...{ path: '/lib/systemd/system/cron.service', startedBy: [], neededBy: ['anacron.service'] },
    },
  ],
  returns: [{ unit: 'old.timer', state: 'static', running: 0, path: '/lib/systemd/system/old.timer' }],
  beside: [
    {
      ...{ by: 'process', pid: 4242, account: 'clawd', unit: null, cwd: '/opt/jarvis', copyOf: ['jarvis.service'] },
      command: 'python3 bots/supervisor.py',
    },
    {
      ...{ by: 'line', account: 'root', file: '/etc/cron.d/backup', copyOf: [] },
      command: '0 3 * * * root tar czf /backup/jarvis.tgz /opt/jarvis',
    },
  ],
  byHand: [{ unit: 'voice.service', what: 'stopped', at: '2026-01-04T12:00:00Z', by: 'alice@laptop' }],
  logins: [],
  warnings: ['no cron daemon: the app will not come back after a reboot'],
};

/** A deploy to three hosts: one goes well, one is taken back by its services, one cannot be reached. */
export function deployScript(): Script {
  const step = (state: 'started' | 'done', title: string) => ({ type: 'step', id: title, title, state }) as const;
  return new Script()
    .add('web-1', { type: 'phase', phase: 'connect' })
    .add('web-2', { type: 'phase', phase: 'connect' })
    .add('web-1', { type: 'planned', plan: PLAN })
    .add('web-2', { type: 'planned', plan: { ...PLAN, warnings: [] } })
    .add('web-2', { type: 'note', text: 'an earlier deploy by alice was left in PROBING; it was taken back first' })
    .add('web-1', step('started', 'sync of ../Jarvis'))
    .add('web-1', { type: 'progress', id: 'sync', percent: 42, rate: '3.1MB/s' })
    .add('web-1', { type: 'output', id: 'sync', stream: 'stdout', line: '<f+++++++++ bots/supervisor.py' })
    .add('web-1', step('done', 'sync of ../Jarvis'))
    .add('web-2', { type: 'phase', phase: 'activate' })
    .add('web-1', { type: 'phase', phase: 'verify' })
    .add('web-1', { type: 'check', result: { check: 'unit jarvis.service', ok: false, detail: 'activating', ms: 8 } })
    .add('web-1', { type: 'check', result: { check: 'unit jarvis.service', ok: false, detail: 'activating', ms: 9 } })
    .add('web-1', { type: 'check', result: { check: 'unit jarvis.service', ok: true, detail: 'active', ms: 7 } })
    .add('web-1', { type: 'check', result: WARM })
    .end('web-1', { end: 'deployed', generation: generation(5) }, 12_400)
    .end('web-2', { end: 'reverted', generation: generation(4), failure: NOT_SETTLED }, 31_000)
    .end('web-3', { end: 'untouched', failure: { kind: 'unreachable', detail: 'connection refused' } }, 90);
}

const NOT_SETTLED = {
  kind: 'not-settled',
  units: [
    {
      unit: 'jarvis.service',
      result: 'exit-code',
      status: 1,
      cause: 'the program ended by itself with an error',
      fix: 'Set TELEGRAM_BOT_TOKEN in secrets/jarvis.env, then deploy again.',
      log: ['Traceback (most recent call last):', "KeyError: 'TELEGRAM_BOT_TOKEN'"],
    },
  ],
} as const;

export const HOSTS = ['web-1', 'web-2', 'web-3'].map((host) => ({ host, app: 'jarvis' }));

/** `fleet plan` over three hosts, two of them alike. */
export function planScript(): Script {
  const nothing: PlanView = {
    to: 'nothing',
    base: generation(5),
    runtime: 'systemd',
    changes: [],
    units: [],
    replaces: [],
    returns: [],
    byHand: [],
    beside: [],
    logins: [],
    warnings: [],
  };
  const script = new Script();
  for (const host of ['web-1', 'web-2']) {
    script.add(host, { type: 'planned', plan: PLAN });
    script.end(host, { end: 'planned', pending: true, generation: generation(4) }, 300);
  }
  script.add('web-3', { type: 'planned', plan: nothing });
  return script.end('web-3', { end: 'planned', pending: false, generation: generation(5) }, 200);
}

const WARM = {
  check: 'temperature below 85 °C',
  ok: true,
  warning: true,
  detail: 'tj-thermal 78 °C',
  ms: 3,
} as const;

/** `fleet health` over two hosts. */
export function healthScript(): Script {
  const unit = { check: 'unit jarvis.service', ok: true, detail: 'active for 3 days', ms: 8 };
  const http = { check: 'http http://127.0.0.1:8000/health', ok: false, detail: 'status 502, not 200', ms: 31 };
  return new Script()
    .end(
      'web-1',
      { end: 'healthy', generation: generation(5), checks: [unit, { ...http, ok: true, detail: '200' }, WARM] },
      90,
    )
    .end(
      'web-2',
      { end: 'unhealthy', generation: generation(5), failure: { kind: 'unhealthy', checks: [unit, http] } },
      95,
    );
}
