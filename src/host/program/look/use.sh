# What services use, and what they may use: "use UNIT", then lines as systemd shows them, and of both runtimes "uptime" in
# hundredths of seconds, which times since boot are compared with.

# The states of services, and what they use.
tell_units() { # UNIT…
  tell_runtime
  # Of a single one systemd shows both at once.
  case $rt/$# in systemd/1) u_shown=$(systemctl show -p "$SHOWN,$USED" -- "$1" 2>/dev/null) ;; esac
  tell_states "$@"
  tell_use "$@"
}

# The same use of all that the deploy itself starts.
tell_use_of_app() {
  active=$(active_generation)
  rt=$(runtime_of "$active")
  # shellcheck disable=SC2046
  [ "$rt" = - ] || tell_use $(start_list "$active")
}

# For `fleet status`: what those and what they trigger use, with what people want to see besides; "run UNIT GENERATION" where one
# goes on from an earlier release. A service may say its secrets in its status.
tell_living() {
  live_generation
  rt=$(runtime_of "$live")
  [ "$rt" != - ] || return 0
  [ ! -f "$S/runs" ] || sed 's/^/run /' "$S/runs"
  u_also=,CPUUsageNSec,StatusText,StateChangeTimestampMonotonic
  # shellcheck disable=SC2046
  tell_use $(start_list "$live"; triggered_units "$live" | cut -d' ' -f1) | scrub
}
u_also='' u_shown=''
USED=MemoryCurrent,MemoryHigh,MemoryMax,TasksCurrent,TasksMax,WatchdogUSec,WatchdogTimestampMonotonic,ActiveEnterTimestampMonotonic,ControlGroup

tell_use() { # UNIT…, after rt is set
  [ $# -gt 0 ] || return 0
  clock
  say "uptime $NOW_EXACT"
  "${rt}_use" "$@"
}

systemd_use() { # UNIT…
  [ -n "$u_shown" ] || u_shown=$(systemctl show -p "$USED$u_also" -- "$@" 2>/dev/null)
  {
    for u_used; do
      say "use $u_used"
      while IFS= read -r u_line && [ -n "$u_line" ]; do
        case $u_line in ControlGroup=/*) cached_files "${u_line#*=}" ;; *) say "$u_line" ;; esac
      done
    done
  } <<END
$u_shown
END
  u_shown=''
}

# Files that the kernel keeps in memory for a service, and gives up before it kills it.
cached_files() { # GROUP
  for u_file in "/sys/fs/cgroup$1/memory.stat" "/sys/fs/cgroup/memory$1/memory.stat"; do
    [ -r "$u_file" ] || continue
    u_cached=0
    while read -r u_key u_value; do
      case $u_key in inactive_file | total_inactive_file) u_cached=$u_value ;; esac
    done <"$u_file"
    say "MemoryCached=$u_cached"
    return 0
  done
}

# Nothing counts for us there, so the processes of each service are: "Session=PID" of it, and of each process in one of
# those sessions "part SESSION KIB THREADS"; with u_also "Began=" and "spent SESSION", in ticks of a hundredth of a second.
nohup_use() { # UNIT…
  u_sessions=' '
  for u_used; do
    say "use $u_used"
    nohup_read "$u_used"
    alive "$pid" "$pid_start" || continue
    say "Session=$pid"
    [ -z "$u_also" ] || say "Began=$pid_start"
    u_sessions="$u_sessions$pid "
  done
  [ "$u_sessions" != ' ' ] || return 0
  for u_file in /proc/[0-9]*/stat; do
    u_line=''
    { read -r u_line <"$u_file"; } 2>/dev/null
    case $u_line in *') '*) ;; *) continue ;; esac
    # shellcheck disable=SC2086
    set -- ${u_line##*) }
    case $u_sessions in *" ${4:-0} "*) ;; *) continue ;; esac
    u_kib=0
    { while read -r u_key u_value _; do
      case $u_key in RssAnon: | RssShmem:) u_kib=$((u_kib + u_value)) ;; esac
    done <"${u_file%stat}status"; } 2>/dev/null
    say "part $4 $u_kib ${18:-1}"
    [ -z "$u_also" ] || say "spent $4 $((${12:-0} + ${13:-0}))"
  done
}
