import { quote } from '../../shell/sh.ts';
import { isVariableName, type Variable } from '../../unit/settings/environment.ts';
import type { Part, Word } from '../../unit/syntax/command-line.ts';

/** Names that some sh sets, forbids or reads by itself; they never pass through a shell variable. */
const OWNED = new Set(
  (
    '_ UID EUID GROUPS PPID PWD OLDPWD SHLVL IFS OPTIND OPTARG OPTERR LINENO RANDOM SRANDOM SECONDS EPOCHSECONDS ' +
    'EPOCHREALTIME HISTCMD DIRSTACK FUNCNAME FUNCNEST PIPESTATUS SHELLOPTS POSIXLY_CORRECT BASHOPTS BASHPID'
  ).split(' '),
);

export const isShellOwned = (name: string) => OWNED.has(name) || name.startsWith('BASH_');

/** A shell word for the value of a variable of the service; systemd takes an unset one for ''. */
function wordFor(name: string, environment: readonly Variable[]): string {
  if (!isVariableName(name)) return "''";
  if (isShellOwned(name)) return quote(environment.find(([other]) => other === name)?.[1] ?? '');
  return `"\${${name}-}"`;
}

const partText = (part: Part, environment: readonly Variable[]) =>
  part.part === 'literal' ? quote(part.text) : wordFor(part.name, environment);

/** Appends what a value splits into to the arguments: white space separates, quotes group, a backslash protects. */
const splitLines = (value: string) => `_fleet_rest=${value}; _fleet_word=; _fleet_have=; _fleet_quote=
while [ -n "$_fleet_rest" ]; do
  _fleet_tail=\${_fleet_rest#?}; _fleet_char=\${_fleet_rest%"$_fleet_tail"}; _fleet_rest=$_fleet_tail
  case $_fleet_quote$_fleet_char in
    [\\"\\']) _fleet_quote=$_fleet_char; _fleet_have=1 ;;
    '""' | "''") _fleet_quote= ;;
    *\\\\) _fleet_tail=\${_fleet_rest#?}; _fleet_word=$_fleet_word\${_fleet_rest%"$_fleet_tail"}
      _fleet_rest=$_fleet_tail; _fleet_have=1 ;;
    ' ' | '	' | '
' | "$_fleet_return") [ -z "$_fleet_have" ] || set -- "$@" "$_fleet_word"; _fleet_word=; _fleet_have= ;;
    *) _fleet_word=$_fleet_word$_fleet_char; _fleet_have=1 ;;
  esac
done
[ -z "$_fleet_have" ] || set -- "$@" "$_fleet_word"
`;

/** Shell lines that make `"$@"` the arguments of a command. */
export function argumentLines(args: readonly Word[], environment: readonly Variable[]): string {
  let text = args.some((arg) => arg.word === 'split') ? "_fleet_return=$(printf '\\r')\n" : '';
  let fixed: string[] = [];
  const flush = (first: string) => {
    text += `set -- ${[first, ...fixed].filter((word) => word !== '').join(' ')}\n`;
    fixed = [];
  };
  let begun = '';
  for (const arg of args) {
    if (arg.word === 'joined') fixed.push(arg.parts.map((part) => partText(part, environment)).join(''));
    else {
      flush(begun);
      begun = '"$@"';
      text += splitLines(wordFor(arg.name, environment));
    }
  }
  if (begun === '' || fixed.length > 0) flush(begun);
  return text;
}
