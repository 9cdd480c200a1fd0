import { describe, expect, it } from 'vitest';
import { formatDiagnostic } from '../../src/config/diagnostics/diagnostic.ts';
import { EVERYTHING, type Selection, selectHosts, selectPairs } from '../../src/config/select.ts';
import { globPattern } from '../../src/util/glob.ts';
import { projectWith } from './loaded.ts';

const FILES = {
  'inventory/h.yaml': [
    'groups: { vps: { }, jetson: { }, empty: { } }',
    'hosts:',
    '  web1: { address: 192.0.2.1, groups: [vps] }',
    '  web2: { address: 192.0.2.2, groups: [vps] }',
    '  orin: { address: orin.example, groups: [jetson] }',
    '  spare: { address: 192.0.2.9 }',
  ].join('\n'),
  'playbooks/brain.yaml': 'name: brain\nhosts: [orin, web1]\nroot: /opt/brain\n',
  'playbooks/jarvis.yaml': 'name: jarvis\nhosts: [vps]\nroot: /opt/jarvis\n',
};

const NONE: Selection = { hosts: [], groups: [], apps: [], all: false };

async function select(selection: Partial<Selection>, files: Readonly<Record<string, string>> = FILES) {
  await using folder = await projectWith(files);
  const { inventory, playbooks } = folder.project;
  const result = selectPairs(inventory, playbooks, { ...NONE, ...selection });
  return result.ok
    ? result.value.map(({ host, playbook }) => `${playbook.name}@${host.name}`)
    : result.failure.map(formatDiagnostic).join('\n');
}

describe('a selection', () => {
  const everything = ['brain@web1', 'brain@orin', 'jarvis@web1', 'jarvis@web2'];
  it.each<[string, Partial<Selection>, readonly string[]]>([
    ['of everything is every covered pair', EVERYTHING, everything],
    ['of nothing is everything too', {}, everything],
    ['by name', { hosts: ['web2'] }, ['jarvis@web2']],
    ['by address', { hosts: ['192.0.2.2'] }, ['jarvis@web2']],
    ['by a glob over names', { hosts: ['web*'] }, ['brain@web1', 'jarvis@web1', 'jarvis@web2']],
    ['by a glob over addresses', { hosts: ['192.0.2.[12]'] }, ['brain@web1', 'jarvis@web1', 'jarvis@web2']],
    ['by several hosts', { hosts: ['web2', 'orin'] }, ['brain@orin', 'jarvis@web2']],
    ['by group', { groups: ['jetson'] }, ['brain@orin']],
    ['by host and group, which add up', { hosts: ['web2'], groups: ['jetson'] }, ['brain@orin', 'jarvis@web2']],
    ['by app', { apps: ['brain'] }, ['brain@web1', 'brain@orin']],
    ['by group and app, which narrows', { groups: ['vps'], apps: ['brain'] }, ['brain@web1']],
    ['of all hosts of an app', { all: true, apps: ['jarvis'] }, ['jarvis@web1', 'jarvis@web2']],
  ])('%s', async (_, selection, pairs) => {
    expect(await select(selection)).toEqual(pairs);
  });

  it.each<[string, Partial<Selection>, string]>([
    ['a mistyped host', { hosts: ['wbe1'] }, '--host: no host matches "wbe1"\n  did you mean "web1"?'],
    ['a glob that matches nothing', { hosts: ['db*'] }, '--host: no host matches "db*"'],
    ['a mistyped group', { groups: ['vsp'] }, '--group: there is no group "vsp"\n  did you mean "vps"?'],
    ['a group without hosts', { groups: ['empty'] }, '--group: group "empty" has no hosts'],
    ['a mistyped app', { apps: ['jarvs'] }, '--app: there is no app "jarvs"\n  did you mean "jarvis"?'],
    ['one good and one bad name', { hosts: ['web1', 'nope'] }, '--host: no host matches "nope"'],
    ['--all with a host', { all: true, hosts: ['web1'] }, '--all: cannot be used together with --host or --group'],
    [
      'a host without a playbook',
      { hosts: ['spare'] },
      'selection: host "spare" is selected, but no selected playbook covers it',
    ],
    ['a host that the app is not for', { hosts: ['web2'], apps: ['brain'] }, 'covers it\n  its apps: jarvis'],
    [
      'a group that the app is not for',
      { groups: ['jetson'], apps: ['jarvis'] },
      'selection: no selected host is covered by jarvis',
    ],
    ['a glob that takes in a host without a playbook', { hosts: ['*'] }, 'host "spare" is selected'],
  ])('of %s is an error that helps', async (_, selection, text) => {
    expect(await select(selection)).toContain(text);
  });

  it('without any playbook is an error, but hosts can still be reached', async () => {
    const files = { 'inventory/h.yaml': 'hosts: { a: }' };
    expect(await select({}, files)).toBe('playbooks: there are no playbooks');
    await using folder = await projectWith(files);
    expect(selectHosts(folder.project.inventory, EVERYTHING)).toMatchObject({ ok: true });
  });

  it('from an empty inventory is an error', async () => {
    await using folder = await projectWith({});
    const result = selectHosts(folder.project.inventory, EVERYTHING);
    expect(result.ok ? '' : result.failure[0]?.message).toBe('there are no hosts');
  });
});

describe('a glob', () => {
  it.each([
    ['web*', 'web1', true],
    ['web?', 'web12', false],
    ['web[1-3]', 'web2', true],
    ['web[!1-3]', 'web2', false],
    ['*.example', 'a.example', true],
    ['a.b', 'axb', false],
    ['[z-a]', 'z', false],
    ['(a|b)', 'a', false],
    ['[', '[', true],
  ])('%s on %s: %s', (glob, word, matches) => {
    expect(globPattern(glob).test(word)).toBe(matches);
  });
});
