# A release on its way: nothing in here touches what is live.

# Two operators may have looked at the same moment; from here on one of them is at work and the other is told so.
verb_enter() { # BASE BY
  mkdir -p "$S" || die 74 "cannot write in $S"
  lock "$S/lock" 9 3 || die 75 "a transaction is under way"
  # A host that refuses before anything was ever deployed to it keeps no trace of having been asked. Only under the lock:
  # whoever is first has made no generation yet.
  trap forget_if_empty EXIT
  refuse_if_held
  journal_read
  [ "$PHASE" = IDLE ] || die 75 "transaction $TXN of $BY is in phase $PHASE"
  [ "$(active_generation)" = "$1" ] || { say "found $(active_generation)"; exit 76; }
  lease_write "$2" -
}

verb_stage() { # BASE BY
  verb_enter "$@"
  # What a crashed run left belongs to nobody any more.
  [ ! -d "$G" ] || find "$G" -maxdepth 1 -name '.staging-*' | while read -r old; do drop "${old##*.staging-}"; done
  n=$(claim) || { code=$?; say "$n"; exit $code; }
  lease_write "$2" "$n"
  say "generation $n"
}

# Claims the next number. mkdir decides between two operators; a number that was ever switched to is never used twice.
claim() {
  note_root || die 74 "cannot write in $S"
  (umask 022 && mkdir -p "$ROOT/releases") && mkdir -p "$G" || die 74 "cannot write in $ROOT"
  chmod 755 "$ROOT/releases"
  n=$( (cd "$ROOT/releases" && ls; cd "$G" && ls -A) | sed -n 's/^\(\.staging-\)\{0,1\}\([0-9][0-9]*\)$/\2/p' | sort -n | tail -n 1)
  n=$((${n:-0} + 1))
  until why=$(mkdir "$ROOT/releases/$n" 2>&1); do
    [ -d "$ROOT/releases/$n" ] || die 74 "cannot write in $ROOT/releases: ${why##*: }"
    n=$((n + 1))
  done
  chmod 755 "$ROOT/releases/$n"
  mkdir "$G/.staging-$n" || { rmdir "$ROOT/releases/$n"; die 74 "cannot write in $G"; }
  say "$n"
}

# Build steps, and the account that sends code, need to write in the release; afterwards it belongs to root again. Only
# what they own is taken back, so a hard link to a stranger's file keeps its owner.
verb_lend() { chown -Rh "$2" "$ROOT/releases/$1"; }
verb_reclaim() { # N FROM SERVICE-USER
  group=root
  [ "$3" = - ] || group=$(id -gn "$3") || die 64 "there is no account $3 on this host"
  find "$ROOT/releases/$1" -xdev -user "$2" -exec chown -h "root:$group" {} +
}

