#!/bin/sh
# fleet's program on a host: everything that decides about a generation runs in here, in POSIX sh (dash, bash, busybox
# ash), so that a dead controller or a dropped connection cannot leave the host between two generations.
#
#   sh host.sh ROOT APP VERB [ARGUMENT…]
#
# Replies are lines "key value…" on standard output. Exit codes: 0 done, 64 usage, 74 input/output, 75 busy,
# 76 the base moved, 78 needs repair.
# What root's session exports must not steer this: bash takes options (noclobber, errexit …) from SHELLOPTS, and tools
# read habits, folders and formats from the others.
set +eCfvx -u
# `command` keeps a shell that does not know the option going.
# shellcheck disable=SC3040
command set +o pipefail 2>/dev/null || :
unset BASH_ENV ENV CDPATH GREP_OPTIONS POSIXLY_CORRECT QUOTING_STYLE TIME_STYLE BLOCK_SIZE BLOCKSIZE DF_BLOCK_SIZE DU_BLOCK_SIZE
unset TAR_OPTIONS EXTRACT_UNSAFE_SYMLINKS SYSTEMD_UNIT_PATH SYSTEMD_OFFLINE SYSTEMD_LOG_LEVEL SYSTEMD_IGNORE_CHROOT SYSTEMCTL_FORCE_BUS
umask 077
export LC_ALL=C SYSTEMD_COLORS=0 SYSTEMD_PAGER='' PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:${PATH:-}"

ROOT=$1 APP=$2 VERB=$3
shift 3
UNITS=/etc/systemd/system
NL='
'
# Set while the host boots: services are started by it, and nobody waits for them.
BOOTING=0

