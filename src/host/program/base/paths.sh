# Root never follows a path that somebody else can change. Whatever is made, written, given away or removed outside of
# fleet's own folders goes through here:
#
#   kept    every part of the path, from / on, is root's and nobody else may write in it: no name in such a folder can be
#           turned elsewhere, so root works there.
#   lent    from one part on the path is one account's: there the work is done as that account, with no more rights.
#   neither refused, and the part that is in the way is named.
#
# We stand in the app's root (root_enter) and reach all that is in it from there: what was checked is where we stand,
# whatever its name leads to by now. So a root below somebody's home is kept too.

# Foreign words as one printable line: they must never add, end or split a line of the protocol.
plain() { plainly 300 "$*"; }
plainly() { make_plain "$@"; say "$plained"; }
make_plain() { # MOST WORDS: sets plained
  plained=$2
  # Most are harmless as they are, and are asked for often.
  case $2 in *[!\ -~]*) ;; *) [ ${#2} -gt "$1" ] || return 0 ;; esac
  plained=$(printf '%s' "$2" | tr '\000-\037\177' '?' | cut -c "1-$1")
}

# Runs a command as another account, in an environment that is otherwise ours.
as_user() { # USER COMMAND…
  w_as=$1
  shift
  if [ "$w_as" = - ] || [ $PRIVILEGED = 0 ] || { own_name; [ "$w_as" = "$OWN_NAME" ]; }; then
    "$@"
  elif setpriv --reuid=0 --clear-groups true 2>/dev/null; then
    ${END_AFTER:-} setpriv --reuid="$w_as" --regid="$(id -g "$w_as")" --init-groups -- "$@"
  else
    ${END_AFTER:-} su -s /bin/sh "$w_as" -c 'exec "$@"' -- sh "$@"
  fi
}

OWN_NAME=''
own_name() { [ -n "$OWN_NAME" ] || OWN_NAME=$(id -un); } # sets OWN_NAME

# Whom as_user makes of an account: without root there is but one.
acting_as() { if [ $PRIVILEGED = 0 ] || [ "$1" = - ]; then id -un; else say "$1"; fi; }

home_of() { eval "printf %s ~$1"; } # ACCOUNT

# The same for what needs but a moment: an account may stop its own processes, and root would wait for ever.
briefly_as() { within_as 20 "$@"; }
within_as() ( # SECONDS USER COMMAND…
  END_AFTER="limit $1"
  shift
  as_user "$@"
)

name_of() { # UID
  w_name=$1
  while IFS=: read -r w_named _ w_of _; do [ "$w_of" != "$1" ] || { w_name=$w_named; break; }; done </etc/passwd
  say "$w_name"
}

# Looks at a folder that need not be there yet. Sets `keeper` to root where it is kept, to an account's name where it is
# lent, and to nothing where it is neither, with `obstacle` saying why; `real` to its path without links, and `reached` to
# how much of that is there.
look_at() { # FOLDER
  w_asked=''
  # The probe changes nothing, and what is kept stays so.
  [ "$VERB/$1" != "probe/$w_looked" ] || return 0
  real=$1 keeper=root obstacle='' reached='' w_hops=0 w_looked=''
  [ $PRIVILEGED = 1 ] || return 0
  until look_along; do
    w_hops=$((w_hops + 1))
    [ $w_hops -lt 20 ] || { keeper='' obstacle="$1 leads through too many links"; return; }
  done
  [ "$keeper" != root ] || w_looked=$1
}
w_looked='' w_asked=''

# Fails when a link has changed `real`, which wants another look. That one call of stat is no single moment does not
# matter: what is found kept stays so, since only root could change it.
look_along() {
  keeper=root keeper_uid=0 obstacle='' reached='' w_open='' w_rest=$real w_at=''
  set -- /
  case $real/ in "$ROOT"/*) [ $STANDING = 0 ] || { w_rest=${real#"$ROOT"} w_at=.; set -- .; } ;; esac
  while w_rest=${w_rest#/} && [ -n "$w_rest" ]; do
    w_part=${w_rest%%/*}
    w_rest=${w_rest#"$w_part"}
    w_at=$w_at/$w_part
    set -- "$@" "$w_at"
  done
  recalled "$@" || w_seen=$(stat -c '%u %g %a %F' -- "$@" 2>/dev/null)
  while read -r w_uid w_gid w_mode w_kind; do
    w_here=$1 w_shown=$1
    shift
    case $w_here in .*) w_shown=$ROOT${w_here#.} ;; esac
    case $w_kind in
      directory) ;;
      'symbolic link')
        # One that root has put into a folder of its own is as good as a folder.
        [ "$keeper/$w_uid" = root/0 ] || { keeper='' obstacle="$w_shown is a link, which $(name_of "$w_uid") can turn anywhere"; return 0; }
        link_on "$w_here" "$w_shown" "${real#"$w_shown"}"
        return 1
        ;;
      *) keeper='' obstacle="$w_shown is no folder"; return 0 ;;
    esac
    reached=$w_shown
    if [ $keeper_uid != 0 ]; then
      [ "$w_uid" = $keeper_uid ] || { keeper='' obstacle="$w_shown belongs to $(name_of "$w_uid"), below a folder of $(name_of $keeper_uid)"; return 0; }
      continue
    fi
    w_open=''
    case $w_uid/$w_mode in
      # In a sticky folder nobody can take away what is root's, but anybody can be there first.
      0/[1357]??[2367]) w_open="anybody may write in $w_shown" ;;
      0/*[2367]) keeper='' obstacle="anybody may write in $w_shown"; return 0 ;;
      0/*[2367]?) only_root_in "$w_gid" "$w_here" || { keeper='' obstacle="others than root may write in $w_shown"; return 0; } ;;
      0/*) ;;
      *) keeper=$(name_of "$w_uid") keeper_uid=$w_uid ;;
    esac
  done <<END
$w_seen
END
  [ -z "$w_open" ] || keeper='' obstacle=$w_open
  return 0
}

# For the probe, which changes nothing: looks at all that lies on the way to several folders at once.
foresee() { # FOLDER…
  w_memory=''
  for w_rest; do
    case $w_rest/ in "$ROOT"/*) continue ;; esac
    w_at=''
    while w_rest=${w_rest#/} && [ -n "$w_rest" ]; do
      w_at=$w_at/${w_rest%%/*}
      case $w_rest in */*) w_rest=${w_rest#*/} ;; *) w_rest='' ;; esac
      contains "$w_memory" "$w_at" || w_memory=$w_memory$NL$w_at
    done
  done
  w_ifs=$IFS IFS=$NL
  set -f
  # shellcheck disable=SC2086
  set -- / $w_memory
  set +f
  IFS=$w_ifs
  w_memory=$NL$(stat -c '%n//%u %g %a %F' -- "$@" 2>/dev/null)$NL
}
recalled() { # PATH…: sets w_seen, where all of them are known
  w_seen=''
  [ -n "$w_memory" ] || return 1
  for w_part; do
    case $w_memory in *"$NL$w_part//"*) w_found=${w_memory#*"$NL$w_part//"}; w_seen=$w_seen${w_seen:+$NL}${w_found%%"$NL"*} ;; *) return 1 ;; esac
  done
}
w_memory=''

link_on() { # LINK SHOWN REST: sets real
  w_led=$(readlink "$1")
  case $w_led in /*) ;; *) w_led=${2%/*}/$w_led ;; esac
  real=$(say "$w_led$3" | sed -e ':a' -e 's|///*|/|g' -e 's|/\./|/|g' -e 's|/[^/][^/]*/\.\.\(/\|$\)|/|' -e 'ta' -e 's|\(.\)/$|\1|')
}

# A group with nobody in it but root. An access list shows as rights of the group, so one that is there is somebody.
only_root_in() { # GID FOLDER
  case $(ls -ld -- "$2" 2>/dev/null) in ??????????+*) return 1 ;; esac
  awk -F: -v g="$1" '
    FILENAME == "/etc/group" && $3 == g { n = split($4, m, ","); for (i = 1; i <= n; i++) if (m[i] != "root") somebody = 1 }
    FILENAME == "/etc/passwd" && $4 == g && $3 != 0 { somebody = 1 }
    END { exit somebody }' /etc/group /etc/passwd
}

