# The supervisor of one service without systemd: starts it as its user in a session of its own, starts it again as the
# unit's Restart= says, and ends the whole process group when told to stop.

supervise_status() { # ACTIVE SUB RESULT STATUS
  replace "$dir/status" <<EOF
Id=$unit
ActiveState=$1
SubState=$2
MainPID=$child
MainStart=$child_start
User=${svc_user:--}
NRestarts=$restarts
InvocationID=$invocation
Result=$3
ExecMainStatus=$4
ExecMainCode=$main_code
Type=${svc_type:-simple}
Job=0
Supervisor=$$
SupervisorStart=$(start_time $$)
Settled=$settled
LogStart=$log_start
EOF
}

supervise_launch() {
  supervise_output "$svc_stdout" && out=$opened out_later=$later
  supervise_output "$svc_stderr" && err=$opened err_later=$later
  (
    exec 8>&- 9>&-
    cd / || exit 200
    [ "${svc_nice:-0}" = 0 ] || renice -n "$svc_nice" -p "$(exec sh -c 'echo $PPID')" >/dev/null 2>&1
    supervise_shell "$out_later" "$err_later"
  ) <"$record/services/$unit.run" >>"$out" 2>>"$err" &
  child=$!
  child_start=$(start_time $child || say 0)
}

# Where output goes: into a file that root opens, or one in a folder of the app's, which the app opens for itself (it may
# have made a link or a pipe of it).
supervise_output() { # WORD: sets opened and later
  opened=$1 later=''
  case $1 in
    log) opened=$dir/log ;;
    null) opened=/dev/null ;;
    /dev/*) ;;
    *)
      look_at "$(folder_of "$1")"
      opened=$(spot "$1")
      [ "$keeper" = root ] && [ ! -L "$opened" ] || opened=$dir/log later=$1
      ;;
  esac
}

# Becomes a shell that reads its script from standard input: as the service user, in a session and an environment of
# its own.
supervise_shell() { # [STDOUT STDERR]
  # shellcheck disable=SC2016
  shell='for f; do [ -z "$f" ] || [ ! -e "$f" ] || [ -f "$f" ] || { echo "$f is no file" >&2; exit 209; }; done
[ -z "${1:-}" ] || exec >>"$1" || exit 209
[ -z "${2:-}" ] || exec 2>>"$2" || exit 209
exec sh -s'
  later_out=${1:-} later_err=${2:-}
  set -- env -i PATH="$PATH" FLEET_UNIT="$S/$unit" MAINPID="$child" setsid
  if [ "$svc_user" = - ] || [ -z "$svc_user" ] || [ $PRIVILEGED = 0 ] || [ "$svc_user" = root ]; then
    exec "$@" sh -c "$shell" sh "$later_out" "$later_err"
  elif setpriv --reuid=0 --clear-groups true 2>/dev/null; then
    exec "$@" setpriv --reuid="$svc_user" --regid="${svc_group:-$(id -g "$svc_user")}" --groups="$(supervise_groups)" -- sh -c "$shell" sh "$later_out" "$later_err"
  else
    # shellcheck disable=SC2016
    exec "$@" su -s /bin/sh "$svc_user" -c 'exec sh -c "$@"' -- sh "$shell" sh "$later_out" "$later_err"
  fi
}

# The log of a service that restarts for years must not fill the disk.
supervise_rotate() {
  [ "$(wc -c <"$dir/log" 2>/dev/null || say 0)" -lt 10485760 ] || { mv -f "$dir/log" "$dir/log.1"; log_start=0; }
}

supervise_end_child() {
  [ "$child" -gt 0 ] || return 0
  if [ -f "$record/services/$unit.stop" ]; then
    (exec 8>&- 9>&-; cd / && supervise_shell) <"$record/services/$unit.stop" >>"$dir/log" 2>&1 &
    stopper=$! tries=$((${svc_stop_timeout%%.*} * 5 + 5))
    while kill -0 $stopper 2>/dev/null && [ $tries -gt 0 ]; do sleep 0.2; tries=$((tries - 1)); done
  fi
  kill "-${svc_kill_signal:-TERM}" "-$child" 2>/dev/null || kill "-${svc_kill_signal:-TERM}" "$child" 2>/dev/null
  clock
  until_kill=$((NOW + ${svc_stop_timeout%%.*} + 1))
  while alive "$child" "$child_start"; do
    [ "$svc_stop_timeout" = 0 ] || ! past $until_kill || break
    sleep 0.1
  done
  kill -KILL "-$child" 2>/dev/null
}

# The user's groups and SupplementaryGroups=, as numbers.
supervise_groups() {
  gids=$(id -G "$svc_user" | tr ' ' ',')
  for name in $svc_groups; do
    gid=$(sed -n "s/^$name:[^:]*:\([0-9]*\):.*/\1/p" /etc/group)
    gids="$gids${gid:+,$gid}"
  done
  say "$gids"
}

