# Services that are to run as another account than those of the active generation: what of their data the one before can
# open, and the new one cannot. An account is written USER:GROUP,GROUP…; - stands for one that systemd makes up for each
# start, and for the user's own group.

accounts_of() { # GENERATION: lines "UNIT ACCOUNT"
  if [ -f "$G/$1/accounts" ]; then cat "$G/$1/accounts"; return; fi
  # Older records have but the app's own account.
  was=$(service_user "$1")
  [ "$was" != - ] || was=root
  start_list "$1" | sed "s/\$/ $was:-/"
}

# The way back to a generation: its runtime, its folders as lines "folder LOOK PATH" in the order of their index, and what
# tell_ownership tells of them.
verb_ownership() { # GENERATION
  say "runtime $(runtime_of "$1")"
  folders=$(folders_of "$1")
  [ -z "$folders" ] || say "$folders" | sed 's/^/folder /'
  tell_ownership "$(accounts_of "$1")" "$(say "$folders" | awk '{ print NR - 1, $0 }')"
}

folders_of() { # GENERATION
  if [ -f "$G/$1/folders" ]; then cat "$G/$1/folders"; return; fi
  # Older records have but the data folders.
  lines "$1" data | while IFS= read -r path; do say "whole $ROOT/$path"; done
}

# Of each change a line "moved NUMBER UNIT,UNIT… FROM TO yes|no yes|no" (whether TO is there yet, and whether other
# services go on as FROM), and of each folder with something closed in it "closed NUMBER INDEX ENTRY". Of a folder that is
# given to its new owner anyway only what is inside counts.
tell_ownership() { # ACCOUNTS FOLDERS: lines "UNIT ACCOUNT", and "INDEX whole|inside|given FOLDER"
  [ $PRIVILEGED = 1 ] || return 0
  live_generation
  on=$live
  [ "$on" != 0 ] && [ "$1" != "$(short "$G/$on/accounts")" ] || return 0
  { accounts_of "$on"; say --; say "$1"; } | awk "$MOVED" | while read -r number units old new stays; do
    account_ids "$old"
    old_uid=$i_uid old_gids=$i_gids
    account_ids "$new"
    [ "${old%%:*}" != - ] && [ "$i_uid" != 0 ] || continue
    there=no
    [ -z "$i_uid" ] || there=yes
    say "moved $number $units $old $new $there $stays"
    say "$2" | while read -r index what folder; do
      entry=$(closed_in "$folder" "$what") || continue
      say "closed $number $index $(plain "$entry")"
    done
  done
}

# shellcheck disable=SC2016
MOVED='
$0 == "--" { now = 1; next }
!now { was[$1] = $2; had[$2]; next }
{ is[$1] = $2; has[$2]; unit[++count] = $1 }
function move(from, to, name,   key) {
  key = from " " to
  if (!(key in names)) order[++moves] = key
  names[key] = names[key] (names[key] == "" ? "" : ",") name
  stays[key] = (from in has) ? "yes" : "no"
}
END {
  for (i = 1; i <= count; i++) {
    name = unit[i]; to = is[name]
    if (name in was) { if (was[name] != to) move(was[name], to, name) }
    # A service under another name takes over from those that are gone.
    else if (!(to in had)) for (from in had) if (!(from in has)) move(from, to, name)
  }
  for (i = 1; i <= moves; i++) { split(order[i], pair, " "); print i, names[order[i]], pair[1], pair[2], stays[order[i]] }
}'

account_ids() { # ACCOUNT: sets i_uid, empty where there is none, and i_gids
  i_name=${1%%:*} i_uid='' i_gids=''
  [ "$i_name" != - ] || return 0
  case $i_name in *[!0-9]*) i_uid=$(id -u "$i_name" 2>/dev/null) || return 0 ;; *) i_uid=$i_name ;; esac
  i_own=$(id -g "$i_name" 2>/dev/null)
  for i_gid in $(id -G "$i_name" 2>/dev/null); do [ "$i_gid" = "$i_own" ] || i_gids="$i_gids $i_gid"; done
  for i_group in $(say "${1#*:}" | tr ',' ' '); do
    if [ "$i_group" = - ]; then i_gids="$i_gids $i_own"; else i_gids="$i_gids $(awk -F: -v g="$i_group" '$1 == g || $3 == g { print $3 }' /etc/group)"; fi
  done
}

# The first entry in a folder that the account before can open and the new one cannot. A huge tree is looked through as far
# as the time goes. After account_ids of the new one, with $old, $old_uid and $old_gids.
closed_in() { # FOLDER whole|inside|given
  least=0
  [ "$2" = whole ] || least=1
  look_at "$1"
  # Who was removed since is known by what it has left.
  owner=${old_uid:-$keeper_uid} where=$(spot "$1")
  # shellcheck disable=SC2016
  entry=$(look_as "$owner" 'cd -- "$1" && find . -mindepth "$2" \( -type f -o -type d \) -exec stat -c "%u %g %a %F /%n" {} +' "$where" $least 2>/dev/null |
    awk -v owner="$owner" -v old="$old_gids" -v new_owner="${i_uid:--}" -v new="$i_gids" "$CLOSED")
  [ -n "$entry" ] || return 1
  # An access list may say more than the mode.
  # shellcheck disable=SC2016
  [ -z "$i_uid" ] || ! briefly_as "${new%%:*}" sh -c 'cd -- "$1" && [ -r "$2" ] && [ -w "$2" ] && { [ ! -d "$2" ] || [ -x "$2" ]; }' sh "$where" "$entry" 2>/dev/null || return 1
  entry=${entry#.}
  say "${entry#/}"
}

# As the account that had the folder, which can be led only where it may go itself. Where that was root, as root if nobody
# else has a hand in the folder, and as who has otherwise. After look_at of the folder.
look_as() { # UID TEXT WORD…
  looker=$1 request=$2
  shift 2
  [ "$looker" != 0 ] || case $keeper in root) ;; '') return 65 ;; *) looker=$keeper_uid ;; esac
  if [ "$looker" = 0 ]; then
    limit 20 sh -c "$request" sh "$@"
  elif [ "$looker" = "${old_uid:-$looker}" ] && setpriv --reuid=0 --clear-groups true 2>/dev/null; then
    # With the groups of the service, which need not be the account's; one that was removed has none.
    # shellcheck disable=SC2086
    groups=$(say ${old_gids:-65534} | tr ' ' ',')
    limit 20 setpriv --reuid="$looker" --regid="${groups##*,}" --groups="$groups" -- sh -c "$request" sh "$@"
  else
    briefly_as "$(name_of "$looker")" sh -c "$request" sh "$@"
  fi
}

# What root could open as anybody counts only where it is its own.
# shellcheck disable=SC2016
CLOSED='
function among(gid, gids) { return index(" " gids " ", " " gid " ") > 0 }
function digit(at) { return substr("000" mode, length(mode) + at, 1) + 0 }
function rights(uid, is, gids) { return uid == is ? digit(1) : among(gid, gids) ? digit(2) : digit(3) }
function lacks(bit) { return int(had / bit) % 2 > int(has / bit) % 2 }
{
  gid = $2; mode = $3; name = $0
  if ($1 != owner && (owner == 0 || !among(gid, old))) next
  had = owner == 0 ? 7 : rights($1, owner, old)
  has = rights($1, new_owner, new)
  if (!lacks(4) && !lacks(2) && !($4 == "directory" && lacks(1))) next
  sub(/^[^\/]*\//, "", name)
  print name
  exit
}'
