import { describe, expect, it } from 'vitest';
import { type PlannedPart, planPart } from '../../src/engine/plan/partial.ts';
import { type Planned, planHost } from '../../src/engine/plan/plan.ts';
import { type BaseRecord, parseBase } from '../../src/host/base.ts';
import type { ProbeReply } from '../../src/host/facts.ts';
import { generationId } from '../../src/model/ids.ts';
import type { Layout } from '../../src/model/layout.ts';
import type { Only } from '../../src/model/only.ts';
import { EMPTY_TASK_PLAN, type TaskPlan, type UnitFile } from '../../src/model/plan.ts';
import { Secret } from '../../src/model/secret.ts';
import type { HostTarget } from '../../src/model/target.ts';
import type { BoundTask } from '../../src/model/task.ts';
import { bindTask } from '../../src/tasks/define.ts';
import { instances } from '../../src/tasks/instances/instances.ts';
import { generation, probeWith } from '../facts.ts';
import { filesOf } from '../tasks/rig.ts';

const layout: Layout = { root: '/opt/lab', current: '/opt/lab/current', app: 'lab', user: 'lab', data: [] };
const target = {
  ...{ layout, runtime: 'auto', connection: { user: 'root' }, uploadUser: null, policy: { restart: 'changed' } },
} as HostTarget;

const UNITS: readonly UnitFile[] = [
  { path: 'api.service', text: '[Service]\nEnvironmentFile=/opt/lab/.env\nExecStart=/usr/bin/api\n' },
  { path: 'lab.target', text: '[Install]\nWantedBy=multi-user.target\n' },
  {
    path: 'lab@.service',
    text: '[Unit]\nPartOf=lab.target\n[Service]\nReadOnlyPaths=/etc/lab/jobs\nExecStart=/opt/lab/current/run /etc/lab/jobs/%i.json\n[Install]\nWantedBy=lab.target\n',
  },
  { path: 'web.service', text: '[Service]\nExecStart=/usr/bin/web\n' },
];
const task = (plan: Partial<TaskPlan>): BoundTask => ({
  ...{ name: 'test', secrets: [], probe: null, plan: () => ({ ...EMPTY_TASK_PLAN, ...plan }) },
});
const APP = task({ units: UNITS, enable: ['lab.target', 'api.service'], env: new Secret('.env', 'A=1\n') });
const LATER = task({ enable: ['web.service'] });

const NAMES = ['one', 'two', 'three'];
const FILES = Object.fromEntries(
  NAMES.flatMap((name) => [
    [`jobs/${name}.json`, `{"id": "${name}"}`],
    [`jobs/${name}.env`, 'RAM=1G\n'],
  ]),
);
const several = async (names: readonly string[], atMost: object = {}, files = FILES) => {
  const spec = {
    ...{ of: 'lab@.service', names, settings: 'jobs/%i.env', directives: { MemoryMax: 'RAM' }, atMost },
    files: [{ from: 'jobs/%i.json', to: '/etc/lab/jobs/%i.json', mode: '0644' }],
  };
  return bindTask('several', instances, instances.schema.parse(spec), filesOf(files), layout);
};
const answers = (names: readonly string[]) =>
  new Map([['several', `group root\n${names.map((_, i) => `place ${i} root \n`).join('')}memory 67108864\n`]]);

/** The app as a whole, with instances of these names. */
async function whole(names: readonly string[], probe = probeWith()): Promise<Planned> {
  const planned = planHost(target, [APP, await several(names), LATER], probe, answers(names), true);
  if (!planned.ok) throw new Error(JSON.stringify(planned.failure));
  return planned.value;
}

