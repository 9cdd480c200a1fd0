/**
 * What scripts find a `fix` under: it had three names before it had one, and these lines keep them. In a failure, in what a
 * failure names (a service, a thing of the host), in an error of the project's files.
 */
export const NAMES = { explanation: 'next', cause: 'cure', diagnostic: 'hint' } as const;

type FixAs<T, N extends string> = Omit<T, 'fix'> &
  (T extends { readonly fix: infer F } ? { readonly [K in N]: F } : object);

export const fixAs =
  <N extends string>(name: N) =>
  <T extends object>(of: T): FixAs<T, N> =>
    Object.fromEntries(Object.entries(of).map(([key, value]) => [key === 'fix' ? name : key, value])) as FixAs<T, N>;

/** An error of the project's files, as scripts read it. */
export const diagnosticObject = fixAs(NAMES.diagnostic);
