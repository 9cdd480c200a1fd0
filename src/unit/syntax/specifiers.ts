import { instanceOf, prefixOf, unescapeName } from './name.ts';

/** What `%x` stands for where the name of the unit alone does not say it. */
export type SpecifierValues = ReadonlyMap<string, string>;

export type Resolved = {
  readonly text: string;
  /** Specifiers that stand for something nobody here knows, e.g. `%H`; left in the text. */
  readonly unresolved: readonly string[];
  /** Letters and digits after `%` that mean nothing: systemd drops the whole value. Left in the text. */
  readonly unknown: readonly string[];
};

/** Everything systemd resolves. */
const KNOWN = 'aAbBCdDEfgGhHiIjJlLmMnNopPqsStTuUvVwWyY';

/** Values that hold for every unit of the system manager: paths, and root as the user who runs it. */
export const SYSTEM_SPECIFIERS: SpecifierValues = new Map([
  ['t', '/run'],
  ['S', '/var/lib'],
  ['C', '/var/cache'],
  ['L', '/var/log'],
  ['E', '/etc'],
  ['T', '/tmp'],
  ['V', '/var/tmp'],
  // Not the service's user: the manager's own. A well-known surprise of systemd.
  ['u', 'root'],
  ['U', '0'],
  ['g', 'root'],
  ['G', '0'],
  ['h', '/root'],
]);

function fromName(letter: string, unit: string): string | null {
  const prefix = prefixOf(unit);
  const instance = instanceOf(unit) ?? '';
  const last = prefix.slice(prefix.lastIndexOf('-') + 1);
  switch (letter) {
    case 'n':
      return unit;
    case 'N':
      return unit.replace(/\.[^.]*$/, '');
    case 'p':
      return prefix;
    case 'P':
      return unescapeName(prefix);
    case 'i':
      return instance;
    case 'I':
      return unescapeName(instance);
    case 'j':
      return last;
    case 'J':
      return unescapeName(last);
    case 'f':
      return `/${unescapeName(instance === '' ? prefix : instance).replace(/^\/+/, '')}`;
    case '%':
      return '%';
    default:
      return null;
  }
}

/** Replaces the specifiers of a value of `unit`. */
export function resolveSpecifiers(text: string, unit: string, values: SpecifierValues): Resolved {
  const unresolved: string[] = [];
  const unknown: string[] = [];
  const resolved = text.replace(/%(.)/gsu, (whole, letter: string) => {
    const value = fromName(letter, unit) ?? values.get(letter);
    if (value === undefined && KNOWN.includes(letter)) unresolved.push(whole);
    else if (value === undefined && /[A-Za-z0-9]/.test(letter)) unknown.push(whole);
    return value ?? whole;
  });
  return { text: resolved, unresolved, unknown };
}

/** What is said of a value that systemd drops for a `%` that means nothing. */
export const unknownSpecifier = (text: string) => `${text} has a "%" that means nothing; write "%%" for a percent sign`;
