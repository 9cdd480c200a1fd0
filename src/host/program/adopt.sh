# A host that was set up by hand: what stands where the first deploy is about to write becomes part of generation 0,
# and a process that was started by hand is stopped before ours starts, and started again when ours goes.

# The live process of a pid file below the root, if a person really started it: sets hand_pid and hand_file.
hand_made() {
  hand_pid='' hand_file=''
  for f in "$ROOT"/run/*.pid "$ROOT"/*.pid; do
    [ -f "$f" ] || continue
    p=''
    read -r p <"$f" 2>/dev/null || [ -n "$p" ] || continue
    case $p in '' | *[!0-9]*) continue ;; esac
    case "$(process_link "$p" cwd)/" in
      "$ROOT"/*) run_by_unit "$p" || { hand_pid=$p hand_file=$f; return 0; } ;;
    esac
  done
  return 1
}

# A unit's own process may write a pid file too; then the unit is what was made by hand. What a person starts runs in
# the service of the daemon that they came through.
run_by_unit() {
  case $(sed -n 's|.*/\([^/]*\)\.service$|\1|p' "/proc/$1/cgroup" 2>/dev/null | tail -n 1) in
    '' | ssh | sshd | ssh@* | sshd@* | dropbear* | cron | crond | cronie | rc-local | fleet-*) return 1 ;;
  esac
}

# In a container root may not look into another user's processes; that user may.
process_link() { # PID NAME
  readlink "/proc/$1/$2" 2>/dev/null || { [ $PRIVILEGED = 1 ] && as_user "$(stat -c %U "/proc/$1" 2>/dev/null || say -)" readlink "/proc/$1/$2" 2>/dev/null; }
}

hand_command() { tr '\0' ' ' <"/proc/$1/cmdline" 2>/dev/null; }

found_by_hand() {
  if hand_made; then say "found process $hand_pid, started by hand: $(hand_command "$hand_pid")"; fi
  if is_systemd; then
    grep -lF -e "$ROOT" "$UNITS"/*.service 2>/dev/null | while read -r f; do
      say "found $f, which is $(systemctl is-active -- "${f##*/}" 2>/dev/null)"
    done
  fi
  [ ! -f "$ROOT/.env" ] || [ -f "$S/undo/$KEPT_ENV" ] || say "found $ROOT/.env"
  [ ! -d "$G/0" ] || return 0
  [ ! -d "$ROOT" ] || [ -z "$(ls "$ROOT" 2>/dev/null)" ] || say "found files in $ROOT that fleet did not put there"
}

# Everything needed to start it again; its environment came from .env, and does again, so no secret is kept twice.
capture_process() {
  hand_made || return 0
  mkdir -p "$G/0/process" || return 74
  where=$G/0/process
  # The redirections stand on the last line: a shell that reads its script from standard input must not lose the rest.
  {
    say 'echo $$'
    say "cd -- $(shell_word "$(process_link "$hand_pid" cwd)") || exit"
    say "set -a; if [ -f .env ]; then . ./.env; elif [ -f $(shell_word "$ROOT/.env") ]; then . $(shell_word "$ROOT/.env"); fi; set +a"
    printf 'exec'
    tr '\0' '\n' <"/proc/$hand_pid/cmdline" | while IFS= read -r word; do printf ' %s' "$(shell_word "$word")"; done
    say " </dev/null >>$(shell_word "$(hand_output 1)") 2>>$(shell_word "$(hand_output 2)")"
  } >"$where/run"
  say "$(stat -c '%a %U %G' "$hand_file") $hand_file" >"$where/pidfile"
  stat -c %U "/proc/$hand_pid" >"$where/user"
  printf '%s %s\n' "$hand_pid" "$(start_time "$hand_pid")" >"$where/pid"
  out "note found a process started by hand ($(hand_command "$hand_pid")): it is stopped now, and started again by a full rollback"
}

hand_output() {
  target=$(process_link "$hand_pid" "fd/$1")
  case $target in /dev/* | *:* | '') say /dev/null ;; *) say "$target" ;; esac
}

# A process and all that it has started, as lines "PID START".
family() {
  say "$1 $(start_time "$1")"
  # shellcheck disable=SC2013
  for child in $(cat /proc/"$1"/task/*/children 2>/dev/null); do family "$child"; done
}

