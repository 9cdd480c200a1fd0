/** Names and numbers that were parsed once at the edge and are trusted afterwards. */
type Brand<T, B extends string> = T & { readonly __brand: B };

/** A host's name in the inventory. */
export type HostName = Brand<string, 'HostName'>;
/** A generation on a host: 1, 2, 3 …; 0 is the host as fleet found it. */
export type GenerationId = Brand<number, 'GenerationId'>;
/** SHA-256 in hexadecimal. */
export type Digest = Brand<string, 'Digest'>;

/** The names that may become words of a command, parts of a path or of a unit name. */
export const NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/;

export const hostName = (text: string) => text as HostName;
export const generationId = (n: number) => n as GenerationId;
export const digest = (hex: string) => hex as Digest;
