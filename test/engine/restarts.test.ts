import { describe, expect, it } from 'vitest';
import { inputDigests } from '../../src/engine/plan/parts.ts';
import { actionsOf } from '../../src/engine/plan/restarts.ts';
import { usesOf } from '../../src/engine/plan/uses.ts';
import { digest, generationId } from '../../src/model/ids.ts';
import type { Layout } from '../../src/model/layout.ts';
import { type Advance, EMPTY_TASK_PLAN, type LiveFile, type TaskPlan, type UnitAction } from '../../src/model/plan.ts';
import { Secret } from '../../src/model/secret.ts';
import { systemd } from '../../src/runtime/systemd/systemd.ts';
import { factsWith, generation, probeWith } from '../facts.ts';

const layout: Layout = { root: '/opt/app', current: '/opt/app/current', app: 'app', user: 'app', data: ['data'] };

const service = (lines: string, unit = '') => `[Unit]\n${unit}\n[Service]\n${lines}\n`;
const file = (path: string, content: string, more: Partial<LiveFile> = {}): LiveFile => ({
  ...{ path, content, mode: 0o644, owner: 'root', group: 'root', notify: null },
  ...more,
});
const code = (hex: string): TaskPlan['stage'][number] => ({
  ...{ id: 'code', title: 'code', do: 'sync', to: '' },
  tree: { from: '.', entries: [], bytes: 0, digest: digest(hex) },
});
const put = (to: string, content: string): TaskPlan['stage'][number] => ({
  ...{ id: to, title: to, do: 'put', to, content, mode: 0o644 },
});

/** An app with some of everything; each case changes one thing of it. */
const APP: TaskPlan = {
  ...EMPTY_TASK_PLAN,
  stage: [code('a'), put('config/bot.json', '{}'), put('config/shared.json', '{}')],
  units: [
    { path: 'api.service', text: service('ExecStart=/opt/app/current/bin/api --config /etc/app/api.yaml') },
    { path: 'api.socket', text: '[Socket]\nListenStream=8080\n' },
    {
      path: 'bot.service',
      text: service(
        'WorkingDirectory=/opt/app/current\nEnvironmentFile=/opt/app/.env\nExecStart=/usr/bin/python3 bot.py --config config/bot.json',
      ),
    },
    { path: 'cache.service', text: service('ExecStart=/usr/bin/redis-server /etc/cache.conf') },
    {
      path: 'exp@.service',
      text: service('ExecStart=/opt/app/current/exp --config /etc/brain/%i.json', 'PartOf=app.target'),
    },
    { path: 'exp@one.service.d/50-fleet-instance.conf', text: '[Service]\nMemoryMax=1G\n' },
    { path: 'exp@two.service.d/50-fleet-instance.conf', text: '[Service]\nMemoryMax=2G\n' },
    { path: 'hook.service', text: service('Type=oneshot\nExecStart=/usr/local/bin/hook') },
    { path: 'hook.timer', text: '[Timer]\nOnCalendar=daily\n' },
    { path: 'helper.service', text: service('ExecStart=/usr/bin/helper', 'BindsTo=cache.service') },
    { path: 'app.target', text: '[Unit]\nDescription=all\n' },
  ],
  enable: [
    ...['api.socket', 'bot.service', 'cache.service', 'exp@one.service', 'exp@two.service', 'hook.timer'],
    ...['helper.service', 'app.target'],
  ],
  files: [
    file('/etc/app/api.yaml', 'a: 1'),
    file('/etc/brain/one.json', '{}'),
    file('/etc/brain/two.json', '{}'),
    file('/etc/cache.conf', 'port 1'),
    file('/usr/local/bin/hook', '#!/bin/sh\n/opt/app/current/bin/hook\n', { mode: 0o755 }),
    file('/etc/logrotate.d/app', 'weekly'),
    file('/etc/other.conf', 'x'),
    file('/var/lib/exp/two', 'x', { of: 'exp@two.service' }),
    file('/etc/nginx/sites-enabled/app', 'x', { notify: { unit: 'nginx.service', verb: 'reload-or-restart' } }),
  ],
  env: new Secret('.env', 'A=1\n'),
};

const startOf = ({ units, enable }: TaskPlan) => {
  const { start } = systemd.record({ units, enable, layout, host: factsWith() });
  return start;
};