# Whether Restart= wants the service back after it ended with this status.
supervise_wants_restart() { # STATUS
  clean=1
  case $1 in 0 | 129 | 130 | 141 | 143) clean=0 ;; esac
  name=$([ "$1" -gt 128 ] && [ "$1" -lt 193 ] && kill -l $(($1 - 128)) 2>/dev/null)
  for s in $svc_success; do case $s in "$1" | "${name:-none}") clean=0 ;; esac; done
  for s in $svc_prevent; do case $s in "$1" | "${name:-none}") return 1 ;; esac; done
  case $svc_restart in
    always) return 0 ;;
    on-success) return $clean ;;
    on-failure) [ $clean = 1 ] ;;
    on-abnormal | on-abort | on-watchdog) [ "$1" -gt 128 ] && [ $clean = 1 ] ;;
    *) return 1 ;;
  esac
}

# Counts starts within the interval, as StartLimitBurst= does.
supervise_may_start() {
  clock
  kept='' count=0
  for at in $starts; do
    [ $((NOW - at)) -lt "${svc_start_interval%%.*}" ] && { kept="$kept $at"; count=$((count + 1)); }
  done
  starts="$kept $NOW"
  [ "${svc_start_interval%%.*}" = 0 ] || [ "$svc_start_burst" = 0 ] || [ $count -lt "$svc_start_burst" ]
}

verb_supervise() { # UNIT GENERATION
  unit=$1 dir=$S/run/$1 record=$G/$2
  mkdir -p "$dir"
  lock "$dir/lock" 8 0 || exit 75
  svc_type=simple svc_user=- svc_group='' svc_groups='' svc_nice=0 svc_restart=no svc_restart_delay=0.1 svc_start_burst=5 svc_start_interval=10
  svc_stop_timeout=90 svc_kill_signal=TERM svc_success='' svc_prevent='' svc_remain=0 svc_stdout=log svc_stderr=log svc_dirs=''
  # shellcheck disable=SC1090
  . "$record/services/$unit.conf" || exit 64
  child=0 child_start=0 restarts=0 starts='' stopping=0 settled=0 main_code=0
  clock
  invocation=$$-$(start_time $$)-$NOW
  log_start=$(wc -c <"$dir/log" 2>/dev/null || say 0)
  trap 'stopping=1' TERM INT HUP
  supervise_directories

  while :; do
    if ! supervise_may_start; then
      settled=1
      child=0
      supervise_status failed failed start-limit-hit "${status:-0}"
      exit 1
    fi
    supervise_rotate
    supervise_launch
    # A oneshot is at work until it ends; anything else counts as running once it was started.
    if [ "$svc_type" = oneshot ]; then supervise_status activating start success 0; else supervise_status active running success 0; fi
    while :; do
      wait "$child"
      status=$?
      [ $stopping = 1 ] && break 2
      alive "$child" "$child_start" || break
    done
    kill -KILL "-$child" 2>/dev/null
    child=0
    main_code=1 result=exit-code code=$status
    case $status in
      0) result=success ;;
      250) result=resources ;;
      129 | 1[3-8]? | 19[0-2]) main_code=2 result=signal code=$((status - 128)) ;;
    esac
    if [ "$svc_type" = oneshot ] && [ "$status" = 0 ]; then
      settled=1
      if [ "$svc_remain" = 1 ]; then supervise_status active exited success 0; else supervise_status inactive dead success 0; fi
      exit 0
    fi
    if ! supervise_wants_restart "$status"; then
      settled=1
      if [ "$result" = success ]; then supervise_status inactive dead success 0; else supervise_status failed failed $result "$code"; fi
      exit 0
    fi
    restarts=$((restarts + 1))
    supervise_status activating auto-restart $result "$code"
    sleep "$svc_restart_delay" 8>&- 9>&- &
    wait $!
    [ $stopping = 1 ] && break
  done
  supervise_status deactivating stop-sigterm success 0
  supervise_end_child
  run_as=$svc_user
  nohup_sweep "$unit"
  child=0 settled=1
  supervise_status inactive dead success 0
}

supervise_directories() {
  say "$svc_dirs" | while read -r path mode; do
    [ -n "$path" ] || continue
    owner=$svc_user
    [ $PRIVILEGED = 1 ] || owner=-
    why=$(folder_set "$path" "${mode:-755}" "$owner" "${svc_group:--}" 2>&1) || say "cannot make $path: $why" >>"$dir/log"
  done
}
