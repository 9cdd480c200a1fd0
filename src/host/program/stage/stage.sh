# A release on its way: nothing in here touches what is live.

# Two operators may have looked at the same moment; from here on one of them is at work and the other is told so.
verb_enter() { # BASE BY
  host_enter "$1"
  lease_write "$2" -
}

host_enter() { # BASE
  [ -d "$S" ] || mkdir -p "$S" || die 74 "cannot write in $S"
  lock "$S/lock" 9 3 || yield_to lock
  # A host that refuses before anything was ever deployed to it keeps no trace of having been asked. Only under the lock:
  # whoever is first has made no generation yet.
  trap forget_if_empty EXIT
  refuse_if_held
  journal_read
  [ "$PHASE" = IDLE ] || yield_to "transaction $TXN $PHASE $(plain "$BY")"
  live_generation
  [ "$live" = "$1" ] || { say "found $live"; exit 76; }
}

# COMMAND receives the record of the new generation. What of its release stands in the base's as it is to be is taken from
# there, by HOW.
verb_stage() { # BASE BY link|copy|nothing COMMAND…
  base=$1 by=$2 how=$3
  shift 3
  claim_on "$base" "$by"
  if (cd "$G/.staging-$n" && "$@") && say "generation $n" >>"$G/.staging-$n/manifest"; then :; else
    code=$?
    verb_drop "$n"
    exit $code
  fi
  reuse "$n" "$base" "$how"
}

# A generation that is BASE's record, but for what COMMAND brings of it; GONE is what of it goes, or comes anew. Its code is that
# of the base: none of it is sent, read or built again.
verb_vary() { # BASE BY DIGEST AT COUNT GONE… COMMAND…
  base=$1 by=$2 digest=$3 at=$4 count=$5
  shift 5
  claim_on "$base" "$by"
  # shellcheck disable=SC2015
  (vary_record "$@") && (not_too_many && same_release "$base" "$n" && without_links && seal_release "$n" "$(service_user ".staging-$n")") ||
    { code=$?; verb_drop "$n"; exit $code; }
}
vary_record() {
  staged=$G/.staging-$n
  cp -a "$G/$base/." "$staged" && rm -f "$staged/verdict" "$staged/seal" "$staged/most" && cd "$staged" || die 74 "cannot write in $G"
  while [ "$count" -gt 0 ]; do
    rm -rf "${G:?}/.staging-$n/$1"
    count=$((count - 1))
    shift
  done
  "$@" && BASE=$base BY=$by DIGEST=$digest AT=$at N=$n awk "$VARIED" "$G/$base/manifest" >"$staged/manifest"
}
# Those that sealing makes: they are made anew, since the base's are not to change with ours.
without_links() {
  (
    cd "$R/releases/$n" || exit
    while read -r path; do leave_room "$path" || exit; done <"$G/.staging-$n/data"
    [ ! -f "$G/.staging-$n/env" ] || leave_room .env
  )
}
# `code` says which release was built: what a build leaves may name the folder that it was built in.
# shellcheck disable=SC2016
VARIED='
$1 == "anew" || $1 == "generation" { next }
$1 == "code" { built = 1 }
$1 == "base" { $0 = "base " ENVIRON["BASE"] }
$1 == "digest" { $0 = "digest " ENVIRON["DIGEST"] }
$1 == "by" { $0 = "by " ENVIRON["BY"] }
$1 == "at" { $0 = "at " ENVIRON["AT"] }
{ print }
END {
  if (!built) print "code " ENVIRON["BASE"]
  print "generation " ENVIRON["N"]
}'

# `most` has a line "TEMPLATE COUNT" for each template that may have no more instances. One that somebody has started counts.
not_too_many() {
  [ -f "$G/.staging-$n/most" ] || return 0
  while read -r template most; do
    names=$({ short "$G/.staging-$n/enable"; ! is_systemd || systemctl list-units --state=active,activating --plain --full --no-legend -- "$(unit_pattern "$template")" 2>/dev/null | cut -d' ' -f1; } |
      T=$template awk '{ at = index($0, "@"); if (substr($0, 1, at) substr($0, match($0, /\.[a-z]+$/)) == ENVIRON["T"] && !seen[$0]++) print }')
    [ "$(say "$names" | grep -c .)" -le "$most" ] || die 65 "more than $most instances of $template: $(say "$names" | tr '\n' ' ')"
  done <"$G/.staging-$n/most"
}