# For the plan: who keeps the folder that a path stands in, and whether a link or something else than a file is there.
tell_place() { # NUMBER PATH
  w_folder=${2%/*}
  look_at "${w_folder:-/}"
  make_plain 300 "$keeper $obstacle"
  say "place $1 $plained"
  spot_of "$2"
  [ ! -L "$spot" ] && { [ ! -e "$spot" ] || [ -f "$spot" ]; } || say "taken $1"
}

# A path as it is reached from where we stand.
spot() { spot_of "$1"; say "$spot"; }
spot_of() { # PATH: sets spot
  spot=$1
  case $STANDING/$1/ in 1/"$ROOT"/*) spot=.${1#"$ROOT"} ;; esac
}

folder_of() { above "$1"; say "$above"; }
above() { case $1 in /*/*) above=${1%/*} ;; *) above=/ ;; esac; } # PATH: the same, in `above`

refuse() {
  printf '%s\n' "$*" >&2
  return 65
}

# Runs a text in a folder, as root or as its account; the words after it are its $1, $2 …
act_in() { # FOLDER TEXT WORD…
  # Whoever has just asked who may own a file there has looked.
  [ "$w_asked" = "$1" ] || look_at "$1"
  w_asked=''
  spot_of "$real"
  w_where=$spot w_text=$2
  shift 2
  case $keeper in
    root) (cd -P -- "$w_where" 2>/dev/null && umask 022 && eval "$w_text") ;;
    '') refuse "$obstacle" ;;
    *) briefly_as "$keeper" sh -c "cd -- \"\$1\" 2>/dev/null && shift && umask 022 || exit 74; $w_text" sh "$w_where" "$@" ;;
  esac
}

# What is missing on the way to a folder.
make_parents() { # FOLDER
  spot_of "$1"
  [ ! -d "$spot" ] || return 0
  look_at "$1"
  case $keeper in
    root) (umask 022 && mkdir -p -- "$(spot "$real")") ;;
    ?*) act_in "$reached" "mkdir -p -- \"./\$1\"" "${real#"$reached"}" ;;
    *) refuse "$obstacle" ;;
  esac
}

# Sets `w_owner` to the owner that a file can have in a folder. In a folder of an account it is that account's, which
# could replace any other.
owner_in() { # FOLDER OWNER GROUP
  look_at "$1"
  w_owner=- w_asked=$1
  [ $PRIVILEGED = 1 ] && [ "$2" != - ] || return 0
  case $keeper in
    root) w_owner=$2:$3 ;;
    '') refuse "$obstacle" ;;
    *)
      case $2 in root | "$keeper") ;; *) refuse "$1 belongs to $keeper, so nothing in it can be given to $2"; return ;; esac
      w_owner=$keeper:$3
      [ "$3" != root ] || w_owner=$keeper:$(id -gn "$keeper")
      ;;
  esac
}

# Standard input becomes FILE, with mode and owner right before the name exists: all of it or none of it.
put_file() { # FILE MODE OWNER GROUP
  above "$1"
  make_parents "$above" && owner_in "$above" "$3" "$4" || return
  # shellcheck disable=SC2016
  act_in "$above" '
    t=$(mktemp "./.fleet.$2.XXXXXX") || exit 74
    if cat >"$t" && { [ "$4" = - ] || chown "$4" "$t"; } && chmod "$3" "$t" && sync "$t" && mv -fT "$t" "./$1"; then sync .; else rm -f "$t"; exit 74; fi
  ' "${1##*/}" "$APP" "$2" "$w_owner"
}

