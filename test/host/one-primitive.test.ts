import { describe, expect, it } from 'vitest';
import { PARTS, part } from './workshop.ts';

/**
 * Root must not go around paths.sh: whatever else of the program makes, writes, gives away or removes something does so
 * in fleet's own folders, or stands below with the reason why it may.
 */

/** Words that begin a path in a folder which is root's alone: state, generations, installed units, and what is below. */
const OWN = [
  // The state folder, and what is derived from it: generations, a record being staged, a supervisor's folder, the
  // process of a hand-made host, copies for systemd-analyze.
  /^"?\$(S|G|staged|dir|where|v|lent)\b/,
  /^"\$\{(G:\?|S%\/\*)\}/,
  // /etc/systemd/system
  /^"?\$UNITS\b/,
  /^\/dev\/null'?$/,
  /^&\d$/,
];

/* biome-ignore-start lint/suspicious/noTemplateCurlyInString: shell text */
/** By part: text of a line that does something elsewhere, and why that is safe. */
const ARGUED: Readonly<Record<string, readonly (readonly [text: string, why: string])[]>> = {
  prelude: [
    [
      'discard "$@" "$R/.current.fleet"',
      'we stand in the root, which is root’s alone; /etc and the state folder are root’s',
    ],
    [
      'dd bs=64k conv=fsync of="$t" 2>/dev/null && mv -fT',
      '`replace` is for fleet’s own files; put_file is for all others',
    ],
    ['cat >"$t" && mv -fT', 'the same'],
    ['rm -f "$t"', 'the same'],
    ['2>/dev/null >"$t" && sync "$t" && mv -fT', 'the same'],
    ['2>/dev/null >"$t" && mv -fT', 'the same'],
    ['rm -f "$@"', '`discard`, whose words are judged where it is called'],
  ],
  lock: [
    ['exec $2>>', 'opens a lock: in the state folder, or that of all apps'],
    ['say "$me" >"$mine"', 'beside a lock, in the state folder'],
    ['ln "$mine" "$1"', 'the same'],
    ['rm -f "$mine"', 'the same'],
    ['mv -fT "$mine" "$1"', 'the same'],
    ['rm -f "$1".after.', 'the same'],
    ['rm -f "$1.after.$last"', 'the same'],
    ['rm -f "$common/.fleet-shared"', 'in the folder of all apps’ state, which is root’s'],
    ['ln "$mine" "$1.after', 'the same'],
  ],
  wait: [
    ['>"$heard" 2>&1', 'in the state folder'],
    ['rm -f "$heard"', 'the same'],
  ],
  adopt: [['say " </dev/null >>$(shell_word', 'said to a shell that runs as the service user']],
  namesakes: [
    ['rm -f "$n_link"', 'a link in /etc/systemd/system or /run/systemd/system, which are root’s'],
    ['rm -f "${n_line%% *}"', 'the same'],
    ['mkdir -p "${n_link%/*}") && ln -sfn "$n_target" "$n_link"', 'the same'],
  ],
  boot: [['mkdir -p "$UNITS/multi-user.target.wants"; } && ln -sfn', '/etc/systemd/system is root’s']],
  transaction: [
    ['if t=$(mktemp "$S/.fleet.$APP.XXXXXX")', 'in the state folder'],
    ['rm -f "${t:-}"', 'the same'],
    ['dd if=/dev/urandom of="$S/ballast"', 'in the state folder'],
  ],
  journal: [
    ['dd if=/dev/null of="$S/log"', 'in the state folder'],
    ['t=$(mktemp "$S/.decision.XXXXXX") && say', 'the same'],
    ['rm -f "$t"', 'a temporary file of the decision, in the state folder'],
    ['ln "$t" "$S/decision', 'the same'],
  ],
  act: [
    ['rm -f "$a_folder/50-CPUQuota.conf"', 'below /run/systemd, which is root’s'],
    ['rmdir "$a_folder" 2>/dev/null', 'the same'],
  ],
  apply: [
    ['discard "$R/.current.fleet" && ln', 'we stand in the root, which is root’s alone'],
    ['rm -f "$R/current"', 'we stand in the root, which is root’s alone'],
    ['ln -s "$(cat "$G/0/current")" "$R/current"', 'the same'],
    ['mv -fT "$R/.current.fleet" "$R/current"', 'the same'],
  ],
  logrotate: [
    ['cp -p "$f" "$v/d/"', 'copies into the state folder'],
    ['>"$v/d/${path##*/}"', 'the same'],
  ],
  evidence: [
    ['cp "$1/files/$index"', 'a copy of a record into the state folder'],
    ['cp -R "$1/units" "$v"', 'the same'],
  ],
  'before-start': [
    ['mv -T ./.env ./.env.fleet && ln -s "$ROOT/.fleet-env" ./.env', 'in a sealed release, which is root’s alone'],
    ['mv -fT ./.env.fleet ./.env', 'the same'],
  ],
  supervise: [['<"$record/services/$unit.run" >>"$out" 2>>"$err" &', 'supervise_output lets only kept files through']],
  stage: [
    ['cp -al "$R/releases/$1"', 'both are sealed releases'],
    ['[ -d "$R" ] || { [ $PRIVILEGED = 0 ] && (umask 022 && mkdir -p "$ROOT")', 'without root only'],
    ['mkdir -m 0755 "$R/releases" ||', 'we stand in the root, which is root’s alone'],
    ['mkdir -m 0755 "$R/releases/$1"', '`releases` was just seen to be kept'],
    ['mkdir -m 0755 "./$w_part"', 'going down from a release that nobody else can write in'],
    ['chown -Rh "$2" .', 'the release is root’s alone up to here, and shares no file with another'],
    ['rmdir "$R/releases"', 'in the root, and only when it is empty'],
    ['-exec rm -f {} +', 'below the state folder'],
    ['rm -f "$@"', 'a file of the state folder'],
  ],
  seal: [
    ['mv -T "$new" "$old"', 'two names in `releases`, which is kept'],
    ['rm -rf "$new" "$taking" && mkdir -m 0700 "$taking"', 'an empty folder of ours in `releases`'],
    ['mv -T "$taking/tree" "$new" && rm -rf "$taking"', 'out of it, after it was made ours'],
    ['limit 610 tar -x -o -f -', 'below a folder that nobody else can enter'],
    ['why=$(cd "$taking/tree" && umask 022 && tar -x', 'the same'],
    ['! { tar -t -v -f "$taking/rest"', 'only listed'],
    ['ln -s -- "$2" "./${1##*/}"', 'the same, after `descend` went there part by part'],
    ['limit 610 cat >"$taking/rest"', 'the same'],
    ['2>"$taking/said"', 'the same'],
    ['echo $? >"$taking/code"', 'the same'],
    ['limit 610 cat >"$1.part"', 'in the record of a generation being staged'],
    ['mv -T "$1.part" "$1"', 'the same'],
    ['-exec rm -f {} +', 'in a folder that nobody else can enter'],
    ['chown -Rh "root:$group" . && chmod -R', 'the same, after a look for names that lead out of it'],
    ['-exec chgrp -h "$group" {} +', 'in a release that is root’s alone'],
    ['ln -s "$ROOT/$path" "./$path"', 'the same, after `leave_room` went there part by part'],
    ['ln -s "$ROOT/.env" ./.env', 'the same'],
    ['rm -rf "./$1"', 'the same'],
    ['told_by_lender tar -c', 'as the account itself'],
  ],
  remove: [['mkdir -p "/var/lib/fleet/$by/undo" && cp', 'the ledger of another app, which is root’s']],
  tree: [
    ['sub(/ -> .*/', 'an arrow in awk'],
    ['>"$1/seal" && { [ -f "$1/sums" ] || sums >"$1/sums"', 'the record of a generation being staged'],
  ],
};

