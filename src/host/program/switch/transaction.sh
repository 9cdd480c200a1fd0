# One transaction: from the first live change to commit or revert. The runner is detached from the session that started
# it; the controller only watches what it writes, confirms or aborts.

# A line is one line, whatever it quotes.
out() {
  # Where there is no transaction, whoever has asked reads it at once.
  [ "$TXN" != - ] || { plain "$*"; return; }
  case $* in *"$NL"*) set -- "$(plain "$*")" ;; esac
  printf '%s\n' "$*" >>"$S/out.$TXN" || out_of_room "$*"
}

# Why it goes back, and how it ended, may take the room that was kept for the way back: that is what follows.
out_of_room() {
  case $1 in refused* | unit-failed* | end*) rm -f "$S/ballast"; printf '%s\n' "$1" >>"$S/out.$TXN" ;; *) return 74 ;; esac
}

NO_ROOM="cannot write in $S: is the disk full or read-only?"

# Room for the journal and the way back, should the disk fill up meanwhile.
ballast() { dd if=/dev/urandom of="$S/ballast" bs=4096 count=16 2>/dev/null || { rm -f "$S/ballast"; return 74; }; }

verb_activate() { # TXN FROM TO SETTLE DEADLINE KEEP BY ACTION
  printf '' >"$S/out.$1" && ballast || { say "refused $NO_ROOM"; say "end io"; exit 74; }
  if [ $PRIVILEGED = 1 ] && is_systemd && have systemd-run; then
    # KillMode: supervisors that it may start must outlive it.
    limit $ANSWER systemd-run -q --collect -p KillMode=process --unit="fleet-$APP-$1" -- sh "$0" "$ROOT" "$APP" runner "$@" 2>&1 || {
      # Out of time says nothing about whether it was started; watching does.
      [ $? = 124 ] || die 70 "systemd-run failed"
    }
  else
    setsid sh "$0" "$ROOT" "$APP" runner "$@" </dev/null >/dev/null 2>>"$S/out.$1" 8>&- 9>&- &
    launched=$!
    launched_at=$(start_time $launched)
  fi
  watch "$1" 0
}

