# Services where there is no systemd: one supervisor process for each (supervise.sh), told what to do by the files that
# the controller made from the same unit. State lives in run/<unit>/, in the words that `systemctl show` uses.

# A supervisor is known by its status, which it keeps itself; and by what it is, where the state folder has been removed or
# is an older one while it ran.
nohup_read() { # UNIT: sets sup sup_start pid pid_start run_as, and sup_found to the generation of one that no status tells of
  sup=0 sup_start='' pid=0 pid_start='' sup_found=''
  run_as=''
  [ ! -f "$S/run/$1/status" ] || while IFS='=' read -r key value; do
    case $key in
      Supervisor) sup=$value ;; SupervisorStart) sup_start=$value ;; MainPID) pid=$value ;; MainStart) pid_start=$value ;;
      User) run_as=$value ;;
    esac
  done <"$S/run/$1/status"
  [ -n "$run_as" ] || run_as=$(service_user "$(active_generation)")
  alive "$sup" "$sup_start" || nohup_find "$1"
}

nohup_find() { # UNIT
  while read -r f_pid f_start f_generation f_unit; do
    [ "$f_unit" = "$1" ] || continue
    sup=$f_pid sup_start=$f_start sup_found=$f_generation pid=0
    { read -r pid _ <"/proc/$f_pid/task/$f_pid/children"; } 2>/dev/null
    pid=${pid:-0}
    pid_start=$(start_time "$pid") && run_as=$(stat -c %U "/proc/$pid")
    return
  done <<END
$(supervisors)
END
}

# The supervisors of this app that run, by what they are, as lines "PID START GENERATION UNIT". Anybody may give a process
# of theirs the same command line, and a setuid program too: so it counts only where the process is wholly ours, leads a
# session and is a shell; and one of a container on this host is not this host's.
supervisors() {
  s_me=''
  # Only the first word: grep may stop at the byte behind it.
  for s_pid in $(grep -ls '^sh' /proc/[0-9]*/cmdline); do
    [ -O "$s_pid" ] || continue
    s_pid=${s_pid#/proc/} s_pid=${s_pid%/cmdline}
    # No shell takes the bytes between the words into a variable, and most are told by this.
    s_words=''
    { read -r s_words <"/proc/$s_pid/cmdline"; } 2>/dev/null
    case $s_words in sh"$S/host"*.sh*"$APP"supervise*) ;; *) continue ;; esac
    [ -n "$s_me" ] || s_me=$(id -un) s_space=$(readlink "/proc/$$/ns/pid") s_shell=$(readlink "/proc/$$/exe")
    {
      read -r s_sh && read -r s_program && read -r _ && read -r s_app && read -r s_verb && read -r s_unit && read -r s_generation
    } <<END || continue
$(tr '\0' '\n' 2>/dev/null <"/proc/$s_pid/cmdline")
END
    case $s_sh/$s_verb/$s_app/$s_program in "sh/supervise/$APP/$S/host"*.sh) ;; *) continue ;; esac
    { read -r s_stat <"/proc/$s_pid/stat"; } 2>/dev/null || continue
    # shellcheck disable=SC2086
    set -- ${s_stat##*) }
    [ "$4" = "$s_pid" ] && is_of "$s_me" "$s_pid" && [ "$(readlink "/proc/$s_pid/ns/pid")" = "$s_space" ] || continue
    # The program may have been replaced by an update since, or be another one by now.
    s_exe=$(readlink "/proc/$s_pid/exe")
    case ${s_exe% (deleted)} in "$s_shell" | */sh | */dash | */bash | */ash | */busybox) say "$s_pid ${20} $s_generation $s_unit" ;; esac
  done
}

# A target has no process: it is up while one of the services that were started with it is kept up.
nohup_target_up() { # TARGET
  g=$(active_generation)
  [ -f "$G/$g/units/$1" ] || return 1
  for u in $(lines "$g" start); do
    nohup_read "$u"
    ! alive "$sup" "$sup_start" || return 0
  done
  return 1
}

nohup_show() { # UNIT…
  for each; do
    nohup_show_one "$each"
    say
  done
}

