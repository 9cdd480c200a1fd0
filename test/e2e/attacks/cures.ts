/* biome-ignore-all lint/suspicious/noTemplateCurlyInString: shell text */
/** One text of the product that a control build has otherwise. */
export type Replacement = {
  /** A part of the program on the host, e.g. `stage.sh`, or `dist` for the command as it was built. */
  readonly in: string;
  /** Stands there exactly once. */
  readonly text: string;
  readonly by: string;
};

const TAKE_BACK: Replacement = {
  in: 'seal.sh',
  text: 'take() { # N, in ROOT\n',
  by: `take() { # N, in ROOT
  lender=$(cat "$G/.staging-$1/lent" 2>/dev/null) || return 0
  find "$R/releases/$1" -xdev -user "$lender" -exec chown -h "root:$(id -gn "$lender")" {} +
  rm -f "$G/.staging-$1/lent"
  return 0
`,
};
/** Where anybody who may enter the tree could enter the copy, and a tar that is not GNU's makes the links in it. */
const COPY_IN_REACH: readonly Replacement[] = [
  { in: 'seal.sh', text: 'mkdir -m 0700 "$taking" "$taking/tree"', by: 'mkdir -m 0755 "$taking" "$taking/tree"' },
  {
    in: 'seal.sh',
    text: "if tar --version 2>/dev/null | grep -q 'GNU tar'; then take_whole",
    by: 'if true; then take_whole',
  },
];
const FORCED_MODES: Replacement = { in: 'seal.sh', text: '&& chmod -R a-s,a-t,go-w . ||', by: '||' };
/** Data folders are linked in wherever the way to them leads. */
const ROOM: Replacement = { in: 'seal.sh', text: '(descend "${1%/*}") || return', by: 'mkdir -p "./${1%/*}"' };
/** Every path is taken for one that only root can change. */
const LOOK: readonly Replacement[] = [
  { in: 'paths.sh', text: '      *) keeper=$(name_of "$w_uid") keeper_uid=$w_uid ;;', by: '      *) ;;' },
  {
    in: 'paths.sh',
    text: '[ "$keeper/$w_uid" = root/0 ] || { keeper=',
    by: 'true || { keeper=',
  },
];
/** Root works by names, not from the folder in which it stands. */
const BY_NAME: Replacement = {
  in: 'paths.sh',
  text: "  STANDING=1 R=. obstacle=''",
  by: "  STANDING=0 R=$ROOT obstacle=''",
};
const PUT_BY_NAME: Replacement = {
  in: 'paths.sh',
  text: 'put_file() { # FILE MODE OWNER GROUP\n',
  by: `put_file() { # FILE MODE OWNER GROUP
  t=$(mktemp "\${1%/*}/.fleet.$APP.XXXXXX") && cat >"$t" && chown "$3:$4" "$t" && chmod "$2" "$t" && mv -fT "$t" "$1"
  return
`,
};
/** What stands there is written in, instead of a new file taking its name. */
const PUT_IN_PLACE: Replacement = {
  in: 'paths.sh',
  text: 'put_file() { # FILE MODE OWNER GROUP\n',
  by: `put_file() { # FILE MODE OWNER GROUP
  make_parents "$(folder_of "$1")" && cat >"$1" && chown "$3:$4" "$1" && chmod "$2" "$1"
  return
`,
};
const LEND: readonly Replacement[] = [
  { in: 'stage.sh', text: 'say "$2" >"$staged/lent" && chown', by: 'chown' },
  { in: 'stage.sh', text: '[ -z "$(find . -type f -links +1 | head -n 1)" ] ||', by: 'true ||' },
];
const PLAIN: Replacement = {
  in: 'paths.sh',
  text: '  plained=$2\n',
  by: '  plained=$2\n  return 0\n',
};
const ONE_LINE: Replacement = {
  in: 'transaction.sh',
  text: '  case $* in *"$NL"*) set -- "$(plain "$*")" ;; esac\n',
  by: '',
};
const ENV_AS_ROOT: readonly Replacement[] = [
  { in: 'env-proof.sh', text: 'within_as 10 "$2" env', by: 'env' },
  { in: 'env-proof.sh', text: '-p "User=$2"', by: '-p Nice=0' },
];
/** Whatever a process is that has the command line of a supervisor, root takes it for one. */
const ANY_PROGRAM: Replacement = {
  in: 'nohup.sh',
  text: 'case ${s_exe% (deleted)} in "$s_shell" |',
  by: 'case /sh in',
};
const ANYBODYS: readonly Replacement[] = [
  ANY_PROGRAM,
  { in: 'nohup.sh', text: '&& is_of "$s_me" "$s_pid" && [ "$(readlink "/proc/$s_pid/ns/pid")" = "$s_space" ]', by: '' },
  { in: 'nohup.sh', text: '[ -O "$s_pid" ] || continue', by: ':' },
];
const RELEASES: readonly Replacement[] = [
  {
    in: 'stage.sh',
    text: '[ "$keeper" = root ] && [ ! -L "$R/releases" ] || die',
    by: 'true || die',
  },
  { in: 'adopt.sh', text: '[ "$(stat -c %u "$R/releases")" = 0 ] || say', by: 'true || say' },
];
const LINKS_OF_CODE: Replacement = { in: 'seal.sh', text: '  [ -z "$wrong" ] || changed "$wrong"', by: '' };
const DOWN: readonly Replacement[] = [
  {
    in: 'stage.sh',
    text: '    [ ! -L "./$w_part" ] && { [ -d "./$w_part" ]',
    by: '    { [ -d "./$w_part" ]',
  },
];

