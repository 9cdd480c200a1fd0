# A host that was set up by hand: what stands where the first deploy is about to write becomes part of generation 0,
# and a process that was started by hand is stopped before ours starts, and started again when ours goes.

# Whether a process is wholly an account's: its real, effective, saved and file system user. What merely was started by
# it (a program that changes the user) is never taken over.
is_of() { # USER PID
  id=0
  [ "$1" = - ] && [ $PRIVILEGED = 1 ] || id=$(id -u "${1#-}" 2>/dev/null) || return
  read -r real effective saved other <<END
$(sed -n 's/^Uid:[^0-9]*//p' "/proc/$2/status" 2>/dev/null)
END
  [ "$real/$effective/$saved/$other" = "$id/$id/$id/$id" ]
}

# Of the numbers that an account's own search has told, those of its own processes: root kills no other on its word.
only_of() { # USER
  while read -r told; do ! is_number "$told" || ! is_of "$1" "$told" || say "$told"; done
}

# In a container root may not look into another user's processes; that user may.
process_link() { # USER PID NAME
  readlink "/proc/$2/$3" 2>/dev/null || briefly_as "$1" readlink "/proc/$2/$3" 2>/dev/null
}

process_words() { plain "$(tr '\0' ' ' <"/proc/$1/cmdline" 2>/dev/null)"; }

# The numbers in pid files at the root, "PID FILE". Such a file may be anything by the time it is read.
# shellcheck disable=SC2016
pid_files() {
  for folder in "$ROOT/run" "$ROOT"; do
    [ ! -d "$(spot "$folder")" ] || act_in "$folder" 'for f in ./*.pid; do [ -f "$f" ] && [ ! -L "$f" ] && echo "$(head -c 20 "$f" | head -n 1) $1/${f#./}"; done' "$folder"
  done 2>/dev/null | while read -r p file; do ! is_number "$p" || say "$p $file"; done
}

# The live process of a pid file below the root, if a person really started it as the service user: sets hand_pid and
# hand_file. One of a unit may write such a file too; then the unit is what was made by hand.
hand_made() { # USER
  hand_pid='' hand_file=''
  while read -r p file; do
    [ -n "$p" ] && [ -d "/proc/$p" ] || continue
    owner=$(stat -c %U "/proc/$p" 2>/dev/null) || continue
    case "$(process_link "$owner" "$p" cwd)/" in "$ROOT"/*) ;; *) continue ;; esac
    unit_of "$p"
    if [ "$b_unit" = - ] && is_of "$1" "$p" && roots_own "$1"; then hand_pid=$p hand_file=$file; return 0; fi
  done <<END
$(pid_files)
END
  return 1
}

# What root is to start again must have come from root alone.
roots_own() { # USER
  [ "$1" = - ] && [ $PRIVILEGED = 1 ] || return 0
  [ $STANDING = 1 ] && case $(stat -c '%u %a' "$R/.env" 2>/dev/null) in '') ;; '0 '*[2367] | '0 '*[2367]?) false ;; '0 '*) ;; *) false ;; esac
}

# The unit that a process runs in. What a person starts runs in the service of the daemon that they came through.
unit_of() { # PID: sets b_unit; -, where it is none, and user:UNIT where an account's own systemd has it
  b_unit=-
  [ -d /run/systemd/system ] || return 0
  while IFS= read -r b_group; do
    case $b_group in 0::* | *:name=systemd:*) ;; *) continue ;; esac
    case ${b_group##*.service} in "$b_group" | /*/*) continue ;; '' | /*) ;; *) continue ;; esac
    b_group=${b_group%.service*}.service
    b_unit=${b_group##*/}
    case $b_unit in
      ssh.service | sshd.service | ssh@* | sshd@* | dropbear* | *getty* | cron.service | crond.service | cronie.service | atd.service | rc-local.service | user@* | fleet-*) b_unit=- ;;
      *) case $b_group in */user@*.service/*) b_unit=user:$b_unit ;; esac ;;
    esac
  done 2>/dev/null <"/proc/$1/cgroup"
}

found_by_hand() { # USER
  if hand_made "$1"; then say "found process $hand_pid, started by hand: $(process_words "$hand_pid")"; fi
  if is_systemd; then
    grep -lF -e "$ROOT" "$UNITS"/*.service 2>/dev/null | while read -r f; do
      say "found $(plain "$f"), which is $(systemctl is-active -- "${f##*/}" 2>/dev/null)"
    done
  fi
  [ ! -f "$R/.env" ] || [ -f "$S/undo/$KEPT_ENV" ] || say "found $ROOT/.env"
  [ ! -d "$G/0" ] || return 0
  [ ! -d "$R" ] || [ -z "$(ls "$R" 2>/dev/null)" ] || say "found files in $ROOT that fleet did not put there"
}

