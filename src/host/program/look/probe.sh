# Read-only: what the host is, what stands on it, and how that differs from what was deployed.

verb_probe() { # USER TOOL…
  user=$1
  group=$(id -gn "$1" 2>/dev/null) && say "group $group"
  shift
  if [ $PRIVILEGED = 1 ]; then say "uid 0"; elif [ "$OWN_UID" = 0 ]; then say "uid 65534"; else say "uid $OWN_UID"; fi
  own_name
  say "user $OWN_NAME"
  tell_machine
  say "arch $(uname -m)"
  # shellcheck disable=SC1091
  [ -r /etc/os-release ] && say "os $(. /etc/os-release && printf '%s %s' "${ID:-}" "${VERSION_ID:-}")"
  if is_systemd; then
    say "init systemd"
    systemd_version
    say "systemd $version"
  elif [ -r /proc/1/comm ]; then
    say "init none"
  else
    say "init-unknown /proc/1/comm cannot be read"
  fi
  for tool in "$@"; do have "$tool" && say "tool $tool"; done
  printf 'boot '
  boot_mechanism
  near=$R
  while [ ! -d "$near" ]; do near=$(dirname "$near"); done
  fourth "$(df -Pk "$near")"
  say "free-kib $fourth"
  fourth "$(df -Pi "$near" 2>/dev/null)"
  say "free-inodes $fourth"

  # A root that is not fleet's yet, and not somebody's trick: a first deploy takes it over.
  if [ -n "$obstacle" ]; then
    if [ -z "$(ls -A "$G" 2>/dev/null | sed '/^0$/d')" ] && [ "$keeper" != '' ] && [ "$reached" = "$real" ]; then say "theirs $obstacle"; else say "unsafe $obstacle"; fi
  fi
  above=${ROOT%/*}
  look_at "${above:-/}"
  [ "$keeper" = root ] || say "below ${keeper:-somebody}"
  tell_transaction
  tell_probation
  [ ! -f "$S/hold" ] && [ ! -f "$S/lease" ] || ! holder=$(hold_holder || lease_holder) || say "held $holder"
  live_generation
  active=$live
  tell_verdicts
  tell_acts
  [ ! -d "$S/undo" ] && [ ! -f "$S/log" ] || say "remains yes"
  tell_neighbours
  tell_current "$active"
  tell_aside "$active"
  [ "$active" != 0 ] || { found_by_hand "$user"; in_the_way; found_elsewhere; }
  if unrecorded "$active"; then
    tell_unrecorded
  else
    tell_beside
    [ "$active" = 0 ] || {
      probe_live "$active"
      say "runtime $rt"
      [ ! -f "$G/$active/sums" ] || say "sealed yes"
      [ ! -f "$G/$active/parts" ] || while IFS= read -r line; do say "part $line"; done <"$G/$active/parts"
      [ ! -f "$G/$active/uses" ] || while IFS= read -r line; do say "use $line"; done <"$G/$active/uses"
    }
  fi
  return 0
}

# Sets version, by the name of the library that all its programs share, and where that is not one alone by one of them.
systemd_version() {
  version=''
  for file in /usr/lib/systemd/libsystemd-shared-[0-9]*.so /lib/systemd/libsystemd-shared-[0-9]*.so /usr/lib/*/systemd/libsystemd-shared-[0-9]*.so; do
    [ -e "$file" ] || continue
    file=${file##*-shared-}
    file=${file%%[!0-9]*}
    case $version in '' | "$file") version=$file ;; *) version=several ;; esac
  done
  is_number "$version" && return
  # It asks nobody.
  version=$(command systemctl --version 2>/dev/null)
  version=${version#systemd } version=${version%%[!0-9]*}
}

# Sets fourth to that word of the last line.
fourth() { # TEXT
  read -r _ _ _ fourth _ <<END
${1##*"$NL"}
END
}

# An open transaction, and in how many seconds by this host's own clock it is over, whatever happens.
tell_transaction() {
  journal_read
  say "phase $PHASE"
  runner=dead
  alive "$RUNNER" "$RUNNER_START" && runner=running
  [ "$PHASE" != IDLE ] || return 0
  clock
  say "open $TXN $FROM $TO $runner $BY"
  # The way back begins at the deadline and has a time of its own.
  say "over-in $((DEADLINE + ${SETTLE%.*} + PATIENCE - NOW))"
}

tell_verdicts() { # after active is set
  say "active $active"
  for g in $(generations); do
    [ "$g" != 0 ] || continue
    judgement "$g"
    entry "$g" base 0
    base=$recorded
    entry "$g" digest
    say "generation $g $judged $base $recorded"
  done
  return 0
}

# What no other machine has while this one is up. Containers share their kernel, but not where they see processes and
# files. Only root may look at PID 1's places; a session may have been given files of its own.
tell_machine() {
  this_boot
  case $BOOT in -* | *-) return 0 ;; esac
  places=$(stat -Lc %i /proc/1/ns/pid /proc/1/ns/mnt 2>/dev/null) || places=$(stat -Lc %i /proc/self/ns/pid /proc/self/ns/mnt 2>/dev/null) || return 0
  say "machine $BOOT ${places%"$NL"*} ${places#*"$NL"}"
}

# The app under another root: what a deploy to this one would leave running there.
found_elsewhere() {
  for g in $(generations); do
    other=$(manifest "$g" root)
    [ "$other" != - ] && [ "$other" != "$ROOT" ] && [ -L "$other/current" ] && say "elsewhere $other" && return
  done
  return 0
}

# Of a generation: what differs from its record, as lines "drift KIND SUBJECT…" that host/drift.ts reads, and its units.
probe_live() { # GENERATION: sets rt
  rt=$(runtime_of "$1") ours=$(unit_files "$1") started=$(start_list "$1") enabled=$(short "$G/$1/enable") changed=''
  [ -d "$R/releases/$1" ] || say "drift gone releases/$1"
  as_sealed "$1" || altered "$1" | head -n 20 | while IFS= read -r name; do say "altered releases/$1/$(plain "$name")"; done
  probe_files "$1"
  # shellcheck disable=SC2086
  if [ "$rt" != systemd ] || [ -z "$enabled" ] || ! systemd_all_enabled $enabled; then
    for u in $enabled; do "${rt}_enabled" "$u" || say "drift disabled $(plain "$u")"; done
  fi
  if [ "$rt" = systemd ]; then
    probe_systemd "$1"
  else
    for u in $started; do
      read_unit "$rt" "$u"
      tell_started
    done
  fi
  probe_supervisors "$1"
  [ ! -f "$S/by-hand" ] || while IFS= read -r line; do say "by-hand $(plain "$line")"; done <"$S/by-hand"
}

# The first look of `altered`, by fewer programs; what it is not sure of is for that to say.
as_sealed() ( # GENERATION
  [ -f "$G/$1/sums" ] || exit 0
  cd "$R/releases/$1" 2>/dev/null || exit 0
  # shellcheck disable=SC2016
  find . -mindepth 1 ! -path '*/__pycache__*' -exec stat -c '%f %u %g %i %s %Y %n' {} + 2>/dev/null | awk '
    sealed { want[$0]++; next }
    { line = $0 }
    /^4/ { sub(/^[^ ]* [^ ]* [^ ]* [^ ]* [^ ]* [^ ]* /, "", line); line = $1 " " $2 " " $3 " - - - " line }
    want[line]-- < 1 { other = 1; exit }
    END { for (line in want) if (0 < want[line]) other = 1; exit other }' sealed=1 "$G/$1/seal" sealed=0 -
)

# "MODE OWNER GROUP SOURCE PATH" of each file that a generation has outside of its release; SOURCE is in its record.
wanted_files() ( # GENERATION, with rt, ours, user and group
  [ "$rt" != systemd ] || for f in $ours; do say "644 root root units/$f $UNITS/$f"; done
  [ ! -f "$G/$1/files.list" ] || while read -r index mode owner file_group path; do say "$mode $owner $file_group files/$index $path"; done <"$G/$1/files.list"
  [ ! -f "$G/$1/env" ] || {
    entry "$1" user
    [ "$recorded" = "$user" ] && [ -n "$group" ] || group=$(service_group "$1")
    say "600 $recorded $group env $ROOT/.env"
  }
)

# All that is to be in a place outside of the release. Where root keeps the folder they are looked at together, by two programs;
# what those do not find to be as it should is for in_place to judge.
probe_files() { # GENERATION, with rt and ours
  wanted=$(wanted_files "$1")
  of=$1 marked=''
  set --
  while read -r _ _ _ _ path; do [ -z "$path" ] || { above "$path"; set -- "$@" "$above"; }; done <<END
$wanted
END
  foresee "$@"
  set --
  while read -r mode owner file_group source path; do
    [ -n "$path" ] || continue
    folder=${path%/*} mark=alone
    look_at "${folder:-/}"
    if [ "$keeper" = root ]; then
      spot_of "${real%/}/${path##*/}"
      set -- "$@" "$G/$of/$source" "$spot"
      mark=together
    fi
    marked="$marked$mark $mode $owner $file_group $source $path$NL"
  done <<END
$wanted
END
  looks='' sums=''
  [ $# = 0 ] || ! looks=$(stat -c '%f %a %U:%G' -- "$@" 2>/dev/null) || sums=$(sha256sum -- "$@" 2>/dev/null) || sums=''
  while read -r mark mode owner file_group source path; do
    [ -n "$path" ] || continue
    is=other
    if [ $mark = together ] && [ -n "$sums" ]; then
      { read -r _ && read -r kind is_mode is_owner; } <&3
      { read -r sum _ && read -r is_sum _; } <&4
      [ $PRIVILEGED = 1 ] && [ "$owner" != - ] || is_owner=$owner:$file_group
      # The first digit of a file's raw mode says that it is one, and no link; sha256sum puts a backslash before an odd name's line.
      case "$kind $is_mode $is_owner ${is_sum#\\}" in 8???" ${mode#0} $owner:$file_group ${sum#\\}") is=same ;; esac
    fi
    [ $is = same ] || in_place "$G/$of/$source" "$path" "$mode" "$owner" "$file_group" || tell_changed "$path"
  done <<END 3<<END_OF_LOOKS 4<<END_OF_SUMS
$marked
END
$looks
END_OF_LOOKS
$sums
END_OF_SUMS
  w_memory=''
}

tell_changed() { say "drift changed $(plain "$1")"; changed="$changed$1$NL"; }

# A unit that is started with the generation, after it was read.
tell_started() { # with u and rt
  case $u_active/$u_type in active/* | inactive/oneshot) ;; *) say "drift down $(plain "$u ${u_active:--} ${u_sub:--}")" ;; esac
  tell_foreign
  tell_unit "$rt" "$u"
}

# What is started, what that triggers, and what else of the generation is up: all shown by one call, in this order. A connection
# that failed says nothing about the app.
probe_systemd() { # GENERATION, with rt, ours and started
  of=$1 by_trigger='' triggered='' told=0
  [ ! -f "$G/$of/triggered" ] || by_trigger=$(triggered_units "$of")
  # shellcheck disable=SC2086
  set -- $started
  while read -r u _; do
    [ -z "$u" ] || { set -- "$@" "$u"; triggered=$triggered$NL$u; }
  done <<END
$by_trigger
END
  for f in $ours; do
    case $f in */*) continue ;; *.service | *.socket | *.timer | *.path | *.target) ;; *) continue ;; esac
    case $f in *@.*) f=$(unit_pattern "$f") ;; esac
    contains "$started$triggered" "$f" || set -- "$@" "$f"
  done
  [ $# -gt 0 ] || return 0
  shown=$(systemd_show "$@")
  {
    for u in $started; do
      next_unit
      tell_started
    done
    while read -r u by <&3; do
      [ -n "$u" ] || continue
      next_unit
      tell_unit systemd "$u" "${by:--}"
      tell_foreign
    done
    while next_block; do
      next_unit <<END
$block
END
      case $u_active in active | activating | reloading | deactivating | failed) ;; *) continue ;; esac
      ! contains "$started$triggered" "$u" && { [ "$u_active" != failed ] || ! is_connection "$of" "$u"; } || continue
      told=$((told + 1))
      [ $told -le 50 ] || break
      by=$(triggered_by "$of" "$u")
      tell_unit systemd "$u" "${by:--}"
      tell_foreign
    done
  } <<END_OF_SHOWN 3<<END_OF_TRIGGERED