# Without root everything lives under the app's own root; below a demo's folder so it does even where root runs it.
# Who cannot be told apart from somebody without root (a killed `id`) must not begin a second state of its own.
uid=''
{ while read -r key _ value _; do [ "$key" != Uid: ] || { uid=$value; break; }; done <"/proc/$$/status"; } 2>/dev/null
[ -n "$uid" ] || uid=$(id -u) && [ -n "$uid" ] || { printf 'error cannot tell who this is\n'; exit 70; }
OWN_UID=$uid
case ${FLEET_DEMO_ROOT:+$ROOT/} in "${FLEET_DEMO_ROOT:-}"/*) uid=demo ;; esac
if [ "$uid" = 0 ]; then
  PRIVILEGED=1 S=/var/lib/fleet/$APP
else
  PRIVILEGED=0 S=$ROOT/.fleet
fi
G=$S/generations
# Where the root is reached: by its path, or from where we stand (root_enter).
R=$ROOT STANDING=0

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

# What is asked in every round of a wait is asked without another process: these set variables instead of printing.

# Sets NOW to the seconds since boot, for deadlines must not move when somebody sets the clock, and NOW_EXACT to hundredths
# of them, for a window that must not come out up to a second short.
clock() {
  read -r since_boot _ </proc/uptime
  NOW=${since_boot%%.*}
  NOW_EXACT=$((NOW * 100 + 1${since_boot#*.} - 100))
}
past() { clock; [ "$NOW" -ge "$1" ]; }

# PID 1's start time tells one boot from the next even in a container, where the kernel's boot id stays.
boot_identity() { this_boot; say "$BOOT"; }
this_boot() { # sets BOOT
  BOOT=''
  { read -r BOOT </proc/sys/kernel/random/boot_id; } 2>/dev/null
  start_of 1
  BOOT=$BOOT-$TICKS
}

# Sets TICKS to the start time of a process in clock ticks. The name in field 2 may hold spaces and brackets.
start_of() {
  TICKS=''
  { read -r TICKS <"/proc/$1/stat"; } 2>/dev/null || return 1
  # shellcheck disable=SC2086
  set -- ${TICKS##*) }
  TICKS=${20}
}
start_time() { start_of "$1" && say "$TICKS"; }

# A pid alone proves nothing, it may have been given to a stranger: the start time must agree. One that was not known is
# none: it was read when the process was gone.
alive() { [ -n "${1:-}" ] && [ -n "${2:-}" ] && [ "$1" -gt 0 ] 2>/dev/null && start_of "$1" && [ "$TICKS" = "$2" ]; }

is_systemd() {
  init=''
  [ -d /run/systemd/system ] && { read -r init </proc/1/comm; } 2>/dev/null && [ "$init" = systemd ]
}

# What a killed run had half-written; to be called with the lock held. The app's name is part of theirs, since another
# app may be writing in the same folders.
sweep_temporary() {
  set -- "$S/.boot" "$S/.files" "$S/.rc.local" "$S/.family" "$S/.fleet.$APP".?????? "$S/undo/.fleet.$APP".?????? "$G"/*/".fleet.$APP".??????
  [ $PRIVILEGED = 0 ] || set -- "$@" "$UNITS/.fleet.$APP".?????? "$UNITS"/*.d/".fleet.$APP".?????? "/etc/.fleet.$APP".??????
  discard "$@" "$R/.current.fleet" "$R/.fleet.$APP".?????? # root: we stand in the app's root
  s_folders=''
  for s_list in "$G"/*/files.list; do
    [ ! -f "$s_list" ] || while read -r _ _ _ _ s_path; do
      s_path=${s_path%/*}
      contains "$s_folders" "${s_path:-/}" || s_folders=$s_folders${s_path:-/}$NL
    done <"$s_list"
  done
  while read -r s_path; do [ -z "$s_path" ] || sweep_in "$s_path"; done <<END
$s_folders
END
}
sweep_in() { # FOLDER
  spot_of "$1"
  [ -d "$spot" ] || return 0
  set -- "$1" "$spot/.fleet.$APP".??????
  [ ! -r "$spot" ] || [ -e "$2" ] || [ -L "$2" ] || return 0
  # shellcheck disable=SC2016
  act_in "$1" 'rm -f "./.fleet.$1".??????' "$APP"
}

# What is not there needs no process to go.
discard() { # FILE…
  for d_file; do
    [ -e "$d_file" ] || [ -L "$d_file" ] || continue
    rm -f "$@"
    return
  done
}

# One of fleet's own files becomes standard input's content, all of it or none of it, and is on the disk.
replace() { # FILE
  own_temporary "$1"
  dd bs=64k conv=fsync of="$t" 2>/dev/null && mv -fT "$t" "$1" && sync "${1%/*}" && return 0
  rm -f "$t"
  return 74
}

# The same of what need not outlive a power cut.
replace_lightly() { # FILE
  own_temporary "$1"
  cat >"$t" && mv -fT "$t" "$1" && return 0
  rm -f "$t"
  return 74
}

# The same two with a text of few lines, which takes one process less: it is written at once, so that one that did not fit is noticed.
becomes_text() { # FILE TEXT
  own_temporary "$1"
  printf '%s' "$2" 2>/dev/null >"$t" && sync "$t" && mv -fT "$t" "$1" && sync "${1%/*}" && return 0
  rm -f "$t"
  return 74
}
becomes_lightly() { # FILE TEXT
  own_temporary "$1"
  printf '%s' "$2" 2>/dev/null >"$t" && mv -fT "$t" "$1" && return 0
  rm -f "$t"
  return 74
}

# Nobody else may write in that folder, so a name of its own is all that it needs. Of one process, one file at a time.
own_temporary() { # FILE: sets t
  t=00000$$
  t=${1%/*}/.fleet.$APP.${t#"${t%??????}"}
}

# Puts a copy of SOURCE at TARGET.
place() { # SOURCE TARGET MODE OWNER GROUP
  # Folders of drop-ins go with the last of them.
  case $2 in "$UNITS"/*) ;; *) above "$2"; note_parents "$above" || return 74 ;; esac
  why=$(put_file "$2" "$3" "$4" "$5" 2>&1 <"$1") && return 0
  # On the way back the file's own room is there to be used.
  case ${PHASE:-}/$why in REVERTING/*'No space'*) remove_file "$2" && why=$(put_file "$2" "$3" "$4" "$5" 2>&1 <"$1") && return 0 ;; esac
  [ -z "${TXN:-}" ] || out "refused cannot write $2: ${why##*: }"
  return 74
}