# Gives a file that is there the mode and owner that it is to have; what is in it is left alone. A second name of it may
# stand anywhere.
# shellcheck disable=SC2016
file_set() { # FILE MODE OWNER GROUP
  above "$1"
  owner_in "$above" "$3" "$4" || return
  act_in "$above" '
    [ -f "./$1" ] && [ ! -L "./$1" ] && [ "$(stat -c %h "./$1")" = 1 ] || { printf "%s is no file of its own\n" "$1" >&2; exit 65; }
    { [ "$3" = - ] || chown "$3" "./$1"; } && chmod "$2" "./$1"
  ' "${1##*/}" "$2" "$w_owner"
}

# Whether the live file is what SOURCE, MODE and owner say.
in_place() { # SOURCE FILE MODE OWNER GROUP
  above "$2"
  owner_in "$above" "$4" "$5" 2>/dev/null || return 1
  if [ "$keeper" = root ]; then
    spot_of "${real%/}/${2##*/}"
    [ -f "$spot" ] && [ ! -L "$spot" ] && cmp -s "$1" "$spot" && w_looks=$(stat -c '%a %U:%G' "$spot" 2>/dev/null) || return 1
  else
    # shellcheck disable=SC2016
    w_looks=$(act_in "$above" '[ -f "./$1" ] && [ ! -L "./$1" ] && cmp -s - "./$1" && stat -c "%a %U:%G" "./$1"' "${2##*/}" <"$1" 2>/dev/null) || return 1
  fi
  [ "${w_looks% *}" = "${3#0}" ] && { [ "$w_owner" = - ] || [ "${w_looks#* }" = "$w_owner" ]; }
}

# A file that stood there before us: never through a link, never anything but a file.
# shellcheck disable=SC2016
read_file() { act_in "$(folder_of "$1")" '[ -f "./$1" ] && [ ! -L "./$1" ] && cat "./$1"' "${1##*/}"; }

# shellcheck disable=SC2016
remove_file() { # FILE
  above "$1"
  spot_of "$above"
  [ ! -d "$spot" ] || act_in "$above" 'rm -f "./$1"' "${1##*/}"
}

