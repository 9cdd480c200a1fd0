# What `fleet doctor` asks besides what the probe and the checks tell: how services that are not well have ended, whether the
# account that they run as can reach what they need, and how the host treats a login. Nothing here changes anything, and
# each answer has an end and a length.

# Services that are not well or were restarted, ten at most: "ailing UNIT ACCOUNT LOAD SECONDS", which its process has been up,
# or -. Behind it what `tell_need` says of what it needs, and "said TEXT" of the last that it, or systemd of it, has said.
tell_ailing() {
  d_active=$(active_generation)
  rt=$(runtime_of "$d_active")
  [ "$rt" != - ] || return 0
  ailing "$d_active" | while read -r d_unit d_state d_up; do
    d_paths=$("${rt}_needs" "$d_unit" "$d_active" </dev/null)
    d_user=$(say "$d_paths" | sed -n 's/^user //p')
    d_load=$(say "$d_paths" | sed -n 's/^load //p')
    say "ailing $(plain "$d_unit") $(one_word "${d_user:--}") $(one_word "${d_load:-loaded}") $d_up"
    case ${d_user:--} in
      -) d_user=- ;;
      *) if ! id "$d_user" >/dev/null 2>&1; then say "stranger $(plain "$d_user")"; d_user=-; fi ;;
    esac
    say "$d_paths" | grep '^limit [0-9]*$'
    # A secret is looked for before anything is cut off.
    d_words=$(ailing_words "$d_unit" "$d_state" </dev/null | tr -d '\000' | scrub | cut -c 1-400 | clean)
    {
      say "$d_paths" | sed -n 's/^need //p'
      say "$d_words" | grep -iE 'permission denied|EACCES|EPERM|operation not permitted' | grep -oE '/[A-Za-z0-9._/@+-]+' | sort -u | sed 's/^/named /' | head -n 3
    } | head -n 12 | while read -r d_role d_path; do tell_need "$d_role" "$d_path" </dev/null; done
    [ -z "$d_words" ] || say "$d_words" | sed 's/^/said /'
  done
}

ailing() { # GENERATION, with rt: lines "UNIT STATE SECONDS"
  clock
  {
    start_list "$1"
    [ "$rt" != systemd ] || beside "$1" "$1" | cut -d' ' -f1
  } | while read -r u; do
    read_unit "$rt" "$u" </dev/null
    case $u_active/$u_type/${u_restarts:-0} in active/*/0 | inactive/oneshot/*) ;; *) say "$u $u_active $(up_for "$u_pid")" ;; esac
  done | head -n 10
}

up_for() { # PID
  if [ "$1" -gt 0 ] 2>/dev/null && start_of "$1"; then say $(((NOW_EXACT - TICKS) / 100)); else say -; fi
}

# Of its last run, where there is no other; of one that comes up again and again, of those before too.
ailing_words() { # UNIT STATE
  case $rt/$2 in
    systemd/active) journalctl -q --no-pager -o cat -n 30 -u "$1" 2>/dev/null ;;
    *) "${rt}_last_words" "$1" 20 ;;
  esac
}

# Lines "user NAME", "load STATE", "limit BYTES" of memory, and "need ROLE PATH". Of an account that systemd makes up there is nothing to ask.
systemd_needs() { # UNIT GENERATION
  systemctl show -p LoadState,MemoryMax,User,DynamicUser,WorkingDirectory,EnvironmentFiles,ExecStart -- "$1" 2>/dev/null | awk '
    /^LoadState=/ { print "load", substr($0, 11) }
    /^MemoryMax=[0-9]/ { print "limit", substr($0, 11) }
    /^User=/ { user = substr($0, 6) }
    /^DynamicUser=yes/ { user = "" }
    /^WorkingDirectory=\// { print "need cwd", substr($0, 18) }
    /^EnvironmentFiles=\/.* \(ignore_errors=no\)$/ { sub(/ \(ignore_errors=no\)$/, ""); print "need env", substr($0, 18) }
    /^ExecStart=\{ path=\// { sub(/ ; .*/, ""); print "need program", substr($0, 18) }
    END { if (user != "") print "user", user }'
}

