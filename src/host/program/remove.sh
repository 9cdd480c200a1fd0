# Taking everything away again. The ledger in undo/ holds, for each thing that was made on the host outside of a
# generation, the script that takes it back; a first line "# data PATH" marks a data folder, "# account" what owns data, "# env" settings kept for them.

# After everything that a deploy notes, so that it is taken back first.
KEPT_ENV=999999.env

# The entry of the root itself: the oldest, so the last to go.
MADE_ROOT=1.root

ledger() { [ -d "$S/undo" ] && (cd "$S/undo" && ls | sort -rn); return 0; }

# After a full rollback has been committed. Repeating it is harmless.
verb_purge() { # full|keep-data
  lock "$S/lock" 9 3 || die 75 "another run is at work on this host"
  journal_read
  [ "$PHASE" = IDLE ] && [ "$(active_generation)" = 0 ] || die 76 "generation $(active_generation) is active ($PHASE)"
  rm -rf "$ROOT/releases" "$S/run" "$S"/out.* "$S"/decision.*
  [ "$1" != keep-data ] || keep_env
  for entry in $(ledger); do
    read -r _ kind path <"$S/undo/$entry"
    case $1/$kind in
      keep-data/data | keep-data/account | keep-data/env) continue ;;
      full/data) rm -rf "$path" ;;
    esac
    undo=$(cat "$S/undo/$entry")
    # A folder that has to stay for what is in it goes when that goes.
    if [ "$1/$kind" = keep-data/folder ]; then
      sh -c "$undo" >/dev/null 2>&1
      [ ! -d "$path" ] || continue
    fi
    rm -f "$S/undo/$entry"
    # The root may hold our own state; it can only go after that.
    [ -n "$(ledger)" ] || rm -rf "$S"
    sh -c "$undo" >/dev/null 2>&1 || say "left $(say "$undo" | sed -n '2s/^# //p')"
  done
  # Last of all: while there are generations, a removal that was cut off can be asked for again.
  rm -rf "$G"
  [ -n "$(ledger)" ] || rm -rf "$S" "$ROOT/.fleet"
  forget_if_empty
}

# Settings that a removal leaves are still ours: not made by hand, when the next deploy finds them.
keep_env() {
  [ ! -f "$ROOT/.env" ] || [ -f "$G/0/env" ] && return 0
  mkdir -p "$S/undo" && printf '# env -\n# keep %s\nrm -f %s\n' "$ROOT/.env" "$(shell_word "$ROOT/.env")" | replace "$S/undo/$KEPT_ENV"
}

verb_forget() { forget_if_empty; }

# What a full rollback would delete that a person may want to keep.
verb_estate() {
  for entry in $(ledger); do
    read -r _ kind path <"$S/undo/$entry"
    [ "$kind" != data ] || [ ! -d "$path" ] || say "data $(du -sk "$path" | cut -f1) $path"
    [ "$kind" != account ] || say "account $path"
  done
  [ ! -f "$ROOT/.env" ] || say "env $ROOT/.env"
}

# Nothing was ever deployed here, or nothing is left: leave no trace of having been here.
forget_if_empty() {
  if [ ! -d "$G" ] && [ -f "$S/undo/$MADE_ROOT" ]; then
    sh -c "$(cat "$S/undo/$MADE_ROOT")"
    [ -d "$ROOT" ] || rm -f "$S/undo/$MADE_ROOT"
    rmdir "$S/undo" 2>/dev/null
  fi
  [ ! -d "$G" ] && [ ! -f "$S/log" ] && [ ! -f "$S/hold" ] && [ ! -d "$S/undo" ] || return 0
  rm -rf "$S"
  [ $PRIVILEGED = 0 ] || rmdir "${S%/*}" 2>/dev/null
  return 0
}

# The active generation once more, to be run by the other runtime; a number of its own, so that going back is exact.
verb_clone() { # FROM nohup BY
  n=$(claim) || exit
  rmdir "$ROOT/releases/$n"
  cp -al "$ROOT/releases/$1" "$ROOT/releases/$n" 2>/dev/null || cp -a "$ROOT/releases/$1" "$ROOT/releases/$n" || die 74 "cannot copy release $1"
  [ -f "$G/$1/nohup/start" ] || { drop "$n"; die 64 "generation $1 cannot run without systemd"; }
  cp -a "$G/$1/." "$G/.staging-$n" && rm -f "$G/.staging-$n/verdict" || die 74 "cannot write in $G"
  sed -e "s/^generation .*/generation $n/" -e "s/^base .*/base $1/" -e "s/^runtime .*/runtime $2/" -e "s/^by .*/by $3/" -e 's/^digest .*/digest -/' "$G/$1/manifest" >"$G/.staging-$n/manifest"
  # No deploy wants what a clone is: the next one goes back to the host's own runtime, and its plan says so.
  sed 's/^[^ ]* runtime$/- runtime/' "$G/$1/parts" >"$G/.staging-$n/parts"
  for list in start enable; do cp "$G/$1/nohup/$list" "$G/.staging-$n/$list"; done
  mv -T "$G/.staging-$n" "$G/$n" || die 74 "cannot write in $G"
  say "generation $n"
}
