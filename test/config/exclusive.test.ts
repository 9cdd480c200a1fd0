import { describe, expect, it } from 'vitest';
import type { Inputs } from '../../src/config/bind.ts';
import { formatDiagnostic } from '../../src/config/diagnostics/diagnostic.ts';
import { resolveTargets } from '../../src/config/resolve.ts';
import { EVERYTHING, type Selection } from '../../src/config/select.ts';
import { projectWith } from './loaded.ts';

const only = (...hosts: string[]): Selection => ({ hosts, groups: [], apps: [], all: false });

const INVENTORY = `
groups:
  split: { vars: { services: [jarvis.target, telegram.service] } }
hosts:
  a: {}
  b: { groups: [split], vars: { polling: false } }
  c: { groups: [split], vars: { polling: "false" } }
`;

const PLAYBOOK = `name: app
hosts: [a, b, c]
root: /opt/app
vars: { services: [jarvis.service], polling: true }
exclusive:
  - { name: poller, units: [jarvis.service, telegram.service], when: "{{ polling }}" }
tasks:
  - units: { enable: "{{ services }}" }
`;

type Options = { readonly selection?: Selection; readonly inputs?: Inputs };

async function resolve(files: Readonly<Record<string, string>> = {}, { selection, inputs }: Options = {}) {
  await using folder = await projectWith({
    'inventory/h.yaml': INVENTORY,
    'playbooks/app.yaml': PLAYBOOK,
    'other.txt': '',
    ...files,
  });
  const result = await resolveTargets(folder.project, selection ?? EVERYTHING, {}, inputs);
  return result.ok
    ? result.value.targets.map(({ app, host, exclusiveOwned, exclusiveReleased }) => [
        `${app} ${host}`,
        exclusiveOwned,
        exclusiveReleased,
      ])
    : result.failure.map(formatDiagnostic).join('\n');
}

const twoPollers = { 'inventory/h.yaml': INVENTORY.replace('polling: false', 'polling: true') };

describe('an exclusive name', () => {
  it('is held by the one host that enables a unit of it', async () => {
    expect(await resolve()).toEqual([
      ['app a', ['poller'], []],
      ['app b', [], ['poller']],
      ['app c', [], ['poller']],
    ]);
  });

  it('may be held by nobody', async () => {
    const files = { 'playbooks/app.yaml': PLAYBOOK.replace('polling: true', 'polling: false') };
    expect(await resolve(files, { selection: only('a') })).toEqual([['app a', [], ['poller']]]);
  });

  it('that two hosts hold is an error that names both and the cure', async () => {
    expect(await resolve(twoPollers)).toBe(
      [
        'playbooks/app.yaml:6:13: "poller" is for one unit of one host, and 2 would run it: jarvis.service on a, telegram.service on b',
        '  6 |   - { name: poller, units: [jarvis.service, telegram.service], when: "{{ polling }}" }',
        '    |             ^^^^^^',
        '  keep one of them; for the others set "when" to false by a var of the host or group, or take the unit out of "enable"',
      ].join('\n'),
    );
  });

  it('is looked at on all hosts, also when none of its holders is selected', async () => {
    for (const selection of [only('a'), only('c')])
      expect(await resolve(twoPollers, { selection })).toContain('jarvis.service on a, telegram.service on b');
  });

  it('needs nothing of the hosts that are not selected but the playbook', async () => {
    const playbook = `${PLAYBOOK}  - copy: { from: "{{ file }}" }\n`.replace(
      'polling: true',
      'polling: true, file: none',
    );
    const inventory = INVENTORY.replace('a: {}', 'a: { vars: { file: other.txt } }');
    const files = { 'inventory/h.yaml': inventory, 'playbooks/app.yaml': playbook };
    expect(await resolve(files, { selection: only('a') })).toEqual([['app a', ['poller'], []]]);
    expect(await resolve(files, { selection: only('b') })).toContain('the file none does not exist');
  });

  it('of a host that cannot be filled is an error, because nobody can tell whether that host holds it', async () => {
    const inventory = INVENTORY.replace('polling: false', 'polling: "{{ nope }}"');
    const text = await resolve({ 'inventory/h.yaml': inventory }, { selection: only('a') });
    expect(text).toContain('unknown name "nope", in "polling" at inventory/h.yaml:6:');
  });

  it('is for one unit, so two on one host are an error too', async () => {
    const inventory = INVENTORY.replace('a: {}', 'a: { vars: { services: [jarvis.service, telegram.service] } }');
    expect(await resolve({ 'inventory/h.yaml': inventory })).toContain(
      '2 would run it: jarvis.service on a, telegram.service on a',
    );
  });

  it('is shared by the playbooks that use it', async () => {
    const other = PLAYBOOK.replace('name: app', 'name: other')
      .replace('/opt/app', '/opt/other')
      .replace('hosts: [a, b, c]', 'hosts: [b]')
      .replace('polling: true', 'polling: true')
      .replace('"{{ polling }}"', 'true');
    const text = await resolve({ 'playbooks/other.yaml': other }, { selection: only('a') });
    expect(text).toContain(
      'jarvis.service on a, telegram.service on b (by playbooks/app.yaml and playbooks/other.yaml)',
    );
    const apart = other.replace('name: poller', 'name: other-poller');
    expect(await resolve({ 'playbooks/other.yaml': apart }, { selection: only('b') })).toEqual([
      ['app b', [], ['poller']],
      ['other b', ['other-poller'], []],
    ]);
  });

  it('of a template is held by its instances, those of an instances task too', async () => {
    const playbook = (task: string) =>
      `name: app\nhosts: [a]\nroot: /opt/app\nexclusive: [{ name: x, units: [w@.service] }]\ntasks:\n  - ${task}\n`;
    const held = (task: string) => resolve({ 'playbooks/app.yaml': playbook(task) });
    expect(await held('units: { enable: [w@1.service] }')).toEqual([['app a', ['x'], []]]);
    expect(await held('instances: { of: w@.service, names: [1a] }')).toEqual([['app a', ['x'], []]]);
    expect(await held('units: { enable: [v@1.service] }')).toEqual([['app a', [], ['x']]]);
    expect(await held('instances: { of: w@.service, names: [one, two] }')).toContain(
      'w@one.service on a, w@two.service on a',
    );
  });

  it('keeps no command from looking at hosts or going back', async () => {
    expect(await resolve(twoPollers, { inputs: 'skip', selection: only('a') })).toEqual([['app a', [], []]]);
  });
});
