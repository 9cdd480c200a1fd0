import { describe, expect, it } from 'vitest';
import { digestOf, inputDigests } from '../../src/engine/plan/parts.ts';
import { planHost } from '../../src/engine/plan/plan.ts';
import { splitProbe } from '../../src/host/call.ts';
import { digest, generationId } from '../../src/model/ids.ts';
import type { Layout } from '../../src/model/layout.ts';
import { EMPTY_TASK_PLAN, type TaskPlan } from '../../src/model/plan.ts';
import { Secret } from '../../src/model/secret.ts';
import type { HostTarget } from '../../src/model/target.ts';
import type { BoundTask } from '../../src/model/task.ts';
import { sh } from '../../src/shell/sh.ts';
import { generation, probeWith } from '../facts.ts';

const layout: Layout = { root: '/opt/app', current: '/opt/app/current', app: 'app', user: 'app', data: ['data'] };
const target = {
  layout,
  runtime: 'auto',
  connection: { user: 'root' },
  uploadUser: null,
  policy: { restart: 'changed' },
} as HostTarget;
const UNIT = { path: 'app.service', text: '[Service]\nExecStart=/usr/bin/true\n' };

const task = (plan: Partial<TaskPlan>): BoundTask => ({
  name: 'test',
  secrets: [],
  probe: null,
  plan: () => ({ ...EMPTY_TASK_PLAN, ...plan }),
});
const WANTED = task({ units: [UNIT], enable: ['app.service'], env: new Secret('.env', 'A=1\n') });
const digestFor = (plan: Partial<TaskPlan>) =>
  digestOf(inputDigests({ ...EMPTY_TASK_PLAN, ...plan }, layout, 'systemd'));
const DIGEST = digestFor({ units: [UNIT], enable: ['app.service'], env: new Secret('.env', 'A=1\n') });

const deployed = (facts = {}) =>
  probeWith({ active: generationId(3), generations: [generation(3, 'good', 2, DIGEST)], ...facts });
const planned = (tasks: readonly BoundTask[], probe = probeWith(), localRsync = true) =>
  planHost(target, tasks, probe, new Map(), localRsync);
const plan = (...of: Parameters<typeof planned>) => {
  const result = planned(...of);
  if (!result.ok) throw new Error(JSON.stringify(result.failure));
  return result.value;
};

it('has a digest that follows every byte of a file that is no text, and of text only the text', () => {
  const file = (content: string | Uint8Array) => ({
    ...{ path: '/etc/x', content, mode: 0o644, owner: 'root', group: 'root', notify: null },
  });
  const of = (content: string | Uint8Array) => digestFor({ files: [file(content)] });
  const put = (content: string | Uint8Array) =>
    digestFor({ stage: [{ id: 'a', title: '', do: 'put', to: 'a', content, mode: 0o644 }] });
  for (const digestWith of [of, put]) {
    expect(digestWith(Uint8Array.from([255, 1]))).toBe(digestWith(Uint8Array.from([255, 1])));
    expect(digestWith(Uint8Array.from([255, 1]))).not.toBe(digestWith(Uint8Array.from([255, 2])));
    expect(digestWith('a')).toBe(digestWith('a'));
    expect(digestWith('a')).not.toBe(digestWith('b'));
  }
});

describe('the plan', () => {
  it('is to do nothing when the host has the same inputs and nobody changed it', () => {
    expect(plan([WANTED], deployed()).plan).toEqual({ to: 'nothing', generation: 3 });
  });

  it('is to put right a host that somebody changed', () => {
    const drift = { kind: 'changed', path: '/etc/x' };
    const { plan: one, view } = plan([WANTED], deployed({ drift: [drift] }));
    expect(one).toMatchObject({ to: 'repair', generation: 3 });
    expect(view.changes).toEqual([{ sign: '!', drift }]);
  });

  it('is to advance when the same inputs only ever made a bad generation', () => {
    const probe = probeWith({ active: generationId(3), generations: [generation(3, 'bad', 2, DIGEST)] });
    expect(plan([WANTED], probe).plan).toMatchObject({ to: 'advance', base: 3 });
  });

  it('names what comes, goes and changes, and never a secret', () => {
    const before = inputDigests(
      { ...EMPTY_TASK_PLAN, units: [UNIT, { path: 'old.service', text: '' }] },
      layout,
      'systemd',
    );
    const other = task({ units: [{ ...UNIT, text: 'x' }], env: new Secret('.env', 'TOKEN=canary') });
    const { view } = plan([other], { ...deployed(), parts: before });
    expect(view.changes).toEqual([
      { sign: '+', part: { kind: 'env' } },
      { sign: '~', part: { kind: 'unit', name: 'app.service' } },
      { sign: '-', part: { kind: 'unit', name: 'old.service' } },
    ]);
    expect(JSON.stringify(view)).not.toContain('canary');
  });

  it('says what the host lacks, all of it, and touches nothing', () => {
    expect(planned([task({ unsupported: ['a'] }), task({ unsupported: ['b'] })])).toEqual({
      ok: false,
      failure: { kind: 'unsupported', needs: 'a; b' },
    });
  });

  it('changes no account that is a way in, and touches nothing', () => {
    const changes = [{ what: 'home', from: '/a', to: '/b' }] as const;
    const login = { account: 'deploy', whose: 'fleet', changes } as const;
    expect(planned([task({ refused: [{ kind: 'login-account', ...login }] })])).toEqual({
      ok: false,
      failure: { kind: 'login-account', ...login },
    });
  });

  it('lists steps on the live host first', () => {
    const step = { id: 'user:app', title: 'create the account app', apply: sh`:`, undo: 'keep', timeoutMs: 1 } as const;
    expect(plan([task({ prepare: [step] })]).view.changes[0]).toEqual({ sign: '+', step: 'create the account app' });
  });
});

