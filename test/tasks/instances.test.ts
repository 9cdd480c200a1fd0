import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/tasks/define.ts';
import { instances, instanceUnits } from '../../src/tasks/instances/instances.ts';
import { filesOf, hostWith, planOf, readable, refusal, runIn, SHELLS, UNPRIVILEGED } from './rig.ts';

const ENTRY = {
  of: 'brain@.service',
  names: ['amnesiac_001', 'unstable-002'],
  settings: 'experiments/%i.env',
  directives: { MemoryMax: 'RAM', CPUQuota: 'CPU' },
  files: [{ from: 'experiments/%i.json', to: '/etc/brain/%i.json', mode: '0640', group: 'brain' }],
};
const FILES = {
  'experiments/amnesiac_001.env': 'RAM=8G\nCPU=100%\nNVPMODEL_MODE=0\nGREETING="a \\"b\\" 50% \\\\ \\$x"\n',
  'experiments/unstable-002.env': '# none\nRAM=16G\n',
  'experiments/amnesiac_001.json': '{"id": 1}\n',
  'experiments/unstable-002.json': '{"id": 2}\n',
};
const ANSWER = 'group root\nplace 0 root \nplace 1 root \nmemory 67108864\n';

const plan = (changes: object = {}, files: Readonly<Record<string, string>> = {}, context = hostWith(), out = ANSWER) =>
  planOf(instances, { ...ENTRY, ...changes }, out, context, filesOf({ ...FILES, ...files }));

/** Why the inputs are refused, and where. */
async function error(changes: object, files: Readonly<Record<string, string>> = {}) {
  const failed = await plan(changes, files).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(failed instanceof InputError)) throw new Error(`not refused: ${failed}`);
  return { message: failed.message, at: failed.at };
}

