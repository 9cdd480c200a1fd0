import { distance } from 'fastest-levenshtein';

/** The candidate that a mistyped word most likely meant, or null when nothing is close. */
export function nearest(word: string, candidates: Iterable<string>): string | null {
  let best: string | null = null;
  let least = Math.max(2, Math.floor(word.length / 2)) + 1;
  for (const candidate of candidates) {
    const away = distance(word.toLowerCase(), candidate.toLowerCase());
    const embedded = word.length > 2 && (candidate.includes(word) || word.includes(candidate));
    const score = embedded ? Math.min(away, 2) : away;
    if (score < least && score < Math.max(word.length, candidate.length)) {
      best = candidate;
      least = score;
    }
  }
  return best;
}

/** For the nearest word, or null where there is none. */
export const didYouMean = (near: string | null): string | null => (near === null ? null : `did you mean "${near}"?`);

/** `did you mean "x"?`, or what there is to choose from, or nothing. */
export function suggestion(word: string, candidates: readonly string[], what: string): string | null {
  const near = didYouMean(nearest(word, candidates));
  if (near !== null || candidates.length === 0) return near;
  const shown = candidates.slice(0, 12).join(', ');
  return `${what}: ${shown}${candidates.length > 12 ? ', …' : ''}`;
}