nohup_needs() { # UNIT GENERATION
  sed -n "s/^svc_user='\{0,1\}\([^']*\)'\{0,1\}\$/user \1/p" "$G/$2/services/$1.conf" 2>/dev/null | grep -v '^user -\{0,1\}$'
  n_file=$1 n_instance=''
  case $1 in *@*.*) n_file=${1%%@*}@.${1##*.} n_instance=${1#*@} n_instance=${n_instance%.*} ;; esac
  [ -f "$G/$2/units/$1" ] && n_file=$1
  cat "$G/$2/units/$n_file" "$G/$2/units/$n_file.d"/*.conf "$G/$2/units/$1.d"/*.conf 2>/dev/null | I=$n_instance awk '
    { gsub(/%[iI]/, ENVIRON["I"]) }
    /^WorkingDirectory=\// { cwd = substr($0, 18) }
    /^EnvironmentFile=\// { print "need env", substr($0, 17) }
    /^ExecStart=[-@:+!]*\// { sub(/^ExecStart=[-@:+!]*/, ""); program = $1 }
    END { if (cwd != "") print "need cwd", cwd; if (program != "") print "need program", program }'
}

# Whether an account reaches a path, and if not which part of the way stops it: "need ROLE STATE MODE OWNER PART ^_ PATH". STATE
# is ok, absent, closed, folder, file, noexec or interpreter (PART is the missing one then).
tell_need() { # cwd|env|program|named|write PATH, with d_user
  case $2 in /*) ;; *) return 0 ;; esac
  n_as=$d_user
  # systemd reads it as root, before it becomes the account.
  case $1/${rt:-} in env/systemd) n_as=- ;; esac
  n_found=$(way_to "$2" | head -n 60 | briefly_as "$n_as" sh -c "$NEED" sh "$1" 2>/dev/null)
  [ -n "$n_found" ] || return 0
  n_part=${n_found#* }
  n_looks=$(stat -c '%a %U:%G' -- "$n_part" 2>/dev/null) || n_looks='- -'
  printf 'need %s %s %s %s\037%s\n' "$1" "${n_found%% *}" "$(plain "$n_looks")" "$(plain "$n_part")" "$(plain "$2")"
}

# shellcheck disable=SC2016
NEED='
at=/
while IFS= read -r next; do
  at=$next
  [ -e "$at" ] || { echo "absent $at"; exit; }
  [ ! -d "$at" ] || [ -x "$at" ] || { echo "closed $at"; exit; }
done
state=ok
case $1 in
  cwd) [ -d "$at" ] || state=file ;;
  env) if [ -d "$at" ]; then state=folder; elif [ ! -r "$at" ]; then state=closed; fi ;;
  named) [ -r "$at" ] && [ -w "$at" ] || state=closed ;;
  write) if [ ! -d "$at" ]; then state=file; elif [ ! -w "$at" ] || [ ! -r "$at" ]; then state=closed; fi ;;
  program)
    if [ -d "$at" ]; then state=folder; elif [ ! -x "$at" ]; then state=noexec; else
      first=$(head -c 128 "$at" 2>/dev/null | tr -d "\000" | head -n 1)
      case $first in
        "#!"*)
          first=${first#"#!"} first=${first#"${first%%[! ]*}"} first=${first%%[ 	]*}
          [ -x "$first" ] || { state=interpreter; at=$first; } ;;
      esac
    fi ;;
esac
echo "$state $at"'

# The same of folders that the app writes in.
tell_reach() { # ACCOUNT FOLDER…
  d_user=$1
  shift
  [ "$d_user" = - ] || id "$d_user" >/dev/null 2>&1 || return 0
  for d_folder; do tell_need write "$d_folder"; done
  return 0
}

# Files of the active generation that are not as they are to be: "wrong STATE MODE OWNER MODE-TO-BE OWNER-TO-BE PATH".
tell_wrong_files() {
  active=$(active_generation)
  [ "$active" != 0 ] || return 0
  rt=$(runtime_of "$active") ours=$(unit_files "$active") user=- group=''
  wanted_files "$active" | while read -r mode owner file_group source path; do
    [ -n "$path" ] && ! in_place "$G/$active/$source" "$path" "$mode" "$owner" "$file_group" || continue
    d_want=-
    if owner_in "$(folder_of "$path")" "$owner" "$file_group" 2>/dev/null; then d_want=$w_owner; fi
    # shellcheck disable=SC2016
    d_is=$(act_in "$(folder_of "$path")" '
      if [ -L "./$1" ]; then echo "link - -"; elif [ ! -e "./$1" ]; then echo "absent - -"; elif [ ! -f "./$1" ]; then echo "other - -"
      elif cmp -s - "./$1"; then echo "rights $(stat -c "%a %U:%G" "./$1")"; else echo "content $(stat -c "%a %U:%G" "./$1")"; fi
    ' "${path##*/}" <"$G/$active/$source" 2>/dev/null) || d_is='hidden - -'
    say "wrong $(plain "$d_is") ${mode#0} $d_want $(plain "$path")"
  done | head -n 50
}

