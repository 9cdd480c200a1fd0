# The ledger, undo/: for each thing that is made or changed on the host outside of a generation, the script that takes it
# back, noted before it is done and numbered in that order. Its first line says what it is about: "# folder PATH",
# "# data PATH", "# account NAME", "# env -" (settings kept for them), "# packages NAMES" (which nothing takes back),
# "# other -"; the second says it in words.
#
# `unproven` holds the number of the first entry that no proven generation stands on: a deploy that goes back takes back
# all from there on, and with it what one that died before it has left.

ledger() { [ -d "$S/undo" ] && (cd "$S/undo" && ls | sort -rn); return 0; }

note_undo() ( # MARK KIND NAME WORDS SCRIPT
  umask 077
  mkdir -p "$S/undo" || exit 74
  l_last=$(cd "$S/undo" && ls | cut -d. -f1 | sort -n | tail -n 1)
  l_n=$((${l_last:-999} + 1))
  [ -f "$S/unproven" ] || say "$l_n" | replace "$S/unproven" || exit 74
  printf '# %s %s\n# %s\n%s\n' "$2" "$3" "$4" "$5" | replace "$S/undo/$l_n.$1"
)

# A folder that is made for a file is noted first, so that it can go when nothing else is in it.
note_parents() { # FOLDER
  [ -d "$(spot "$1")" ] || grep -qxsF "# folder $1" "$S/undo/"* || note_undo parents folder "$1" "create $1" "folders_gone$(missing_parts "$1")"
}

# What `mkdir -p` would make, deepest first, as words for a script.
missing_parts() {
  part=$1
  while [ ! -d "$(spot "$part")" ]; do printf ' %s' "$(shell_word "$part")"; part=$(folder_of "$part"); done
}

# A script of the ledger may use what stands here; what it does to its variables is its own business.
take_back() { (set +u && umask 022 && eval "$1") 2>&1; }

# What no proven generation stands on, the newest first.
unproven() {
  l_first=$(cat "$S/unproven" 2>/dev/null) && is_number "$l_first" || return 0
  ledger | while read -r l_entry; do [ "${l_entry%%.*}" -lt "$l_first" ] || say "$l_entry"; done
}

# Takes it back, and tells what stays: "left KIND NAME<tab>WHY". Its entry stays too, for a full rollback.
undo_unproven() {
  l_stayed=''
  for l_entry in $(unproven); do
    read -r _ l_kind l_name <"$S/undo/$l_entry"
    if l_why=$(undo_entry "$l_entry" "$l_kind" "$l_name"); then
      rm -f "$S/undo/$l_entry"
      # Another folder may come there.
      [ "$l_kind $l_name" != "folder $ROOT" ] || rm -f "$S/root"
    else
      l_stayed=1
      [ "$l_kind" != other ] || l_name=$(sed -n '2s/^# //p' "$S/undo/$l_entry")
      printf 'left %s %s\t%s\n' "$l_kind" "$l_name" "$l_why"
    fi
  done
  [ -n "$l_stayed" ] || rm -f "$S/unproven"
  rmdir "$S/undo" 2>/dev/null
  return 0
}

# Fails where it stays, and says why.
undo_entry() { # ENTRY KIND NAME
  l_why=$(needed "$2" "$3")
  [ -z "$l_why" ] && [ "$2" != packages ] || { say "$l_why"; return 1; }
  l_undo=$(cat "$S/undo/$1")
  case $S/ in "$3"/*) ! alone_in "$3" || rm -rf "$S" ;; esac
  l_said=$(shared take_back "$l_undo") || { plain "$(say "$l_said" | tail -n 1)"; return 1; }
  # By its name: where we stand in it, it seems to be there for ever.
  case $2 in folder | data) [ ! -d "$3" ] || { say 'not empty'; return 1; } ;; esac
}

# Whether our own state is all that a folder holds, and the folder all that the state is still for.
alone_in() { # FOLDER
  [ "$(ls -A "$1")" = .fleet ] && [ "$(ledger | wc -l)" = 1 ] && [ ! -d "$G" ] && [ ! -f "$S/log" ] && [ ! -f "$S/hold" ]
}

# Why something must not be taken back: nobody would be named any more by what a gone account has, until the next one
# with its number has all of it.
needed() { # KIND NAME
  case $1 in
    account) l_by=$(account_shared "$2") ;;
    folder | data) l_by=$(folder_shared "$2") ;;
    *) return ;;
  esac
  [ -z "$l_by" ] || { say "the app $l_by of this host uses it"; return; }
  [ "$1" = account ] && l_id=$(id -u "$2" 2>/dev/null) || return 0
  ! stat -c %u /proc/[0-9]* 2>/dev/null | grep -qx "$l_id" || { say 'processes of it are running'; return; }
  l_has=$(belonging "$l_id")
  [ -z "$l_has" ] || say "it owns $(plain "$l_has")"
}

# Something that an account has, as far as a short look finds it.
belonging() { # UID
  {
    for l_entry in $(ledger); do
      read -r _ l_kind l_name <"$S/undo/$l_entry"
      case $l_kind in folder | data) [ "$(stat -c %u "$(spot "$l_name")" 2>/dev/null)" != "$1" ] || say "$l_name" ;; esac
    done
    limit 30 find /etc /home /opt /srv /tmp /var -xdev -maxdepth 3 -user "$1" 2>/dev/null
  } | head -n 1
}

# What a deploy that goes back has made ready. The release is kept to look at, but not where nothing of the app was ever
# proved, nor without the account that it is for.
undo_deploy() {
  ! is_forgotten || { remove_tree "$ROOT/releases/$TO"; folders_gone "$ROOT/releases"; }
  undo_unproven
}

is_forgotten() {
  [ "$TO" != 0 ] && [ "$(verdict "$TO")" = bad ] || return 1
  [ -d "$R/releases/$TO" ] || return 0
  if [ "$FROM" = 0 ]; then
    for l_n in $(generations); do [ "$(verdict "$l_n")" != good ] || return 1; done
  else
    for l_entry in $(unproven); do
      read -r _ l_kind l_name <"$S/undo/$l_entry"
      [ "$l_kind $l_name" != "account $(service_user "$TO")" ] || return 0
    done
    return 1
  fi
}

# What was set up by hand wants its folders and accounts back before it starts again. A generation of ours has run with
# them as they are now, and gets them back behind its start, unless it does not come up.
undo_early() {
  [ "$PHASE" = REVERTING ] || return 0
  [ "$FROM" != 0 ] && [ "$ATTEMPT" -lt 2 ] || { undo_deploy >/dev/null; leave_root; }
}

leave_root() { [ -d "$ROOT" ] || { cd / && R=$ROOT STANDING=0; }; }

# What the controller has made ready and nothing was switched to.
verb_undo() {
  lock "$S/lock" 9 3 || die 75 "another run is at work on this host"
  ! lease_holder >/dev/null || die 75 "$(plain "$by") is at work on this host"
  journal_read
  [ "$PHASE" = IDLE ] || die 75 "transaction $TXN of $BY is in phase $PHASE"
  undo_unproven
  rm -f "$S/touched"
  leave_root
  forget_if_empty
  tell_state
}

# Where nothing is deployed, that fleet was here is something, too.
tell_state() { [ "$(active_generation)" != 0 ] || [ ! -d "$S" ] || say "left state $S"; }
