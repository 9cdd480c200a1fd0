# A generation on probation (`deploy: { watch: 15m }`): behind the commit of a deploy a process of the host's own looks at
# it for a while, whoever else is there or not, and goes back to the generation before by the way back of every deploy.
#
#   commit of a deploy ─> on ─ time is over ────────────────────────────────> (no file)
#                         │ ─ another transaction begins ───────────────────> (no file)
#                         └─ it fails ─> going ─ as a deploy that goes back ─> back, until another transaction begins
#
# `probation` says how far it is, and is written and removed under the transaction's lock only. `watcher` says which process
# looks, and which checks have passed since. The record has `watch/policy`, "SECONDS EVERY RESTARTS FAILURES", and for each
# check that a host can ask alone a file there: its label, and below that a function of this program with its words.
#
# The watcher changes nothing itself. What does is another process (go, end), so that the lock is held no longer than that
# takes, and that there is somebody left who begins it again.

# After a boot all services are given this long before the first look, or as long as the watch is; seconds.
BOOT_GRACE=60

probation_read() { # sets P_…
  P_STATE='' P_TXN=- P_FROM=0 P_TO=0 P_SECONDS=0 P_EVERY=15 P_RESTARTS=0 P_FAILURES=3 P_FIRST=0 P_UNTIL=0 P_BOOT='' P_SETTLE=10 P_KEEP=5 P_BY=- P_AT=- P_WHY='' P_BASE=''
  [ -f "$S/probation" ] || return 1
  while read -r key value; do
    case $key in
      state) P_STATE=$value ;; txn) P_TXN=$value ;; from) P_FROM=$value ;; to) P_TO=$value ;; seconds) P_SECONDS=$value ;;
      every) P_EVERY=$value ;; restarts) P_RESTARTS=$value ;; failures) P_FAILURES=$value ;; first) P_FIRST=$value ;;
      until) P_UNTIL=$value ;; boot) P_BOOT=$value ;; settle) P_SETTLE=$value ;; keep) P_KEEP=$value ;; by) P_BY=$value ;;
      at) P_AT=$value ;; why) P_WHY=$value ;; base) P_BASE=$P_BASE$NL$value ;;
    esac
  done <"$S/probation"
  [ -n "$P_STATE" ]
}

probation_write() { # STATE
  P_STATE=$1
  {
    cat <<END
version 1
state $P_STATE
txn $P_TXN
from $P_FROM
to $P_TO
seconds $P_SECONDS
every $P_EVERY
restarts $P_RESTARTS
failures $P_FAILURES
first $P_FIRST
until $P_UNTIL
boot $P_BOOT
settle $P_SETTLE
keep $P_KEEP
by $P_BY
at $P_AT
why $P_WHY
END
    say "$P_BASE" | sed -n 's/^./base &/p'
  } | replace "$S/probation"
}

# Whether what was decided may still be undone: until then the room for the way back is kept, and the unit that ends it at boot.
on_probation() { probation_read && case $P_STATE in on | going) ;; *) false ;; esac; }

# Of this watcher's own deploy.
probation_mine() { on_probation && [ "$P_TXN" = "$v_txn" ]; }

probation_over() { discard "$S/probation" "$S/watcher"; }

# Another transaction has begun to switch.
probation_gives_way() {
  ! on_probation || out "note generation $P_TO was still being watched; that has ended"
  probation_over
}

# At the commit, which may be made up for after a crash, also at a boot.
probation_begin() {
  case $ACTION in deploy | env | instances) ;; *) return 0 ;; esac
  [ "$FROM" != 0 ] && [ "$FROM" != "$TO" ] && [ -f "$G/$TO/watch/policy" ] || return 0
  v_txn=$TXN
  if ! probation_mine; then
    this_boot
    clock
    read -r P_SECONDS P_EVERY P_RESTARTS P_FAILURES <"$G/$TO/watch/policy"
    P_TXN=$TXN P_FROM=$FROM P_TO=$TO P_FIRST=$NOW P_UNTIL=$((NOW + P_SECONDS)) P_BOOT=$BOOT P_SETTLE=$SETTLE P_KEEP=$KEEP P_BY=$BY P_WHY=''
    P_AT=$(date -u +%Y-%m-%dT%H:%M:%SZ)
    P_BASE=$(probation_counts)
    ballast
    probation_write on || { out "note $NO_ROOM Generation $TO is live, and nobody watches it"; return 0; }
  fi
  [ $BOOTING = 1 ] || probation_launch || { probation_over; out "note no watcher could be started; generation $TO is live, and nobody watches it"; return 0; }
  out "note the host watches generation $TO for $P_SECONDS s more, and goes back to $FROM by itself if it fails"
}

