# Services where PID 1 is systemd. The nohup runtime answers to the same names.

# An empty line stands between two of them.
SHOWN=Id,LoadState,ActiveState,SubState,MainPID,NRestarts,InvocationID,Result,ExecMainStatus,ExecMainCode,Type,Job,DropInPaths
systemd_show() { systemctl show -p "$SHOWN" -- "$@" 2>/dev/null; } # UNIT…

# Queued and watched: a service that does not stop must not hold up whoever waits for it.
systemd_stop() {
  systemctl stop --no-block -- "$@" 2>/dev/null
  for unit in "$@"; do await_stop systemd "$unit" || return; done
  # A unit that goes away after it had to be killed would be listed as failed until the next boot.
  systemctl reset-failed -- "$@" 2>/dev/null || true
}

systemd_is_down() {
  read_unit systemd "$1"
  case $u_active in inactive | failed) return 0 ;; esac
  return 1
}

# Also what its ExecStop= runs.
systemd_kill() { systemctl kill -s KILL -- "$1" 2>/dev/null; }

# Queued, not waited for: how it went is judged by watching, which also sees what happens a second later.
systemd_restart() { systemctl reset-failed -- "$@" 2>/dev/null; systemctl restart --no-block -- "$@" 2>&1; }

systemd_start() { systemctl reset-failed -- "$@" 2>/dev/null; systemctl start --no-block -- "$@" 2>&1; }

# An init script of the same name is the host's: it is not switched on and off along with ours.
units_only() { limit $ANSWER env SYSTEMCTL_SKIP_SYSV=1 systemctl "$@"; }

systemd_enable() { units_only enable -q -- "$1" 2>&1; }

systemd_disable() { units_only disable -q -- "$1" 2>/dev/null || true; }

# A link of its name is all that being enabled comes to, and systemd looks for no more; where there is none it is asked.
systemd_linked() { # UNIT
  [ ! -L "$UNITS/$1" ] || return 1
  for s_link in "$UNITS"/*.wants/"$1" "$UNITS"/*.requires/"$1"; do
    [ ! -L "$s_link" ] || [ ! -f "$s_link" ] || return 0
  done
  return 1
}

# Whether each of them is; one at a time where it is not certain.
systemd_all_enabled() { # UNIT…
  for s_unit; do
    shift
    systemd_linked "$s_unit" || set -- "$@" "$s_unit"
  done
  [ $# -gt 0 ] || return 0
  s_count=0
  for s_state in $(systemctl is-enabled -- "$@" 2>/dev/null); do
    case $s_state in enabled | static | indirect | alias | generated) s_count=$((s_count + 1)) ;; *) return 1 ;; esac
  done
  [ $s_count = $# ]
}

systemd_enabled() {
  systemd_linked "$1" && return
  case $(systemctl is-enabled -- "$1" 2>/dev/null) in enabled | static | indirect | alias | generated) return 0 ;; esac
  return 1
}

# What a unit has said since it was last restarted. Not by invocation: of a process that died at once, journald may have
# learned nothing but the unit.
systemd_log() { # UNIT LINES
  unit=$1 count=$2 cursor=$(cat "$S/.cursor" 2>/dev/null)
  # Behind a cursor -n counts from the front, and the last lines are those that say why.
  if [ -n "$cursor" ]; then set -- --after-cursor="$cursor"; else set -- -n "$count"; fi
  journalctl -q --no-pager -o cat "$@" -u "$unit" 2>/dev/null | tail -n "$count"
}

# What a unit has said since its main process was last started, or it was where that never came. From the end: -n counts
# from wherever else one begins.
systemd_last_words() { # UNIT LINES
  started='' begun=''
  while IFS='=' read -r key value; do
    case $key in ExecMainStartTimestamp) started=$value ;; InactiveExitTimestamp) begun=$value ;; esac
  done <<EOF
$(systemctl show -p ExecMainStartTimestamp,InactiveExitTimestamp -- "$1" 2>/dev/null)
EOF
  begun=${started:-$begun}
  journalctl -q --no-pager -o cat -r -n "$2" ${begun:+--since="$begun"} -u "$1" 2>/dev/null | backwards
}

# A service whose main process never came: the step before it that failed, and how.
before_start() { # UNIT: sets u_why u_status
  [ "$rt" = systemd ] || return 0
  step=$(systemctl show -p ExecStartPre,ExecCondition,ExecStartPost -- "$1" 2>/dev/null | sed -n 's/.* code=exited ; status=\([0-9]*\) }$/\1/p' | grep -v '^0$' | tail -n 1)
  [ -z "$step" ] || u_why=start-step u_status=$step
}

systemd_mark_log() { journalctl -q --no-pager -o cat -n 1 --show-cursor 2>/dev/null | sed -n 's/^-- cursor: //p' >"$S/.cursor"; }

# Always reload: systemd notices a changed file by its time stamp, which a copy may keep.
systemd_reload_manager() { limit $RELOAD systemctl daemon-reload; }
