/** Whether a word is a pattern and not a plain name. */
export const isGlob = (word: string): boolean => /[*?[]/.test(word);

/** `*`, `?`, `[a-c]` and `[!a]` over a whole name. */
export function globPattern(glob: string): RegExp {
  const source = glob.replace(
    /\[(!?)([^\]]+)\]|[*?]|[^*?]/g,
    (part, not: string | undefined, set: string | undefined) => {
      if (part === '*') return '.*';
      if (part === '?') return '.';
      if (set !== undefined) return `[${not === '!' ? '^' : ''}${set.replace(/[\\^\]]/g, '\\$&')}]`;
      return part.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
    },
  );
  try {
    return new RegExp(`^${source}$`, 's');
  } catch {
    // An impossible range such as [z-a] matches nothing.
    return /(?!)/;
  }
}