# Makes a folder or puts it right; what is in it is left alone. OWNER - leaves it whose it is, GROUP - is the owner's own.
folder_set() { # FOLDER MODE OWNER GROUP
  make_parents "$(folder_of "$1")" || return
  look_at "$(folder_of "$1")"
  w_given=-
  if [ "$3" != - ]; then
    w_given=$3:$4
    [ "$4" != - ] || w_given=$3:$(id -gn "$3") || return
  elif [ "$4" != - ]; then
    w_given=:$4
  fi
  case $keeper in
    root) ;;
    '') refuse "$obstacle"; return ;;
    "$3" | "$(name_of "$3")") w_given=:${w_given#*:} ;;
    *) if [ "$1" = "$ROOT" ]; then root_set "$2" "$w_given"; else refuse "$1 lies below a folder of $keeper, so it can only be of $keeper"; fi; return ;;
  esac
  # Private until it has its owner and mode.
  # shellcheck disable=SC2016
  act_in "$(folder_of "$1")" '
    [ ! -L "./$1" ] && { [ -d "./$1" ] || mkdir -m 0700 "./$1"; } && cd -P "./$1" || { printf "%s is no folder\n" "$1" >&2; exit 65; }
    { [ "$3" = - ] || chown "$3" .; } && chmod "$2" .
  ' "${1##*/}" "$2" "$w_given"
}

# Folders that were made on the way, deepest first, as far as nothing is in them.
folders_gone() { # FOLDER…
  for w_gone in "$@"; do
    # shellcheck disable=SC2016
    [ ! -d "$(spot "$w_gone")" ] || act_in "$(folder_of "$w_gone")" 'rmdir "./$1"' "${w_gone##*/}" 2>/dev/null || :
  done
}

# A whole tree. What an account could write in is emptied as that account first: whoever walks a tree by names that
# change meanwhile may be led out of it.
remove_tree() { # FOLDER
  spot_of "$1"
  w_look=$spot
  [ -e "$w_look" ] || [ -L "$w_look" ] || return 0
  if [ $PRIVILEGED = 1 ] && [ ! -L "$w_look" ]; then
    w_uid=$(stat -c %u "$w_look")
    # shellcheck disable=SC2016
    [ "$w_uid" = 0 ] || within_as 300 "$(name_of "$w_uid")" sh -c 'cd -- "$1" && find . -type d ! -perm -700 -exec chmod u+rwx {} + ; rm -rf -- ./* ./.[!.]* ./..?*' sh "$w_look" 2>/dev/null
  fi
  above "$1"
  # shellcheck disable=SC2016
  act_in "$above" 'rm -rf "./$1"' "${1##*/}"
}

# Goes into the app's root. Where its parents are somebody's own, it counts if it is root's, and the very folder that was
# noted when it was made: nobody else can make one of root's, but could put another of them in its place.
root_enter() {
  R=$ROOT STANDING=0
  [ $PRIVILEGED = 1 ] && { [ -e "$ROOT" ] || [ -L "$ROOT" ]; } || return 0
  look_at "$ROOT"
  if [ "$keeper" != root ]; then [ "$reached" = "$real" ] && stand_in "$real" && root_ours || { cd /; return 65; }; else cd -P -- "$real" || return; fi
  STANDING=1 R=. obstacle='' w_looked=''
}

stand_in() { cd -P -- "$1" 2>/dev/null && [ "$(pwd -P)" = "$1" ]; }

root_ours() {
  case $(stat -c '%u %a' .) in
    '0 '*[2367] | '0 '*[2367]?) obstacle="others than root may write in $ROOT"; return 65 ;;
    '0 '*) ;;
    *) obstacle="$ROOT belongs to $(stat -c %U .), who can change all that is in it"; return 65 ;;
  esac
  [ ! -f "$S/root" ] || [ "$(stat -c %i .)" = "$(cat "$S/root")" ] && return
  obstacle="$ROOT is not the folder that fleet made: somebody who may write in ${ROOT%/*} has put another in its place"
  return 65
}

# Makes the app's root below a folder of an account, or takes over or gives back one that is that account's. After
# look_at of the folder that it stands in.
root_set() { # MODE OWNER:GROUP
  (
    stand_in "$real" && [ "$(stat -c %u .)" = "$keeper_uid" ] || exit 65
    [ -d "./${ROOT##*/}" ] || mkdir -m 0755 "./${ROOT##*/}" || exit
    stand_in "${real%/}/${ROOT##*/}" || exit 65
    case $(stat -c %u .) in
      0) root_ours || exit ;;
      "$keeper_uid") ;;
      *) exit 65 ;;
    esac
    chown "$2" . && chmod "$1" . && mkdir -p "$S" && stat -c %i . | replace "$S/root"
  ) || refuse "${obstacle:-$ROOT is not the folder that it was}"
}
