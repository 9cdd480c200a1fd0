# Services where PID 1 is systemd. The nohup runtime answers to the same names.

systemd_show() {
  systemctl show -p Id,LoadState,ActiveState,SubState,MainPID,NRestarts,InvocationID,Result,ExecMainStatus,ExecMainCode,Type,Job -- "$1" 2>/dev/null
}

systemd_stop() { systemctl stop -- "$@" 2>/dev/null || true; }

# Queued, not waited for: how it went is judged by watching, which also sees what happens a second later.
systemd_restart() { systemctl reset-failed -- "$@" 2>/dev/null; systemctl restart --no-block -- "$@" 2>&1; }

systemd_start() { systemctl reset-failed -- "$@" 2>/dev/null; systemctl start --no-block -- "$@" 2>&1; }

systemd_enable() { systemctl enable -q -- "$1" 2>&1; }

systemd_disable() { systemctl disable -q -- "$1" 2>/dev/null || true; }

systemd_enabled() {
  case $(systemctl is-enabled -- "$1" 2>/dev/null) in enabled | static | indirect | alias | generated) return 0 ;; esac
  return 1
}

systemd_log() { # UNIT LINES SINCE-EPOCH INVOCATION: what that run and systemd about it have said
  set -- "$2" "$3" "$1" "${4:--}"
  if [ "$4" = - ]; then set -- "$1" "$2" -u "$3"; else set -- "$1" "$2" "_SYSTEMD_INVOCATION_ID=$4" + "INVOCATION_ID=$4"; fi
  lines=$1 since=$2
  shift 2
  journalctl -q --no-pager -o cat -n "$lines" --since "@$since" "$@" 2>/dev/null
}

# Always reload: systemd notices a changed file by its time stamp, which a copy may keep.
systemd_reload_manager() { systemctl daemon-reload; }