# What stands where fleet is about to work and can neither be kept nor trusted.
in_the_way() {
  env_is_plain || say "unsafe $ROOT/.env is a link, or has a second name: replace it by a file of its own"
  [ $PRIVILEGED = 1 ] || return 0
  [ ! -e "$R/releases" ] || [ "$(stat -c %u "$R/releases")" = 0 ] || say "unsafe $ROOT/releases is $(plain "$(stat -c %U "$R/releases")")'s: move it away, what is in it cannot be trusted"
}

# Root never reads settings that lead elsewhere.
env_is_plain() {
  [ -e "$R/.env" ] || [ -L "$R/.env" ] || return 0
  [ ! -L "$R/.env" ] && [ -f "$R/.env" ] && [ "$(stat -c %h "$R/.env")" = 1 ]
}

# Everything needed to start it again; its environment came from .env, and does again, so no secret is kept twice.
capture_process() { # USER
  hand_made "$1" || return 0
  mkdir -p "$G/0/process" || return 74
  where=$G/0/process
  # The redirections stand on the last line: a shell that reads its script from standard input must not lose the rest.
  {
    say 'echo $$'
    say "cd -- $(shell_word "$(process_link "$1" "$hand_pid" cwd)") || exit"
    say "set -a; if [ -f .env ]; then . ./.env; elif [ -f $(shell_word "$ROOT/.env") ]; then . $(shell_word "$ROOT/.env"); fi; set +a"
    printf 'exec'
    tr '\0' '\n' <"/proc/$hand_pid/cmdline" | while IFS= read -r word; do printf ' %s' "$(shell_word "$word")"; done
    say " </dev/null >>$(shell_word "$(hand_output "$1" 1)") 2>>$(shell_word "$(hand_output "$1" 2)")"
  } >"$where/run"
  # shellcheck disable=SC2016
  say "$(act_in "$(folder_of "$hand_file")" 'stat -c "%a %U %G" "./$1"' "${hand_file##*/}") $hand_file" >"$where/pidfile"
  say "$1" >"$where/user"
  printf '%s %s\n' "$hand_pid" "$(start_time "$hand_pid")" >"$where/pid"
  out "note found a process started by hand ($(process_words "$hand_pid")): it is stopped now, and started again by a full rollback"
}

hand_output() { # USER DESCRIPTOR
  target=$(process_link "$1" "$hand_pid" "fd/$2")
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
  p=$(cat "$S/.pid" 2>/dev/null) && is_number "$p" && is_of "$hand_user" "$p" || return 1
  case "$(process_link "$hand_user" "$p" cwd)/" in "$ROOT"/*) ;; *) return 1 ;; esac
}

# With the account's own rights: what it has started with others is not ours to end.
hand_kill() { # SIGNAL PID…
  # shellcheck disable=SC2016
  briefly_as "$hand_user" sh -c 'kill "$@" 2>/dev/null' sh "-$1" "$2"
}

hand_stop() {
  [ -f "$G/0/process/pid" ] || return 0
  hand_user=$(cat "$G/0/process/user")
  read -r p started <"$G/0/process/pid"
  if ! alive "$p" "$started"; then
    hand_left_running || { rm -f "$S/.pid"; return 0; }
    started=$(start_time "$p")
  fi
  family "$p" >"$S/.family"
  hand_kill TERM "$p"
  tries=100
  while alive "$p" "$started" && [ $tries -gt 0 ]; do sleep 0.1; tries=$((tries - 1)); done
  # Children that their parent did not take along would be a second copy.
  for signal in TERM KILL; do
    while read -r p started; do ! alive "$p" "$started" || hand_kill $signal "$p"; done <"$S/.family"
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
  if [ $PRIVILEGED = 0 ] || [ "$1" = - ] || [ "$1" = "$(id -un)" ]; then exec setsid sh -s; fi
  setpriv --reuid=0 --clear-groups true 2>/dev/null || exec su -s /bin/sh "$1" -c 'exec setsid sh -s'
  exec setpriv --reuid="$1" --regid="$(id -g "$1")" --init-groups -- setsid sh -s
}

# The process says its own number, since it may stand behind a program that changes the user.
hand_start() {
  [ -f "$G/0/process/run" ] || return 0
  hand_user=$(cat "$G/0/process/user")
  read -r p started <"$G/0/process/pid"
  alive "$p" "$started" || hand_left_running || {
    : >"$S/.pid"
    hand_launch "$hand_user" <"$G/0/process/run" >"$S/.pid" 2>/dev/null &
    p='' tries=50
    while [ $tries -gt 0 ]; do
      read -r p <"$S/.pid" && is_number "$p" && break
      sleep 0.1
      tries=$((tries - 1))
    done
  }
  if [ -n "$p" ]; then
    printf '%s %s\n' "$p" "$(start_time "$p")" | replace "$G/0/process/pid"
    read -r mode owner group file <"$G/0/process/pidfile"
    say "$p" >"$S/.pid"
    [ ! -d "$(spot "${file%/*}")" ] || [ "$(read_file "$file" 2>/dev/null | head -n 1)" = "$p" ] || place "$S/.pid" "$file" "$mode" "$owner" "$group"
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
  [ -d "$G/0/units" ] && [ -d "$G/0/files" ] || mkdir -p "$G/0/units" "$G/0/files" || return 74
  [ -f "$G/0/manifest" ] || printf 'version 1\nruntime -\nuser -\nbase 0\ndigest -\n' >"$G/0/manifest" || return 74
  the_runtime "$to"
  if [ $PRIVILEGED = 1 ] && [ "$recorded" = systemd ]; then
    installed_by "$from"
    known=$text
    units_of "$to"
    for f in $text; do contains "$known" "$f" || keep_unit "$to" "$f" || return; done
  fi
  [ "$from" != 0 ] || capture_process "$(service_user "$to")" || return
  [ "$from" != 0 ] || [ ! -L "$R/current" ] || readlink "$R/current" >"$G/0/current" || return 74
  file_paths "$from"
  known=$text
  file_paths "$to"
  while IFS= read -r path; do
    spot_of "$path"
    [ -n "$path" ] && ! contains "$known" "$path" && [ -e "$spot" ] || continue
    # shellcheck disable=SC2016
    looks=$(act_in "$(folder_of "$path")" '[ ! -L "./$1" ] && [ -f "./$1" ] && stat -c "%a %U %G" "./$1"' "${path##*/}" 2>/dev/null) ||
      { out "refused $path is no file of its own, so it cannot be kept: take it away, or name what it leads to"; return 65; }
    ! lines 0 files.list | grep -qxF "$looks $path" || continue
    n=$(($(lines 0 files.list | wc -l) + 1))
    read_file "$path" >"$G/0/files/$n" && printf '%s %s %s\n' "$n" "$looks" "$path" >>"$G/0/files.list" || return 74
  done <<END
$text
END
  if [ -f "$G/$to/env" ] && [ ! -f "$G/$from/env" ] && [ ! -f "$G/0/env" ] && [ -e "$R/.env" ] && [ ! -f "$S/undo/$KEPT_ENV" ]; then
    env_is_plain || { out "refused $ROOT/.env is a link, or has a second name: replace it by a file of its own"; return 65; }
    printf 'env_mode %s\nenv_owner %s\nenv_group %s\n' "$(stat -c %a "$R/.env")" "$(stat -c %U "$R/.env")" "$(stat -c %G "$R/.env")" >>"$G/0/manifest" &&
      replace "$G/0/env" <"$R/.env" || return 74
  fi
  return 0
}

# What stands at `current` of a root that is not fleet's yet: a link of somebody is kept, anything else is in the way.
tell_current() { # ACTIVE
  if [ "$1" != 0 ]; then
    case $1 in ??????????*) say "current-taken a link to releases/$1, which is no generation of fleet's" ;; esac
  elif [ -L "$R/current" ]; then
    say "found $ROOT/current, a link to $(plain "$(readlink "$R/current")")"
  elif [ -e "$R/current" ]; then
    if [ -d "$R/current" ]; then say "current-taken a folder"; else say "current-taken a file"; fi
  fi
}
