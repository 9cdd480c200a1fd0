import { table } from './table.ts';

type Named = {
  readonly host: string;
  readonly app: string;
  readonly template: string;
  readonly names: readonly string[];
};

/** The instances that a project names, a row each. */
export const instanceTable = (lists: readonly Named[]): string =>
  table(
    ['HOST', 'APP', 'TEMPLATE', 'INSTANCE'],
    lists.flatMap(({ host, app, template, names }) =>
      (names.length === 0 ? ['-'] : names).map((name) => [host, app, template, name]),
    ),
    Number.POSITIVE_INFINITY,
  )
    .map((line) => `${line}\n`)
    .join('');