/** A host on which that is live, and what its record tells. */
async function live(names: readonly string[], facts = {}): Promise<{ probe: ProbeReply; record: BaseRecord }> {
  const { parts, uses, launch, plan } = await whole(names);
  if (plan.to !== 'advance') throw new Error('nothing to deploy');
  const { units, enable, files } = plan;
  const told = [
    'known',
    ...enable.map((unit) => `wanted ${unit}`),
    ...files.map((file, i) => `file ${i} 644 root root ${file.path}`),
    ...units.flatMap(({ path, text }) => [`unit ${path}`, ...text.split('\n').map((line) => `|${line}`), '']),
  ];
  const record = parseBase(told.join('\n'));
  if (record === null) throw new Error('no record');
  const up = { active: 'active', sub: 'running', pid: 1, restarts: 0, result: 'success', status: 0 };
  const state = { active: generationId(3), generations: [generation(3, 'good', 2, plan.digest)] };
  return {
    probe: probeWith(
      { ...state, ...facts },
      { runtime: 'systemd', parts, uses, units: launch.start.map((unit) => ({ unit, ...up })) },
    ),
    record,
  };
}

const only = (change: 'add' | 'remove', ...names: readonly string[]): Only => ({
  ...{ part: 'instances', change, of: 'lab@.service', names },
});

async function change(
  before: readonly string[],
  what: Extract<Only, { part: 'instances' }> | Only,
  { facts = {}, atMost = {}, files = FILES, old = false } = {},
) {
  const { probe, record } = await live(before, facts);
  const names = what.part === 'instances' && what.change === 'add' ? what.names : [];
  const tasks =
    what.part === 'env' ? [task({ env: new Secret('.env', 'A=2\n') })] : [await several(names, atMost, files)];
  return planPart(target, what, tasks, probe, answers(names), old ? null : record);
}

function planned(result: Awaited<ReturnType<typeof change>>): PlannedPart {
  if (!result.ok) throw new Error(JSON.stringify(result.failure));
  return result.value;
}

const put = ({ edit }: PlannedPart, path: string) => edit.put.find((one) => one.path === path)?.content;
const asList = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join('');

