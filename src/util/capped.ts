/** How many of one kind are kept of what a host says: more than any host in order has, and no burden where one is not. */
export const MOST = 200;

/** The first `most` of a list; where there are more, one that says how many follows. */
export const capped = <T>(all: readonly T[], most: number, rest: (text: string) => T): readonly T[] =>
  all.length <= most ? all : [...all.slice(0, most), rest(`… and ${all.length - most} more`)];