# A run that died while it started the process has left its number: a second one would be a second copy.
hand_left_running() {
  p=$(cat "$S/.pid" 2>/dev/null) && [ -n "$p" ] || return 1
  case "$(process_link "$p" cwd)/" in "$ROOT"/*) ;; *) return 1 ;; esac
}

hand_stop() {
  [ -f "$G/0/process/pid" ] || return 0
  read -r p started <"$G/0/process/pid"
  if ! alive "$p" "$started"; then
    hand_left_running || { rm -f "$S/.pid"; return 0; }
    started=$(start_time "$p")
  fi
  family "$p" >"$S/.family"
  kill -TERM "$p"
  tries=100
  while alive "$p" "$started" && [ $tries -gt 0 ]; do sleep 0.1; tries=$((tries - 1)); done
  # Children that their parent did not take along would be a second copy.
  for signal in TERM KILL; do
    while read -r p started; do ! alive "$p" "$started" || kill -$signal "$p" 2>/dev/null; done <"$S/.family"
    tries=20
    while family_lives && [ $tries -gt 0 ]; do sleep 0.1; tries=$((tries - 1)); done
  done
  rm -f "$S/.family" "$S/.pid"
}

family_lives() {
  while read -r p started; do ! alive "$p" "$started" || return 0; done <"$S/.family"
  return 1
}

# Not through as_user: whoever waited for the process would hold the lock as long as it lives.
hand_launch() { # USER
  exec 8>&- 9>&-
  umask 022
  cd /
  if [ $PRIVILEGED = 0 ] || [ "$1" = "$(id -un)" ]; then exec setsid sh -s; fi
  setpriv --reuid=0 --clear-groups true 2>/dev/null || exec su -s /bin/sh "$1" -c 'exec setsid sh -s'
  exec setpriv --reuid="$1" --regid="$(id -g "$1")" --init-groups -- setsid sh -s
}

# The process says its own number, since it may stand behind a program that changes the user.
hand_start() {
  [ -f "$G/0/process/run" ] || return 0
  read -r p started <"$G/0/process/pid"
  alive "$p" "$started" || hand_left_running || {
    : >"$S/.pid"
    hand_launch "$(cat "$G/0/process/user")" <"$G/0/process/run" >"$S/.pid" 2>/dev/null &
    p='' tries=50
    while [ $tries -gt 0 ]; do
      read -r p <"$S/.pid" && break
      sleep 0.1
      tries=$((tries - 1))
    done
  }
  if [ -n "$p" ]; then
    printf '%s %s\n' "$p" "$(start_time "$p")" | replace "$G/0/process/pid"
    read -r mode owner group file <"$G/0/process/pidfile"
    say "$p" >"$S/.pid"
    # Its folder may be the app's: the name is replaced, never written through.
    [ ! -d "${file%/*}" ] || [ "$(head -n 1 "$file" 2>/dev/null)" = "$p" ] || place "$S/.pid" "$file" "$mode" "$owner" "$group"
  else
    out "note the process that was started by hand could not be started again: $(tail -n 1 "$G/0/process/run" | cut -c 6-)"
  fi
  rm -f "$S/.pid"
}

# Keeps, in generation 0, what stands where generation TO is about to write and fleet did not put it there.
capture() { # TO FROM
  to=$1 from=$2
  [ "$to" != 0 ] || return 0
  # What was kept when an earlier first deploy failed may have been changed by hand since.
  [ "$from" != 0 ] || rm -rf "${G:?}/0"
  mkdir -p "$G/0/units" "$G/0/files" || return 74
  [ -f "$G/0/manifest" ] || printf 'version 1\nruntime -\nuser -\nbase 0\ndigest -\n' >"$G/0/manifest" || return 74
  if [ $PRIVILEGED = 1 ] && [ "$(runtime_of "$to")" = systemd ]; then
    known=$(unit_files "$from")
    for f in $(unit_files "$to"); do
      contains "$known" "$f" || [ -e "$G/0/units/$f" ] || [ ! -f "$UNITS/$f" ] && continue
      out "note found $UNITS/$f, made by hand: it is kept, and put back by a full rollback"
      mkdir -p "$G/0/units/$(dirname "$f")" && cp -p "$UNITS/$f" "$G/0/.unit" && say "$to $f" >>"$G/0/since" || return 74
      case $f in
        */*) ;;
        *)
          ! systemctl is-enabled -q -- "$f" 2>/dev/null || contains "$(lines 0 enable)" "$f" || say "$f" >>"$G/0/enable"
          ! systemctl is-active -q -- "$f" 2>/dev/null || contains "$(lines 0 start)" "$f" || say "$f" >>"$G/0/start"
          sed 's/^runtime -$/runtime systemd/' "$G/0/manifest" >"$G/0/manifest.new" && mv -f "$G/0/manifest.new" "$G/0/manifest"
          ;;
      esac
      # Last: a run that died on the way here finds no copy and begins again.
      mv -fT "$G/0/.unit" "$G/0/units/$f" || return 74
    done
  fi
  [ "$from" != 0 ] || capture_process || return
  [ "$from" != 0 ] || [ ! -L "$ROOT/current" ] || readlink "$ROOT/current" >"$G/0/current" || return 74
  known=$(lines "$from" files.list | cut -d' ' -f5-)
  lines "$to" files.list | while read -r _ _ _ _ path; do
    contains "$known" "$path" || [ ! -f "$path" ] || lines 0 files.list | grep -qxF "$(stat -c '%a %U %G' "$path") $path" && continue
    n=$(($(lines 0 files.list | wc -l) + 1))
    cp -p "$path" "$G/0/files/$n" && printf '%s %s %s\n' "$n" "$(stat -c '%a %U %G' "$path")" "$path" >>"$G/0/files.list" || return 74
  done || return
  if [ -f "$G/$to/env" ] && [ ! -f "$G/$from/env" ] && [ ! -f "$G/0/env" ] && [ -f "$ROOT/.env" ] && [ ! -f "$S/undo/$KEPT_ENV" ]; then
    printf 'env_mode %s\nenv_owner %s\nenv_group %s\n' "$(stat -c %a "$ROOT/.env")" "$(stat -c %U "$ROOT/.env")" "$(stat -c %G "$ROOT/.env")" >>"$G/0/manifest" &&
      replace "$G/0/env" <"$ROOT/.env" || return 74
  fi
  return 0
}

# Whether a unit was still the one made by hand when generation TO was live; `since` says which took its place.
by_hand_before() { # TO UNIT
  [ -f "$G/0/since" ] || return 1
  while read -r n unit_by_hand; do
    [ "$unit_by_hand" != "$2" ] || [ "$n" -le "$1" ] || return 0
  done <"$G/0/since"
  return 1
}
