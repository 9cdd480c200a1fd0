# Read-only: what the host is, what stands on it, and how that differs from what was deployed.

verb_probe() { # PROGRAM-NAME USER TOOL…
  program=$1 user=$2
  group=$(id -gn "$2" 2>/dev/null) && say "group $group"
  shift 2
  if [ $PRIVILEGED = 1 ]; then say "uid 0"; elif [ "$(id -u)" = 0 ]; then say "uid 65534"; else say "uid $(id -u)"; fi
  say "user $(id -un)"
  tell_machine
  say "arch $(uname -m)"
  # shellcheck disable=SC1091
  [ -r /etc/os-release ] && say "os $(. /etc/os-release && printf '%s %s' "${ID:-}" "${VERSION_ID:-}")"
  if is_systemd; then
    say "init systemd"
    say "systemd $(systemctl --version 2>/dev/null | sed -n '1s/^systemd \([0-9]*\).*/\1/p')"
  elif [ -r /proc/1/comm ]; then
    say "init none"
  else
    say "init-unknown /proc/1/comm cannot be read"
  fi
  for tool in "$@"; do have "$tool" && say "tool $tool"; done
  say "boot $(boot_mechanism)"
  near=$R
  while [ ! -d "$near" ]; do near=$(dirname "$near"); done
  say "free-kib $(df -Pk "$near" | sed -n '$p' | awk '{print $4}')"
  say "free-inodes $(df -Pi "$near" 2>/dev/null | sed -n '$p' | awk '{print $4}')"
  [ -f "$S/$program" ] && say "program yes"

  # A root that is not fleet's yet, and not somebody's trick: a first deploy takes it over.
  if [ -n "$obstacle" ]; then
    if [ -z "$(ls -A "$G" 2>/dev/null | sed '/^0$/d')" ] && [ "$keeper" != '' ] && [ "$reached" = "$real" ]; then say "theirs $obstacle"; else say "unsafe $obstacle"; fi
  fi
  look_at "$(folder_of "$ROOT")"
  [ "$keeper" = root ] || say "below ${keeper:-somebody}"
  journal_read
  say "phase $PHASE"
  runner=dead
  alive "$RUNNER" "$RUNNER_START" && runner=running
  [ "$PHASE" = IDLE ] || {
    say "open $TXN $FROM $TO $runner $BY"
    clock
    # The way back begins at the deadline and has a time of its own.
    say "over-in $((DEADLINE + SETTLE + PATIENCE - NOW))"
  }
  holder=$(hold_holder || lease_holder) && say "held $holder"
  active=$(active_generation)
  say "active $active"
  for g in $(generations); do
    [ "$g" != 0 ] && say "generation $g $(verdict "$g") $(manifest "$g" base 0) $(manifest "$g" digest)"
  done
  [ ! -d "$S/undo" ] && [ ! -f "$S/log" ] || say "remains yes"
  tell_neighbours
  tell_current "$active"
  tell_aside "$active"
  [ "$active" != 0 ] || { found_by_hand "$user"; in_the_way; found_elsewhere; }
  if unrecorded; then
    tell_unrecorded
  else
    tell_beside
    [ "$active" = 0 ] || {
      probe_drift "$active"
      probe_units "$active"
      probe_triggered "$active"
      say "runtime $(runtime_of "$active")"
      [ ! -f "$G/$active/sums" ] || say "sealed yes"
      lines "$active" parts | sed 's/^/part /'
      lines "$active" uses | sed 's/^/use /'
    }
  fi
  return 0
}

# What no other machine has while this one is up. Containers share their kernel, but not where they see processes and
# files. Only root may look at PID 1's places; a session may have been given files of its own.
tell_machine() {
  up_since=$(boot_identity)
  case $up_since in -* | *-) return 0 ;; esac
  set --
  for place in pid mnt; do
    seen_from=$(readlink "/proc/1/ns/$place" 2>/dev/null || readlink "/proc/self/ns/$place" 2>/dev/null) || return 0
    set -- "$@" "$seen_from"
  done
  say "machine $up_since $*"
}

# The app under another root: what a deploy to this one would leave running there.
found_elsewhere() {
  for g in $(generations); do
    other=$(manifest "$g" root)
    [ "$other" != - ] && [ "$other" != "$ROOT" ] && [ -L "$other/current" ] && say "elsewhere $other" && return
  done
  return 0
}

