import { expect, test } from 'vitest';
import { inputDigests } from '../../src/engine/plan/parts.ts';
import { generationId } from '../../src/model/ids.ts';
import { parsePart } from '../../src/model/part.ts';
import { type Change, EMPTY_TASK_PLAN, type PlanView, type TaskPlan } from '../../src/model/plan.ts';
import { Secret } from '../../src/model/secret.ts';
import { planLines } from '../../src/output/tables/plans.ts';
import { PLAIN } from '../../src/output/text/paint.ts';

const tree = { from: '/src', entries: [], bytes: 0, digest: '00' as never };
const live = { mode: 0o644, owner: 'root', group: 'root', notify: null, content: 'rotate 4' };
const WANTED: TaskPlan = {
  ...EMPTY_TASK_PLAN,
  stage: [
    { id: 'a', title: 'a', do: 'sync', tree, to: '' },
    { id: 'b', title: 'b', do: 'sync', tree, to: 'web' },
    { id: 'c', title: 'c', do: 'put', to: 'config.toml', content: 'x', mode: 0o640 },
    { id: 'd', title: 'd', do: 'run', argv: ['make', 'all'], cwd: '', creates: null, timeoutMs: 1 },
  ],
  units: [{ path: 'jarvis.service', text: '[Service]' }],
  enable: ['jarvis.service'],
  files: [{ path: '/etc/logrotate.d/jarvis', ...live }],
  env: new Secret('.env', 'TOKEN=hunter2-hunter2'),
};
const layout = { root: '/opt/jarvis', current: '/opt/jarvis/current', app: 'jarvis', user: 'jarvis', data: [] };

const view = (changes: PlanView['changes']): PlanView => ({
  ...{
    to: 'advance',
    base: generationId(1),
    runtime: 'systemd',
    changes,
    units: [],
    replaces: [],
    returns: [],
    byHand: [],
    beside: [],
    logins: [],
    warnings: [],
  },
});
const told = (changes: PlanView['changes']) => planLines(view(changes), PLAIN).map((line) => line.trim());

test('every part that the engine can name is told in words of the playbook', () => {
  const names = [...inputDigests(WANTED, layout, 'systemd').keys()];
  expect(told(names.map((name) => ({ sign: '~' as const, part: parsePart(name) })))).toEqual([
    '~ what runs the services: systemd',
    "~ the app's root folder, account and data folders",
    '~ code',
    '~ code in web',
    '~ file config.toml',
    '~ command while building the release: make all',
    '~ unit jarvis.service',
    '~ file /etc/logrotate.d/jarvis',
    '~ secrets (.env)',
    '~ which units run and start at boot',
  ]);
});

test('changes are sorted by sign: what comes, changes, goes, is put right', () => {
  const signs = ['!', '-', '~', '+', '-', '+'] as const;
  const change = (sign: (typeof signs)[number], i: number): Change =>
    sign === '!'
      ? { sign, drift: { kind: 'told', text: `unit ${i}` } }
      : { sign, part: { kind: 'unit', name: String(i) } };
  expect(told(signs.map(change))).toEqual(['+ unit 3', '+ unit 5', '~ unit 2', '- unit 1', '- unit 4', '! unit 0']);
});

test('what was changed by hand is told', () => {
  expect(told([{ sign: '!', drift: { kind: 'changed', path: '/opt/jarvis/.env' } }])).toEqual([
    '! /opt/jarvis/.env was changed by hand',
  ]);
});

test('no value of a secret is among them', () => {
  const names = [...inputDigests(WANTED, layout, 'systemd').keys()];
  const lines = told(names.map((name) => ({ sign: '+' as const, part: parsePart(name) }))).join('\n');
  expect(lines).toContain('+ secrets (.env)');
  expect(lines).not.toContain('hunter2');
});

test('a step on the live host is told by its title, whatever part it could be taken for', () => {
  const titles = ['code ', 'run make', '.env', 'runtime', 'enabled units'];
  expect(told(titles.map((step) => ({ sign: '+', step })))).toEqual(titles.map((title) => `+ ${title}`.trim()));
});
