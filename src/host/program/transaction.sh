# One transaction: from the first live change to commit or revert. The runner is detached from the session that started
# it; the controller only watches what it writes, confirms or aborts.

out() { printf '%s\n' "$*" >>"$S/out.$TXN"; }

# Room for the journal and the way back, should the disk fill up meanwhile.
ballast() { dd if=/dev/urandom of="$S/ballast" bs=4096 count=16 2>/dev/null || { rm -f "$S/ballast"; return 74; }; }

verb_activate() { # TXN FROM TO SETTLE DEADLINE KEEP BY ACTION
  printf '' >"$S/out.$1" && ballast || { say "refused cannot write in $S: is the disk full or read-only?"; say "end io"; exit 74; }
  if [ $PRIVILEGED = 1 ] && is_systemd && have systemd-run; then
    # KillMode: supervisors that it may start must outlive it.
    systemd-run -q --collect -p KillMode=process --unit="fleet-$APP-$1" -- sh "$0" "$ROOT" "$APP" runner "$@" 2>&1 || die 70 "systemd-run failed"
  else
    setsid sh "$0" "$ROOT" "$APP" runner "$@" </dev/null >/dev/null 2>>"$S/out.$1" 8>&- 9>&- &
  fi
  watch "$1" 0
}

# Prints what the runner writes from line SEEN+1 on, until it has ended or, unless TO-END, waits for confirmation.
verb_watch() { watch "$1" "$2" "${3:-}"; }
watch() { # TXN SEEN [TO-END]
  seen=$2 idle=0
  while :; do
    total=$(wc -l <"$S/out.$1" 2>/dev/null || say 0)
    if [ "$total" -gt "$seen" ]; then
      fresh=$(sed -n "$((seen + 1)),${total}p" "$S/out.$1")
      say "$fresh"
      case $(say "$fresh" | grep -E '^(await|end) ' | tail -n 1) in
        end*) return 0 ;;
        await*) [ -n "${3:-}" ] || return 0 ;;
      esac
      seen=$total idle=0
    fi
    idle=$((idle + 1))
    if [ $((idle % 50)) = 0 ]; then
      journal_read
      if [ "$TXN" = "$1" ] && ! alive "$RUNNER" "$RUNNER_START"; then say "end died $PHASE"; return 0; fi
      if [ "$TXN" != "$1" ] && [ $idle -ge 100 ] && [ "$seen" = 0 ]; then say "end died IDLE"; return 0; fi
    fi
    sleep 0.1
  done
}

verb_runner() { # TXN FROM TO SETTLE DEADLINE KEEP BY ACTION
  TXN=$1
  if ! lock "$S/lock" 9 3 || hold_holder >/dev/null; then out "end busy"; exit 75; fi
  sweep_temporary
  journal_read
  if [ "$PHASE" != IDLE ]; then
    recover_open || { TXN=$1; out "end stuck $PHASE"; exit 78; }
  fi
  found=$(active_generation)
  TXN=$1 FROM=$2 TO=$3 SETTLE=$4 DEADLINE=$(($(uptime_now) + $5)) KEEP=$6 BY=$7 ACTION=$8 ATTEMPT=0
  RUNNER=$$ RUNNER_START=$(start_time $$)
  [ "$found" = "$FROM" ] || { out "end conflict $found"; exit 76; }
  [ "$TO" = 0 ] || [ -f "$G/$TO/manifest" ] || { out "end missing $TO"; exit 64; }
  capture "$TO" "$FROM" || { out "end io"; exit 74; }
  note_what_is_up
  journal_write ACTIVATING
  boot_arm || { close_transaction; out "end io"; exit 74; }
  out "phase activate"
  if apply "$TO" "$FROM" unproven; then
    journal_write SETTLING
    out "phase settle"
    settle "$TO" "$SETTLE" "$DEADLINE" && read_back "$TO" && await
  fi
  rm -f "$S/ballast"
  # Not committed, for whatever reason: this side says so, unless the other was quicker.
  if [ "$(decide "$TXN" revert)" = commit ]; then commit; else revert; fi
}

