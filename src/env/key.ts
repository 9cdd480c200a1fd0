/** One variable of an env file. */
export type EnvEntry = { readonly key: string; readonly value: string };

/** Names that a shell sets itself or refuses to have set, so that its answer would differ from systemd's. */
const SHELL_OWN = new Set(
  (
    '_ UID EUID PPID GROUPS SHLVL OPTIND LINENO FUNCNAME DIRSTACK HISTCMD RANDOM SRANDOM SECONDS EPOCHSECONDS ' +
    'EPOCHREALTIME BASHOPTS BASHPID SHELLOPTS COMP_WORDBREAKS'
  ).split(' '),
);

export const KEY_RULE = 'must be letters, digits and "_", not begin with a digit, and not be a name that shells set';

export const isKey = (text: string) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(text) && !isShellOwn(text);

export const isShellOwn = (key: string) => SHELL_OWN.has(key) || key.startsWith('BASH_');