$shown
END_OF_SHOWN
$by_trigger
END_OF_TRIGGERED
}

# The next of several that are shown, as a text: sets block, and u to its name.
next_block() {
  block='' u=''
  while IFS= read -r line && [ -n "$line" ]; do
    block=$block$line$NL
    case $line in Id=*) u=${line#Id=} ;; esac
  done
  [ -n "$u" ]
}

# Those that the records do not know, or know as another generation's.
probe_supervisors() { # GENERATION, with rt and started
  while read -r pid _ of u; do
    [ -n "$pid" ] || continue
    if [ "$rt" != nohup ] || ! contains "$started" "$u"; then say "drift stray $pid $1 $(plain "$u")"
    elif [ "$of" != "$1" ] && ! contains "$(short "$S/runs")" "$u $of"; then say "drift outdated $pid $(plain "$of $u")"
    elif ! grep -qx "Supervisor=$pid" "$S/run/$u/status" 2>/dev/null; then say "drift untold $pid $(plain "$u $S/run/$u")"; fi
  done <<END
$(supervisors)
END
}

tell_foreign() { # with ours, after a unit u was read: drop-ins of others
  for path in $u_dropins; do
    # What comes with the distribution is its own business; and what slows a service down on a hot day is ours.
    case $path in */50-CPUQuota.conf) ! grep -qs "^slowed.* $u\( \|\$\)" "$S/act" || continue ;; esac
    case $path in /etc/* | /run/*) contains "$ours" "${path#"$UNITS/"}" || say "foreign $u $path" ;; esac
  done
}

unit_line() { # RUNTIME UNIT [TRIGGERS]
  changed=1
  read_unit "$1" "$2"
  tell_unit "$@"
}

# After it was read, and with whether any unit file is not as it was put there: the last word is who starts it, `-` for
# somebody else than the deploy.
tell_unit() { # RUNTIME UNIT [TRIGGERS]
  if [ "$1" = systemd ] && [ -n "$changed" ] && taker=$(unit_taken "$2"); then u_dropins='' && say "unit $2 taken $taker 0 0 - 0" && return; fi
  # systemd shows how the last start ended; that it has given up stands in the log only.
  if [ "$1/$u_active" = systemd/failed ] && journalctl -q -o cat -n 5 -u "$2" 2>/dev/null </dev/null | grep -q 'repeated too quickly'; then
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
tell_states() { # UNIT…, after tell_runtime
  for u in "$@"; do
    by=''
    [ ! -s "$G/$active/triggered" ] || by=$(triggered_by "$active" "$u")
    [ -n "$u_shown" ] || { unit_line "$rt" "$u" "$by"; continue; }
    changed=1
    next_unit <<END
$u_shown
END
    tell_unit "$rt" "$u" "$by"
  done
}

tell_runtime() { # sets active and rt
  live_generation
  active=$live
  the_runtime "$active"
  rt=$recorded
  [ "$rt" != - ] || { rt='nohup'; is_systemd && rt='systemd'; }
}
