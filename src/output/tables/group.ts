/** Which app runs on which host, in the order in which they are shown. */
export type Row = { readonly host: string; readonly app: string };

/** Items whose keys are equal, together, in the order of the first of each. */
export function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return [...groups.values()];
}

/** Whether the app has to be named with the host: only when there is more than one. */
export const severalApps = (rows: readonly Pick<Row, 'app'>[]): boolean => new Set(rows.map((row) => row.app)).size > 1;

/** `web-1`, or `web-1/api` when several apps are at work. */
export const label = (row: Row, several: boolean): string => (several ? `${row.host}/${row.app}` : row.host);
