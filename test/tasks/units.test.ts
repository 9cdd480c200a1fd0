import { describe, expect, it } from 'vitest';
import { units } from '../../src/tasks/units.ts';
import { filesOf, hostWith, planOf, refusal, UNPRIVILEGED } from './rig.ts';

const io = filesOf({
  'u/jarvis.service': '[Service]\nExecStart=/bin/{{ host }}\n',
  'u/worker@.service': '[Service]\n',
  'u/jarvis.service.d/limits.conf': '[Service]\nTasksMax=9\n',
  'u/jarvis.logrotate': '/var/log/x {}\n',
  'u/README.md': '',
  'u/.jarvis.service.swp': '',
  'u/jarvis.service~': '',
  'one/only.timer': '[Timer]\n',
  'typo/jarvis.sevice': '',
  'empty/x.logrotate': '',
  'nul/a.service': 'x\0',
  'latin/a.service': 'x\ufffd',
});
const plan = (entry: object, context = hostWith()) => planOf(units, entry, '', context, io);

describe('units', () => {
  it('are a folder’s unit files and drop-ins, and nothing that lies beside them', async () => {
    const done = await plan({ from: 'u', enable: ['jarvis.service', 'worker@1.service', 'worker@a-b.service'] });
    expect(done.units.map(({ path }) => path)).toEqual([
      'jarvis.service',
      'jarvis.service.d/limits.conf',
      'worker@.service',
    ]);
    expect(done.enable).toEqual(['jarvis.service', 'worker@1.service', 'worker@a-b.service']);
    expect(done.units[0]?.text).toContain('{{ host }}');
  });

  it('may be a single file', async () => {
    expect((await plan({ from: 'one/only.timer', enable: ['only.timer'] })).units).toEqual([
      { path: 'only.timer', text: '[Timer]\n' },
    ]);
  });

  it('are filled when they are templates of the playbook', async () => {
    expect((await plan({ from: 'u', template: true })).units[0]?.text).toContain('/bin/alpha');
  });

  it.each([
    [
      { from: 'u', enable: ['jarvs.service'] },
      'jarvs.service is to be enabled, but u holds no such unit; did you mean jarvis.service?',
    ],
    [
      { from: 'u', enable: ['worker@.service'] },
      'worker@.service is a template: enable an instance, such as worker@1.service',
    ],
    [{ from: 'u', enable: ['jarvis@1.service'] }, 'holds no such unit'],
    [{ from: 'typo' }, 'typo holds what is no unit, drop-in (name.service.d/x.conf) or logrotate file: jarvis.sevice'],
    [{ from: 'empty' }, 'empty holds no unit files'],
    [{ from: 'nul' }, 'nul/a.service holds a NUL character'],
    [{ from: 'latin' }, 'latin/a.service is not valid UTF-8'],
    [{ from: 'absent' }, 'absent does not exist'],
  ])('of %j are an error before any host is contacted', (entry, message) =>
    expect(plan(entry)).rejects.toThrow(message),
  );

  it('need root with systemd, and none with the nohup runtime', async () => {
    expect((await plan({ from: 'u' }, UNPRIVILEGED)).unsupported).toHaveLength(1);
    expect((await plan({ from: 'u' }, { ...UNPRIVILEGED, runtime: 'nohup' })).unsupported).toEqual([]);
  });

  it.each([
    "a b'c.service",
    '-x.service',
    '.x.service',
    '-x/../y.service',
    'jarvis',
    '$(id).service',
    'a\n.service',
    'jarvis.scope',
  ])('are not called %j', (name) => expect(refusal(units, { from: 'u', enable: [name] })).not.toBeNull());
});
