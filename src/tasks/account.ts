import { Script, sh } from '../shell/sh.ts';

/** Who edits /etc/passwd: the shadow tools (useradd and its kin), or the applets of busybox. */
export type Tooling = 'shadow' | 'busybox';

export type NewAccount = {
  readonly name: string;
  readonly home: string;
  /** Null for whatever the host has that lets nobody log in. */
  readonly shell: string | null;
  readonly groups: readonly string[];
  readonly system: boolean;
  /** Whether the group of the same name has to be created too. */
  readonly createGroup: boolean;
  /** Written into the account's comment, so that undoing removes no account that somebody else made meanwhile. */
  readonly mark: string;
};

type Scripts = { readonly apply: Script; readonly undo: Script };

const NO_LOGIN = sh`shell=/usr/sbin/nologin
[ -x "$shell" ] || shell=/sbin/nologin
[ -x "$shell" ] || shell=/bin/false`;

/** Scripts that create an account with a group of its own, and take both away again. */
export function createAccount(tooling: Tooling, want: NewAccount): Scripts {
  const { name, home, groups, mark } = want;
  const shell = want.shell === null ? NO_LOGIN : sh`shell=${want.shell}`;
  const shadow = tooling === 'shadow';
  const kind = want.system ? (shadow ? ['--system'] : ['-S']) : [];

  const group = shadow ? sh`groupadd ${kind} ${name}` : sh`addgroup ${kind} ${name}`;
  const account = shadow
    ? sh`useradd ${kind} --gid ${name} --home-dir ${home} --no-create-home --shell "$shell" --comment ${mark} ${name}`
    : sh`adduser ${kind} -D -H -G ${name} -h ${home} -s "$shell" -g ${mark} ${name}`;
  const steps = [...(want.createGroup ? [group] : []), account, ...join(tooling, name, groups)];

  const removeAccount = shadow ? sh`userdel ${name}` : sh`deluser ${name}`;
  const removeGroup = shadow ? sh`groupdel ${name}` : sh`delgroup ${name}`;
  const undo = sh`mark=$(awk -F: -v n=${name} '$1 == n { print $5 }' /etc/passwd)
[ "$mark" != ${mark} ] || ${removeAccount} || exit`;
  // Some tools remove the group together with its account.
  const undoGroup = sh`id ${name} >/dev/null 2>&1 || ! grep -q ${`^${name}:`} /etc/group || ${removeGroup}`;
  return {
    apply: Script.join([shell, Script.join(steps, '&&')], '\n'),
    undo: want.createGroup ? Script.join([undo, undoGroup], '\n') : undo,
  };
}

export type AccountChange = {
  readonly home: string | null;
  readonly shell: string | null;
  readonly groups: readonly string[];
};

/** Scripts that change an account, and put back what it had; `usermod` is needed for anything but groups. */
export function changeAccount(
  tooling: Tooling,
  name: string,
  want: AccountChange,
  had: { readonly home: string; readonly shell: string },
): Scripts {
  const fields = (home: string | null, shell: string | null) => {
    const options = [...(home === null ? [] : ['--home', home]), ...(shell === null ? [] : ['--shell', shell])];
    return options.length === 0 ? [] : [sh`usermod ${options} ${name}`];
  };
  const back = fields(want.home && had.home, want.shell && had.shell);
  return {
    apply: Script.join([...fields(want.home, want.shell), ...join(tooling, name, want.groups)], '&&'),
    undo: Script.join([...back, ...leave(tooling, name, want.groups)], '&&'),
  };
}

function join(tooling: Tooling, name: string, groups: readonly string[]): Script[] {
  if (groups.length === 0) return [];
  if (tooling === 'shadow') return [sh`usermod --append --groups ${groups.join(',')} ${name}`];
  return groups.map((group) => sh`addgroup ${name} ${group}`);
}

/** Leaving a group that was never joined is no failure: the step may have stopped before it. */
function leave(tooling: Tooling, name: string, groups: readonly string[]): Script[] {
  return groups.map((group) => {
    const remove = tooling === 'shadow' ? sh`gpasswd --delete ${name} ${group}` : sh`delgroup ${name} ${group}`;
    return sh`{ ! id -nG ${name} | tr ' ' '\n' | grep -qx ${group} || ${remove}; }`;
  });
}
