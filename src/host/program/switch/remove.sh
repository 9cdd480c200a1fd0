# Taking everything away again, by the ledger.

# After everything that a deploy notes, so that it is taken back first.
KEPT_ENV=999999.env

# After a full rollback has been committed. Repeating it is harmless.
verb_purge() { # full|keep-data
  lock "$S/lock" 9 3 || die 75 "another run is at work on this host"
  journal_read
  [ "$PHASE" = IDLE ] && { [ "$(active_generation)" = 0 ] || unrecorded; } || die 76 "generation $(active_generation) is active ($PHASE)"
  if unrecorded; then
    remove_unrecorded
    code=$?
    cat "$S/out.purge"
    [ $code = 0 ] || exit $code
  fi
  # What is left from here on is left on purpose.
  rm -rf "$S/run" "$S/runs" "$S/touched" "$S/proved" "$S"/out.* "$S"/decision.* "$S/unproven"
  remove_tree "$ROOT/releases"
  [ "$1" != keep-data ] || keep_env
  for entry in $(ledger); do
    read -r _ kind path <"$S/undo/$entry"
    case $1/$kind in
      keep-data/data | keep-data/account | keep-data/env) continue ;;
      full/account | full/data | */folder) spare_entry "$entry" "$kind" "$path" && continue ;;
    esac
    [ "$1/$kind" != full/data ] || remove_tree "$path"
    undo=$(cat "$S/undo/$entry")
    # A folder that has to stay for what is in it goes when that goes.
    if [ "$1/$kind" = keep-data/folder ]; then
      shared take_back "$undo" >/dev/null
      [ ! -d "$path" ] || continue
    fi
    rm -f "$S/undo/$entry"
    # The root may hold our own state; it can only go after that.
    [ -n "$(ledger)" ] || rm -rf "$S"
    shared take_back "$undo" >/dev/null || printf 'left other %s\t\n' "$(plain "$(say "$undo" | sed -n '2s/^# //p')")"
  done
  # Last of all: while there are generations, a removal that was cut off can be asked for again.
  rm -rf "$G"
  [ -n "$(ledger)" ] || rm -rf "$S"
  forget_if_empty
}

# Whether another app of this host has what an entry would take away. It stays then, and an account goes with that app.
spare_entry() { # ENTRY KIND PATH
  if [ "$2" = account ]; then by=$(account_shared "$3"); else by=$(folder_shared "$3"); fi
  [ -n "$by" ] || return 1
  printf 'spared %s %s\t%s\n' "$2" "$(plain "$3")" "$(plain "$by")"
  [ "$2" != account ] || { mkdir -p "/var/lib/fleet/$by/undo" && cp "$S/undo/$1" "/var/lib/fleet/$by/undo/2.$3"; }
  rm -f "$S/undo/$1"
}

# Settings that a removal leaves are still ours: not made by hand, when the next deploy finds them.
keep_env() {
  [ ! -f "$R/.env" ] || [ -f "$G/0/env" ] && return 0
  mkdir -p "$S/undo" && printf '# env -\n# keep %s\nremove_file %s\n' "$ROOT/.env" "$(shell_word "$ROOT/.env")" | replace "$S/undo/$KEPT_ENV"
}

# What a full rollback would delete that a person may want to keep.
verb_owned_data() {
  for entry in $(ledger); do
    read -r _ kind path <"$S/undo/$entry"
    case $kind in account) [ -z "$(account_shared "$path")" ] || continue ;; data) [ -z "$(folder_shared "$path")" ] || continue ;; esac
    [ "$kind" != data ] || [ ! -d "$(spot "$path")" ] || say "data $(du -sk "$(spot "$path")" | cut -f1) $path"
    [ "$kind" != account ] || say "account $path"
  done
  [ ! -f "$R/.env" ] || say "env $ROOT/.env"
}

# Nothing was ever deployed here, or nothing is left: leave no trace of having been here.
forget_if_empty() {
  [ ! -d "$G" ] && [ ! -f "$S/log" ] && [ ! -f "$S/hold" ] && [ ! -d "$S/undo" ] || return 0
  rm -rf "$S"
  [ $PRIVILEGED = 0 ] || rmdir "${S%/*}" 2>/dev/null
  return 0
}

# The active generation once more, to be run by the other runtime; a number of its own, so that going back is exact.
verb_clone() { # FROM nohup BY
  n=$(claim) || exit
  same_release "$1" "$n"
  [ -f "$G/$1/nohup/start" ] || { drop "$n"; die 64 "generation $1 cannot run without systemd"; }
  cp -a "$G/$1/." "$G/.staging-$n" && rm -f "$G/.staging-$n/verdict" || die 74 "cannot write in $G"
  sed -e "s/^generation .*/generation $n/" -e "s/^base .*/base $1/" -e "s/^runtime .*/runtime $2/" -e "s/^by .*/by $3/" -e 's/^digest .*/digest -/' "$G/$1/manifest" >"$G/.staging-$n/manifest"
  # No deploy wants what a clone is: the next one goes back to the host's own runtime, and its plan says so.
  sed 's/^[^ ]* runtime$/- runtime/' "$G/$1/parts" >"$G/.staging-$n/parts"
  for list in start enable; do cp "$G/$1/nohup/$list" "$G/.staging-$n/$list"; done
  mv -T "$G/.staging-$n" "$G/$n" || die 74 "cannot write in $G"
  say "generation $n"
}