# Going back owes only what was there: a service that was down before is not asked to be up.
note_what_is_up() {
  rt=$(runtime_of "$FROM")
  {
    for u in $(start_list "$FROM"); do
      read_unit "$rt" "$u"
      [ "$u_active" != active ] || say "$u"
    done
    { lines "$FROM" notify; lines "$TO" notify; } | while read -r _ _ u; do ! systemctl is-active -q -- "$u" || say "$u"; done
  } | replace "$S/was-up" || die 74 "cannot write in $S"
}

# Settled is not the end: until somebody decides, a service that dies or starts again takes the release back.
await() {
  journal_write AWAIT_CONFIRM
  out "await $DEADLINE"
  while [ "$(decision "$TXN")" = none ]; do
    [ "$(uptime_now)" -lt "$DEADLINE" ] || { out "expired"; return; }
    if [ -n "$steady" ]; then
      survey
      if [ $failed = 1 ] || [ "$prints" != "$steady" ]; then out "unsteady"; return; fi
    fi
    sleep 0.2
  done
}

commit() {
  journal_write COMMITTED
  [ "$TO" = 0 ] || say good | replace "$G/$TO/verdict"
  # Proved, and the verdict is out: what cannot be enabled now is told of as drift until it can.
  [ "$TO" = 0 ] || enable_all "$TO" || :
  # shellcheck disable=SC2046
  [ $BOOTING = 0 ] || [ "$(runtime_of "$TO")" != systemd ] || systemctl start --no-block -- $(lines "$TO" enable)
  history_add committed
  prune
  close_transaction
  out "end committed $TO"
}

revert() {
  while [ "$ATTEMPT" -lt 3 ]; do
    ATTEMPT=$((ATTEMPT + 1))
    # The decision is recorded, so whoever comes next would go back too: a full disk must not stop that here.
    journal_try REVERTING || out "note cannot write $S/state; going back all the same"
    out "phase revert"
    [ "$TO" = 0 ] || [ "$(verdict "$TO")" = good ] || say bad | replace "$G/$TO/verdict"
    if apply "$FROM" "$TO" && owe_what_was_up && settle "$FROM" "$SETTLE" $(($(uptime_now) + SETTLE + 60)); then
      history_add reverted
      close_transaction
      out "end reverted $FROM"
      return 0
    fi
  done
  history_add revert-failed
  journal_write REVERT_FAILED
  out "end stuck $FROM"
}

owe_what_was_up() {
  [ -f "$S/was-up" ] && [ -f "$S/.before" ] || return 0
  while read -r u before; do contains "$(cat "$S/was-up")" "$u" && say "$u $before"; done <"$S/.before" | replace "$S/.before"
}

close_transaction() {
  boot_disarm
  # A verdict exists by now: who still writes one comes too late in any case.
  rm -f "$S/lease" "$S/was-up" "$S/.before" "$S/.cursor" "$S/ballast" "$S"/.decision.*
  journal_write IDLE
}

# Finishes what a dead runner left. Journal read, lock held.
recover_open() {
  RUNNER=$$ RUNNER_START=$(start_time $$)
  case $PHASE in
    REVERT_FAILED) ATTEMPT=2; revert ;;
    COMMITTED) commit ;;
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
  [ "$PHASE" = IDLE ] || recover_open || die 78 "the last revert failed: generation $FROM could not be brought back"
}

# The confirmation, over a new connection; the reply is what the host decided, not what was asked for.
verb_confirm() { answer commit "$1" "$2"; }
verb_abort() { answer revert "$1" "$2"; }
answer() { # commit|revert TXN SEEN
  journal_read
  if [ "$TXN" = "$2" ] && [ "$(decision "$2")" = none ] && [ "$PHASE" != IDLE ]; then decide "$2" "$1" >/dev/null; fi
  verdict=$(decision "$2")
  # Somebody's later deploy has tidied up; the history still knows.
  [ "$verdict" != none ] || verdict=$(decided "$2")
  say "decision $verdict"
  [ "$(decision "$2")" = none ] || watch "$2" "$3" to-end
}

decided() { # TXN
  verdict=none
  [ ! -f "$S/log" ] || while read -r _ txn _ _ _ result _; do
    [ "$txn" != "$1" ] || case $result in committed) verdict=commit ;; reverted) verdict=revert ;; esac
  done <"$S/log"
  say "$verdict"
}
