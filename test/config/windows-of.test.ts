import { expect, it } from 'vitest';
import { maintenanceSchema, windowsOf } from '../../src/config/inventory/maintenance.ts';
import { hostName } from '../../src/model/ids.ts';

const hosts = new Map(
  Object.entries({ web1: ['web'], web2: ['web', 'far'], db: [] }).map(([name, groups]) => [
    hostName(name),
    { name: hostName(name), groups },
  ]),
);
const windows = (...written: readonly object[]) =>
  windowsOf({
    hosts,
    maintenance: maintenanceSchema.parse(written.map((one) => ({ from: '23:30', to: '01:00', zone: 'UTC', ...one }))),
  });

it('hours of a window are minutes of the day, its days count from Sunday, and groups are their hosts', () => {
  expect(windows({ hosts: ['web', 'db'], apps: ['shop'], days: ['sun', 'sat'], zone: 'Europe/Berlin' })).toEqual([
    { hosts: ['web1', 'web2', 'db'], apps: ['shop'], days: [0, 6], from: 1410, to: 60, zone: 'Europe/Berlin' },
  ]);
});

it('one that names no hosts is for all, and one whose group has none for nobody', () => {
  expect(windows({}, { hosts: ['nobody'] }, { hosts: ['far'] }).map((one) => one.hosts)).toEqual([[], ['web2']]);
});