/**
 * What holds each attack off, as the texts to replace to switch just that off; the build that this makes is the control
 * in which the attack has to win.
 */
export const CURES = {
  C1: [TAKE_BACK],
  'C1-code': [TAKE_BACK],
  'C1-copy': COPY_IN_REACH,
  C2: [ROOM],
  'C2-race': [TAKE_BACK, ROOM],
  C3: [LINKS_OF_CODE],
  'C3-sync': [LINKS_OF_CODE, ...DOWN],
  C4: LOOK,
  'C4-back': LOOK,
  'C4-race': LOOK,
  C5a: [...LOOK, BY_NAME, PUT_BY_NAME],
  C5b: [
    ...LOOK,
    BY_NAME,
    { in: 'record.sh', text: 'releases/*[!0-9]* | releases/ | releases/0*)', by: 'releases/none)' },
    {
      in: 'apply.sh',
      text: 'case $recorded in systemd | nohup) ;; *) recorded=- ;; esac',
      by: ':',
    },
  ],
  C6: [
    { in: 'adopt.sh', text: '  [ "$real/$effective/$saved/$other" = "$id/$id/$id/$id" ]', by: '  true' },
    { in: 'adopt.sh', text: '  say "$1" >"$where/user"', by: '  stat -c %U "/proc/$hand_pid" >"$where/user"' },
  ],
  C7: ENV_AS_ROOT,
  'C7-hang': [
    { in: 'env-proof.sh', text: 'within_as 10 "$2" env', by: 'as_user "$2" env' },
    { in: 'env-proof.sh', text: ' -p RuntimeMaxSec=10', by: '' },
  ],
  C8a: [
    ...LOOK,
    { in: 'paths.sh', text: '    [ ! -L "./$1" ] && { [ -d "./$1" ] || mkdir', by: '    { [ -d "./$1" ] || mkdir' },
  ],
  C8b: [...LOOK, { in: 'supervise.sh', text: ' && [ ! -L "$opened" ]', by: '' }],
  C8c: LOOK,
  C9: LOOK,
  C10a: [TAKE_BACK, FORCED_MODES],
  C10b: [TAKE_BACK],
  C10c: [TAKE_BACK],
  C10d: [TAKE_BACK],
  C10e: RELEASES,
  'C10e-link': RELEASES,
  C11: [{ in: 'tree.sh', text: '    changed "$wrong"\n', by: '' }],
  C13: [PLAIN, ONE_LINE],
  'C13-probe': [PLAIN, ONE_LINE],
  C14: [{ in: 'adopt.sh', text: 'env_is_plain() {\n', by: 'env_is_plain() {\n  return 0\n' }],
  'C14-file': [
    ...LOOK,
    { in: 'paths.sh', text: '|| say "taken $1"', by: '|| :' },
    {
      in: 'adopt.sh',
      text: `'[ ! -L "./$1" ] && [ -f "./$1" ] && stat -c "%a %U %G" "./$1"' "\${path##*/}"`,
      by: `'[ -f "./$1" ] && stat -c "%a %U %G" "./$1"' "\${path##*/}"`,
    },
    {
      in: 'paths.sh',
      text: `'[ -f "./$1" ] && [ ! -L "./$1" ] && cat "./$1"'`,
      by: `'[ -f "./$1" ] && cat "./$1"'`,
    },
  ],
  owner: [
    {
      in: 'ownership.sh',
      text: `[ "$looker" != 0 ] || case $keeper in root) ;; '') return 65 ;; *) looker=$keeper_uid ;; esac`,
      by: 'looker=0',
    },
  ],
  'steps-root': [...LOOK, BY_NAME, PUT_BY_NAME],
  'steps-settings': [
    { in: 'before-start.sh', text: '  umask 022\n', by: '  umask 022\n  set -a; eval "$(cat)"; set +a\n' },
  ],
  'steps-left': [{ in: 'before-start.sh', text: '  end_steps "$TO"\n', by: '' }],
  'steps-words': [{ in: 'before-start.sh', text: '| keep_tail; }', by: '| tee -a "$S/out.$TXN" | keep_tail; }' }],
  lend: LEND,
  'hard-release': LEND,
  'hard-files': [...LOOK, PUT_IN_PLACE],
  'supervisor-account': ANYBODYS,
  'supervisor-setuid': [ANY_PROGRAM],
  fuzz: [TAKE_BACK, ROOM, ...LOOK, BY_NAME],
} as const satisfies Readonly<Record<string, readonly Replacement[]>>;

export type AttackId = keyof typeof CURES;
