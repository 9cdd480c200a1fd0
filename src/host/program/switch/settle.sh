# Settled, not started: a service counts once it has stayed up for the whole window as one and the same run.

# The next of those that a runtime shows: sets u_active u_sub u_pid u_restarts u_invocation u_result u_status u_code u_type
# u_job u_load u_dropins.
next_unit() {
  u_active=unknown u_sub='' u_pid=0 u_restarts=0 u_invocation='' u_result='' u_status=0 u_code=0 u_type='' u_job=0 u_load=loaded u_dropins=''
  while IFS='=' read -r key value && [ -n "$key" ]; do
    case $key in
      ActiveState) u_active=$value ;; SubState) u_sub=$value ;; MainPID) u_pid=$value ;; NRestarts) u_restarts=${value:-0} ;;
      InvocationID) u_invocation=$value ;; Result) u_result=$value ;; ExecMainStatus) u_status=$value ;;
      ExecMainCode) u_code=$value ;; Type) u_type=$value ;; Job) u_job=${value%% *} ;; LoadState) u_load=$value ;; DropInPaths) u_dropins=$value ;;
    esac
  done
}

read_unit() { # RUNTIME UNIT: the same of one
  next_unit <<EOF
$("$1_show" "$2")
EOF
}

# One unit's state in a word: up, coming, or failed with u_why set.
judge() { # UNIT INVOCATION-BEFORE RESTARTS-BEFORE
  u_why=''
  if [ "$u_load" = not-found ] || [ "$u_load" = error ] || [ "$u_load" = bad-setting ]; then u_why=$u_load; return; fi
  # The restart is still queued, or the old run is still stopping.
  if [ -n "$u_invocation" ] && [ "$u_invocation" = "$2" ] && [ "${u_job:-0}" != 0 ]; then u_state=coming; return; fi
  case $u_active/$u_sub in
    failed/*) u_why=$u_result ;;
    */auto-restart*) u_why=$u_result ;;
    active/*) [ "${u_restarts:-0}" -gt "${3:-0}" ] && u_why=${u_result:-restarted}; u_state=up ;;
    inactive/*)
      if [ "${u_job:-0}" != 0 ]; then u_state=coming
      elif [ "$u_type" = oneshot ] && [ "$u_result" = success ] && [ "$u_invocation" != "$2" ]; then u_state=up
      else u_why=${u_result:-exited}; [ "$u_why" = success ] && u_why=exited; fi ;;
    *) u_state=coming; [ "${u_restarts:-0}" -gt "${3:-0}" ] && u_why=${u_result:-restarted} ;;
  esac
}

# One look at every service that was started: sets failed, all_up and prints (which run of each is up).
poll_units() {
  prints='' all_up=1 failed=0 names=''
  while read -r u _; do names="$names $u"; done <"$S/.before"
  # shellcheck disable=SC2086
  shown=$("${rt}_show" $names)
  while read -r u before word restarts_before; do
    u_state=coming
    next_unit <&6
    case $rt/$u_active/$word in systemd/deactivating/new | systemd/deactivating/) hurry "$u" ;; esac
    judge "$u" "$before" "$restarts_before"
    judge_triggered "$word"
    if [ -n "$u_why" ]; then settle_failure "$u"; failed=1; fi
    [ "$u_state" = up ] || all_up=0
    # One that comes and goes with its trigger is no other run of the app.
    case $word in again | triggered) ;; *) prints="$prints $u:$u_pid:$u_invocation:$u_restarts" ;; esac
  done <"$S/.before" 6<<EOF
$shown
EOF
}

# Watches the services of a generation until they have settled (0), failed (1), ran out of time (2) or the other side
# has decided meanwhile (3).
settle() { # GENERATION SECONDS[.HUNDREDTHS] UNTIL
  the_runtime "$1"
  rt=$recorded steady='' since=0 nap=5
  case $2 in *.*) window=$((${2%.*} * 100 + 1${2#*.} - 100)) ;; *) window=$(($2 * 100)) ;; esac
  if [ "$rt" = - ] || { starts_of "$1"; [ -z "$text" ]; } || [ $BOOTING = 1 ]; then return 0; fi
  while :; do
    [ "$PHASE" = REVERTING ] || undecided "$TXN" || return 3
    poll_units
    [ $failed = 0 ] || return 1
    clock
    if [ $all_up = 1 ]; then
      [ "$prints" = "$steady" ] || { steady=$prints since=$NOW_EXACT; out "up$prints"; }
      left=$((window - NOW_EXACT + since))
      [ $left -gt 0 ] || return 0
      # Not past the end of the window.
      [ $left -gt $nap ] || nap=$left
    else
      steady=''
    fi
    if [ "$NOW" -ge "$3" ]; then
      settle_late
      return 2
    fi
    # At first things move quickly.
    if [ $nap -lt 10 ]; then sleep 0.0$nap; else sleep 0.$nap; fi
    [ $((nap *= 2)) -le 40 ] || nap=40
  done
}

settle_late() {
  while read -r u before word restarts_before; do
    u_state=coming
    read_unit "$rt" "$u"
    judge "$u" "$before" "$restarts_before"
    judge_triggered "$word"
    [ "$u_state" = up ] || { u_why=timeout; settle_failure "$u"; }
  done <"$S/.before"
}

settle_failure() {
  case $u_why/${u_status:-0} in exit-code/0) before_start "$1" ;; esac
  # What the service said itself may reach the journal behind what systemd says of its end: until nothing more comes.
  last_words='' tries=5
  until [ "$rt" != systemd ] || [ $tries = 0 ]; do
    sleep 0.3
    words_before=$last_words
    last_words=$(systemd_log "$1" 20)
    tries=$((tries - 1))
    [ -z "$last_words" ] || [ "$last_words" != "$words_before" ] || tries=0
  done
  out "unit-failed $1 ${u_why:-unknown} ${u_code:-0} ${u_status:-0} ${u_active}/${u_sub} ${u_restarts:-0}"
  case $rt in systemd) [ -z "$last_words" ] || say "$last_words" ;; *) "${rt}_log" "$1" 20 ;; esac | scrub | while IFS= read -r text; do out "unit-log $1 $text"; done
}