/* biome-ignore-end lint/suspicious/noTemplateCurlyInString: shell text */

const COMMAND =
  /(?:^|[;&|({!]|\bthen|\bdo|\belse|-exec)\s*((?:chown|chgrp|chmod|rm|discard|rmdir|cp|mv|ln|mkdir|mktemp|tar|dd|touch|install)\s(?:\$\{[^}]*\}|[^;&|)}])*)/g;
const REDIRECTION = /\d?>>?\s*("[^"]*"|[^\s;&|)]+)/g;

/** Targets of what a line writes; of a command that has several words all but its options and modes. */
function targets(line: string): string[] {
  // What is said in quotes to nobody but a reader is no command.
  const code = line.replace(/\b(?:say|die \d+|out|printf) "[^"]*"/g, '');
  const commands = [...code.matchAll(COMMAND)].flatMap(([, command = '']) => {
    const [name = '', ...words] = command.trim().match(/"[^"]*"\S*|'[^']*'|\S+/g) ?? [];
    const paths = words.filter((word) => !/^-|^\d+$|^[ugoa,=+-]|^\d?>|^of=$/.test(word));
    return /^(cp|mv|ln)$/.test(name) ? paths.slice(-1) : paths;
  });
  const written = [...code.matchAll(REDIRECTION)].map(([, target = '']) => target);
  return [...commands, ...written];
}

/** Programs in another language, and what a shell of somebody else is told. */
const SPOKEN = /^ *\w+='[^']*'/gm;

const around = (text: string, argued: readonly (readonly [string, string])[]) =>
  text
    .replace(/^\s*#.*$/gm, '')
    .replace(SPOKEN, "''")
    .split('\n')
    .filter((line) => targets(line).some((target) => !OWN.some((own) => own.test(target))))
    .filter((line) => !argued.some(([known]) => line.includes(known)))
    .map((line) => line.trim());

describe('no work of root goes around the one primitive', () => {
  it.each(PARTS.filter((name) => name !== 'paths'))('in %s', (name) => {
    expect(around(part(name), ARGUED[name] ?? [])).toEqual([]);
  });

  it('no exception stands there for nothing', () => {
    const stale = Object.entries(ARGUED).flatMap(([name, list]) =>
      list.filter(([known]) => !part(name).includes(known)).map(([known]) => known),
    );
    expect(stale).toEqual([]);
  });

  it.each([
    'chown app "$ROOT/.env"',
    'rm -rf "$ROOT/$path"',
    'discard "$ROOT/$path"',
    '[ -d x ] || mkdir -p "$path"',
    'cp -p "$path" "$ROOT/x"',
    'say hello >"$path"',
    'find "$ROOT" -exec chmod 755 {} +',
    'tar -x -C "$ROOT"',
    'ln -sfn a "$ROOT/current"',
    'if true; then mv a "$path"; fi',
  ])('and one that does would be noticed: %s', (line) => expect(around(line, [])).toEqual([line]));
});
