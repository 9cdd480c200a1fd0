import { globPattern, isGlob } from '../util/glob.ts';
import { textsOf } from './reply.ts';

/** Names that a generation has: those that are there, and templates that any instance may be made of. */
export type OwnUnits = { readonly units: readonly string[]; readonly templates: readonly string[] };

/** Parses what `tell_own` prints. */
export const parseOwn = (reply: string): OwnUnits => ({
  units: textsOf(reply, 'own'),
  templates: textsOf(reply, 'template'),
});

const SERVICE = '.service';

/**
 * The units that words name, in the order in which they are started, and words that name none. A word may be a glob, and
 * may leave `.service` out.
 */
export function matchUnits(
  words: readonly string[],
  { units, templates }: OwnUnits,
): { readonly units: readonly string[]; readonly unmatched: readonly string[] } {
  const found = words.map((word) => {
    const pattern = globPattern(word);
    const matching = units.filter((unit) => pattern.test(unit) || pattern.test(withoutSuffix(unit)));
    if (matching.length > 0 || isGlob(word)) return { word, matching };
    return { word, matching: [word, word + SERVICE].filter((name) => isInstance(name, templates)).slice(0, 1) };
  });
  const named = new Set(found.flatMap(({ matching }) => matching));
  return {
    units: [...units.filter((unit) => named.has(unit)), ...[...named].filter((unit) => !units.includes(unit))],
    unmatched: found.filter(({ matching }) => matching.length === 0).map(({ word }) => word),
  };
}

const withoutSuffix = (unit: string) => (unit.endsWith(SERVICE) ? unit.slice(0, -SERVICE.length) : unit);

/** Whether a name is an instance of one of the templates; nothing that a shell or systemctl could take for a flag is. */
function isInstance(name: string, templates: readonly string[]): boolean {
  const [, before = '', after = ''] = /^([\w:.\\][\w:.\\-]*@)[\w:.\\-]+(\.[a-z]+)$/.exec(name) ?? [];
  return before !== '' && templates.includes(before + after);
}