# What the kernel has said of memory that ran out, in the last day or since it came up; "hidden" where nobody may read it.
tell_oom() {
  if [ -n "$(journalctl -q -k --no-pager -o cat -n 1 2>/dev/null </dev/null)" ]; then
    journalctl -q -k --no-pager -o cat --since=-1d 2>/dev/null </dev/null
  elif ! limit 5 dmesg 2>/dev/null </dev/null; then
    say "hidden"
  fi | grep -E 'Out of memory|oom-kill:|[Kk]illed process|^hidden$' | tail -n 6 | cut -c 1-400 | clean | sed 's/^/oom /'
}

# How long a login's shell takes before each command, beside /bin/sh: "shell NAME HUNDREDTHS HUNDREDTHS" for five of each. It
# is started as sshd starts it, as who logs in.
tell_login_shell() { # ACCOUNT
  d_shell=$(awk -F: -v n="$1" '$1 == n { print $7; exit }' /etc/passwd)
  case $d_shell in /*) ;; *) return 0 ;; esac
  [ -x "$d_shell" ] && id "$1" >/dev/null 2>&1 || return 0
  timed_shell "$1" "$d_shell" || return 0
  d_own=$d_took
  timed_shell "$1" /bin/sh || return 0
  say "shell $(plain "$d_shell") $d_own $d_took"
}
timed_shell() { # ACCOUNT SHELL: sets d_took
  clock
  d_from=$NOW_EXACT
  d_home=$(home_of "$1")
  # shellcheck disable=SC2016
  within_as 10 "$1" env -i PATH="$PATH" HOME="$d_home" USER="$1" LOGNAME="$1" SHELL="$2" SSH_CLIENT='127.0.0.1 1 22' SSH_CONNECTION='127.0.0.1 1 127.0.0.1 22' \
    /bin/sh -c 'cd; for i in 1 2 3 4 5; do env -u PWD -u OLDPWD -u SHLVL "$SHELL" -c :; done; :' >/dev/null 2>&1 </dev/null || return
  clock
  d_took=$((NOW_EXACT - d_from))
}

# What sshd makes of connections like ours: "sshd KEY VALUE…" as it is set for this login, "from ADDRESS" for where we come
# from, and "turned TEXT" of whom it has turned away in the last hour.
tell_sshd() { # ACCOUNT
  d_from=$(came_from)
  [ -z "$d_from" ] || say "from $(plain "$d_from")"
  [ $PRIVILEGED = 1 ] && have sshd || return 0
  limit 10 "$(which_file sshd)" -T -C "user=$1,host=${d_from:-127.0.0.1},addr=${d_from:-127.0.0.1}" 2>/dev/null </dev/null |
    grep -E '^(persourcepenalties|persourcepenaltyexemptlist|maxstartups|maxsessions|persourcemaxstartups) ' | cut -c 1-4000 | clean | sed 's/^/sshd /'
  have journalctl || return 0
  journalctl -q --no-pager -o cat --since=-1h -n 300 -t sshd -t sshd-session 2>/dev/null </dev/null |
    grep -E 'penalt|MaxStartups|drop connection' | tail -n 5 | cut -c 1-300 | clean | sed 's/^/turned /'
}

# The address that this connection comes from; sudo does not pass it on.
came_from() {
  f_up=$$ f_hops=0
  while parent_of "$f_up" && [ "$b_parent" -gt 1 ] && [ $f_hops -lt 20 ]; do
    f_address=$(tr '\000' '\n' 2>/dev/null <"/proc/$b_parent/environ" | sed -n 's/^SSH_CONNECTION=\([0-9A-Fa-f.:]*\) .*/\1/p' | head -n 1)
    [ -z "$f_address" ] || { say "$f_address"; return; }
    f_up=$b_parent f_hops=$((f_hops + 1))
  done
  return 0
}

# Units of the host that name the app's root and are in no record: what was there before, or another way to deploy has left.
tell_left_units() {
  [ $PRIVILEGED = 1 ] && is_systemd || return 0
  d_ours=$(unit_files "$(active_generation)"; boot_unit)
  grep -lE "(^|[^A-Za-z0-9._/-])$(say "$ROOT" | sed 's/[.+]/\\&/g')(/|[^A-Za-z0-9._-]|\$)" "$UNITS"/*.service "$UNITS"/*.timer "$UNITS"/*.socket 2>/dev/null |
    head -n 100 | while read -r d_file; do
    d_unit=${d_file##*/}
    case $d_unit in fleet-*) continue ;; esac
    contains "$d_ours" "$d_unit" || [ -n "$(unit_taken "$d_unit")" ] || say "left-unit $(plain "$d_unit")"
  done | head -n 20
}
