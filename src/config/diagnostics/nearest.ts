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

/** `did you mean "x"?`, or what there is to choose from, or nothing. */
export function suggestion(word: string, candidates: readonly string[], what: string): string | null {
  const near = nearest(word, candidates);
  if (near !== null) return `did you mean "${near}"?`;
  if (candidates.length === 0) return null;
  const shown = candidates.slice(0, 12).join(', ');
  return `${what}: ${shown}${candidates.length > 12 ? ', …' : ''}`;
}
