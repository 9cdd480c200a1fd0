/** The words of a line that is typed in bash, without their quotes; the last one is at the cursor, and may be empty. */
export function bashWords(line: string): readonly string[] {
  const words: string[] = [];
  let word = '';
  let within = false;
  let quote = '';
  for (let i = 0; i < line.length; i += 1) {
    const char = line[i] ?? '';
    if (quote === '' && /\s/.test(char)) {
      if (within) words.push(word);
      word = '';
      within = false;
      continue;
    }
    within = true;
    if (char === quote) quote = '';
    else if (quote === '' && (char === '"' || char === "'")) quote = char;
    else if (char === '\\' && quote !== "'") {
      i += 1;
      word += line[i] ?? '';
    } else word += char;
  }
  return [...words, word];
}

/**
 * What bash puts in place of a word is what stands behind the last of its breaks there: `=`, `:` …; from it on where it is
 * `@`, which readline leaves in the word (rl_special_prefixes).
 */
export const afterBreak = (word: string, typed: string, breaks: string): string => {
  const ends = [...typed].flatMap((char, i) => (breaks.includes(char) ? [char === '@' ? i : i + 1] : []));
  return word.slice(ends.at(-1) ?? 0);
};
