import { describe, expect, it } from 'vitest';
import { formatDiagnostic } from '../../src/config/diagnostics/diagnostic.ts';
import { resolveTargets } from '../../src/config/resolve.ts';
import { EVERYTHING } from '../../src/config/select.ts';
import { projectWith } from './loaded.ts';
import { echoed } from './stand-ins.ts';

const INVENTORY = `
groups:
  split: { vars: { bots: [a.service, b.service], codes: [200, 204] } }
hosts:
  one: {}
  two: { groups: [split] }
  three: { groups: [split], vars: { bots: [] } }
`;
const HEAD = 'name: app\nhosts: [one, two, three]\nroot: /opt/app\n';

/** What the `echo` task of each host was given, or what is wrong. */
async function resolve(playbook: string, files: Readonly<Record<string, string>> = {}) {
  await using folder = await projectWith({
    'inventory/h.yaml': INVENTORY,
    'playbooks/app.yaml': `${HEAD}${playbook}`,
    ...files,
  });
  const result = await resolveTargets(folder.project, EVERYTHING);
  if (!result.ok) return result.failure.map(formatDiagnostic).join('\n');
  return Object.fromEntries(result.value.targets.map(({ host, tasks }) => [host, tasks.map(echoed)]));
}

describe('a var that is a list', () => {
  it('stands for a whole value, and a group or a host beats the playbook', async () => {
    const playbook = 'vars: { bots: [all.service] }\ntasks:\n  - echo: { words: "{{ bots }}" }\n';
    expect(await resolve(playbook)).toEqual({
      one: [{ words: ['all.service'] }],
      two: [{ words: ['a.service', 'b.service'] }],
      three: [{ words: [] }],
    });
  });

  it('stands for its items in another list, wherever it is', async () => {
    const playbook =
      'vars: { bots: x }\ntasks:\n  - echo: { words: [first, "{{ bots }}", "{{ app }}", "{{ bots }}", last] }\n';
    expect(await resolve(playbook)).toEqual({
      one: [{ words: ['first', 'x', 'app', 'x', 'last'] }],
      two: [{ words: ['first', 'a.service', 'b.service', 'app', 'a.service', 'b.service', 'last'] }],
      three: [{ words: ['first', 'app', 'last'] }],
    });
  });

  it('may have holes of its own and be another list', async () => {
    const playbook =
      'vars: { bots: [x], again: "{{ bots }}", more: ["{{ again }}", "{{ app }}-{{ host }}", 0644, true] }\n' +
      'tasks:\n  - echo: { words: "{{ more }}" }\n';
    expect(await resolve(playbook)).toMatchObject({
      one: [{ words: ['x', 'app-one', '0644', 'true'] }],
      two: [{ words: ['a.service', 'b.service', 'app-two', '0644', 'true'] }],
    });
  });

  it('gives numbers and booleans where they are wanted, behind a list that was spliced in too', async () => {
    const playbook =
      'vars: { bots: [x], codes: [1], yes: true, n: 7 }\ntasks:\n' +
      '  - echo: { words: ["{{ bots }}", "{{ n }}"], numbers: ["{{ codes }}", "{{ n }}", 3], many:\n' +
      '      [{ on: "{{ yes }}" }, { on: "{{ yes }}", numbers: "{{ codes }}" }] }\n';
    expect(await resolve(playbook)).toMatchObject({
      two: [
        {
          words: ['a.service', 'b.service', '7'],
          numbers: [200, 204, 7, 3],
          many: [{ on: true }, { on: true, numbers: [200, 204] }],
        },
      ],
    });
  });
});

describe('what is wrong with a list', () => {
  it.each([
    [
      'inside longer text',
      'tasks:\n  - echo: { words: ["a {{ bots }}"] }\n',
      'playbooks/app.yaml:6:24: "bots" is a list; it can only stand alone, as in enable: "{{ bots }}"',
    ],
    [
      'inside the text of another var',
      'vars: { x: "is {{ bots }}" }\ntasks:\n  - echo: { words: ["{{ x }}"] }\n',
      'enable: "{{ bots }}", in "x" at playbooks/app.yaml:4:12',
    ],
    [
      'where a single value is wanted',
      'tasks:\n  - echo: { word: "{{ bots }}" }\n',
      'playbooks/app.yaml:6:19: word must be text, not a list',
    ],
    [
      'in its items, which are told at the hole',
      'tasks:\n  - echo: { numbers: [1, "{{ bots }}", 2] }\n',
      'playbooks/app.yaml:6:26: an entry of numbers must be a number, not the text "a.service"',
    ],
    [
      'behind it, where the places in the file stay right',
      'tasks:\n  - echo: { words: ["{{ bots }}"], numbers: ["{{ codes }}", 2, "{{ app }}"] }\n',
      'playbooks/app.yaml:6:64: an entry of numbers must be a number, not the text "app"',
    ],
    [
      'in its own items',
      'vars: { x: [a, "{{ nope }}"] }\ntasks:\n  - echo: { words: "{{ x }}" }\n',
      'unknown name "nope", in "x" at playbooks/app.yaml:4:12',
    ],
    [
      'that goes in a circle',
      'vars: { x: ["{{ y }}"], y: "{{ x }}" }\ntasks:\n  - echo: { words: "{{ x }}" }\n',
      'vars go in a circle: x → y → x',
    ],
  ])('%s', async (_name, playbook, message) => {
    const vars = playbook.startsWith('vars') ? '' : 'vars: { bots: [a.service], codes: [1] }\n';
    expect(await resolve(`${vars}${playbook}`)).toContain(message);
  });

  it('in a file that is filled', async () => {
    const files = { 'x.conf': 'ok = {{ app }}\nbots = {{ bots }}\n' };
    const text = await resolve('vars: { bots: [a] }\ntasks:\n  - copy: { from: x.conf, fill: true }\n', files);
    expect(text).toContain('x.conf:2:8: "bots" is a list, and only a single value can be filled into a file');
  });
});