# Prints what the runner writes from line SEEN+1 on, until it has ended or, unless TO-END, waits for confirmation. While
# there is nothing new it says now and then that the runner lives: "lives PHASE SECONDS".
verb_watch() { watch "$1" "$2" "${3:-}"; }
launched='' launched_at=''
watch() { # TXN SEEN [TO-END]
  unheard=$2 idle=0 new=0 gone='' open='' part='' nap=0.02
  [ -n "${3:-}" ] || nap=0.05
  while :; do
    # Before the look, so that the last words of one that has just ended are heard.
    [ $((idle % 10)) != 9 ] || runner_lives "$1" $idle || gone=1
    [ -n "$open" ] || ! [ -f "$S/out.$1" ] || { exec 5<"$S/out.$1" && open=1; }
    if [ -n "$open" ]; then
      last=''
      while IFS= read -r line <&5; do
        line=$part$line part=''
        [ "$unheard" = 0 ] || { unheard=$((unheard - 1)); continue; }
        say "$line"
        idle=0 new=0
        case $line in 'end '* | 'await '*) last=${line%% *} ;; 'up '* | refused* | differs*) nap=0.02 ;; esac
      done
      part=$part$line
      case $last/${3:-} in end/* | await/) return 0 ;; esac
    fi
    [ -z "$gone" ] || { died "$1"; return 0; }
    # What is done at once follows quickly, and what is waited for after the rest.
    if [ $new -lt 15 ]; then new=$((new + 1)); sleep $nap; continue; fi
    idle=$((idle + 1))
    [ $((idle % 100)) != 0 ] || say "lives $PHASE $((idle / 10))"
    sleep 0.1
  done
}

# Whether the runner of a transaction is there: by the journal, and before its first entry by its own first line, or by
# what started it. Reads the journal.
runner_lives() { # TXN TENTHS-OF-SILENCE
  journal_read
  if [ "$TXN" = "$1" ]; then alive "$RUNNER" "$RUNNER_START"; return; fi
  first=''
  { read -r word first first_at <"$S/out.$1"; } 2>/dev/null
  if [ "${word:-}" = runner ] && [ -n "${first_at:-}" ]; then alive "$first" "$first_at"; return; fi
  if [ -n "$launched" ]; then [ -n "$launched_at" ] && alive "$launched" "$launched_at"; return; fi
  if [ $PRIVILEGED = 1 ] && is_systemd; then
    read_unit systemd "fleet-$APP-$1.service"
    case $u_active in inactive | failed) return 1 ;; *) return 0 ;; esac
  fi
  [ "$2" -lt 99 ]
}

# Without a word about its end. Where nothing can be written it could not say one.
died() { # TXN
  if [ "$TXN" = "$1" ]; then say "end died $PHASE"; return; fi
  if t=$(mktemp "$S/.fleet.$APP.XXXXXX") && say "$1" >"$t"; then say "end died IDLE"; else say "end full"; fi 2>/dev/null
  rm -f "${t:-}"
}

verb_runner() { # TXN FROM TO SETTLE DEADLINE KEEP BY ACTION
  TXN=$1
  # Before anything else: by this line a runner that has died is told from one that is slow.
  start_of $$
  out "runner $$ $TICKS" || { out "refused $NO_ROOM"; out "end io"; exit 74; }
  if ! lock "$S/lock" 9 3 || hold_holder >/dev/null; then out "end busy"; exit 75; fi
  sweep_temporary
  journal_read
  if [ "$PHASE" != IDLE ]; then
    recover_open || {
      TXN=$1
      [ "$PHASE" = REVERT_FAILED ] || { out "refused $NO_ROOM"; out "end io"; exit 74; }
      out "end stuck $PHASE"
      exit 78
    }
  fi
  live_generation
  found=$live
  clock
  TXN=$1 FROM=$2 TO=$3 SETTLE=$4 DEADLINE=$((NOW + $5)) KEEP=$6 BY=$7 ACTION=$8 ATTEMPT=0 PATIENCE=$GRACE
  [ "$PATIENCE" -le "$5" ] || PATIENCE=$5
  start_of $$
  RUNNER=$$ RUNNER_START=$TICKS
  [ "$found" = "$FROM" ] || { out "end conflict $found"; exit 76; }
  for g in "$TO" "$FROM"; do
    [ "$g" = 0 ] || [ -f "$G/$g/manifest" ] || { out "end missing $g"; exit 64; }
  done
  if has_steps; then
    run_steps || { called_off; exit 0; }
    clock
    DEADLINE=$((NOW + $5))
  fi
  capture "$TO" "$FROM" || { out "end io"; exit 74; }
  note_what_is_up
  journal_write ACTIVATING
  probation_gives_way
  act_gives_way
  boot_arm || { close_transaction; out "end io"; exit 74; }
  out "phase activate"
  if apply "$TO" "$FROM" unproven; then
    journal_write SETTLING
    out "phase settle"
    settle "$TO" "$SETTLE" "$DEADLINE" && tell_away && read_back "$TO" && await
  fi
  rm -f "$S/ballast"
  # Who sits there and asked for it waits; and what had until the deadline has had its time.
  if past "$DEADLINE" || ! undecided "$TXN"; then
    [ "$PATIENCE" -le $SHORT_GRACE ] || PATIENCE=$SHORT_GRACE
  fi
  # Not committed, for whatever reason: this side says so, unless the other was quicker.
  if [ "$(decide "$TXN" revert)" = commit ]; then commit; else revert; fi
}

# Going back owes only what was there: a service that was down before is not asked to be up.
note_what_is_up() {
  the_runtime "$FROM"
  rt=$recorded was_up=''
  starts_of "$FROM"
  for u in $text; do
    read_unit "$rt" "$u"
    [ "$u_active" != active ] || was_up=$was_up$u$NL
  done
  for u in $(lasting_beside "$FROM"); do was_up=$was_up$u$NL; done
  for g in "$FROM" "$TO"; do
    [ ! -f "$G/$g/notify" ] || while read -r _ _ u; do ! systemctl is-active -q -- "$u" || was_up=$was_up$u$NL; done <"$G/$g/notify"
  done
  becomes_lightly "$S/was-up" "$was_up" || die 74 "cannot write in $S"
}

# Settled is not the end: until somebody decides, a service that dies or starts again takes the release back. They have just
# been looked at, so that a decision at once costs no look.
await() {
  journal_write AWAIT_CONFIRM
  out "await $DEADLINE"
  rounds=0
  while undecided "$TXN"; do
    ! past "$DEADLINE" || { out "expired"; return; }
    if [ -n "$steady" ] && [ $rounds -ge 12 ] && [ $((rounds % 6)) = 5 ]; then
      poll_units
      if [ $failed = 1 ] || [ "$prints" != "$steady" ]; then out "unsteady"; return; fi
    fi
    # The confirmation of one whose checks pass at once is not kept waiting.
    rounds=$((rounds + 1))
    if [ $rounds -lt 40 ]; then sleep 0.02; else sleep 0.2; fi
  done
}

# Decided, so nothing in here goes back. What cannot be written keeps the transaction open, and it is finished by whoever
# comes next: a generation without its verdict would be taken for one that was never switched to, and be removed.
commit() {
  written=1
  # The decision says the same, and recovery goes by it.
  journal_try COMMITTED || written=0
  [ "$TO" = 0 ] || becomes_text "$G/$TO/verdict" "good$NL" || written=0
  # What a person had changed is as the playbook says again.
  discard "$S/by-hand"
  # Proved, and the verdict is out: what cannot be enabled now is told of as drift until it can.
  [ "$TO" = 0 ] || enable_all "$TO" || :
  discard "$S/unproven"
  # shellcheck disable=SC2046
  [ $BOOTING = 0 ] || [ "$(runtime_of "$TO")" != systemd ] || systemctl start --no-block -- $(lines "$TO" enable)
  [ $written = 0 ] || probation_begin
  act_settle "$TO"
  [ $written = 0 ] ||
    history_add committed || written=0
  if [ $written = 1 ]; then
    prune
    close_transaction || written=0
  fi
  [ $written = 1 ] || out "note $NO_ROOM Generation $TO is live and stays; the next deploy, rollback or boot finishes the records"
  out "end committed $TO"
}

revert() {
  grace_begins
  while [ "$ATTEMPT" -lt 3 ]; do
    ATTEMPT=$((ATTEMPT + 1))
    # The decision is recorded, so whoever comes next would go back too: a full disk must not stop that here.
    journal_try REVERTING || out "note cannot write $S/state; going back all the same"
    out "phase revert"
    mark_bad
    if apply "$FROM" "$TO" && owe_what_was_up && spare && settle "$FROM" "$SETTLE" $((KILL_AT + ${SETTLE%.*} + 60)); then
      went_back
      return 0
    fi
  done
  history_add revert-failed
  journal_write REVERT_FAILED
  out "end stuck $FROM"
}

# What was proved stays good, unless it is for what came after that it is left.
mark_bad() {
  [ -d "$G/$TO" ] && [ "$TO" != 0 ] || return 0
  [ "$ACTION" = watch ] || [ "$(verdict "$TO")" != good ] || return 0
  say bad | replace "$G/$TO/verdict"
}

# The host has again what it had; what the deploy has made besides goes too, as far as that loses nothing.
went_back() {
  undo_deploy | while IFS= read -r line; do out "$line"; done
  leave_root
  ! is_forgotten || rm -rf "${G:?}/$TO"
  probation_went_back
  act_settle "$FROM"
  history_add reverted
  close_transaction || out "note cannot write $S/state; whoever comes next takes the way back once more"
  # What stood here before fleet is back, and is looked at anew by the next deploy.
  [ "$PHASE" != IDLE ] || [ -n "$(generations | sed '/^0$/d')" ] || rm -rf "$G" "$S/runs"
  if [ "$FROM" = 0 ]; then
    [ "$TO" = 0 ] || [ ! -d "$R/releases/$TO" ] || out "left release $ROOT/releases/$TO"
    out "$(tell_state)"
  fi
  out "end reverted $FROM"
}

owe_what_was_up() {
  [ -f "$S/was-up" ] && [ -f "$S/.before" ] || return 0
  while read -r u before; do contains "$(cat "$S/was-up")" "$u" && say "$u $before"; done <"$S/.before" | replace_lightly "$S/.before"
}

close_transaction() {
  on_probation || { boot_disarm; discard "$S/ballast"; }
  # A verdict exists by now: who still writes one comes too late in any case.
  rm -f "$S/lease" "$S/was-up" "$S/touched" "$S/.before" "$S/.cursor" "$S"/.decision.*
  open=$PHASE
  journal_try IDLE || { PHASE=$open; return 74; }
}

# Finishes what a dead runner left. Journal read, lock held.
recover_open() {
  RUNNER=$$ RUNNER_START=$(start_time $$)
  ! outdated || { close_transaction; return; }
  case $PHASE in
    REVERT_FAILED) ATTEMPT=2; revert ;;
    COMMITTED) commit ;;
    BEFORE_START) end_steps "$TO"; tidy_steps "$TO"; called_off ;;
    *) if [ "$(decide "$TXN" revert)" = commit ]; then commit; else ATTEMPT=0; revert; fi ;;
  esac
  say "recovered $TXN $BY $FROM $TO $(decision "$TXN") $PHASE"
  [ "$PHASE" = IDLE ]
}

verb_recover() {
  mkdir -p "$S"
  lock "$S/lock" 9 3 || die 75 "another run is at work on this host"
  sweep_temporary
  journal_read
  [ "$PHASE" = IDLE ] || recover_open || {
    [ "$PHASE" = REVERT_FAILED ] || die 74 "$NO_ROOM"
    die 78 "the last revert failed: generation $FROM could not be brought back"
  }
}

# The confirmation, over a new connection; the reply is what the host decided, not what was asked for.
verb_confirm() { answer commit "$1" "$2"; }
verb_abort() { answer revert "$1" "$2"; }
answer() { # commit|revert TXN SEEN
  journal_read
  at_work=''
  if [ "$TXN" = "$2" ] && [ "$PHASE" != IDLE ]; then
    at_work=1
    # Where there is no room for it the host decides by itself, and is heard all the same.
    ! undecided "$2" || (decide "$2" "$1") >/dev/null
  fi
  verdict=$(decision "$2")
  # Somebody's later deploy has tidied up; the history still knows.
  [ "$verdict" != none ] || verdict=$(decided "$2")
  say "decision $verdict"
  if [ -n "$at_work" ] || ! undecided "$2"; then watch "$2" "$3" to-end; fi
}

decided() { # TXN
  verdict=none
  [ ! -f "$S/log" ] || while read -r _ txn _ _ _ result _; do
    [ "$txn" != "$1" ] || case $result in committed) verdict=commit ;; reverted) verdict=revert ;; esac
  done <"$S/log"
  say "$verdict"
}
