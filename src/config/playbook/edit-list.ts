import { isScalar, isSeq, parseDocument, stringify, visit, type YAMLSeq } from 'yaml';
import { fail, ok, type Result } from '../../model/outcome.ts';
import { lineStarts } from '../diagnostics/source-map.ts';

type Place = { readonly line: number; readonly column: number };
type Cut = { readonly from: number; readonly to: number; readonly put: string };

/**
 * The text of a YAML file with names put at the end of a list, or taken out of it. All else stays as it was typed, comments
 * too: the text itself is changed, and counts if it then reads as it is meant to.
 * @param at where the list begins
 * @returns the new text, or why the list must be changed by hand
 */
export function editList(
  text: string,
  at: Place,
  change: 'add' | 'remove',
  names: readonly string[],
): Result<string, string> {
  const offset = (lineStarts(text)[at.line - 1] ?? 0) + at.column - 1;
  const document = parseDocument(text);
  const lists: YAMLSeq[] = [];
  visit(document, { Seq: (_, seq) => void (seq.range?.[0] === offset && lists.push(seq)) });
  const [list] = lists;
  if (list === undefined) return fail('there is no list of its own there');
  if (list.anchor !== undefined) return fail(`it is used elsewhere, as *${list.anchor}`);
  const written = list.items.map((item) => (isScalar(item) ? (item.source ?? String(item.value)) : ''));
  const cuts =
    change === 'add'
      ? [
          added(
            text,
            list,
            names.filter((name) => !written.includes(name)),
          ),
        ]
      : taken(
          text,
          list,
          written.map((name) => names.includes(name)),
        );
  // The comment of a line goes with it; one between others is somebody's.
  if (list.flow === true && cuts.some(({ from, to }) => text.slice(from, to).includes('#')))
    return fail('a comment stands between its items');
  const edited = cuts
    .toSorted((a, b) => b.from - a.from)
    .reduce((all, { from, to, put }) => all.slice(0, from) + put + all.slice(to), text);
  list.items =
    change === 'add'
      ? [...list.items, ...names.filter((name) => !written.includes(name)).map((name) => document.createNode(name))]
      : list.items.filter((_, i) => !names.includes(written[i] ?? ''));
  const read = parseDocument(edited);
  return read.errors.length === 0 && JSON.stringify(read.toJS()) === JSON.stringify(document.toJS())
    ? ok(edited)
    : fail('it is written in a way that fleet does not change');
}

const rangeOf = (item: unknown): readonly [number, number] =>
  (isScalar(item) || isSeq(item)) && item.range ? [item.range[0], item.range[1]] : [0, 0];

/** As a reader of YAML takes it for text: 1 and yes get quotes. */
const asYaml = (name: string) => stringify(name).trim();

function added(text: string, list: YAMLSeq, names: readonly string[]): Cut {
  const last = list.items.at(-1);
  const [start, end] = last === undefined ? [0, (list.range?.[0] ?? 0) + 1] : rangeOf(last);
  const at = (from: number, put: string) => ({ from, to: from, put });
  if (names.length === 0) return at(end, '');
  if (last === undefined) return at(end, names.map(asYaml).join(', '));
  if (list.flow === true) return at(end, names.map((name) => `, ${asYaml(name)}`).join(''));
  const lineEnd = text.indexOf('\n', end);
  const eol = text[lineEnd - 1] === '\r' ? '\r\n' : '\n';
  const behind = lineEnd === -1 ? text.length : lineEnd + 1 - eol.length;
  const lead = text.slice(text.lastIndexOf('\n', start) + 1, start);
  return at(behind, names.map((name) => `${eol}${lead}${asYaml(name)}`).join(''));
}

function taken(text: string, list: YAMLSeq, goes: readonly boolean[]): readonly Cut[] {
  const { items } = list;
  const [from] = list.range ?? [0];
  if (!goes.includes(false)) {
    if (list.flow === true)
      return items.length === 0 ? [] : [{ from: from + 1, to: rangeOf(items.at(-1))[1], put: '' }];
    // A list without items has brackets, or it would be nothing.
    return [{ from: text.lastIndexOf(':', from) + 1, to: rangeOf(items.at(-1))[1], put: ' []' }];
  }
  return items.flatMap((item, i) => {
    if (goes[i] !== true) return [];
    const [start, end] = rangeOf(item);
    if (list.flow === true) {
      // With the comma behind it as long as nothing has stayed yet, else with the one before it.
      const stayed = goes.slice(0, i).includes(false);
      return [
        stayed
          ? { from: rangeOf(items[i - 1])[1], to: end, put: '' }
          : { from: start, to: rangeOf(items[i + 1])[0], put: '' },
      ];
    }
    const line = text.lastIndexOf('\n', start) + 1;
    const next = text.indexOf('\n', end);
    return [{ from: line, to: next === -1 ? text.length : next + 1, put: '' }];
  });
}