nohup_show_one() {
  case $1 in
    *.target) if (nohup_target_up "$1"); then printf 'ActiveState=active\nSubState=active\nResult=success\n' && return; fi ;;
  esac
  nohup_read "$1"
  if [ -n "$sup_found" ]; then
    printf 'ActiveState=active\nSubState=unrecorded\nMainPID=%s\nResult=success\n' "$pid"
  elif alive "$sup" "$sup_start" || { [ -f "$S/run/$1/status" ] && grep -q '^Settled=1' "$S/run/$1/status"; }; then
    short "$S/run/$1/status"
  elif alive "$pid" "$pid_start"; then
    printf 'ActiveState=failed\nSubState=orphaned\nMainPID=%s\nResult=supervisor-lost\n' "$pid"
  else
    printf 'ActiveState=inactive\nSubState=dead\nMainPID=0\nNRestarts=0\nResult=success\nJob=0\n'
  fi
}

# Every process of a unit carries this mark in its environment, also one that left the group. In a container root may
# not look into another user's processes, that user may: so it is asked too.
nohup_marked() { # UNIT, after nohup_read
  sh -c "$NOHUP_SEARCH" sh "FLEET_UNIT=$S/$1" $$
  case $PRIVILEGED/${run_as:--} in 0/* | 1/- | 1/root) return 0 ;; esac
  briefly_as "$run_as" sh -c "$NOHUP_SEARCH" sh "FLEET_UNIT=$S/$1" $$ 2>/dev/null | only_of "$run_as"
  return 0
}

# One grep finds who may be meant (busybox's -F stops at a NUL byte, and it has no -a); only an exact entry counts.
# shellcheck disable=SC2016
NOHUP_SEARCH='
for p in $(grep -l FLEET_UNIT= /proc/[0-9]*/environ 2>/dev/null); do
  tr "\\0" "\\n" 2>/dev/null <"$p" | grep -qxF "$1" || continue
  p=${p%/environ}
  [ "${p#/proc/}" = "$2" ] || echo "${p#/proc/}"
done'

nohup_sweep() { # UNIT: ends whatever is left of it, politely and then not
  for signal in TERM KILL; do
    left=$(nohup_marked "$1")
    [ -n "$left" ] || return 0
    # shellcheck disable=SC2086
    kill -$signal $left 2>/dev/null
    tries=15
    while [ $tries -gt 0 ] && [ -n "$(nohup_marked "$1")" ]; do sleep 0.2; tries=$((tries - 1)); done
  done
}

nohup_stop() {
  for unit in $(printf '%s\n' "$@" | backwards); do
    # Each of them, should there be a second one that lost sight of the first.
    while nohup_read "$unit"; alive "$sup" "$sup_start"; do
      kill -TERM "$sup"
      await_stop nohup "$unit" || return
    done
    nohup_sweep "$unit"
    rm -f "$S/run/$unit/status"
  done
}

# When all that is recorded is down or goes on: what else runs is recorded nowhere.
nohup_stop_rest() {
  strays=$(supervisors)
  [ -n "$strays" ] || return 0
  for stray in $(say "$strays" | cut -d' ' -f4 | sort -u); do
    ! contains "$kept_up" "$stray" || continue
    out "note stopping $stray, which runs and stands in no record"
    nohup_stop "$stray" || return
  done
}

# Its supervisor ends when all of it is gone.
nohup_is_down() { ! alive "$sup" "$sup_start"; }

# The service, and what its ExecStop= runs; the supervisor itself only if that does not end it.
nohup_kill() { # UNIT ROUND
  left=$(nohup_marked "$1")
  [ "$2" -lt 4 ] || left="$left $sup"
  # shellcheck disable=SC2086
  [ -z "$left" ] || kill -KILL $left 2>/dev/null
}

