import { describe, expect, test } from 'vitest';
import { runtimeFor } from '../../src/runtime/choose.ts';
import { systemd } from '../../src/runtime/systemd/systemd.ts';
import { file, fixture } from '../unit/sample.ts';
import { input } from './sample.ts';

const HOST = { init: { known: true, value: 'systemd' }, systemdVersion: 249, boot: 'systemd' } as const;
const record = (text: string, host = {}) =>
  systemd.record(input([file('a.service', text)], ['a.service'], { ...HOST, ...host }));
const whole = (service: string) => `[Service]\nExecStart=/bin/a\n${service}\n[Install]\nWantedBy=multi-user.target\n`;

describe('with systemd', () => {
  test('a generation needs no files of its own, and has its start order', () => {
    expect(record(whole(''))).toEqual({
      files: [],
      start: ['a.service'],
      enable: ['a.service'],
      warnings: [],
      unsupported: [],
    });
  });

  test('what its triggers start stands in its record, and is held to its settings too', () => {
    const units = [
      file('a.socket', '[Socket]\nListenStream=1\n[Install]\nWantedBy=sockets.target\n'),
      file('a.service', '[Service]\nExecStart=/bin/a\nMemoryMax=1M\nType=notify-reload\n'),
      file('b.socket', '[Socket]\nListenStream=2\nAccept=yes\n[Install]\nWantedBy=sockets.target\n'),
      file('b@.service', '[Service]\nExecStart=/bin/b\nMemoryMax=1M\n'),
    ];
    const { files, start, warnings } = systemd.record(input(units, ['a.socket', 'b.socket'], HOST));
    const text = (path: string) => files.find((one) => one.path === path)?.text;
    expect(start).toEqual(['a.socket', 'b.socket']);
    expect(text('triggered')).toBe('a.socket a.service\nb.socket b@.service\n');
    expect(text('expect')).toBe('a.service MemoryMax 1048576\n');
    expect(warnings).toEqual(['a.service: systemd 249 ignores Type= (systemd 253)']);
  });

  test('directives newer than the host are named', () => {
    const lines = 'Type=notify-reload\nRestartSteps=3\nProtectClock=yes\nStandardOutput=truncate:/x';
    expect(record(whole(lines)).warnings).toEqual([
      'a.service: systemd 249 ignores Type= (systemd 253), RestartSteps= (systemd 254)',
    ]);
    expect(record(whole(lines), { systemdVersion: 255 }).warnings).toEqual([]);
    expect(record(whole('Type=exec\nProtectClock=yes'), { systemdVersion: 237 }).warnings).toEqual([
      'a.service: systemd 237 ignores Type= (systemd 240), ProtectClock= (systemd 245)',
    ]);
  });

  test('directives newer than the host are named and let pass in units of every type', () => {
    const socket = file('a.socket', '[Socket]\nListenStream=1\nProtectClock=yes\n[Install]\nWantedBy=sockets.target\n');
    const { files, warnings } = systemd.record(input([socket], ['a.socket'], { ...HOST, systemdVersion: 244 }));
    expect(files).toMatchObject([{ path: 'verify/newer', text: 'a.socket:3\n' }]);
    expect(warnings).toEqual(['a.socket: systemd 244 ignores ProtectClock= (systemd 245)']);
  });

  test('what systemd ignores is a warning, what it refuses stops the deploy', () => {
    expect(record(whole('Nice=5 # low')).warnings).toEqual(['a.service:3: Nice=5 # low is no valid value']);
    expect(record(whole('ExecStart=/b')).unsupported).toEqual([
      'a.service: only Type=oneshot may have several ExecStart=',
    ]);
  });

  test('a unit that is not tied to a boot, and one that must be there already, are named', () => {
    expect(record('[Service]\nExecStart=/a\n').warnings).toEqual([
      'a.service has no [Install] section, so nothing starts it at boot',
    ]);
    expect(systemd.record(input([], ['nginx'], HOST))).toMatchObject({
      start: ['nginx.service'],
      warnings: ['nginx.service is none of the deployed units, so the host must already have it'],
    });
  });

  test('the supervisor of the seeds has its lost start limit named', () => {
    const unit = fixture('jarvis-supervisor.service');
    expect(systemd.record(input([unit], [unit.path], HOST)).warnings).toEqual([
      'jarvis-supervisor.service:24: StartLimitIntervalSec= belongs in [Unit]; systemd ignores it in [Service]',
    ]);
  });

  test('root is needed', () => {
    expect(record(whole(''), { uid: 1000, user: 'ubuntu' }).unsupported).toEqual([
      'root for systemd units, which ubuntu does not have here',
    ]);
  });
});

describe('the runtime of a host', () => {
  const known = (value: 'systemd' | 'none', uid = 0) => ({ init: { known: true, value }, uid, user: 'u' }) as const;
  const unknown = { init: { known: false, why: 'no /proc' }, uid: 0, user: 'u' } as const;

  test.each([
    ['auto', known('systemd'), 'systemd'],
    ['auto', known('none'), 'nohup'],
    ['auto', known('systemd', 1000), 'nohup'],
    ['systemd', known('systemd'), 'systemd'],
    ['nohup', known('systemd'), 'nohup'],
    ['nohup', unknown, 'nohup'],
  ] as const)('%s on %j is %s', (asked, host, name) => {
    const chosen = runtimeFor(asked, host);
    expect(chosen.ok && chosen.value.name).toBe(name);
  });

  test.each([
    ['auto', unknown, 'PID 1 is (no /proc)'],
    ['systemd', unknown, 'PID 1 is (no /proc)'],
    ['systemd', known('none'), 'systemd as PID 1'],
    ['systemd', known('systemd', 1000), 'root for systemd units'],
  ] as const)('%s on %j is refused', (asked, host, words) => {
    const chosen = runtimeFor(asked, host);
    expect(chosen).toMatchObject({
      ok: false,
      failure: { kind: 'unsupported', needs: expect.stringContaining(words) },
    });
  });
});
