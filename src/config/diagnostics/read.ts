import { isAlias, isCollection, isMap, isScalar, type Node, type Pair, parseDocument, visit } from 'yaml';
import { type Diagnostic, diagnostic, place } from './diagnostic.ts';
import { lineStarts, positionAt, type Source } from './source-map.ts';

/** A YAML file that could be read: plain data, and the document that says where each part of it stands. */
export type YamlFile = Source & { readonly value: unknown };

/** Bytes of a YAML file: what is larger takes so long to read that Ctrl-C would not be heard in time. */
export const YAML_MOST = 4 * 1024 * 1024;

/** Reads one YAML document. Whatever is wrong with its syntax comes back as diagnostics, all of it at once. */
export function readYaml(
  file: string,
  text: string,
): { readonly yaml: YamlFile | null; readonly diagnostics: readonly Diagnostic[] } {
  const document = parseDocument(text, { prettyErrors: false, logLevel: 'error', uniqueKeys: false });
  const source: Source = { file, text, document, lineStarts: lineStarts(text) };
  const found: Diagnostic[] = [...document.errors, ...document.warnings].map((error) =>
    diagnostic(positionAt(source, error.pos), wording(error.code, error.message)),
  );
  visit(document, {
    Map: (_, { items }) => void found.push(...duplicateKeys(source, items)),
    Pair: (_, { key }) => {
      const wrong = keyTrouble(key);
      if (wrong !== null) found.push(diagnostic(positionAt(source, rangeOf(key)), wrong.message, wrong.fix));
    },
    Alias: (_, alias) => {
      if (alias.resolve(document) === undefined) {
        found.push(diagnostic(positionAt(source, rangeOf(alias)), `no anchor "&${alias.source}" stands before this`));
      }
    },
  });
  if (found.length > 0) return { yaml: null, diagnostics: found };
  try {
    return { yaml: { ...source, value: document.toJS({ maxAliasCount: 100 }) }, diagnostics: [] };
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    const message = 'the aliases of this file expand to too much';
    return { yaml: null, diagnostics: [diagnostic(positionAt(source, [0, 0]), message)] };
  }
}

const rangeOf = (node: unknown): readonly [number, number] => {
  const range = (node as Node | null)?.range;
  return range ? [range[0], range[1]] : [0, 0];
};

function keyTrouble(key: unknown): { message: string; fix: string } | null {
  if (isMap(key)) {
    return { message: 'a "{{ … }}" that is not in quotes reads as a mapping', fix: 'write it as "{{ name }}"' };
  }
  if (isCollection(key) || isAlias(key)) return { message: 'a key must be plain text', fix: '' };
  if (isScalar(key) && key.value === '__proto__') return { message: '"__proto__" cannot be a key', fix: '' };
  return null;
}

/**
 * Names the first place too: with a long list of hosts, that is what has to be looked for. The parser would compare each
 * key with every other, which takes minutes for a list of some ten thousand.
 */
function duplicateKeys(source: Source, items: readonly Pair[]): readonly Diagnostic[] {
  const first = new Map<unknown, unknown>();
  return items.flatMap(({ key }) => {
    if (!isScalar(key)) return [];
    const before = first.get(key.value);
    if (before === undefined) {
      first.set(key.value, key);
      return [];
    }
    const known = place(positionAt(source, rangeOf(before)));
    return [diagnostic(positionAt(source, rangeOf(key)), `the key "${key.value}" is already defined at ${known}`)];
  });
}

function wording(code: string, message: string): string {
  if (code === 'MULTIPLE_DOCS') return 'only one YAML document per file: remove the "---"';
  return `not valid YAML: ${message}`;
}
