#!/bin/sh
# fleet's program on a host: everything that decides about a generation runs in here, in POSIX sh (dash, bash, busybox
# ash), so that a dead controller or a dropped connection cannot leave the host between two generations.
#
#   sh host.sh ROOT APP VERB [ARGUMENT…]
#
# Replies are lines "key value…" on standard output. Exit codes: 0 done, 64 usage, 74 input/output, 75 busy,
# 76 the base moved, 78 needs repair.
set -u
umask 077
export LC_ALL=C SYSTEMD_COLORS=0 SYSTEMD_PAGER='' PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:${PATH:-}"

ROOT=$1 APP=$2 VERB=$3
shift 3
UNITS=/etc/systemd/system
NL='
'
# Set while the host boots: services are started by it, and nobody waits for them.
BOOTING=0

# Without root everything lives under the app's own root; the demo asks for that even where it is root.
# Who cannot be told apart from somebody without root (a killed `id`) must not begin a second state of its own.
uid=$(id -u) && [ -n "$uid" ] || { printf 'error cannot tell who this is\n'; exit 70; }
if [ "$uid" = 0 ] && [ "${FLEET_STATE_IN_ROOT:-0}" != 1 ]; then
  PRIVILEGED=1 S=/var/lib/fleet/$APP
else
  PRIVILEGED=0 S=$ROOT/.fleet
fi
G=$S/generations

say() { printf '%s\n' "$*"; }
die() {
  code=$1
  shift
  # Nobody reads what a runner prints.
  [ "$VERB" != runner ] || out "refused $*"
  printf 'error %s\n' "$*"
  exit "$code"
}

# The file that a command name stands for. `command -v` will not do: busybox's shell answers for every applet of its own.
which_file() {
  old=$IFS IFS=:
  for folder in $PATH; do
    [ -x "$folder/$1" ] && { IFS=$old; say "$folder/$1"; return; }
  done
  IFS=$old
  return 1
}
have() { which_file "$1" >/dev/null; }

# Whole seconds since boot: deadlines must not move when somebody sets the clock.
uptime_now() { read -r up _ </proc/uptime; say "${up%%.*}"; }
# In hundredths, for a window that must not come out up to a second short.
uptime_hundredths() { read -r up _ </proc/uptime; say $((${up%.*} * 100 + 1${up#*.} - 100)); }

# PID 1's start time tells one boot from the next even in a container, where the kernel's boot id stays.
boot_identity() { say "$(cat /proc/sys/kernel/random/boot_id 2>/dev/null)-$(start_time 1)"; }

# Start time of a process in clock ticks, or nothing. The name in field 2 may hold spaces and brackets.
start_time() {
  { read -r line <"/proc/$1/stat"; } 2>/dev/null || return 1
  line=${line##*) }
  # shellcheck disable=SC2086
  set -- $line
  say "${20}"
}

# A pid alone proves nothing, it may have been given to a stranger: the start time must agree.
alive() { [ -n "${1:-}" ] && [ "$1" -gt 0 ] 2>/dev/null && [ "$(start_time "$1")" = "${2:-}" ]; }

is_systemd() { [ -d /run/systemd/system ] && [ "$(cat /proc/1/comm 2>/dev/null)" = systemd ]; }

# What a killed run had half-written; to be called with the lock held. The app's name is part of theirs, since another
# app may be writing in the same folders.
sweep_temporary() {
  rm -f "$S/.boot" "$S/.files" "$S/.rc.local" "$S/.family" "$ROOT/.current.fleet"
  rm -f "$S/.fleet.$APP".?????? "$G"/*/".fleet.$APP".?????? "$ROOT/.fleet.$APP".??????
  [ $PRIVILEGED = 0 ] || rm -f "$UNITS/.fleet.$APP".?????? "$UNITS"/*.d/".fleet.$APP".?????? "/etc/.fleet.$APP".??????
  cat "$G"/*/files.list 2>/dev/null | cut -d' ' -f5- | while read -r path; do rm -f "${path%/*}/.fleet.$APP".??????; done
}

# FILE becomes standard input's content, all of it or none of it.
replace() {
  t=$(mktemp "${1%/*}/.fleet.$APP.XXXXXX") && cat >"$t" && sync "$t" && mv -fT "$t" "$1" && sync "${1%/*}" && return 0
  rm -f "${t:-}"
  return 74
}

# Puts a copy of SOURCE at TARGET with mode and owner right before the name exists.
place() { # SOURCE TARGET MODE OWNER GROUP
  why=$(copy_to "$@" 2>&1) && return 0
  # On the way back the file's own room is there to be used.
  case ${PHASE:-}/$why in REVERTING/*'No space'*) rm -f "$2" && why=$(copy_to "$@" 2>&1) && return 0 ;; esac
  [ -z "${TXN:-}" ] || out "refused cannot write $2: ${why##*: }"
  return 74
}
copy_to() {
  # Folders of drop-ins go with the last of them.
  case $2 in "$UNITS"/*) ;; *) note_parents "${2%/*}" || return 74 ;; esac
  (umask 022 && mkdir -p "${2%/*}") || return 74
  t=$(mktemp "${2%/*}/.fleet.$APP.XXXXXX") || return 74
  if cat "$1" >"$t" && { [ $PRIVILEGED = 0 ] || [ "$4" = - ] || chown "$4:$5" "$t"; } && chmod "$3" "$t" && sync "$t" && mv -fT "$t" "$2"; then
    sync "${2%/*}"
    return 0
  fi
  rm -f "$t"
  return 74
}

# What `mkdir -p` would make, deepest first, as words for a script.
missing_parts() {
  part=$1
  while [ ! -d "$part" ]; do printf ' %s' "$(shell_word "$part")"; part=$(dirname "$part"); done
}

# A folder that is made for a file is noted first, so that a full rollback takes it away when nothing else is in it.
note_parents() { # FOLDER
  [ ! -d "$1" ] || return 0
  mkdir -p "$S/undo" || return 74
  last=$(cd "$S/undo" && ls | cut -d. -f1 | sort -n | tail -n 1)
  printf '# folder %s\n# create %s\nrmdir%s 2>/dev/null || :\n' "$1" "$1" "$(missing_parts "$1")" |
    replace "$S/undo/$((${last:-999} + 1)).parents"
}

# Whether the live file is what SOURCE, MODE and owner say.
in_place() { # SOURCE TARGET MODE OWNER GROUP
  [ -f "$2" ] && [ ! -L "$2" ] && cmp -s "$1" "$2" || return 1
  [ "$(stat -c %a "$2")" = "${3#0}" ] || return 1
  [ $PRIVILEGED = 0 ] || [ "$4" = - ] || [ "$(stat -c %U:%G "$2")" = "$4:$5" ]
}

# Runs a command as the service user, in a clean environment of its own.
as_user() { # USER COMMAND…
  user=$1
  shift
  if [ "$user" = - ] || [ $PRIVILEGED = 0 ] || [ "$user" = "$(id -un)" ]; then
    "$@"
  elif setpriv --reuid=0 --clear-groups true 2>/dev/null; then
    setpriv --reuid="$user" --regid="$(id -g "$user")" --init-groups -- "$@"
  else
    su -s /bin/sh "$user" -c 'exec "$@"' -- sh "$@"
  fi
}
