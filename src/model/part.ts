/** One of a deploy's inputs. Its name stands in the records of hosts, and in the digest of a generation: it must stay as it is. */
export type Part =
  | { readonly kind: 'runtime' | 'layout' | 'env' | 'enabled' | 'exposure' }
  | { readonly kind: 'code' | 'file' | 'run' | 'before' | 'unit' | 'other'; readonly name: string };

const ALONE = {
  runtime: 'runtime',
  layout: 'layout',
  env: '.env',
  enabled: 'enabled units',
  exposure: 'exposure gate',
};
const NAMED = { code: 'code ', file: 'file ', run: 'run ', before: 'before start ', unit: 'unit ', other: '' };

/** `code .`, `unit x.service`, `.env` … */
export const partName = (part: Part): string => ('name' in part ? NAMED[part.kind] + part.name : ALONE[part.kind]);

/** What a record calls by this name; one of another fleet's may be `other`. */
export function parsePart(text: string): Part {
  for (const [kind, name] of Object.entries(ALONE)) if (text === name) return { kind: kind as keyof typeof ALONE };
  for (const [kind, begin] of Object.entries(NAMED))
    if (text.startsWith(begin)) return { kind: kind as keyof typeof NAMED, name: text.slice(begin.length) };
  return { kind: 'other', name: text };
}
