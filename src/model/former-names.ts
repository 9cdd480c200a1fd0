/**
 * What scripts find a `fix` under: it had three names before it had one, and these lines keep them. In a failure, in what a
 * failure names (a service, a thing of the host), in an error of the project's files.
 */
export const NAMES = { explanation: 'next', cause: 'cure', diagnostic: 'hint' } as const;

export const fixAs = (name: string) => (of: object) =>
  Object.fromEntries(Object.entries(of).map(([key, value]) => [key === 'fix' ? name : key, value]));

/** An error of the project's files, as scripts read it. */
export const diagnosticObject = fixAs(NAMES.diagnostic);
