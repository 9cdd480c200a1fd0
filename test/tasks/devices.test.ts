import { describe, expect, it } from 'vitest';
import { devices } from '../../src/tasks/devices.ts';
import { hostWith, planOf, readable, refusal, runIn, SHELLS } from './rig.ts';

const ENTRY = { unit: 'brain@.service', allow: ['/dev/nvidia*', '/dev/nvgpu/igpu0/*'] };
const PATH = 'brain@.service.d/50-fleet-devices.conf';

describe('devices', () => {
  it('that the host has become a drop-in, sorted and each once', async () => {
    const out = 'device /dev/nvidia1\ndevice /dev/nvgpu/igpu0/ctrl\ndevice /dev/nvidia1\ndevices read\n';
    expect(await planOf(devices, { ...ENTRY, access: 'rwm' }, out)).toMatchObject({
      units: [
        {
          path: PATH,
          text: '[Service]\nDevicePolicy=closed\nDeviceAllow=/dev/nvgpu/igpu0/ctrl rwm\nDeviceAllow=/dev/nvidia1 rwm\n',
        },
      ],
      warnings: [],
      unsupported: [],
    });
  });

  it('that the host lacks are warned of, and the unit is closed all the same', async () =>
    expect(await planOf(devices, ENTRY, 'devices read\n')).toMatchObject({
      units: [{ path: PATH, text: '[Service]\nDevicePolicy=closed\n' }],
      warnings: ['the host has no /dev/nvidia* or /dev/nvgpu/igpu0/*, so brain@.service will see no such device'],
    }));

  it('are not confined without systemd, which the plan says', async () =>
    expect(
      await planOf(devices, ENTRY, 'device /dev/nvidia1\ndevices read\n', { ...hostWith(), runtime: 'nohup' }),
    ).toMatchObject({
      units: [],
      warnings: ['without systemd brain@.service is not confined to some devices: it may use all'],
    }));

  it('that could not be looked for are not taken for absent', async () =>
    expect(await planOf(devices, ENTRY, '')).toMatchObject({
      units: [],
      unsupported: ['a look at /dev, for the devices of brain@.service'],
    }));

  it('whose names would be something else in a unit are left out', async () => {
    const out = 'device /dev/nvidia0 rwm\ndevice /dev/nvidia%n\ndevice /dev/nvidia2\ndevices read\n';
    expect((await planOf(devices, ENTRY, out)).units[0]?.text).toBe(
      '[Service]\nDevicePolicy=closed\nDeviceAllow=/dev/nvidia2 rw\n',
    );
  });

  it.each(SHELLS.map((shell) => [shell]))('are found by their globs, folders left out, with %s', (shell) => {
    const allow = ['/dev/nul?', '/dev/ze*o', '/dev/no-such-*', '/dev/p?s', '/dev/null'];
    const probe = devices.probe(devices.schema.parse({ unit: 'a.service', allow }), hostWith().layout);
    if (probe !== null) readable(probe);
    expect(runIn(shell, probe)).toBe('device /dev/null\ndevice /dev/zero\ndevice /dev/null\ndevices read\n');
    expect(devices.parse(runIn(shell, probe))).toEqual(['/dev/null', '/dev/zero']);
  });

  it.each([
    ...['nvidia', '/etc/*', '/dev/', '/dev/../etc/x', '/dev//x', '/dev/x/', '/dev/a b', '/dev/$(id)', '/dev/`id`'],
    ...["/dev/a'b", '/dev/[ab]', '/dev/{a,b}', '/dev/a;id', '/dev/a\nb', '/dev/%n', '/dev/~', '/dev/a\\b'],
  ])('refuse the path %j', (path) => expect(refusal(devices, { unit: 'a.service', allow: [path] })).not.toBeNull());

  it.each([
    { allow: [] },
    { allow: ['/dev/null', '/dev/null'] },
    { access: '' },
    { access: 'wr' },
    { access: 'x' },
    { unit: 'a.socket' },
    { unit: 'a b.service' },
    { unit: '../a.service' },
  ])('refuse %j', (changes) => expect(refusal(devices, { ...ENTRY, ...changes })).not.toBeNull());
});