# root: both are sealed, and root's alone
same_release() { # FROM N
  cp -al "$R/releases/$1" "$R/releases/$2" 2>/dev/null || { remove_tree "$ROOT/releases/$2"; cp -a "$R/releases/$1" "$R/releases/$2"; } || die 74 "cannot copy release $1"
}

# The lease, and the next number.
claim_on() { # BASE BY: sets n
  host_enter "$1"
  # What a crashed run left belongs to nobody any more.
  for old in "$G"/.staging-*; do [ ! -d "$old" ] || drop "${old##*.staging-}"; done
  n=$(claim) || { code=$?; say "$n"; exit $code; }
  lease_write "$2" "$n"
  say "generation $n"
}

# Claims the next number. mkdir decides between two operators; a number that was ever switched to is never used twice.
claim() {
  [ -d "$G" ] || mkdir -p "$G" || die 74 "cannot write in $S"
  n=0
  for used in "$G"/[0-9]* "$G"/.staging-[0-9]* "$R/releases"/[0-9]* "$R/releases"/.lent-[0-9]*; do
    used=${used##*/}
    used=${used##*-}
    ! is_number "$used" || [ "$used" -le "$n" ] || n=$used
  done
  [ ! -f "$S/log" ] || n=$(awk -v n="$n" '$5 ~ /^[0-9]+$/ && n < $5 + 0 { n = $5 + 0 } END { print n }' "$S/log")
  n=$((n + 1))
  until why=$(mkdir "$G/.staging-$n" 2>&1); do
    [ -d "$G/.staging-$n" ] || die 74 "cannot write in $G: ${why##*: }"
    n=$((n + 1))
  done
  say "$n"
}

# Goes into a release on its way, which the first to come makes. What stands at `releases` may have been put there by
# somebody before fleet came; then what is in it is theirs.
release_enter() { # N
  [ -d "$G/.staging-$1" ] || die 64 "generation $1 is not being staged"
  [ $STANDING = 1 ] || root_enter || die 65 "$obstacle"
  [ -d "$R" ] || { [ $PRIVILEGED = 0 ] && (umask 022 && mkdir -p "$ROOT"); } || die 74 "cannot write in $ROOT"
  [ -d "$R/releases" ] || mkdir -m 0755 "$R/releases" || die 74 "cannot write in $ROOT"
  if [ $PRIVILEGED = 1 ]; then
    look_at "$ROOT/releases"
    [ "$keeper" = root ] && [ ! -L "$R/releases" ] || die 65 "${obstacle:-$ROOT/releases belongs to $keeper}: move it away, what is in it cannot be trusted"
  fi
  [ -d "$R/releases/$1" ] || why=$(mkdir -m 0755 "$R/releases/$1" 2>&1) || die 74 "cannot write in $ROOT/releases: ${why##*: }"
  cd "$R/releases/$1" || die 74 "cannot enter $ROOT/releases/$1"
}

# What is not to be had from the base is told, in lines "missing ./PATH"; "missing" alone is all of it, where it cannot be
# told or so much is another that it is better sent by who compares whole trees. That the base's release is as it was
# sealed has just been looked at; what comes of it is compared with what was to be sent, like all the rest.
reuse() { # N BASE link|copy|nothing
  staged=$G/.staging-$1
  case $3 in link) with='-l' ;; copy) with='' ;; *) with=- ;; esac
  if [ "$with" != - ] && [ -s "$staged/sent" ] && [ -f "$G/$2/sums" ] && (release_enter "$1") >/dev/null &&
    differs=$(awk -v group="$(group_to_share "$1" "$with")" -v same="$staged/same" "$REUSE" side=sums "$G/$2/sums" side=seal "$G/$2/seal" side=sent "$staged/sent"); then
    # shellcheck disable=SC2016
    if tr '\n' '\0' <"$staged/same" |
      (cd "$R/releases/$2" && umask 022 && xargs -0 -r sh -c 'to=$1 with=$2; shift 2; exec cp --parents $with -- "$@" "$to"' sh "../$1" "$with") 2>/dev/null; then
      say "$2" >"$staged/taken"
      [ -z "$differs" ] || say "$differs"
      return 0
    fi
    # An old cp, or a full disk.
    remove_tree "$ROOT/releases/$1"
  fi
  discard "$staged/same"
  say missing
}
# A second name of a file has its group, too: sealing a release for another one must not change the base's. Nothing, where each
# has a file of its own.
group_to_share() { # N WITH
  [ "$PRIVILEGED/$2" = 1/-l ] || return 0
  entry ".staging-$1" user
  case $recorded in -) say 0 ;; *) id -g "$recorded" 2>/dev/null || say none ;; esac
}

