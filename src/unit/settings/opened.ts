/** Keys of a service whose files systemd reads as root, before the service becomes its user. */
export const READ_BY_ROOT: readonly string[] = [
  'EnvironmentFile',
  'LoadCredential',
  'LoadCredentialEncrypted',
  'StandardInput',
];

/** The file in a value such as `/path`, `-/path`, `name:/path` or `append:/path`; null where it names none. */
export const fileIn = (value: string): string | null => /(?:^|[-:])(\/.*)$/.exec(value)?.[1] ?? null;
