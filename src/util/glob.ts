/** Whether a word is a pattern and not a plain name. */
export const isGlob = (word: string): boolean => /[*?[]/.test(word);

/** `*`, `?`, `[a-c]` and `[!a]` over a whole name. */
export function globPattern(glob: string): RegExp {
  try {
    return pattern(glob, /\[(!?)([^\]]+)\]|[*?]|[^*?]/g, '');
  } catch {
    // An impossible range such as [z-a] matches nothing.
    return /(?!)/;
  }
}

/** `*` and `?` alone: everything else stands for itself, brackets too. @param flags of the regular expression, such as `i` */
export const wildcardPattern = (text: string, flags = ''): RegExp => pattern(text, /[*?]|[^*?]/g, flags);

function pattern(text: string, parts: RegExp, flags: string): RegExp {
  const source = text.replace(parts, (part, not: string | number, set: string) => {
    if (part === '*') return '.*';
    if (part === '?') return '.';
    if (part.length > 1) return `[${not === '!' ? '^' : ''}${set.replace(/[\\^\]]/g, '\\$&')}]`;
    return part.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
  });
  return new RegExp(`^${source}$`, `s${flags}`);
}
