import { expect, it } from 'vitest';
import { ownership } from '../../src/engine/plan/ownership.ts';
import type { HostTarget } from '../../src/model/target.ts';
import type { BoundTask } from '../../src/model/task.ts';
import { factsWith } from '../facts.ts';

const layout = { root: '/opt/app', current: '/opt/app/current', app: 'app', user: 'app', data: ['data'] };
const UNIT =
  '[Service]\nUser=app\nGroup=team\nSupplementaryGroups=video\nStateDirectory=kept\nExecStart=/usr/bin/true\n';
const declares = {
  units: [
    { file: 'a', path: 'a.service', text: UNIT },
    { file: 'd', path: 'd.service', text: '[Service]\nDynamicUser=yes\nExecStart=/usr/bin/true\n' },
    { file: 'r', path: 'r.service', text: '[Service]\nExecStart=/usr/bin/true\n' },
  ],
  enable: ['a.service', 'd.service', 'r.service'],
  folders: [
    { path: '/var/log/app', owner: 'app', mode: 0o750 },
    { path: '/opt/app/data', owner: 'app', mode: 0o750 },
  ],
};
const task: BoundTask = { name: 'test', secrets: [], declares, probe: null, plan: () => expect.fail() };
const look = ownership({ layout, tasks: [task] } as unknown as HostTarget);
const plan = (stdout: string, runtime: 'systemd' | 'nohup' = 'systemd') =>
  look.plan(stdout, { host: factsWith(), layout, runtime, logins: [] });

it('asks for the accounts of all services, and for each folder once', () => {
  expect(look.probe?.text).toContain('a.service app:team,video\nd.service -:-\nr.service root:-');
  expect(look.probe?.text).toContain('0 whole /opt/app/data\n1 given /var/lib/kept\n2 inside /var/log/app');
});

it('refuses where the account before is gone, and says what is closed', () => {
  const { refused, warnings } = plan('moved 1 a.service old:- app:team,video no no\nclosed 1 0 \nclosed 1 2 x y.log\n');
  expect(warnings).toEqual([]);
  expect(refused).toEqual([
    {
      ...{ kind: 'account-changed', back: null },
      moves: [
        {
          units: ['a.service'],
          from: { user: 'old', group: null, supplementary: [] },
          to: { user: 'app', group: 'team', supplementary: ['video'] },
          madeBy: 'useradd',
          folders: [
            { path: '/opt/app/data', entry: '' },
            { path: '/var/log/app', entry: 'x y.log' },
          ],
        },
      ],
    },
  ]);
});

it('leaves what systemd gives away itself to systemd', () => {
  const told = 'moved 1 a.service old:- app:team,video yes no\nclosed 1 1 file\n';
  expect(plan(told).refused).toEqual([]);
  expect(plan(told, 'nohup').refused).toHaveLength(1);
});

it('warns where other services go on as the account before', () => {
  const { refused, warnings } = plan('moved 1 a.service old:- app:team,video yes yes\nclosed 1 0 \n');
  expect(refused).toEqual([]);
  expect(warnings).toEqual([
    'a.service ran as old and would run as app, which cannot open all of /opt/app/data; other services go on as old',
  ]);
});