describe('the digest of what is wanted', () => {
  it('follows every input', () => {
    const digests = [
      digestFor({}),
      digestFor({ units: [UNIT] }),
      digestFor({ units: [{ ...UNIT, text: 'x' }] }),
      digestFor({ enable: ['app.service'] }),
      digestFor({ env: new Secret('.env', 'A=1') }),
      digestFor({ env: new Secret('.env', 'A=2') }),
      digestFor({ files: [{ path: '/etc/x', content: 'x', mode: 0o644, owner: 'root', group: 'root', notify: null }] }),
      digestFor({ files: [{ path: '/etc/x', content: 'x', mode: 0o600, owner: 'root', group: 'root', notify: null }] }),
      digestFor({ stage: [{ id: 'a', title: '', do: 'put', to: 'x', content: 'x', mode: 0o644 }] }),
      digestFor({ stage: [{ id: 'a', title: '', do: 'put', to: 'x', content: 'y', mode: 0o644 }] }),
      digestFor({ stage: [{ id: 'r', title: '', do: 'run', argv: ['a'], cwd: '', creates: null, timeoutMs: 1 }] }),
      digestFor({ stage: [{ id: 'r', title: '', do: 'run', argv: ['b'], cwd: '', creates: null, timeoutMs: 1 }] }),
    ];
    expect(new Set(digests).size).toBe(digests.length);
  });

  it('does not follow titles, ids and time limits', () => {
    const run = { id: 'r', title: 'one', do: 'run', argv: ['a'], cwd: '', creates: null, timeoutMs: 1 } as const;
    expect(digestFor({ stage: [run] })).toBe(digestFor({ stage: [{ ...run, title: 'two', timeoutMs: 9 }] }));
  });
});

describe('what the host has answered', () => {
  const asking = (name: string): BoundTask => ({
    ...{ name, secrets: [], probe: sh`:` },
    plan: (stdout) => ({ ...EMPTY_TASK_PLAN, warnings: [`${name} heard ${stdout}`] }),
  });
  const fragments = [asking('a'), task({}), asking('b')];
  const printed = 'uid 0\nN b\nof b\nN a\nof a\nN end 4711\n';

  it('reaches the task that has asked for it, whatever stands beside it', () => {
    const parts = splitProbe(printed, fragments, 'N');
    const planned = planHost(target, fragments, probeWith(), parts?.answers ?? new Map(), true);
    expect(parts?.state).toBe('uid 0');
    expect(planned.ok && planned.value.view.warnings).toEqual(['a heard of a', 'b heard of b']);
  });

  it('is none when a task has no answer, or the end is missing', () => {
    expect(splitProbe(printed, [...fragments, asking('c')], 'N')).toBeNull();
    expect(splitProbe(printed.replace('N end', ''), fragments, 'N')).toBeNull();
    expect(splitProbe(printed.replace(' 4711', ''), fragments, 'N')).toBeNull();
    // A program that is in pieces tells nothing of the host, and need not fail.
    expect(splitProbe(printed.replace('uid 0', ''), fragments, 'N')).toBeNull();
    expect(splitProbe(printed, fragments, 'N')).not.toBeNull();
  });

  it('of what is slow is told apart line by line, and tells when all had ended', () => {
    const slow = ['c', 'd'].map((name) => ({ ...asking(name), slow: true }));
    const parts = splitProbe(
      printed.replace('\nN end', '\nN slow\n1 out 0 x\n0 out y\n1 ended 0\n2 x\nN end'),
      [...fragments, ...slow],
      'N',
    );
    expect(parts?.up).toBe(4711);
    expect([parts?.answers.get('c'), parts?.answers.get('d')]).toEqual(['out y', 'out 0 x\nended 0']);
    expect(parts?.answers.get('a')).toBe('of a');
    expect(splitProbe(printed, [...fragments, ...slow], 'N')).toBeNull();
  });
});

describe('the plan as it is shown', () => {
  const sync = task({
    stage: [
      { id: 's', title: 's', do: 'sync', to: '', tree: { from: '/x', entries: [], bytes: 0, digest: digest('0') } },
    ],
  });
  const warnings = (localRsync: boolean, tools: string[], tasks = [sync]) => {
    const { view } = plan(tasks, probeWith({ tools: new Set(tools) }), localRsync);
    return view.warnings.filter((text) => text.includes('tar stream'));
  };

  it('says when code goes as a tar stream, and which side lacks rsync', () => {
    expect(warnings(true, ['tar', 'rsync'])).toEqual([]);
    expect(warnings(true, ['tar'])).toEqual([
      'the host has no rsync: files that have changed are sent whole, as a tar stream',
    ]);
    expect(warnings(false, ['tar', 'rsync'])[0]).toContain('there is no rsync on this machine');
    expect(warnings(true, ['tar'], [WANTED])).toEqual([]);
  });
});