describe('one part of a generation', () => {
  it.each([
    ['one more', ['one', 'two'], only('add', 'three'), ['one', 'two', 'three']],
    ['two more', ['one'], only('add', 'two', 'three'), ['one', 'two', 'three']],
    ['one more, and one that is there', ['one', 'two'], only('add', 'two', 'three'), ['one', 'two', 'three']],
    ['the first', [], only('add', 'one'), ['one']],
    ['one less', ['one', 'two', 'three'], only('remove', 'two'), ['one', 'three']],
    ['none any more', ['one'], only('remove', 'one'), []],
  ] as const)('comes to what the whole comes to where nothing else has changed: %s', async (_, before, what, after) => {
    const part = planned(await change(before, what));
    const all = await whole(after);
    if (all.plan.to !== 'advance') throw new Error('nothing to deploy');
    const first = before.length > 0;
    expect(part.plan).toMatchObject({ to: 'advance', base: 3, ...(first ? { digest: all.plan.digest } : {}) });
    const parts = [...all.parts].map(([name, digest]) => `${digest} ${name}`);
    if (first) expect(String(put(part, 'parts')).trim().split('\n').sort()).toEqual(parts.sort());
    expect(put(part, 'wanted')).toBe(
      asList(
        first
          ? all.plan.enable
          : ['lab.target', 'api.service', 'web.service', ...after.map((name) => `lab@${name}.service`)],
      ),
    );
    if (first) expect(put(part, 'start')).toBe(asList(all.launch.start));
    if (first) expect(put(part, 'enable')).toBe(asList(all.launch.enable));
    const uses = (text: unknown) => [...new Set(String(text).trim().split('\n'))].sort();
    expect(uses(put(part, 'uses'))).toEqual(
      uses(all.uses.map(({ unit, how, part }) => `${unit} ${how} ${part}`).join('\n')),
    );
    for (const { path, text } of all.launch.files)
      if (first || path.startsWith('services/lab@')) expect(put(part, path)).toBe(text);
  });

  it('leaves all others alone, by what it foretells', async () => {
    const actions = async (what: Only) =>
      planned(await change(['one', 'two'], what)).view.units.map((one) => `${one.do} ${one.unit}`);
    const others = ['leave lab.target', 'leave api.service', 'leave web.service', 'leave lab@two.service'];
    expect((await actions(only('add', 'three'))).sort()).toEqual(
      [...others, 'leave lab@one.service', 'start lab@three.service'].sort(),
    );
    expect((await actions(only('remove', 'one'))).sort()).toEqual([...others, 'stop lab@one.service'].sort());
    expect((await actions({ part: 'env' })).sort()).toEqual(
      [...others.filter((one) => !one.includes('api')), 'leave lab@one.service', 'restart api.service'].sort(),
    );
  });

  it('with a new secret has it and its digest, and nothing else', async () => {
    const { view, edit, plan } = planned(await change(['one'], { part: 'env' }));
    expect(view.changes).toEqual([{ sign: '~', part: { kind: 'env' } }]);
    expect(edit.put.map(({ path }) => path)).toEqual(['parts', 'env']);
    expect(edit.gone).toEqual([]);
    expect(JSON.stringify([view, plan])).not.toContain('A=2');
  });

  it('takes the files of one instance by their numbers, and leaves those of others theirs', async () => {
    const removed = planned(await change(['one', 'two'], only('remove', 'one')));
    expect(put(removed, 'files.list')).toBe('1 644 root root /etc/lab/jobs/two.json\n');
    expect(removed.edit.gone).toEqual(
      expect.arrayContaining(['files/0', 'units/lab@one.service.d/50-fleet-instance.conf']),
    );
    const added = planned(await change(['two'], only('add', 'one')));
    expect(put(added, 'files.list')).toMatch(/^0 .*two\.json\n1 644 root root \/etc\/lab\/jobs\/one\.json\n$/);
    expect(put(added, 'files/1')).toBe('{"id": "one"}');
    expect(added.edit.gone.filter((path) => path.startsWith('files/'))).toEqual([]);
  });

  it.each([
    ['is there already', ['one'], only('add', 'one'), {}, { to: 'nothing' }],
    ['is not there', ['one'], only('remove', 'two'), {}, { to: 'nothing' }],
    [
      'is as it is, on a host that was changed',
      ['one'],
      only('add', 'one'),
      { facts: { drift: [{ kind: 'gone', path: '/x' }] } },
      { to: 'repair', prepare: [] },
    ],
  ] as const)('that %s: nothing is made for it', async (_, before, what, how, plan) => {
    expect(planned(await change(before, what, how)).plan).toMatchObject(plan);
  });

  it.each([
    ['nothing is deployed', only('add', 'two'), { facts: { active: generationId(0) } }, 'nothing is deployed there'],
    [
      'it never became healthy',
      { part: 'env' },
      { facts: { generations: [generation(3, 'bad', 2)] } },
      'never became healthy',
    ],
    [
      'its code was changed',
      { part: 'env' },
      { facts: { altered: ['releases/3/x'] } },
      'the code of generation 3 was changed on the host (releases/3/x)',
    ],
    ['an older fleet made it', only('add', 'two'), { old: true }, 'by an older fleet'],
    [
      'another template is meant',
      { ...only('add', 'two'), of: 'x@.service' } as Only,
      {},
      'no instances of x@.service',
    ],
  ] as const)('is refused where %s', async (_, what, how, why) => {
    const result = await change(['one'], what as Only, how as object);
    expect(result).toMatchObject({ ok: false, failure: { kind: 'not-apart', why: expect.stringContaining(why) } });
  });

  it('is refused where it would be more than is allowed, by the limits that the others were deployed with', async () => {
    const result = await change(['one', 'two'], only('add', 'three'), { atMost: { instances: 2, MemoryMax: '2G' } });
    expect(result).toMatchObject({
      failure: {
        kind: 'over-limit',
        why: [
          '3 instances of lab@.service, and atMost allows 2',
          expect.stringContaining('may take 3G of memory together, and atMost allows 2G'),
        ],
      },
    });
  });
});