# Lines "UNIT RESTARTS" as they are now, `failed` of what a trigger has started in vain.
probation_counts() {
  rt=$(runtime_of "$P_TO")
  for u in $(start_list "$P_TO"); do
    read_unit "$rt" "$u"
    say "$u ${u_restarts:-0}"
  done
  for u in $(triggered_units "$P_TO" | cut -d' ' -f1); do
    read_unit "$rt" "$u"
    [ "$u_active" != failed ] || say "$u failed"
  done
}

# Detached as a runner is. Whoever kills the watcher does not end the watch: with systemd it is started again, and elsewhere
# by the process that it is a child of.
probation_launch() {
  if [ $PRIVILEGED = 1 ] && is_systemd && have systemd-run; then
    limit $ANSWER systemd-run -q --collect --no-block -p KillMode=process -p Restart=on-abnormal -p RestartSec=3 --unit="fleet-$APP-$P_TXN-watch" -- \
      sh "$0" "$ROOT" "$APP" probation "$P_TXN" look >/dev/null 2>&1 || systemctl is-active -q -- "fleet-$APP-$P_TXN-watch.service"
  else
    setsid sh "$0" "$ROOT" "$APP" probation "$P_TXN" guard </dev/null >/dev/null 2>&1 8>&- 9>&- &
  fi
}

# At boot, with the lock: seconds since another boot say nothing, so it is watched as long again.
probation_resume() {
  on_probation || return 0
  this_boot
  if [ "$P_BOOT" != "$BOOT" ]; then
    clock
    v_grace=$BOOT_GRACE
    [ $v_grace -le "$P_SECONDS" ] || v_grace=$P_SECONDS
    P_BOOT=$BOOT P_FIRST=$((NOW + v_grace)) P_UNTIL=$((NOW + v_grace + P_SECONDS)) P_BASE=''
    probation_write "$P_STATE" || return 0
  fi
  probation_launch
}

verb_probation() { # TXN look|guard|end|go [WHY]
  v_txn=$1
  case $2 in
    guard) stand_guard probation "$v_txn" look ;;
    look) probation_look ;;
    end) probation_end ;;
    go) probation_go "$3" ;;
  esac
}

# Where there is no systemd to begin again what was killed. Nothing of it stands in the app's root meanwhile.
stand_guard() { # VERB WORDS…
  cd /
  while :; do
    sh "$0" "$ROOT" "$APP" "$@"
    [ $? -gt 128 ] || exit 0
    sleep 3
  done
}

# One process looks; a second one that was started after a crash leaves it to the first.
probation_look() {
  cd / && R=$ROOT STANDING=0
  probation_mine || exit 0
  this_boot
  [ "$P_BOOT" = "$BOOT" ] || exit 0
  v_down=0 v_base=$P_BASE v_why=''
  ! watcher_lives || exit 0
  probation_sign
  while probation_mine; do
    v_nap=$P_EVERY
    clock
    if [ "$P_STATE" = going ]; then
      # Whoever was on the way back has died, or it has failed and wants a person.
      journal_read
      [ "$PHASE" != REVERT_FAILED ] || exit 0
      probation_do go "$P_WHY"
    elif [ "$NOW" -ge "$P_UNTIL" ]; then
      probation_do end
    elif [ "$NOW" -lt "$P_FIRST" ] || probation_disturbed; then
      v_nap=1
    elif hold_holder >/dev/null || too_hot; then
      # A person is at work by hand, or the host has stopped it: what happens meanwhile is not the release's doing.
      v_base=$(probation_counts) v_down=0
    else
      probation_judge
      [ -z "$v_why" ] || probation_do go "$v_why"
    fi
    clock
    v_left=$((P_UNTIL - NOW))
    [ "$v_nap" -le $v_left ] || v_nap=$v_left
    [ "$v_nap" -ge 1 ] || v_nap=1
    sleep "$v_nap"
  done
}

