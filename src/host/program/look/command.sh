# Programs that a playbook has as checks. They run as the service user, where the service does and with what it has; root
# runs only what the app can have had no hand in.

# PROGRAM… are the files that COMMAND runs, COUNT of them: itself, and the script that an interpreter is given.
run_command() { # user|root|either USER SECONDS COUNT PROGRAM… COMMAND…
  as=$1 user=$2 seconds=$3 limited="timeout -k 2 $3" count=$4
  shift 4
  have timeout || limited=''
  umask 022
  if [ $PRIVILEGED = 1 ] && [ "$user" != - ]; then
    # Before the first deploy nobody stands for the account: no more rights than it will have. Few hosts have no such
    # account; there it is root, and of programs that are root's alone.
    id "$user" >/dev/null 2>&1 || user=nobody
    [ "$(id -u "$user" 2>/dev/null || say 0)" != 0 ] || user=-
  fi
  why=''
  while [ "$count" -gt 0 ]; do
    case $why/$PRIVILEGED/$as/$user in /1/user/- | /1/root/* | /1/either/*) why=$(in_reach "$as" "$user" "$1") ;; esac
    count=$((count - 1))
    shift
  done
  # What an older fleet has proved as root goes on so where that is safe.
  case $as in either) if [ -z "$why" ]; then as=root; else as=user why=''; fi ;; esac
  if [ "$as" = root ] || [ "$user" = - ]; then
    [ -z "$why" ] || { say "not run as root: $why" >&2; exit 126; }
  fi
  if [ "$as" != user ]; then
    # shellcheck disable=SC2086
    if [ -n "$limited" ]; then $limited "$@"; else limit_by_hand "$seconds" "$@"; fi
    exit
  fi
  settings=$ROOT/.env name=$(acting_as "$user")
  # Root reads no settings that somebody else could have written.
  if [ $PRIVILEGED = 1 ] && [ "$user" = - ] && [ -n "$(open_way - "$settings")" ]; then settings=/dev/null; fi
  home=$(home_of "$name")
  cd /
  # Two limits: the account could stop the one that runs as itself.
  # shellcheck disable=SC2086
  within_as "$seconds" "$user" env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME="${home:-/}" USER="$name" LOGNAME="$name" SHELL=/bin/sh \
    $limited sh -c "$AS_THE_SERVICE" sh "$ROOT/current" "$settings" "$@"
}

# The same for a check: "ended STATUS HUNDREDTHS-OF-SECONDS", and "out" and "err" with the last line of what it printed. What it
# leaves running may hold both open: that is not waited for. Secrets are cleared out here, and its end is cut off by who reads it.
tell_command() { # user|root|either USER SECONDS COUNT PROGRAM… COMMAND…
  # The app's folder and its settings cannot be trusted then.
  root_enter || { say "ended 126 0"; say "err $obstacle"; return 0; }
  c_patience=$(($3 + 3))
  clock
  c_begun=$NOW_EXACT
  {
    {
      { (run_command "$@") 2>&3 3>&- 4>&-; c_status=$?; clock; say "ended $c_status $((NOW_EXACT - c_begun))" >&4; } | last_line out >&4
    } 3>&1 | last_line err >&4
  } 4>&1 | scrub
}
# A line of which the beginning is missing says so, by what `scrub` looks for the rest of a value behind.
last_line() { # WORD
  limit "$c_patience" tail -c 2000 4>&- | tr '\000' '\001' | awk -v word="$1" '
    { size += length($0) + 1; gsub(/\001/, "") }
    NF { last = $0; at = NR }
    END { if (last != "") print word, (at == 1 && 2000 <= size ? "\342\200\246" : "") last }'
}

# shellcheck disable=SC2016
AS_THE_SERVICE='
cd "$1" 2>/dev/null || cd /
if [ -f "$2" ] && [ -r "$2" ]; then set -a; . "$2"; set +a; fi
shift 2
exec "$@"'

# Why root shall not run a program, or nothing.
in_reach() { # user|root|either USER PROGRAM
  case $3 in
    */*) file=$3 ;;
    *) file=$(which_file "$3") || return 0 ;;
  esac
  case $file in /*) ;; *) file=$(pwd)/$file ;; esac
  if [ "$1" != user ]; then
    way_to "$file" | while IFS= read -r part; do
      case $part/ in "$ROOT"/*) say "$file lies in the folder of the app"; exit 1 ;; esac
    done || return 0
  fi
  open=$(open_way "$2" "$file")
  [ -z "$open" ] || say "$file can be replaced by others than root, who can write $open"
}

# The first part of the way to a file that USER can write; where there is no USER, that is not root's alone.
open_way() { # USER FILE
  way_to "$2" | if [ "$1" = - ]; then
    while IFS= read -r part; do
      [ -e "$part" ] || continue
      case $(stat -c '%u %a' "$part") in '0 '*[0145]) ;; *) say "$part"; break ;; esac
    done
  else
    # shellcheck disable=SC2016
    briefly_as "$1" sh -c 'while IFS= read -r part; do if [ -O "$part" ] || [ -w "$part" ]; then printf "%s\n" "$part"; break; fi; done'
  fi
}

# Every folder and file that is passed on the way to a file, links followed. Whoever can write none of them cannot put
# another file in its place.
way_to() { # FILE
  rest=${1#/} at='' links=0
  say /
  while [ -n "$rest" ]; do
    part=${rest%%/*}
    case $rest in */*) rest=${rest#*/} ;; *) rest='' ;; esac
    case $part in '' | .) continue ;; ..) at=${at%/*}; continue ;; esac
    if [ -L "$at/$part" ]; then
      links=$((links + 1))
      [ $links -le 40 ] || return 0
      link=$(readlink "$at/$part")
      case $link in /*) at='' ;; esac
      rest=$link/$rest
    else
      at=$at/$part
      say "$at"
    fi
  done
}
