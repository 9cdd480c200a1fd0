import { describe, expect, it } from 'vitest';
import { type Arriving, codeBytes, leftOf, partOf, sentList } from '../../src/engine/stage/arriving.ts';
import { missingIn } from '../../src/host/reply.ts';
import { sha256 } from '../../src/model/digest.ts';
import type { TreeEntry } from '../../src/model/plan.ts';

const file = (path: string, executable = false): TreeEntry => ({
  ...{ type: 'file', path, executable, size: 10, digest: sha256(path) },
});
const folder = (path: string): TreeEntry => ({ type: 'directory', path });
const sync = (to: string, ...entries: readonly TreeEntry[]): Arriving => ({
  ...{ id: 's', title: 'send', do: 'sync', to },
  tree: {
    from: '/code',
    entries,
    bytes: 10 * entries.filter(({ type }) => type === 'file').length,
    digest: sha256(''),
  },
});
const put = (to: string): Arriving => ({ id: 'p', title: 'put', do: 'put', to, content: to, mode: 0o755 });

const paths = (steps: readonly Arriving[]) =>
  steps.flatMap((step) => (step.do === 'put' ? [step.to] : step.tree.entries.map(({ path }) => path)));
const link: TreeEntry = { type: 'symlink', path: 'now', target: 'lib/a' };
const TREE = sync('', folder('lib'), file('lib/a'), file('lib/b'), folder('new'), file('new/c'), folder('empty'), link);

describe('what a host lacks of what arrives', () => {
  it.each<[string, readonly Arriving[], string, readonly string[]]>([
    ['is all where it says so', [TREE, put('etc')], 'generation 2\nmissing\n', [...paths([TREE]), 'etc']],
    ['is what it names', [TREE], 'missing ./lib/b\nmissing ./now\n', ['lib/b', 'empty', 'now']],
    ['is a folder that nothing else brings along', [TREE], 'missing ./new/c\n', ['new', 'new/c', 'empty']],
    ['is nothing', [sync('', file('a')), put('b')], 'generation 2\n', []],
    ['is named by its place in the release', [sync('sub', file('a')), sync('', file('a'))], 'missing ./sub/a\n', ['a']],
    ['may have a name of two lines', [sync('', file('a\nb'), file('a'))], 'missing ./a\x01b\n', ['a\nb']],
    ['is what no list holds', [sync('', file('__pycache__/x'), file('a'))], '', ['__pycache__/x']],
    ['is a small file', [put('a'), put('b')], 'missing ./b\n', ['b']],
  ])('%s', (_, steps, told, goes) => {
    expect(paths(leftOf(steps, missingIn(told)))).toEqual(goes);
  });

  it('is as large as its code', () => {
    expect(codeBytes(leftOf([TREE, put('etc')], missingIn('missing ./lib/b\nmissing ./etc\n')))).toBe(10);
  });

  it('goes as parts, in order', () => {
    expect([sync('x', file('a')), put('b')].map(partOf)).toEqual([
      expect.objectContaining({ to: 'x' }),
      { path: 'b', content: 'b', mode: 0o755 },
    ]);
  });
});

it('a host is told what a release has to hold; who comes later replaces what was there', () => {
  expect(sentList([sync('', file('a', true), file('b'), link), put('b')])).toBe(
    `${sha256('a')} ./a\nx ./a\n${sha256('b')} ./b\nx ./b\nl ./now -> lib/a\n`,
  );
});