# Prints what is missing, and fails where that is too much to be told; `same` gets the names of the rest. Modes are in hex: an
# owner may run it where bit 2 of the last digit but one is set.
# shellcheck disable=SC2016
REUSE='
function lacks(name) { if (++count <= 2000) print "missing " name }
BEGIN { printf "" >same }
{ name = substr($0, index($0, " ./") + 1) }
side == "sums" { sum[name] = $1; next }
side == "seal" { of[name] = $3; if ($1 ~ /[4-7c-f].$/) program[name]; next }
$1 == "x" { wanted[name]; next }
$1 == "l" { sub(/ -> .*/, "", name); lacks(name); next }
{ want[name] = $1 }
END {
  for (name in want)
    if (want[name] == sum[name] && (name in program) == (name in wanted) && (group == "" || of[name] == group) && !index(name, "\001")) print name >same
    else lacks(name)
  exit 2000 < count
}'

# Runs a command of the transport, which receives files, in a folder of a release that nobody else can write in yet.
verb_within() { # N FOLDER COMMAND…
  release_enter "$1"
  descend "$2" || die 65 "release $1 has no folder at $2"
  shift 2
  umask 022
  exec "$@"
}

# The same for all that is missing, and then nothing more comes.
verb_fill() { # N USER COMMAND…
  fill=$1 user=$2
  shift 2
  (release_enter "$fill"; umask 022; "$@") || exit
  seal_release "$fill" "$user"
}

