/** What each exit code means, in the order in which people meet them. */
export const EXIT_CODES: readonly (readonly [code: number, meaning: string])[] = [
  [0, 'done: deployed, unchanged, rolled back, healthy'],
  [1, 'a host went back, a service or a command failed there, health is bad, or doctor found what is'],
  [2, 'usage or configuration error; no host was changed'],
  [3, 'a host was left untouched: unreachable, login, host key, locked, unsupported, a precondition'],
  [4, 'a host needs a person: it could not go back (stuck), or its verdict could not be learned (unknown)'],
  [5, 'plan --exit-code: changes are pending'],
  [70, 'internal error'],
  [130, 'interrupted; every host that had begun is whole'],
];

export const WORST_FIRST = 'With several hosts the worst counts: 4, 70, 130, 1, 3, 5, 0 in this order.';

/** Variables of the environment that are read. */
export const ENVIRONMENT: readonly (readonly [name: string, meaning: string])[] = [
  ['FLEET_BECOME_PASSWORD', 'the sudo password on the hosts; no program that is started here inherits it'],
  ['FLEET_SSH_CONFIG', 'a file to read in place of your SSH configuration, or none'],
  ['SSH_AUTH_SOCK', 'the SSH agent'],
  ['XDG_CACHE_HOME', 'below it lies what is kept between runs and can be made again; ~/.cache where it is not set'],
  ['NO_COLOR', 'no colours, whatever its value'],
  ['FORCE_COLOR', 'colours also into a pipe; 0 for none; counts more than NO_COLOR'],
];