# Lines "drift KIND SUBJECT…", which host/drift.ts reads.
probe_drift() { # GENERATION
  rt=$(runtime_of "$1") ours=$(unit_files "$1")
  [ -d "$R/releases/$1" ] || say "drift gone releases/$1"
  altered "$1" | head -n 20 | while IFS= read -r name; do say "altered releases/$1/$(plain "$name")"; done
  if [ "$rt" = systemd ]; then
    for f in $ours; do in_place "$G/$1/units/$f" "$UNITS/$f" 644 root root || tell_changed "$UNITS/$f"; done
  fi
  lines "$1" files.list | while read -r index mode owner group path; do
    in_place "$G/$1/files/$index" "$path" "$mode" "$owner" "$group" || tell_changed "$path"
  done
  if [ -f "$G/$1/env" ]; then
    in_place "$G/$1/env" "$ROOT/.env" 600 "$(service_user "$1")" "$(service_group "$1")" || tell_changed "$ROOT/.env"
  fi
  lines "$1" enable | while read -r u; do "${rt}_enabled" "$u" || say "drift disabled $(plain "$u")"; done
  start_list "$1" | while read -r u; do
    read_unit "$rt" "$u"
    case $u_active/$u_type in active/* | inactive/oneshot) ;; *) say "drift down $(plain "$u ${u_active:--} ${u_sub:--}")" ;; esac
    tell_foreign "$1"
  done
  probe_supervisors "$1"
}

tell_changed() { say "drift changed $(plain "$1")"; }

# Those that the records do not know, or know as another generation's.
probe_supervisors() { # GENERATION
  supervisors | while read -r pid _ of u; do
    if [ "$rt" != nohup ] || ! contains "$(start_list "$1")" "$u"; then say "drift stray $pid $1 $(plain "$u")"
    elif [ "$of" != "$1" ] && ! contains "$(short "$S/runs")" "$u $of"; then say "drift outdated $pid $(plain "$of $u")"
    elif ! grep -qx "Supervisor=$pid" "$S/run/$u/status" 2>/dev/null; then say "drift untold $pid $(plain "$u $S/run/$u")"; fi
  done
}

tell_foreign() { # GENERATION, after read_unit: drop-ins of others
  for path in $u_dropins; do
    # What comes with the distribution is its own business.
    case $path in /etc/* | /run/*) contains "$(unit_files "$1")" "${path#"$UNITS/"}" || say "foreign $u $path" ;; esac
  done
}

probe_units() { start_list "$1" | while read -r u; do unit_line "$(runtime_of "$1")" "$u"; done; }

unit_line() { # RUNTIME UNIT [TRIGGERS]: the last word is who starts it, `-` for somebody else than the deploy
  if [ "$1" = systemd ] && taker=$(unit_taken "$2"); then say "unit $2 taken $taker 0 0 - 0"; return; fi
  read_unit "$1" "$2"
  # systemd shows how the last start ended; that it has given up stands in the log only.
  if [ "$1/$u_active" = systemd/failed ] && journalctl -q -o cat -n 5 -u "$2" 2>/dev/null | grep -q 'repeated too quickly'; then
    u_result=start-limit-hit
  fi
  [ -z "${3:-}" ] || [ "$u_load" = loaded ] || u_active=$u_load
  say "unit $2 $u_active ${u_sub:--} ${u_pid:-0} ${u_restarts:-0} ${u_result:--} ${u_status:-0}${3:+ $3}"
}

# What happened here, oldest first, and what each generation was.
verb_history() {
  [ ! -f "$S/log" ] || sed 's/^/event /' "$S/log"
  for g in $(generations); do
    [ "$g" = 0 ] || say "made $g $(verdict "$g") $(manifest "$g" at) $(manifest "$g" by) $(manifest "$g" source)"
  done
}

# The last words of services, each of its present or last run: "said UNIT TEXT".
verb_said() { # UNIT…
  rt=$(runtime_of "$(active_generation)")
  [ "$rt" != - ] || return 0
  for u in "$@"; do "${rt}_last_words" "$u" 5 | scrub | while IFS= read -r text; do say "said $u $text"; done; done
}

# The state of any service, by whatever runs this app's.
verb_unit() {
  active=$(active_generation)
  rt=$(runtime_of "$active")
  [ "$rt" != - ] || { rt='nohup'; is_systemd && rt='systemd'; }
  for u in "$@"; do unit_line "$rt" "$u" "$(triggered_by "$active" "$u")"; done
}