describe('instances', () => {
  it('become enabled units in order, each with its limits, variables and files', async () => {
    expect(await plan()).toMatchObject({
      enable: ['brain@amnesiac_001.service', 'brain@unstable-002.service'],
      units: [
        {
          path: 'brain@amnesiac_001.service.d/50-fleet-instance.conf',
          text: [
            '[Service]',
            'MemoryMax=8G',
            'CPUQuota=100%',
            'Environment=NVPMODEL_MODE=0',
            'Environment="GREETING=a \\"b\\" 50%% \\\\ $x"',
            '',
          ].join('\n'),
        },
        { path: 'brain@unstable-002.service.d/50-fleet-instance.conf', text: '[Service]\nMemoryMax=16G\n' },
      ],
      files: [
        { path: '/etc/brain/amnesiac_001.json', content: '{"id": 1}\n', mode: 0o640, owner: 'root', group: 'brain' },
        { path: '/etc/brain/unstable-002.json', content: '{"id": 2}\n' },
      ],
      warnings: [],
      unsupported: [],
    });
  });

  it('are nothing at all where none is named', async () =>
    expect(await plan({ names: [], atMost: { MemoryMax: '1G' } })).toMatchObject({
      enable: [],
      units: [],
      files: [],
      warnings: [],
    }));

  it('without settings are units and nothing else', async () =>
    expect(await plan({ settings: undefined, directives: {}, files: [] }, {})).toMatchObject({
      enable: instanceUnits(ENTRY),
      units: [],
    }));

  it('need root for files elsewhere', async () =>
    expect((await plan({}, {}, UNPRIVILEGED)).unsupported).toEqual([
      'root, to install /etc/brain/amnesiac_001.json',
      'root, to install /etc/brain/unstable-002.json',
    ]));

  it('that are missing an own file are named, with what to do, all at once', async () => {
    const { message, at } = await error({ names: ['amnesiac_001', 'lost'] });
    expect(message.split('\n')).toEqual([
      'instance lost: experiments/lost.env does not exist; write it, or take lost out of names',
      'instance lost: experiments/lost.json does not exist; write it, or take lost out of names',
    ]);
    expect(at).toBeNull();
  });

  it.each([
    ['is empty', 'A=1\nRAM=\n', 2, 'RAM is empty, so MemoryMax= would have no value'],
    ['systemd would not take', 'RAM=8GB\n', 1, 'RAM becomes MemoryMax=8GB, which is not a size such as 512M'],
    ['has a line break', 'X="\nRAM=1\n"\nRAM="8\nG"\n', 4, 'RAM becomes MemoryMax=8?G, which is not'],
    ['is no quota', 'CPU=100\n', 1, 'CPU becomes CPUQuota=100, which is not a percentage'],
    ['looks like a secret', 'A=1\nAPI_TOKEN=canary-123\n', 2, 'API_TOKEN looks like a secret'],
    ['holds a password', 'URL=mongodb://u:canary@h/x\n', 1, 'URL looks like a secret'],
    ['has a control character', 'A="x\\ny"\n', 1, 'A holds a line break'],
    ['is not in the grammar', 'A=1\nB=a#b\n', 2, 'B: # outside quotes'],
  ])('with a value that %s are refused at its line', async (_what, text, line, words) => {
    const { message, at } = await error({}, { 'experiments/amnesiac_001.env': text });
    expect(at).toEqual({ file: 'experiments/amnesiac_001.env', line, column: 1 });
    expect(message).toContain(words);
    expect(message).not.toContain('canary');
  });

  it.each([
    ['too many', { instances: 1 }, '2 instances of brain@.service, and atMost allows 1'],
    [
      'too much memory',
      { MemoryMax: '23G' },
      'the instances of brain@.service may take 24G of memory together, and atMost allows 23G ' +
        '(amnesiac_001 8G, unstable-002 16G)',
    ],
    [
      'one without a limit',
      { CPUQuota: '400%' },
      'unstable-002 has no limit of its own, so 400% in all cannot be promised; ' +
        'set CPU in experiments/unstable-002.env',
    ],
  ])('that together are %s are refused', async (_what, atMost, message) =>
    expect(await error({ atMost })).toEqual({ message, at: null }),
  );

  it('may come to exactly what is allowed', async () =>
    expect((await plan({ atMost: { instances: 2, MemoryMax: '24G' } })).enable).toHaveLength(2));

  it('whose limits cannot be added up are refused', async () => {
    const { message } = await error({ atMost: { MemoryMax: '48G' } }, { 'experiments/unstable-002.env': 'RAM=50%\n' });
    expect(message).toContain('unstable-002 has MemoryMax=50%, which is no fixed size, so 48G in all');
  });

  it('may be more than the host has, which is a warning where the host tells', async () => {
    const small = await plan({}, {}, hostWith(), ANSWER.replace('67108864', '16777216'));
    expect(small.warnings).toEqual([
      'the instances of brain@.service may take 24G of memory together, and the host has 16G',
    ]);
    expect((await plan({}, {}, hostWith(), '')).warnings).toEqual([]);
  });

  it('that none sets a limit are warned of', async () =>
    expect((await plan({ directives: { TasksMax: 'TASKS' } })).warnings).toEqual([
      'no instance of brain@.service sets TASKS, so none has a TasksMax= of its own',
    ]));

  it('cannot put a file where other parts of fleet are', async () =>
    expect((await error({ files: [{ from: 'x%i', to: '/etc/systemd/system/%i' }] })).message).toContain(
      '/etc/systemd/system/amnesiac_001 cannot be a file of an instance',
    ));

  it.each([
    { of: 'brain.service' },
    { of: 'brain@.timer' },
    { of: 'brain@1.service' },
    ...['a b', '$(id)', "a'b", 'a/b', '..', '', 'a\\b', 'a@b', 'ü', 'x'.repeat(240), 1].map((one) => ({
      names: [one],
    })),
    { names: ['a', 'a'] },
    { settings: 'one.env' },
    { settings: undefined },
    { directives: { ExecStart: 'X' } },
    { directives: { MemoryMax: 'a b' } },
    { directives: {}, atMost: { MemoryMax: '1G' } },
    { atMost: { MemoryMax: '50%' } },
    { atMost: { CPUQuota: '4' } },
    { atMost: { instances: 0 } },
    { files: [{ from: 'x', to: '/etc/x' }] },
    { files: [{ from: 'x', to: 'config/%i' }] },
  ])('refuse %j', (changes) => expect(refusal(instances, { ...ENTRY, ...changes })).not.toBeNull());

  it('may be named as systemd-escape does', () =>
    expect(refusal(instances, { ...ENTRY, names: ['var-lib-x\\x2dy', 'a:b.c_d', '-'] })).toBeNull());

  it.each(SHELLS.map((shell) => [shell]))('ask the host for its memory with %s', (shell) => {
    const probe = instances.probe(instances.schema.parse(ENTRY), hostWith().layout);
    if (probe !== null) readable(probe);
    const { memory, places } = instances.parse(runIn(shell, probe));
    expect(memory).toBeGreaterThan(2 ** 28);
    expect(places.ownGroup).toMatch(/^\w+$/);
  });
});
