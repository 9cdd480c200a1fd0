import { describe, expect, it } from 'vitest';
import { takeovers, unitNames } from '../../src/engine/plan/namesakes.ts';
import { parseFacts } from '../../src/host/facts.ts';
import type { Layout } from '../../src/model/layout.ts';
import type { BoundTask } from '../../src/model/task.ts';
import { hostUnits } from '../../src/output/messages/plan.ts';

const layout: Layout = { root: '/opt/app', current: '/opt/app/current', app: 'app', user: null, data: [] };
const LIB = '/lib/systemd/system';

/** What the host says of a name: "ID STATE RUNNING EARLY CARRIES PATH". */
const told = (unit: string, rest: string, ...more: string[]) =>
  parseFacts([`namesake ${unit} ${rest}`, ...more.map((line) => `namesake-with ${unit} ${line}`)].join('\n')).namesakes;
const against = (unit: string, rest: string, runtime: 'systemd' | 'nohup' = 'systemd') =>
  takeovers(layout, [{ path: unit, text: '' }], runtime, {
    namesakes: told(unit, rest),
    aside: [],
    currentTaken: null,
  });

it('asks for the names of units, and of each once; drop-ins have no name of their own', () => {
  const task = (...paths: string[]) =>
    ({ declares: { units: paths.map((path) => ({ path, file: path, text: '' })) } }) as unknown as BoundTask;
  const none = { name: 'sync' } as BoundTask;
  expect(unitNames([task('a.service', 'a.service.d/x.conf'), none, task('a.service', 'b@.service')])).toEqual([
    'a.service',
    'b@.service',
  ]);
});

describe('a unit of the host with the name of ours', () => {
  it.each([
    ['of the vendor', 'cron.service', `cron.service enabled 1 no no ${LIB}/cron.service`],
    ['in /run', 'a.timer', 'a.timer - 0 no no /run/systemd/system/a.timer'],
    ['by hand, whatever it is', 'a.target', 'a.target static 1 yes no /etc/systemd/system/a.target'],
    ['of an init script', 'old.service', 'old.service generated 1 no no /etc/init.d/old'],
    ['a path with a blank', 'old.service', 'old.service linked 1 no no /srv/my units/old.service'],
  ])('is replaced: %s', (_, unit, rest) => {
    expect(against(unit, rest)).toMatchObject({
      refused: [],
      replaced: [{ unit, path: rest.split(' ').slice(5).join(' ') }],
    });
  });

  it.each([
    ['the login, by its name', 'ssh.service', `ssh.service enabled 1 no no ${LIB}/ssh.service`, /ssh\.service.*logins/],
    [
      'the login, by another name',
      'sshd.service',
      `ssh.service alias 1 no no ${LIB}/ssh.service`,
      /which is ssh\.service/,
    ],
    ['what the connection came through', 'vpn.service', `vpn.service enabled 1 no yes ${LIB}/vpn.service`, /logins/],
    [
      'another name of one',
      'nick.service',
      `real.service enabled 1 no no ${LIB}/real.service`,
      /name of real\.service/,
    ],
    ['a masked one', 'cron.service', 'cron.service masked 0 no no /dev/null', /masked on this host/],
    ['one masked until the next boot', 'cron.service', 'cron.service masked-runtime 0 no no ', /masked on this host/],
    ['a transient one', 'a.service', 'a.service transient 1 no no /run/systemd/transient/a.service', /comes before/],
    ['one whose file is gone', 'a.service', 'a.service - 1 no no ', /its file is gone/],
    ['the message bus', 'dbus.service', `dbus.service static 1 no no ${LIB}/dbus.service`, /the host's own start/],
    ['what systemd is', 'systemd-logind.service', `systemd-logind.service static 1 no no ${LIB}/x`, /own start/],
    ['what runs before all services', 'udev.service', `udev.service static 1 yes no ${LIB}/udev.service`, /own start/],
    [
      'a target of the vendor',
      'multi-user.target',
      `multi-user.target static 1 no no ${LIB}/multi-user.target`,
      /start/,
    ],
    ['a login on the console', 'getty@.service', `getty@.service enabled 1 no no ${LIB}/getty@.service`, /own start/],
  ])('is refused: %s', (_, unit, rest, what) => {
    const [one, ...more] = against(unit, rest).refused;
    expect(one?.what).toMatch(what);
    expect(one?.fix).toMatch(/another name/);
    expect(more).toEqual([]);
  });

  it('is none of our business without systemd, nor is one that only the host has', () => {
    const cron = `cron.service enabled 1 no no ${LIB}/cron.service`;
    expect(against('cron.service', cron, 'nohup')).toEqual({ refused: [], replaced: [], returning: [] });
    const others = { namesakes: told('cron.service', cron), aside: [], currentTaken: null };
    expect(takeovers(layout, [{ path: 'app.service', text: '' }], 'systemd', others).replaced).toEqual([]);
  });

  it('is told in a line, with what starts it and what needs it', () => {
    const replaces = told(
      'log.service',
      `log.service static 0 no no ${LIB}/log.service`,
      'starts log.timer',
      'needs a.service',
      'needs b.service',
      'needs a.service',
    );
    expect(hostUnits({ replaces, returns: [] })).toEqual([
      `replaces log.service of the host, not running, static (${LIB}/log.service); log.timer of the host starts ours then; ` +
        'what needs it is started again with ours: a.service and b.service; ' +
        'it comes back as it is now once ours is gone',
    ]);
  });

  it('comes back, as it was, with a plan that does without the name', () => {
    const { aside } = parseFacts(
      `aside cron.service enabled 1 ${LIB}/cron.service\naside copy@.service - 2 /run/my copy`,
    );
    const probe = { namesakes: [], aside, currentTaken: null };
    const units = [{ path: 'copy@.service', text: '' }];
    expect(takeovers(layout, units, 'systemd', probe).returning).toEqual([
      { unit: 'cron.service', state: 'enabled', running: 1, path: `${LIB}/cron.service` },
    ]);
    expect(hostUnits({ replaces: [], returns: takeovers(layout, units, 'nohup', probe).returning })).toEqual([
      `cron.service of the host comes back, running, enabled (${LIB}/cron.service)`,
      'copy@.service of the host comes back, 2 of it running, not enabled (/run/my copy)',
    ]);
  });
});

it('something else than a link at `current` is refused, with what to do', () => {
  const { currentTaken } = parseFacts('current-taken a folder');
  const [one] = takeovers(layout, [], 'nohup', { namesakes: [], aside: [], currentTaken }).refused;
  expect(one?.what).toBe('/opt/app/current is a folder, where fleet needs a link of its own');
  expect(one?.fix).toContain('mv /opt/app/current /opt/app/current.before');
  expect(takeovers(layout, [], 'nohup', parseFacts('')).refused).toEqual([]);
});