verb_exec() { # USER DIRECTORY COMMAND…
  run_user=$1
  cd "$2" || die 64 "no directory $2"
  build=${2#"$ROOT/releases/"}
  # So that a build step that outlives its operator can be found and ended.
  export FLEET_UNIT="$S/build-${build%%/*}"
  mkdir -p "$S/run/build-${build%%/*}" && printf 'User=%s\n' "$1" >"$S/run/build-${build%%/*}/status"
  building=${2#"$ROOT/releases/"} building=$G/.staging-${building%%/*}
  [ ! -d "$building" ] || say "$$ $(start_time $$)" >"$building/building"
  shift 2
  home=$(eval "printf %s ~$run_user")
  umask 022
  [ "$run_user" = - ] || export HOME="${home:-/}" USER="$run_user" LOGNAME="$run_user"
  as_user "$run_user" "$@"
}

# A build outlives an operator who was killed; it must not go on in a release that is being removed.
end_build() { # N
  read -r p started 2>/dev/null <"$G/.staging-$1/building" || return 0
  alive "$p" "$started" || return 0
  # All of them before the first is killed: whoever has lost its parent is not found any more.
  whole=$(family "$p")
  say "$whole" | while read -r p started; do ! alive "$p" "$started" || kill -KILL "$p"; done
}

forget_build() {
  rm -rf "$S/run/build-$1"
  rmdir "$S/run" 2>/dev/null
}

# The release is complete: link what outlives it, and make its record a generation.
verb_seal() { # N USER
  forget_build "$1"
  release=$ROOT/releases/$1 staged=$G/.staging-$1
  [ -f "$staged/manifest" ] || die 64 "generation $1 has no manifest"
  if [ $PRIVILEGED = 1 ] && [ "$2" != - ]; then
    group=$(id -gn "$2") || die 64 "there is no account $2 on this host"
    find "$release" ! -group "$group" -exec chgrp -h "$group" {} +
  fi
  while read -r path; do
    rm -rf "${release:?}/$path"
    case $path in */*) mkdir -p "$release/${path%/*}" && chmod 755 "$release/${path%/*}" ;; esac
    ln -s "$ROOT/$path" "$release/$path" || die 74 "cannot write in $release"
  done <"$staged/data"
  if [ -f "$staged/env" ]; then
    chmod 600 "$staged/env"
    env_proof "$staged"
    ln -sfn "$ROOT/.env" "$release/.env" || die 74 "cannot write in $release"
  fi
  verify_units "$staged" "$release"
  rm -f "$staged/building"
  mv -T "$staged" "$G/$1" || die 74 "cannot write in $G"
  sync "$G"
}

# The claim is what makes the root, so the claim notes how it goes: a run that dies behind it may leave nothing else.
note_root() {
  [ $PRIVILEGED = 1 ] && [ ! -d "$ROOT" ] || return 0
  mkdir -p "$S/undo" && printf '# folder %s\n# create %s\nrmdir%s 2>/dev/null || :\n' "$ROOT" "$ROOT" "$(missing_parts "$ROOT")" >"$S/undo/$MADE_ROOT"
}

verb_drop() { drop "$1"; rm -f "$S/lease"; forget_if_empty; }
drop() { # N: removes a generation that never became one
  case $1 in '' | *[!0-9]*) return 64 ;; esac
  # Sealed and never switched to is no generation either; what was once live stays.
  if [ -d "$G/$1" ]; then
    journal_read
    [ "$(verdict "$1")" = open ] && [ "$(active_generation)" != "$1" ] && { [ "$PHASE" = IDLE ] || [ "$TO" != "$1" ]; } || return 0
  fi
  end_build "$1"
  nohup_read "build-$1"
  nohup_sweep "build-$1"
  rm -rf "$G/.staging-$1" "${G:?}/$1" "$ROOT/releases/$1"
  forget_build "$1"
  rmdir "$ROOT/releases" "$G" 2>/dev/null
  return 0
}

# Keeps the newest KEEP good generations, the active one and the one before it, and three failed ones to look at.
prune() {
  active=$(active_generation) good=0 bad=0
  base=$(manifest "$active" base 0)
  for n in $(generations | sort -rn); do
    [ "$n" != 0 ] || continue
    case $(verdict "$n") in
      good) good=$((good + 1)); [ $good -gt "$KEEP" ] || continue ;;
      bad) bad=$((bad + 1)); [ $bad -gt 3 ] || continue ;;
      # Sealed by a run that died before it switched; whoever would still switch to it finds that the base has moved.
      *) [ "$n" -lt "$active" ] || continue ;;
    esac
    [ "$n" = "$active" ] || [ "$n" = "$base" ] || [ "$n" = "$FROM" ] || rm -rf "${G:?}/$n" "$ROOT/releases/$n"
  done
  find "$S" -maxdepth 1 -name '.host-*' -mmin +60 -exec rm -f {} +
  for f in "$S"/out.* "$S"/decision.*; do
    case $f in *".$TXN") ;; *) rm -f "$f" ;; esac
  done
}
