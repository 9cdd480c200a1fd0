import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { wholeFile } from '../../src/config/diagnostics/diagnostic.ts';
import type { Definitions, Inventory, InventoryHost } from '../../src/config/inventory/inventory.ts';
import { scope } from '../../src/config/playbook/scope.ts';
import { fillText, type Lookup } from '../../src/config/playbook/template.ts';
import { hostName } from '../../src/model/ids.ts';
import { fail, ok } from '../../src/model/outcome.ts';

const at = wholeFile('x.yaml');
const vars = (texts: Readonly<Record<string, string>>): Definitions =>
  new Map(Object.entries(texts).map(([name, text]) => [name, { text, at }]));

const lookup: Lookup = (name) => (name === 'a' ? ok('A{{ b }}') : fail({ message: `no ${name}`, fix: null }));

describe('filling a text', () => {
  it.each([
    ['no holes', 'no holes'],
    ['{{ a }}', 'A{{ b }}'],
    ['{{a}}-{{   a   }}', 'A{{ b }}-A{{ b }}'],
    ["{{ '{{' }} .Name }}", '{{ .Name }}'],
    ['{{ "{{" }}', '{{'],
    ['}} alone { {', '}} alone { {'],
    ['$HOME %d $(x)', '$HOME %d $(x)'],
  ])('%j becomes %j', (text, filled) => {
    expect(fillText(text, lookup)).toEqual(ok(filled));
  });

  it('reports every hole that cannot be filled, with its place', () => {
    const result = fillText('{{ x }} {{ a }} {{ y z }} {{ open', lookup);
    expect(result.ok ? [] : result.failure.map(({ offset, message }) => [offset, message])).toEqual([
      [0, 'no x'],
      [16, 'between "{{" and "}}" must stand one name'],
      [26, 'this "{{" is not closed'],
    ]);
  });

  it('does not take a hole across lines', () => {
    expect(fillText('{{\na }}', lookup)).toMatchObject({ ok: false });
  });

  it('leaves every text without two opening braces as it is', () => {
    fc.assert(
      fc.property(
        fc.string().filter((text) => !text.includes('{{')),
        (text) => {
          expect(fillText(text, lookup)).toEqual(ok(text));
        },
      ),
    );
  });
});

describe('the names of an app on a host', () => {
  const group = (texts: Readonly<Record<string, string>>) => ({ fields: {}, vars: vars(texts), at });
  const inventory: Inventory = {
    defaults: {},
    groups: new Map([
      ['g1', group({ who: 'first', g: '1' })],
      ['g2', group({ who: 'second' })],
    ]),
    hosts: new Map(),
    notifiers: new Map(),
    maintenance: [],
  };
  const host = (texts: Readonly<Record<string, string>>, groups = ['g1', 'g2']): InventoryHost => ({
    name: hostName('web1'),
    at,
    fields: {},
    groups,
    vars: vars(texts),
  });
  const app = { app: 'jarvis', root: { text: '/opt/{{ app }}', at }, user: null, loginUser: 'root' };

  it.each([
    ['the host', { who: 'host' }, ['g1', 'g2'], 'host'],
    ['the last group', {}, ['g1', 'g2'], 'second'],
    ['the last group in the order of the host', {}, ['g2', 'g1'], 'first'],
    ['the playbook', {}, [], 'playbook'],
  ])('are those of %s before any that stand lower', (_, own, groups, expected) => {
    const names = scope(inventory, host(own, groups), { ...app, vars: vars({ who: 'playbook' }) });
    expect(names('who')).toEqual(ok(expected));
  });

  it('include root, current, user, host and app', () => {
    const names = scope(inventory, host({}), { ...app, vars: vars({}) });
    expect(fillText('{{ root }} {{ current }} {{ user }} {{ host }} {{ app }}', names)).toEqual(
      ok('/opt/jarvis /opt/jarvis/current root web1 jarvis'),
    );
  });

  it('may refer to each other in any order and across files', () => {
    const names = scope(inventory, host({ a: '{{ b }}{{ g }}' }), { ...app, vars: vars({ b: '{{ root }}/b' }) });
    expect(names('a')).toEqual(ok('/opt/jarvis/b1'));
  });

  it('that go in a circle are refused, and others are not harmed', () => {
    const names = scope(inventory, host({}), {
      ...app,
      vars: vars({ a: '{{ b }}', b: '{{ a }}', c: 'fine {{ app }}' }),
    });
    expect(names('a')).toMatchObject({ failure: { message: 'vars go in a circle: a → b → a' } });
    expect(names('b')).toMatchObject({ failure: { message: 'vars go in a circle: b → a → b' } });
    expect(names('c')).toEqual(ok('fine jarvis'));
  });

  it('do not include what every object has', () => {
    const names = scope(inventory, host({}), { ...app, vars: vars({}) });
    for (const name of ['constructor', 'toString', '__proto__']) expect(names(name)).toMatchObject({ ok: false });
  });
});