# Goes down from where we stand, through folders only; those that are missing are made.
descend() { # RELATIVE-PATH
  w_rest=$1
  while [ -n "$w_rest" ]; do
    w_part=${w_rest%%/*}
    case $w_rest in */*) w_rest=${w_rest#*/} ;; *) w_rest='' ;; esac
    [ -n "$w_part" ] || continue
    [ ! -L "./$w_part" ] && { [ -d "./$w_part" ] || mkdir -m 0755 "./$w_part" 2>/dev/null; } && cd -P "./$w_part" || return
  done
}

# Build steps, and the account that sends code, need to write in the release: it is given to them once, while it is still
# root's alone. It does not come back: `take` copies what is in it.
verb_lend() { # N USER [code FOLDER]
  release_enter "$1"
  staged=$G/.staging-$1
  if [ -f "$staged/lent" ]; then [ "$(cat "$staged/lent")" = "$2" ] || die 64 "release $1 is lent to $(cat "$staged/lent")"; return 0; fi
  if [ -n "${3:-}" ]; then (descend "$4") || die 65 "release $1 has no folder at $4"; else as_sent "$1"; rm -f "$staged/sums"; fi
  [ $PRIVILEGED = 1 ] && [ "$2" != - ] || return 0
  # What is another release's too stays root's for ever.
  [ -z "$(find . -type f -links +1 | head -n 1)" ] || die 70 "release $1 shares files with another, and cannot be lent"
  say "$2" >"$staged/lent" && chown -Rh "$2" . || die 74 "cannot lend release $1" # root: nobody else could write in it yet
}

verb_exec() { # USER N FOLDER UNLESS-THERE COMMAND…
  release_enter "$2"
  run_user=$1
  # So that a build step that outlives its operator can be found and ended.
  export FLEET_UNIT="$S/build-$2"
  mkdir -p "$S/run/build-$2" && printf 'User=%s\n' "$1" >"$S/run/build-$2/status"
  say "$$ $(start_time $$)" >"$G/.staging-$2/building"
  home=$(home_of "$run_user")
  umask 022
  [ "$run_user" = - ] || export HOME="${home:-/}" USER="$run_user" LOGNAME="$run_user"
  scope=fleet-build-$APP-$2-$$
  shift 2
  # shellcheck disable=SC2016
  set -- sh -c '[ -z "$2" ] || [ ! -e "$2" ] || exit 0; cd "./$1" || exit 64; shift 2; exec "$@"' sh "$@"
  if [ $PRIVILEGED = 1 ] && is_systemd && have systemd-run; then
    # Whatever it leaves behind is in there, under whatever name.
    END_AFTER="systemd-run -q --scope --collect --unit=$scope --"
  fi
  as_user "$run_user" "$@"
}

# Ends all that a build has started: it must not go on in a release that is sealed or removed. In a scope of systemd
# nothing hides; without one there are the mark in its environment, and what stands or holds something in the release.
end_build() { # N
  if read -r p started 2>/dev/null <"$G/.staging-$1/building" && alive "$p" "$started"; then
    # All of them before the first is killed: whoever has lost its parent is not found any more.
    whole=$(family "$p")
    say "$whole" | while read -r p started; do ! alive "$p" "$started" || kill -KILL "$p"; done
  fi
  [ $PRIVILEGED = 0 ] || ! is_systemd || systemctl kill -s KILL "fleet-build-$APP-$1-*.scope" 2>/dev/null
  nohup_read "build-$1"
  nohup_sweep "build-$1"
  rm -rf "$S/run/build-$1"
  rmdir "$S/run" 2>/dev/null
  lender=$(cat "$G/.staging-$1/lent" 2>/dev/null) || return 0
  [ $PRIVILEGED = 0 ] || evict "$lender" "$ROOT/releases/$1" || :
}

# Kills the processes of an account that stand in a folder, run from it or hold something in it open. In a container only
# the account itself may look at them.
# shellcheck disable=SC2016
EVICT='for p in /proc/[0-9]*; do
  [ "$(stat -c %u "$p" 2>/dev/null)" = "$2" ] || continue
  for l in "$p/cwd" "$p/root" "$p/exe" "$p"/fd/*; do
    case $(readlink "$l" 2>/dev/null)/ in "$1"/*) echo "${p#/proc/}"; break ;; esac
  done
done'
evict() { # ACCOUNT FOLDER
  id=$(id -u "$1") || return
  tries=5
  while [ $tries -gt 0 ]; do
    squatters=$({ sh -c "$EVICT" sh "$2" "$id"; briefly_as "$1" sh -c "$EVICT" sh "$2" "$id"; } 2>/dev/null | only_of "$1" | sort -un)
    [ -n "$squatters" ] || return 0
    # shellcheck disable=SC2086
    kill -KILL $squatters 2>/dev/null
    sleep 0.1
    tries=$((tries - 1))
  done
}

verb_drop() { drop "$1"; rm -f "$S/lease"; }
drop() { # N: removes a generation that never became one
  case $1 in '' | *[!0-9]*) return 64 ;; esac
  # Sealed and never switched to is no generation either; what was once live stays.
  if [ -d "$G/$1" ]; then
    journal_read
    [ "$(verdict "$1")" = open ] && [ "$(active_generation)" != "$1" ] && { [ "$PHASE" = IDLE ] || [ "$TO" != "$1" ]; } || return 0
  fi
  end_build "$1"
  rm -rf "${G:?}/$1"
  if root_enter; then
    remove_tree "$ROOT/releases/.lent-$1"
    remove_tree "$ROOT/releases/.taking-$1"
    remove_tree "$ROOT/releases/$1"
    rmdir "$R/releases" 2>/dev/null # root: in the app's root, and only when it is empty
  fi
  rm -rf "$G/.staging-$1"
  rmdir "$G" 2>/dev/null
  return 0
}

# Keeps the newest KEEP good generations, the active one and the one before it, three failed ones to look at, what something
# runs from, and what the code of another was built in.
prune() {
  live_generation
  active=$live good=0 bad=0 used='' newest_first=''
  entry "$active" base 0
  base=$recorded
  for n in $(generations); do newest_first="$n $newest_first"; done
  for n in $newest_first; do
    [ "$n" != 0 ] || continue
    judgement "$n"
    case $judged in
      good) good=$((good + 1)); [ $good -gt "$KEEP" ] || continue ;;
      bad) bad=$((bad + 1)); [ $bad -gt 3 ] || continue ;;
      # Sealed by a run that died before it switched; whoever would still switch to it finds that the base has moved.
      *) [ "$n" -lt "$active" ] || continue ;;
    esac
    [ -n "$used" ] || used=$(say none; in_use; for n_of in $newest_first; do manifest "$n_of" code; done)
    [ "$n" = "$active" ] || [ "$n" = "$base" ] || [ "$n" = "$FROM" ] || contains "$used" "$n" || { rm -rf "${G:?}/$n"; remove_tree "$ROOT/releases/$n"; }
  done
  set -- "$S"/.host-*
  [ ! -e "$1" ] || find "$S" -maxdepth 1 -name '.host-*' -mmin +60 -exec rm -f {} +
  set --
  for f in "$S"/out.* "$S"/decision.*; do
    case $f in *".$TXN") ;; *) set -- "$@" "$f" ;; esac
  done
  rm -f "$@"
}
