# A host that was set up by hand: what stands where the first deploy is about to write becomes part of generation 0,
# and a process that was started by hand is stopped before ours starts, and started again when ours goes.

# The live process of a pid file below the root, if it really belongs there: sets hand_pid and hand_file.
hand_made() {
  hand_pid='' hand_file=''
  for f in "$ROOT"/run/*.pid "$ROOT"/*.pid; do
    [ -f "$f" ] || continue
    read -r p <"$f" 2>/dev/null || [ -n "$p" ] || continue
    case $p in '' | *[!0-9]*) continue ;; esac
    case "$(readlink "/proc/$p/cwd" 2>/dev/null)/" in
      "$ROOT"/*) hand_pid=$p hand_file=$f; return 0 ;;
    esac
  done
  return 1
}

hand_command() { tr '\0' ' ' <"/proc/$1/cmdline" 2>/dev/null; }

found_by_hand() {
  [ ! -d "$G/0" ] || return 0
  if hand_made; then say "found process $hand_pid, started by hand: $(hand_command "$hand_pid")"; fi
  [ ! -d "$ROOT" ] || [ -z "$(ls "$ROOT" 2>/dev/null)" ] || say "found files in $ROOT that fleet did not put there"
  [ ! -f "$ROOT/.env" ] || say "found $ROOT/.env"
}

# Everything needed to start it again; its environment came from .env, and does again, so no secret is kept twice.
capture_process() {
  hand_made || return 0
  mkdir -p "$G/0/process" || return 74
  where=$G/0/process
  {
    say "cd -- $(shell_word "$(readlink "/proc/$hand_pid/cwd")") || exit"
    say 'set -a; [ ! -f .env ] || . ./.env; set +a'
    say "exec </dev/null >>$(shell_word "$(hand_output 1)") 2>>$(shell_word "$(hand_output 2)")"
    printf 'exec'
    tr '\0' '\n' <"/proc/$hand_pid/cmdline" | while IFS= read -r word; do printf ' %s' "$(shell_word "$word")"; done
    say
  } >"$where/run"
  say "$hand_file" >"$where/pidfile"
  stat -c %U "/proc/$hand_pid" >"$where/user"
  printf '%s %s\n' "$hand_pid" "$(start_time "$hand_pid")" >"$where/pid"
  out "note found a process started by hand ($(hand_command "$hand_pid")): it is stopped now, and started again by a full rollback"
}

hand_output() {
  case $(readlink "/proc/$hand_pid/fd/$1") in
    /dev/* | *:* | '') say /dev/null ;;
    *) readlink "/proc/$hand_pid/fd/$1" ;;
  esac
}

hand_stop() {
  [ -f "$G/0/process/pid" ] || return 0
  read -r p started <"$G/0/process/pid"
  alive "$p" "$started" || return 0
  kill -TERM "$p"
  tries=100
  while alive "$p" "$started" && [ $tries -gt 0 ]; do sleep 0.1; tries=$((tries - 1)); done
  kill -KILL "$p" 2>/dev/null
  return 0
}

hand_start() {
  [ -f "$G/0/process/run" ] || return 0
  read -r p started <"$G/0/process/pid"
  alive "$p" "$started" && return 0
  umask 022
  as_user "$(cat "$G/0/process/user")" setsid sh -s <"$G/0/process/run" 8>&- 9>&- >/dev/null 2>&1 &
  p=$!
  umask 077
  sleep 0.2
  printf '%s %s\n' "$p" "$(start_time "$p")" >"$G/0/process/pid"
  say "$p" >"$(cat "$G/0/process/pidfile")"
}

# Keeps, in generation 0, what stands where generation TO is about to write and fleet did not put it there.
capture() { # TO FROM
  to=$1 from=$2
  [ "$to" != 0 ] || return 0
  mkdir -p "$G/0/units" "$G/0/files" || return 74
  [ -f "$G/0/manifest" ] || printf 'version 1\nruntime -\nuser -\nbase 0\ndigest -\n' >"$G/0/manifest" || return 74
  if [ $PRIVILEGED = 1 ] && [ "$(runtime_of "$to")" = systemd ]; then
    known=$(unit_files "$from")
    for f in $(unit_files "$to"); do
      contains "$known" "$f" || [ -e "$G/0/units/$f" ] || [ ! -f "$UNITS/$f" ] && continue
      out "note found $UNITS/$f, made by hand: it is kept, and put back by a full rollback"
      mkdir -p "$G/0/units/$(dirname "$f")" && cp -p "$UNITS/$f" "$G/0/units/$f" || return 74
      case $f in */*) continue ;; esac
      systemctl is-enabled -q -- "$f" 2>/dev/null && say "$f" >>"$G/0/enable"
      systemctl is-active -q -- "$f" 2>/dev/null && say "$f" >>"$G/0/start"
      sed 's/^runtime -$/runtime systemd/' "$G/0/manifest" >"$G/0/manifest.new" && mv -f "$G/0/manifest.new" "$G/0/manifest"
    done
  fi
  [ "$from" != 0 ] || [ -d "$G/0/process" ] || capture_process || return
  known=$(lines "$from" files.list | cut -d' ' -f5-)
  lines "$to" files.list | while read -r _ _ _ _ path; do
    contains "$known" "$path" || [ ! -f "$path" ] || lines 0 files.list | grep -qxF "$(stat -c '%a %U %G' "$path") $path" && continue
    n=$(($(lines 0 files.list | wc -l) + 1))
    cp -p "$path" "$G/0/files/$n" && printf '%s %s %s\n' "$n" "$(stat -c '%a %U %G' "$path")" "$path" >>"$G/0/files.list" || return 74
  done || return
  if [ -f "$G/$to/env" ] && [ ! -f "$G/$from/env" ] && [ ! -f "$G/0/env" ] && [ -f "$ROOT/.env" ]; then
    cp "$ROOT/.env" "$G/0/env" && chmod 600 "$G/0/env" &&
      printf 'env_mode %s\nenv_owner %s\nenv_group %s\n' "$(stat -c %a "$ROOT/.env")" "$(stat -c %U "$ROOT/.env")" "$(stat -c %G "$ROOT/.env")" >>"$G/0/manifest" || return 74
  fi
  return 0
}