# The generation that a start belongs to; a rollback sets it before `current` moves.
nohup_start() {
  for unit in "$@"; do
    nohup_read "$unit"
    alive "$sup" "$sup_start" && continue
    nohup_sweep "$unit"
    mkdir -p "$S/run/$unit"
    # What a supervisor that a power cut ended had half-written goes too.
    rm -f "$S/run/$unit/status" "$S/run/$unit/.fleet.$APP".??????
    setsid sh "$0" "$ROOT" "$APP" supervise "$unit" "${RUN_GENERATION:-$(active_generation)}" </dev/null >/dev/null 2>>"$S/run/$unit/log" 8>&- 9>&- &
    tries=50
    while [ $tries -gt 0 ] && [ ! -f "$S/run/$unit/status" ]; do sleep 0.1; tries=$((tries - 1)); done
    [ -f "$S/run/$unit/status" ] || { say "the supervisor of $unit did not start: $(tail -n 3 "$S/run/$unit/log")"; return 1; }
  done
}

nohup_restart() {
  nohup_stop "$@"
  nohup_start "$@"
}

# What starts something at boot here: a cron daemon that knows @reboot (busybox's crashes on that line), or rc.local.
boot_mechanism() { if is_systemd && [ $PRIVILEGED = 1 ]; then say systemd; else nohup_boot; fi; }

# The same without systemd, which also a host that has it may be run without.
nohup_boot() {
  if cron_runs && have crontab && case $(readlink -f "$(which_file crontab)") in */busybox) false ;; esac; then
    say cron
  elif [ $PRIVILEGED = 1 ] && [ -f /etc/rc.local ]; then
    say rc.local
  else
    say none
  fi
}

cron_runs() {
  for p in /proc/[0-9]*/comm; do
    c_name=''
    { read -r c_name <"$p"; } 2>/dev/null
    case $c_name in cron | crond | cronie | fcron) return 0 ;; esac
  done
  return 1
}

# One line for the whole app, recognised by the mark at its end.
boot_command() {
  say "sh $(shell_word "$S/host.sh") $(shell_word "$ROOT") $APP boot >/dev/null 2>&1"
}
shell_word() { printf "'%s'" "$(say "$1" | sed "s/'/'\\\\''/g")"; }

nohup_enable() { shared nohup_add_line; }
nohup_add_line() {
  case $(nohup_boot) in
    cron) { crontab -l 2>/dev/null | grep -v " # fleet:$APP\$"; say "@reboot $(boot_command | sed 's/%/\\%/g') # fleet:$APP"; } | crontab - 2>&1 ;;
    rc.local)
      { sed -n 1p /etc/rc.local; say "$(boot_command) & # fleet:$APP"; sed 1d /etc/rc.local | grep -v " # fleet:$APP\$"; } >"$S/.rc.local"
      place "$S/.rc.local" /etc/rc.local "$(stat -c %a /etc/rc.local)" root root
      rm -f "$S/.rc.local"
      ;;
  esac
  return 0
}

nohup_disable() { shared nohup_remove_line; }
nohup_remove_line() {
  if have crontab && crontab -l 2>/dev/null | grep -q " # fleet:$APP\$"; then
    rest=$(crontab -l 2>/dev/null | grep -v " # fleet:$APP\$")
    if [ -n "$rest" ]; then say "$rest" | crontab -; else crontab -r 2>/dev/null || true; fi
  fi
  if [ $PRIVILEGED = 1 ] && grep -q " # fleet:$APP\$" /etc/rc.local 2>/dev/null; then
    grep -v " # fleet:$APP\$" /etc/rc.local >"$S/.rc.local"
    place "$S/.rc.local" /etc/rc.local "$(stat -c %a /etc/rc.local)" root root
    rm -f "$S/.rc.local"
  fi
  return 0
}

# UNIT, which a person may have left out of it.
nohup_enabled() {
  ! is_by_hand disabled "$1" || return 1
  case $(nohup_boot) in
    cron) crontab -l 2>/dev/null | grep -q " # fleet:$APP\$" ;;
    rc.local) grep -q " # fleet:$APP\$" /etc/rc.local ;;
    *) return 0 ;;
  esac
}

nohup_log() { # UNIT LINES: of the present run
  from=$(sed -n 's/^LogStart=//p' "$S/run/$1/status" 2>/dev/null)
  tail -c "+$((${from:-0} + 1))" "$S/run/$1/log" 2>/dev/null | tail -n "$2"
}

nohup_last_words() { nohup_log "$@"; }

nohup_reload_manager() { :; }