# Sets v_passed.
watcher_lives() {
  v_pid='' v_start='' v_passed=''
  { read -r v_pid v_start && read -r v_passed; } 2>/dev/null <"$S/watcher"
  is_at_work "$v_pid" "$v_start"
}

# One that has ended and that PID 1 has not waited for yet is gone.
is_at_work() { # PID START
  alive "$1" "$2" || return 1
  case $(cat "/proc/$1/stat" 2>/dev/null) in *') Z '* | '') return 1 ;; esac
}

probation_sign() { printf '%s %s\n%s\n' $$ "$(start_time $$)" "$v_passed" | replace_lightly "$S/watcher"; }

too_hot() { act_read; [ "$A_IS" = off ]; }

# A transaction is open: services come and go with it.
probation_disturbed() { journal_read; [ "$PHASE" != IDLE ]; }

# What needs the lock. Its end is seen by what stands on the disk then.
probation_do() { # go|end [WHY]
  sh "$0" "$ROOT" "$APP" probation "$v_txn" "$@" </dev/null >/dev/null 2>&1
  v_nap=1
}

# Sets v_why where the generation has failed.
probation_judge() {
  v_why='' v_bad=''
  rt=$(runtime_of "$P_TO")
  for u in $(start_list "$P_TO"); do
    read_unit "$rt" "$u"
    probation_unit "$u"
    [ -z "$v_why" ] || return 0
  done
  for u in $(triggered_units "$P_TO" | cut -d' ' -f1); do
    read_unit "$rt" "$u"
    [ "$u_active" != failed ] || contains "$v_base" "$u failed" || { v_why="$u failed ($u_result)"; return 0; }
  done
  if [ -z "$v_bad" ]; then v_down=0; else v_down=$((v_down + 1)); fi
  if [ $v_down -ge "$P_FAILURES" ]; then v_why="$v_bad is not running"; return 0; fi
  for v_check in "$G/$P_TO/watch"/[0-9]*; do
    [ -f "$v_check" ] || continue
    probation_check "${v_check##*/}"
    [ -z "$v_why" ] || return 0
  done
}