function actions(before: TaskPlan, after: TaskPlan, facts = {}, how: Partial<Advance> = {}): Map<string, UnitAction> {
  const parts = inputDigests(after, layout, 'systemd');
  const started = startOf(before);
  const probe = probeWith(
    { active: generationId(1), generations: [generation(1, 'good', 0, digest('x'))], ...facts },
    {
      runtime: 'systemd',
      parts: inputDigests(before, layout, 'systemd'),
      uses: usesOf(before, started, layout),
      units: started.map((unit) => ({
        ...{ unit, active: 'active', sub: 'running', pid: 1 },
        ...{ restarts: 0, result: 'success', status: 0 },
      })),
    },
  );
  const plan: Advance = {
    ...{ to: 'advance', base: generationId(1), digest: digest('y'), runtime: 'systemd' },
    ...after,
    ...how,
  };
  const uses = usesOf(after, startOf(after), layout);
  return new Map(actionsOf(plan, { start: startOf(after), uses, parts }, probe).map((one) => [one.unit, one]));
}

/** Units with something to do, as `do unit`. */
const done = (all: ReadonlyMap<string, UnitAction>) =>
  [...all.values()].flatMap((one) => (one.do === 'leave' ? [] : [`${one.do} ${one.unit}`])).sort();

const withUnit = (path: string, text: string): TaskPlan => ({
  ...APP,
  units: [...APP.units.filter((unit) => unit.path !== path), { path, text }],
});
const withFile = (path: string, content = 'changed'): TaskPlan => ({
  ...APP,
  files: APP.files.map((one) => (one.path === path ? { ...one, content } : one)),
});

