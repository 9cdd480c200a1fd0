import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readYaml } from '../../src/config/diagnostics/read.ts';
import { locator } from '../../src/config/diagnostics/source-map.ts';
import { editList } from '../../src/config/playbook/edit-list.ts';

function edit(text: string, change: 'add' | 'remove', ...names: readonly string[]) {
  const { yaml } = readYaml('a.yaml', text);
  if (yaml === null) throw new Error(`not YAML: ${text}`);
  return editList(text, locator(yaml)(['a', 'list']), change, names);
}

describe('a list of names in a file that a person has typed', () => {
  it.each([
    ['a: { list: [one, two] } # c', 'add', ['three'], 'a: { list: [one, two, three] } # c'],
    [
      'a:\n  list: [ one,\n    two, # the second\n  ]\nb: 1',
      'add',
      ['x'],
      'a:\n  list: [ one,\n    two, x, # the second\n  ]\nb: 1',
    ],
    ['a:\n  list: []\n', 'add', ['one', '2'], 'a:\n  list: [one, "2"]\n'],
    [
      'a:\n  list: [yes_, two]\n',
      'add',
      ['yes', '1e3', '001', 'null', 'a:b'],
      'a:\n  list: [yes_, two, yes, "1e3", "001", "null", a:b]\n',
    ],
    [
      'a:\n  list:\n    - one # first\n    # of old\n    - two\n\nb: 1\n',
      'add',
      ['x'],
      'a:\n  list:\n    - one # first\n    # of old\n    - two\n    - x\n\nb: 1\n',
    ],
    ['a:\n  list:\n  -   one', 'add', ['x'], 'a:\n  list:\n  -   one\n  -   x'],
    [
      'a:\r\n  list:\r\n  - one\r\n  - two\r\nb: 1\r\n',
      'add',
      ['x'],
      'a:\r\n  list:\r\n  - one\r\n  - two\r\n  - x\r\nb: 1\r\n',
    ],
    ['a: { list: [one, two] }', 'add', ['two', 'one'], 'a: { list: [one, two] }'],
    ['a: { list: ["001", two, three] }', 'remove', ['001'], 'a: { list: [two, three] }'],
    ['a: { list: [one, two, three] }', 'remove', ['two'], 'a: { list: [one, three] }'],
    ['a: { list: [one, two, three, ] }', 'remove', ['one', 'three'], 'a: { list: [two, ] }'],
    ['a: { list: [one, two] }', 'remove', ['one', 'two'], 'a: { list: [] }'],
    [
      'a:\n  list:\n    - one\n    - two # x\n    # of three\n    - three\n',
      'remove',
      ['two'],
      'a:\n  list:\n    - one\n    # of three\n    - three\n',
    ],
    ['a:\n  list:\n    - one\n    - two\nb: 1\n', 'remove', ['two', 'one'], 'a:\n  list: []\nb: 1\n'],
    ['a:\n  list:\r\n    - one\r\n    - two\r\n', 'remove', ['one'], 'a:\n  list:\r\n    - two\r\n'],
  ] as const)('%j %s %j', (text, change, names, after) => {
    expect(edit(text, change, ...names)).toEqual({ ok: true, value: after });
    const list = (parse(after) as { a: { list: readonly unknown[] } }).a.list;
    expect(list.map(String).sort()).toEqual(
      change === 'add'
        ? expect.arrayContaining([...names])
        : list
            .map(String)
            .filter((name) => !(names as readonly string[]).includes(name))
            .sort(),
    );
  });

  it.each([
    ['an alias', 'b: &x [one]\na: { list: *x }', 'add', 'there is no list of its own there'],
    ['no list', 'a: { list: one }', 'add', 'there is no list of its own there'],
    ['a comment that would go', 'a:\n  list: [one, # of one\n    two]', 'remove', 'a comment stands between its items'],
    ['one that others share', 'a: { list: &x [one] }\nb: *x', 'add', 'it is used elsewhere, as *x'],
  ] as const)('is left to the person: %s', (_what, text, change, failure) => {
    expect(edit(text, change, change === 'add' ? 'two' : 'one')).toEqual({ ok: false, failure });
  });
});
