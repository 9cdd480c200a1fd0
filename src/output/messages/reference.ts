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

/** Ends that are somebody else's to say. */
export const OTHER_CODES: readonly (readonly [command: string, meaning: string])[] = [
  [
    'fleet run',
    'the highest exit status of the command on any host, unless a host needs a person (4) or it was interrupted (130)',
  ],
  ['fleet ssh', 'what ssh ends with: the status of what ran there, or 255 where it could not connect'],
  [
    'fleet health --format nagios',
    'always 0 to 3: all is well, a check warns, a service is bad or a host is away, not known',
  ],
];

/** Variables of the environment that are read. */
export const ENVIRONMENT: readonly (readonly [name: string, meaning: string])[] = [
  ['FLEET_BECOME_PASSWORD', 'the sudo password on the hosts; no program that is started here inherits it'],
  ['FLEET_SSH_CONFIG', 'a file to read in place of your SSH configuration, or none'],
  ['SSH_AUTH_SOCK', 'the SSH agent'],
  ['XDG_CACHE_HOME', 'below it lies what is kept between runs and can be made again; ~/.cache where it is not set'],
  ['XDG_STATE_HOME', 'below it lies what `fleet health --cron` remembers; ~/.local/state where it is not set'],
  ['XDG_CONFIG_HOME', 'below it `--install-cron --timer` writes units of yours; ~/.config where it is not set'],
  ['HOME', 'where your `.ssh` is, and what stands in for the three above'],
  ['PATH', 'where the programs of this machine are: ssh, rsync, crontab, those of secrets and inventories'],
  ['LC_ALL, LC_CTYPE, LANG', 'the first that is set says whether more than ASCII can be shown'],
  ['TERM', '`dumb`: no colours and no live view; `linux`: ASCII only'],
  ['NO_COLOR', 'no colours, whatever its value'],
  ['FORCE_COLOR', 'colours also into a pipe; 0 for none; counts more than NO_COLOR'],
];
