import { quote } from '../../shell/sh.ts';
import type { EnvironmentFile, Variable } from '../../unit/settings/environment.ts';
import type { Service, WorkingDirectory } from '../../unit/settings/service.ts';
import type { Command } from '../../unit/syntax/command-line.ts';
import { argumentLines, isShellOwned } from './arguments.ts';
import { serviceFolders } from './conf.ts';

/** Where systemd looks a bare program name up, whatever PATH the service itself gets. */
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * Exit statuses of the launch script besides systemd's own 200 (folder) and 203 (program). systemd has no status for a
 * missing EnvironmentFile=: it reports the result `resources`, for which this one stands.
 */
export const EXIT_ENVIRONMENT_FILE = 250;
const EXIT_CHDIR = 200;
const EXIT_EXEC = 203;

// Bash called as sh gives up where an environment file sets a name like UID; in its own mode it goes on.
const FUNCTIONS = `case \${BASH_VERSION-} in ?*) set +o posix ;; esac
_fleet_die() { printf '%s\\n' "fleet: $2" >&2; exit "$1"; }
_fleet_find() {
  for _fleet_bin in ${PATH.split(':')
    .map((folder) => `${folder}/"$1"`)
    .join(' ')}; do
    [ -f "$_fleet_bin" ] && [ -x "$_fleet_bin" ] && return 0
  done
  _fleet_bin=$1
}
_fleet_runnable() {
  [ -f "$_fleet_bin" ] && [ -x "$_fleet_bin" ] && return 0
  printf '%s\\n' "fleet: $_fleet_bin is not a program that this user can run" >&2
  return ${EXIT_EXEC}
}
`;

/** Variables that a login would set and that systemd sets for a unit with User=. */
const loginVariables = (user: string) => `_fleet_uid=$(id -u </dev/null)
_fleet_line=$(getent passwd "$_fleet_uid" </dev/null 2>/dev/null || grep "^[^:]*:[^:]*:$_fleet_uid:" /etc/passwd | head -n 1)
if [ -n "$_fleet_line" ]; then
  _fleet_name=\${_fleet_line%%:*}
  SHELL=\${_fleet_line##*:}; _fleet_line=\${_fleet_line%:*}; HOME=\${_fleet_line##*:}
  USER=${/^\d+$/.test(user) || user === '' ? '"$_fleet_name"' : quote(user)}
  LOGNAME=$USER; export HOME SHELL USER LOGNAME
fi
_fleet_home=\${HOME-/}
PATH=${PATH}; export PATH
`;

const exports = (variables: readonly Variable[]) =>
  variables
    .filter(([name]) => !isShellOwned(name))
    .map(([name, value]) => `export ${name}=${quote(value)}\n`)
    .join('');

/** A path with its wildcards left to the shell, as EnvironmentFile= allows. */
const pattern = (path: string) =>
  path
    .split(/([*?]|\[[^\]]*\])/)
    .map((piece, i) => (i % 2 === 1 || piece === '' ? piece : quote(piece)))
    .join('');

/** Sourcing is safe here: the files are in the dialect that sh and systemd read alike, and nobody is root any more. */
function sourceFile({ path, optional }: EnvironmentFile): string {
  const missing = optional ? ':' : `_fleet_die ${EXIT_ENVIRONMENT_FILE} "cannot read EnvironmentFile=$_fleet_file"`;
  return `for _fleet_file in ${pattern(path)}; do
  if [ -r "$_fleet_file" ]; then set -a; . "$_fleet_file"; set +a; else ${missing}; fi
done
`;
}

function enter({ path, optional }: WorkingDirectory): string {
  const word = path === '~' ? '"$_fleet_home"' : quote(path);
  const failed = optional ? ':' : `_fleet_die ${EXIT_CHDIR} ${quote(`cannot enter WorkingDirectory=${path}`)}`;
  return `cd /\ncd -- ${word} 2>/dev/null || ${failed}\n`;
}

/** Everything that holds for every command of a service: variables, folder, umask. */
function surroundings(service: Service, user: string): string {
  const folders = serviceFolders(service).map(({ variable, paths }): Variable => [variable, paths.join(':')]);
  return [
    loginVariables(user),
    exports([...folders, ...service.environment]),
    ...service.environmentFiles.map(sourceFile),
    enter(service.workingDirectory),
    `umask ${service.umask.toString(8).padStart(4, '0')}\n`,
  ].join('');
}

/** One command. `become`: the shell becomes the program, so that it is the process which the supervisor watches. */
function run(command: Command, service: Service, become: boolean): string {
  const find = command.path.startsWith('/')
    ? `_fleet_bin=${quote(command.path)}`
    : `_fleet_find ${quote(command.path)}`;
  const owned = service.environment.filter(([name]) => isShellOwned(name));
  // Names that the shell keeps for itself can only be given to the program from outside of it.
  const env = owned.length === 0 ? '' : `/usr/bin/env ${owned.map(([n, v]) => `${n}=${quote(v)}`).join(' ')} `;
  const call = `${env}"$_fleet_bin" "$@" </dev/null`;
  const last = become
    ? `_fleet_runnable || exit\nexec ${call}`
    : `{ _fleet_runnable && ${call}; } || ${command.ignoreFailure ? ':' : 'exit'}`;
  return `${find}\n${argumentLines(command.args, service.environment)}${last}\n`;
}

/** The braces make the shell read all of it before it runs any: its standard input is the script itself. */
const whole = (body: string) => `{\n${FUNCTIONS}${body}}\n`;

/** Starts the service: preparations one after the other, then the shell becomes the main program. */
export function launchScript(service: Service, user: string): string {
  const before = [...service.execStartPre, ...service.execStart.slice(0, -1)];
  const main = service.execStart.slice(-1);
  const steps = [...before.map((command) => run(command, service, false)), ...main.map((it) => run(it, service, true))];
  return whole(`${surroundings(service, user)}${steps.join('')}${main.length === 0 ? 'exit 0\n' : ''}`);
}

/** Runs the commands of ExecReload= or ExecStop=; the supervisor exports MAINPID. */
export function commandScript(service: Service, commands: readonly Command[], user: string): string {
  const steps = commands.map((command) => run(command, service, false));
  return whole(`${surroundings(service, user)}${steps.join('')}exit 0\n`);
}