# After read_unit. What nobody could tell, and a service that lives on without its supervisor, is not the release's doing.
probation_unit() { # UNIT
  case $u_active/$u_sub in
    unknown/* | */orphaned | */unrecorded) return ;;
    failed/*)
      # Not on its way to the next start.
      sleep 1
      read_unit "$rt" "$1"
      [ "$u_active" != failed ] || { v_why="$1 failed ($u_result)"; return; }
      ;;
    inactive/*) [ "${u_job:-0}" != 0 ] || [ "$u_type/$u_result" = oneshot/success ] || v_bad=$1 ;;
  esac
  v_was=$(say "$v_base" | U=$1 awk '$1 == ENVIRON["U"] { n = $2 } END { print n + 0 }')
  # Somebody has started it anew, and it counts from nothing.
  [ "${u_restarts:-0}" -ge "$v_was" ] || { v_was=0; v_base="$v_base$NL$1 0"; }
  v_times=$((${u_restarts:-0} - v_was))
  # systemd counts the next start when it comes, a supervisor at once.
  case $rt/$u_sub in systemd/auto-restart) v_times=$((v_times + 1)) ;; esac
  [ $v_times -gt "$P_RESTARTS" ] || return 0
  v_why="$1 was restarted"
  [ $v_times = 1 ] || v_why="$v_why $v_times times"
  [ "$u_result" = success ] || v_why="$v_why ($u_result)"
}

# A check counts once it has passed: what never does here says nothing about the release.
probation_check() { # NUMBER
  { read -r v_label && v_words=$(cat); } <"$G/$P_TO/watch/$1"
  (root_enter || exit "$CANNOT_ASK"; eval "$v_words") </dev/null >/dev/null 2>&1
  v_code=$?
  rm -f "$S/.page"
  case $v_code in
    0)
      eval "v_failed_$1=0"
      case " $v_passed " in *" $1 "*) ;; *) v_passed="$v_passed $1"; probation_sign ;; esac
      ;;
    "$CANNOT_ASK") ;;
    *)
      case " $v_passed " in *" $1 "*) ;; *) return ;; esac
      eval "v_failed_$1=\$((\${v_failed_$1:-0} + 1)); v_times=\$v_failed_$1"
      [ $v_times -lt "$P_FAILURES" ] || v_why="$v_label failed $v_times times in a row"
      ;;
  esac
}

# All is well, and the time is over.
probation_end() {
  lock "$S/lock" 9 3 || exit 75
  probation_mine || exit 0
  probation_over
  journal_read
  [ "$PHASE" != IDLE ] || { boot_disarm; rm -f "$S/ballast"; }
}

# Back to the generation before: a deploy of it that was decided otherwise. Whatever dies from here on, the decision stands.
probation_go() { # WHY
  lock "$S/lock" 9 3 || exit 75
  probation_mine || exit 0
  ! hold_holder >/dev/null && root_enter || exit 75
  sweep_temporary
  journal_read
  [ "$PHASE" != REVERT_FAILED ] || exit 0
  if [ "$PHASE" != IDLE ]; then
    # Somebody else's is finished by whoever comes next.
    [ "$ACTION" != watch ] || recover_open
    exit 0
  fi
  if [ "$(active_generation)" != "$P_TO" ] || [ ! -f "$G/$P_FROM/manifest" ] || [ ! -d "$R/releases/$P_FROM" ]; then
    probation_over
    boot_disarm
    exit 0
  fi
  clock
  TXN=$P_TXN-watch FROM=$P_FROM TO=$P_TO SETTLE=$P_SETTLE DEADLINE=$NOW KEEP=$P_KEEP BY=$P_BY ACTION=watch ATTEMPT=0 PATIENCE=$GRACE
  WHY=$(plain "$1")
  RUNNER=$$ RUNNER_START=$(start_time $$)
  rm -f "$S/out.$TXN"
  (decide "$TXN" revert) >/dev/null || exit 75
  note_what_belongs_up || exit 75
  P_WHY=$WHY
  probation_write going || :
  boot_arm || :
  out "runner $$ $RUNNER_START"
  revert
}

# Not what is up: what has failed now is what the generation before had running.
note_what_belongs_up() {
  {
    start_list "$FROM"
    lasting_beside "$TO"
    { lines "$FROM" notify; lines "$TO" notify; } | while read -r _ _ u; do ! systemctl is-active -q -- "$u" || say "$u"; done
  } | replace_lightly "$S/was-up"
}

# The way back has come to its end. What is told of it stays until somebody changes the host.
probation_went_back() {
  [ "$ACTION" = watch ] && probation_read || return 0
  P_WHY=$WHY P_AT=$(date -u +%Y-%m-%dT%H:%M:%SZ)
  probation_write back || { rm -f "$S/ballast"; probation_write back || :; }
  rm -f "$S/watcher"
}

# For the probe: "probation STATE FROM TO SECONDS-LEFT running|dead AT BY<tab>WHY".
tell_probation() {
  probation_read || return 0
  v_runs=dead
  ! watcher_lives || v_runs=running
  clock
  this_boot
  v_left=$((P_UNTIL - NOW))
  [ "$P_BOOT" = "$BOOT" ] && [ $v_left -gt 0 ] || v_left=0
  printf 'probation %s %s %s %s %s %s %s\t%s\n' "$P_STATE" "$P_FROM" "$P_TO" $v_left $v_runs "$P_AT" "$(plain "$P_BY")" "$(plain "$P_WHY")"
}
