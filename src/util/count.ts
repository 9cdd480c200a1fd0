/** `1 change`, `3 changes`. */
export const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`;

/** `a`, `a and b`, `a, b and 7 more`. @param show how many are named before the rest is counted */
export function list(items: readonly string[], show = Number.POSITIVE_INFINITY): string {
  if (items.length > show + 1) return `${items.slice(0, show).join(', ')} and ${items.length - show} more`;
  if (items.length < 2) return items.join('');
  return `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;
}