describe('what a change restarts', () => {
  const CODE = ['restart bot.service', 'restart exp@one.service', 'restart exp@two.service'];
  it.each<[string, TaskPlan, readonly string[]]>([
    ['nothing', APP, []],
    [
      'the code: whatever runs from it, and neither sockets, timers nor targets',
      { ...APP, stage: [code('b'), ...APP.stage.slice(1)] },
      CODE,
    ],
    [
      "one instance's limit: that one",
      withUnit('exp@one.service.d/50-fleet-instance.conf', '[Service]\nMemoryMax=3G\n'),
      ['restart exp@one.service'],
    ],
    ["one instance's file: that one", withFile('/etc/brain/two.json'), ['restart exp@two.service']],
    ['the template: its instances', withUnit('exp@.service', service('ExecStart=/opt/app/current/exp')), CODE.slice(1)],
    ['the settings: who reads them', { ...APP, env: new Secret('.env', 'A=2\n') }, ['restart bot.service']],
    [
      'a file of the release that one names',
      { ...APP, stage: [code('a'), put('config/bot.json', '[]'), put('config/shared.json', '{}')] },
      ['restart bot.service'],
    ],
    [
      'a file of the release that none names: whoever runs the code',
      { ...APP, stage: [code('a'), put('config/bot.json', '{}'), put('config/shared.json', '[]')] },
      CODE,
    ],
    [
      'a file of the host that one names, and who goes with it',
      withFile('/etc/cache.conf'),
      ['restart cache.service', 'restart helper.service'],
    ],
    [
      'a file of the host that none names: each service',
      withFile('/etc/other.conf'),
      [...CODE, 'restart cache.service', 'restart helper.service'].sort(),
    ],
    [
      'a file for one instance, which its unit does not name',
      withFile('/var/lib/exp/two'),
      ['restart exp@two.service'],
    ],
    ['a file that only others read', withFile('/etc/logrotate.d/app'), []],
    ['a file that others are told of', withFile('/etc/nginx/sites-enabled/app'), []],
    ['a script of a job that a timer starts: nothing that runs', withFile('/usr/local/bin/hook'), []],
    ['a socket: itself', withUnit('api.socket', '[Socket]\nListenStream=8081\n'), ['restart api.socket']],
    ['a timer: itself', withUnit('hook.timer', '[Timer]\nOnCalendar=hourly\n'), ['restart hook.timer']],
    ['a target is never restarted', withUnit('app.target', '[Unit]\nDescription=other\n'), []],
    [
      'a unit that comes, one that goes',
      { ...APP, enable: APP.enable.filter((unit) => unit !== 'exp@two.service').concat('exp@new.service') },
      ['start exp@new.service', 'stop exp@two.service'],
    ],
    ['always', { ...APP, restart: [{ unit: 'exp@.service', how: 'always' }] }, CODE.slice(1)],
  ])('%s', (_, after, expected) => {
    expect(done(actions(APP, after))).toEqual(expected);
  });

  it('names parts that the generation has: one that it has not would never differ', () => {
    const app: TaskPlan = {
      ...APP,
      stage: [
        ...APP.stage,
        { id: 'r', title: 'r', do: 'run', argv: ['make', 'x\ny'], cwd: '', creates: null, timeoutMs: 1 },
      ],
      before: [{ id: 'b', title: 'b', argv: ['./migrate', 'a\nb'], cwd: '', timeoutMs: 1 }],
    };
    const known = inputDigests(app, layout, 'systemd');
    const used = new Set(usesOf(app, startOf(app), layout).map(({ part }) => part));
    expect([...used].filter((part) => !known.has(part))).toEqual([]);
    // All kinds that code has are among them.
    for (const part of ['code .', 'run make x y', 'before start ./migrate a b', 'file config/shared.json', '.env'])
      expect(used).toContain(part);
  });

  it('says that all is restarted where the account, its groups or folders change', () => {
    const step = { id: 'a', title: 'a', apply: {} as never, undo: 'keep', timeoutMs: 1 } as const;
    const all = actions(APP, APP, {}, { prepare: [step] });
    expect([...all.values()].filter(({ do: what }) => what !== 'restart').map(({ unit }) => unit)).toEqual([
      'app.target',
    ]);
  });

  it('restarts what runs code that was changed on the host, and what uses a file that was', () => {
    expect(done(actions(APP, APP, { altered: ['bot.py'] }))).toEqual(CODE);
    const drift = [{ kind: 'changed', path: '/opt/app/.env' }];
    expect(done(actions(APP, APP, { drift }))).toEqual(['restart bot.service']);
    const unit = [{ kind: 'changed', path: '/etc/systemd/system/cache.service' }];
    expect(done(actions(APP, APP, { drift: unit }))).toEqual(['restart cache.service', 'restart helper.service']);
  });

  it('reloads for settings alone where that is asked for, and restarts for anything else', () => {
    const text = service(
      'ExecStart=/opt/app/current/bin/api --config /etc/app/api.yaml\nExecReload=/bin/kill -HUP $MAINPID',
    );
    const restart = [{ unit: 'api.service', how: 'reload' as const }];
    const app = (of: TaskPlan): TaskPlan => ({
      ...of,
      units: [...of.units.filter(({ path }) => path !== 'api.service'), { path: 'api.service', text }],
      enable: [...of.enable, 'api.service'],
      restart,
    });
    expect(done(actions(app(APP), app(withFile('/etc/app/api.yaml'))))).toEqual(['reload api.service']);
    const both = { ...app(withFile('/etc/app/api.yaml')), stage: [code('b'), ...APP.stage.slice(1)] };
    expect(actions(app(APP), both).get('api.service')).toMatchObject({ do: 'restart' });
    // What systemd reads itself, it reads at a start.
    const env = (of: TaskPlan): TaskPlan => ({ ...of, restart: [{ unit: 'bot.service', how: 'reload' }] });
    expect(done(actions(env(APP), env({ ...APP, env: new Secret('.env', 'A=2\n') })))).toEqual(['restart bot.service']);
  });

  it('takes a service as running code where a variable hides what it runs, or where it stands in the root', () => {
    const uses = (lines: string) =>
      usesOf(
        { ...EMPTY_TASK_PLAN, stage: [code('a')], units: [{ path: 'x.service', text: service(lines) }] },
        ['x.service'],
        layout,
      )
        .map(({ part }) => part)
        .includes('code .');
    expect(uses('ExecStart=/usr/bin/true')).toBe(false);
    expect(uses('ExecStart=/usr/bin/true\nReadWritePaths=/opt/application')).toBe(false);
    expect(uses('ExecStart=/bin/sh -c "exec $RUN"')).toBe(true);
    expect(uses('WorkingDirectory=/opt\nExecStart=/usr/bin/python3 -m app')).toBe(true);
    expect(uses('WorkingDirectory=~\nExecStart=/usr/bin/python3 -m app')).toBe(true);
    expect(uses('Environment=PYTHONPATH=/opt/app/current\nExecStart=/usr/bin/python3 -m app')).toBe(true);
  });

  it('restarts everything once where the record does not say what a unit uses', () => {
    const probe = probeWith(
      { active: generationId(1), generations: [generation(1, 'good', 0, digest('x'))] },
      {
        runtime: 'systemd',
        units: startOf(APP).map((unit) => ({
          unit,
          active: 'active',
          sub: '',
          pid: 1,
          restarts: 0,
          result: '',
          status: 0,
        })),
      },
    );
    const plan: Advance = { to: 'advance', base: generationId(1), digest: digest('y'), runtime: 'systemd', ...APP };
    const after = {
      start: startOf(APP),
      uses: usesOf(APP, startOf(APP), layout),
      parts: inputDigests(APP, layout, 'systemd'),
    };
    expect(
      actionsOf(plan, after, probe)
        .filter((one) => one.do === 'leave')
        .map(({ unit }) => unit),
    ).toEqual(['app.target']);
  });
});
