# Every wait of root has an end. What is asked of PID 1, journald or cron is given up after a while, and a service that
# does not stop holds nobody up for ever: forwards its time is the deploy's deadline, backwards a grace, and then it is killed.

# Seconds for what is answered at once; systemctl itself gives up a silent PID 1 after 25.
ANSWER=30
# A slow board with many units and generators needs longer to load all of them again.
RELOAD=120
# What a service may take to stop on the way back: enough to finish a request or to write a file, and less than systemd's
# own 90, for the old generation cannot serve before. A deploy with a shorter deadline has said how long it may be away.
GRACE=60
# The same where it has had its time already, or somebody sits there and has asked for the way back.
SHORT_GRACE=10
# Also what is asked last on the way back has this long before it is killed.
LEAST_GRACE=5

PATIENCE=$GRACE KILL_AT=0 hurried=''

# TERM, and KILL for what does not end by it. Old busybox has another syntax, and no second signal.
TIMEOUT=unknown
learn_timeout() {
  TIMEOUT=''
  if ! have timeout; then :
  elif timeout -k 2 9 true 2>/dev/null; then TIMEOUT='timeout -k 2'
  elif timeout -s KILL 9 true 2>/dev/null; then TIMEOUT='timeout -s KILL'
  elif timeout -s KILL -t 9 true 2>/dev/null; then TIMEOUT='timeout -s KILL -t'
  fi
}

# A program (no function) with a time limit; 124 when it was over.
limit() { # SECONDS COMMAND…
  limit_most "$@"
  set -- $?
  case $1 in 137 | 143) return 124 ;; esac
  return "$1"
}

# What almost every host has is not tried first: what ends well, or out of time, was taken as it was meant. One that does not
# take it has run nothing.
limit_most() {
  if [ "$TIMEOUT" = unknown ] && have timeout; then
    timeout -k 2 "$@"
    set -- $? "$@"
    case $1 in 0 | 124 | 137 | 143) TIMEOUT='timeout -k 2' ;; *) learn_timeout ;; esac
    [ "$TIMEOUT" != 'timeout -k 2' ] || return "$1"
    shift
  elif [ "$TIMEOUT" = unknown ]; then
    TIMEOUT=''
  fi
  # shellcheck disable=SC2086
  if [ -n "$TIMEOUT" ]; then $TIMEOUT "$@"; else limit_by_hand "$@"; fi
}

limit_by_hand() { # SECONDS COMMAND…
  clock
  over=$((NOW + $1))
  shift
  # A command in the background reads nothing unless it is told what.
  { command "$@" <&3 3<&- 8>&- 9>&- & } 3<&0
  limited=$!
  while kill -0 $limited 2>/dev/null; do
    if past $over; then
      kill -KILL $limited 2>/dev/null
      wait $limited 2>/dev/null
      return 124
    fi
    sleep 0.05
  done
  wait $limited
}

# Whoever calls these by name in any part of the program has a limit.
systemctl() { limit $ANSWER systemctl "$@"; }
journalctl() { limit $ANSWER journalctl "$@"; }
crontab() { limit $ANSWER crontab "$@"; }

# Forwards, a wait is over when the deadline has come or the other side has decided.
forward_is_over() { past "$DEADLINE" || ! undecided "$TXN"; }

# Where this transaction has to get past a service whatever the service does: on the way back, and off a host for good.
must_go_on() { case $PHASE/$ACTION in REVERTING/* | */remove*) return 0 ;; esac; return 1; }

# Before the way back: the grace begins.
grace_begins() {
  clock
  KILL_AT=$((NOW + PATIENCE)) hurried=''
}

spare() {
  clock
  least=$((NOW + LEAST_GRACE))
  [ "$KILL_AT" -ge $least ] || KILL_AT=$least
}

# Waits until a unit that was asked to stop is down. `RUNTIME_is_down UNIT` looks, `RUNTIME_kill UNIT ROUND` ends it.
await_stop() { # RUNTIME UNIT
  clock
  asked=$NOW round=0
  if must_go_on; then
    # A removal kills in time for the deadline to hold.
    [ "$PHASE" = REVERTING ] || { KILL_AT=$(((asked + DEADLINE) / 2)); [ $KILL_AT -le $((asked + PATIENCE)) ] || KILL_AT=$((asked + PATIENCE)); }
    spare
  fi
  until "$1_is_down" "$2"; do
    clock
    waited=$((NOW - asked))
    if must_go_on; then
      if [ "$NOW" -ge "$KILL_AT" ]; then
        [ $round -gt 0 ] || out "note $2 was asked to stop $waited s ago and has not stopped: it is killed now"
        # What waits in the kernel does not end by this either.
        [ $round -lt 10 ] || { out "refused $2 does not end, although it was killed"; return 70; }
        round=$((round + 1))
        "$1_kill" "$2" $round
        sleep 1
      fi
    elif ! undecided "$TXN"; then
      out "note $2 was asked to stop $waited s ago and has not stopped yet; it is not waited for, since the deploy is taken back"
      return 70
    elif [ "$NOW" -ge "$DEADLINE" ]; then
      out "refused $2 was asked to stop and did not, in the $waited s up to the deadline: see its TimeoutStopSec=, and what it does when it is told to stop"
      return 70
    fi
    sleep 0.1
  done
}

# A service that is to come up again and is still stopping, once the grace is over. Called again and again.
hurry() { # UNIT
  [ "$PHASE" = REVERTING ] && past "$KILL_AT" || return 0
  case " $hurried " in *" $1 "*) ;; *) hurried="$hurried $1"; out "note $1 has not stopped: it is killed now, so that it can come up again" ;; esac
  systemd_kill "$1"
}

# Has a unit restarted or reloaded and waits for how it went, as long as there is time. Prints why it did not.
notify() { # VERB UNIT
  clock
  begun=$NOW heard=$S/.fleet.$APP.notify
  if [ "$PHASE" = REVERTING ]; then most=$((KILL_AT - begun + GRACE)); else most=$((DEADLINE - begun + 1)); fi
  [ $most -gt 0 ] || most=1
  [ "$TIMEOUT" != unknown ] || learn_timeout
  # Not through `limit`, whose child would outlive it. The lock is not for a command that may outlive the runner.
  # shellcheck disable=SC2086
  if [ -n "$TIMEOUT" ]; then
    $TIMEOUT $most systemctl "$1" -- "$2" >"$heard" 2>&1 </dev/null 8>&- 9>&- &
  else
    command systemctl "$1" -- "$2" >"$heard" 2>&1 </dev/null 8>&- 9>&- &
  fi
  asked=$! gave_up=''
  while kill -0 $asked 2>/dev/null; do
    if past $((begun + most)); then gave_up=1; fi
    if [ "$PHASE" = REVERTING ]; then
      if past "$KILL_AT"; then
        read_unit systemd "$2"
        [ "$u_active" != deactivating ] || hurry "$2"
      fi
    elif forward_is_over; then
      gave_up=1
    fi
    [ -z "$gave_up" ] || break
    sleep 0.1
  done
  if [ -n "$gave_up" ]; then kill $asked 2>/dev/null; code=124; else wait $asked; code=$?; fi
  why=$(head -n 1 "$heard" 2>/dev/null)
  rm -f "$heard"
  case $code in 124 | 137 | 143) clock; code=124 why="it had not ended after $((NOW - begun)) s" ;; esac
  [ $code = 0 ] || say "$why"
  return $code
}
