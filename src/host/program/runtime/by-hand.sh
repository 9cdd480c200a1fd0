# What a person asks of services between two deploys: start, stop, restart … of units of the active generation, the same on
# both runtimes. Never beside a transaction, whose lock it takes. What it leaves otherwise than the deploy did stands in
# `by-hand`, a line "UNIT stopped|disabled TIME BY" each, until somebody takes it back or a deploy does.

# All names that may be asked for: "own UNIT", and "template UNIT" where the name of an instance is still to be given.
tell_own() {
  live_generation
  own_units "$live"
  return 0
}

own_units() { # GENERATION
  h_started=$(start_list "$1") h_rt=$(runtime_of "$1")
  [ "$1" != 0 ] && [ "$h_rt" != - ] || return 0
  {
    [ -z "$h_started" ] || say "$h_started"
    if [ "$h_rt" = nohup ]; then
      for h_file in "$G/$1/units"/*.target; do [ ! -f "$h_file" ] || say "${h_file##*/}"; done
    else
      triggered_units "$1" | cut -d' ' -f1
      h_templates=''
      for h_file in $(unit_files "$1"); do
        case $h_file in
          */*) ;;
          *@.service | *@.socket | *@.timer | *@.path | *@.target) h_templates="$h_templates $h_file"; say "template $h_file" ;;
          *.service | *.socket | *.timer | *.path | *.target) say "$h_file" ;;
        esac
      done
      set --
      for h_file in $h_templates; do set -- "$@" "$(unit_pattern "$h_file")"; done
      [ $# = 0 ] || systemctl list-units --all --plain --full --no-legend -- "$@" 2>/dev/null | sed 's/^[^[:alnum:]:_\\]*//' | cut -d' ' -f1
    fi
  } | awk 'NF && !seen[$0]++ { print /^template / ? $0 : "own " $0 }'
}

# Units of the generation that a target takes along: those that it wants when it starts, those that are part of it when it stops.
target_members() { # GENERATION TARGET start|stop
  t_of=$1 t_target=$2
  if [ "$3" = start ]; then t_own='WantedBy RequiredBy UpheldBy' t_its='Wants Requires Upholds BindsTo'; else t_own='PartOf Requires BindsTo' t_its=''; fi
  own_units "$1" | sed -n 's/^own //p' | while read -r t_unit; do
    [ "$t_unit" != "$t_target" ] || continue
    if names_unit "$t_own" "$t_target" "$t_unit" || names_unit "$t_its" "$t_unit" "$t_target"; then say "$t_unit"; fi
  done
}

# Whether one of these keys in the files of OF names a unit.
names_unit() { # KEYS UNIT OF
  t_file=$(file_of "$3")
  cat "$G/$t_of/units/$t_file" "$G/$t_of/units/$t_file.d"/*.conf 2>/dev/null | KEYS=" $1 " UNIT=$2 INSTANCE=${3#*@} awk -F= '
    { key = $1; gsub(/[ \t]/, "", key)
      if (key == "" || !index(ENVIRON["KEYS"], " " key " ")) next
      sub(/^[^=]*=/, ""); gsub(/%i/, substr(ENVIRON["INSTANCE"], 1, index(ENVIRON["INSTANCE"] ".", ".") - 1))
      count = split($0, names, /[ \t]+/)
      for (i = 1; i <= count; i++) if (names[i] == ENVIRON["UNIT"]) found = 1 }
    END { exit !found }'
}

# Prints "was" and "is" lines of each unit, "UNIT ACTIVE SUB PID enabled|disabled|-", and between them how it went: `refused`,
# `unit-failed`, `unit-log`, `note`. The last line is "end done" or "end failed".
verb_service() { # VERB BY ID GENERATION SETTLE SECONDS SIGNAL UNIT…
  h_verb=$1 h_by=$2 h_id=$3 h_of=$4 h_settle=$5 h_patience=$6 h_signal=$7
  shift 7
  lock "$S/lock" 9 3 || die 75 "another run is at work on this host"
  journal_read
  [ "$PHASE" = IDLE ] || yield_to "transaction $TXN $PHASE $BY"
  ! holder=$(lease_holder) || yield_to "$holder"
  # Who holds a host is at work on it.
  ! holder=$(hold_holder) || [ "$(sed -n 2p "$S/hold")" = "$h_by" ] || yield_to "$holder"
  # There is none, and what waits looks at these.
  TXN=- ACTION=$h_verb
  live_generation
  [ "$live" = "$h_of" ] || { say "end conflict $live"; exit 76; }
  rt=$(runtime_of "$live")
  # A link that breaks must not leave a service between stop and start.
  trap : HUP INT TERM PIPE
  # What somebody takes down meanwhile is no failure of the release.
  case $h_verb in stop | kill) ! on_probation || { say "note generation $P_TO was still being watched; that has ended"; probation_over; } ;; esac
  clock
  DEADLINE=$((NOW + h_patience)) h_going='' h_coming='' h_units=''
  for u in "$@"; do
    case $u in
      *.target)
        case $h_verb in
          stop | kill) h_going=$h_going$NL$(target_members "$live" "$u" stop) ;;
          start) h_coming=$h_coming$NL$(target_members "$live" "$u" start) ;;
          restart) h_going=$h_going$NL$(target_members "$live" "$u" stop) h_coming=$h_coming$NL$(target_members "$live" "$u" start) ;;
        esac
        ;;
    esac
  done
  h_units=$({ printf '%s\n' "$@"; say "$h_going$NL$h_coming"; } | awk 'NF && !seen[$0]++')
  tell_standing was
  if "serve_$(say "$h_verb" | tr - _)" "$@"; then h_end='done'; else h_end='failed'; fi
  tell_standing is
  rm -f "$S/.before" "$S/.cursor"
  [ "$h_end" = failed ] || note_by_hand
  TXN=$h_id ACTION=$h_verb:$(say "$*" | tr ' ' , | cut -c 1-1000) FROM=$live TO=$live BY=$h_by
  history_add $h_end || say "note the history could not be written: is the disk full?"
  say "end $h_end"
}

tell_standing() { # was|is
  for u in $h_units; do
    read_unit "$rt" "$u"
    h_boot=-
    case $h_verb in enable | disable) h_boot=disabled; ! "${rt}_enabled" "$u" || h_boot=enabled ;; esac
    say "$1 $u ${u_active:-unknown} ${u_sub:--} ${u_pid:-0} $h_boot"
  done
}

# Without systemd a target is nothing but what it takes along.
served() { # LIST UNIT…: of those, and of the list, all that has a process there
  h_list=$1
  shift
  { printf '%s\n' "$@"; say "$h_list"; } | awk 'NF && !/\.target$/ && !seen[$0]++'
}

refuse_service() { say "refused $(printf '%s' "$1" | tail -n 1)"; return 1; }

serve_start() {
  note_before kept
  [ "$rt" = systemd ] || h_coming=$(served "$h_coming" "$@")
  mark_log
  # shellcheck disable=SC2086
  if [ "$rt" = systemd ]; then h_why=$(systemd_start "$@"); else runs_anew $h_coming && h_why=$(nohup_start $h_coming); fi || { refuse_service "$h_why"; return; }
  settle "$live" "$h_settle" "$DEADLINE"
}

serve_restart() {
  note_before new
  mark_log
  if [ "$rt" = systemd ]; then
    h_why=$(systemd_restart "$@") || { refuse_service "$h_why"; return; }
  else
    h_going=$(served "$h_going" "$@") h_coming=$(served "$h_coming" "$@")
    # shellcheck disable=SC2086
    nohup_stop $h_going && runs_anew $h_coming && h_why=$(nohup_start $h_coming) || { refuse_service "${h_why:-it did not stop}"; return; }
  fi
  settle "$live" "$h_settle" "$DEADLINE"
}

# shellcheck disable=SC2046
serve_stop() {
  for u in $h_units; do
    h_trigger=$(triggered_by "$live" "$u")
    for h_one in $(say "$h_trigger" | tr , ' '); do
      contains "$h_units" "$h_one" || { read_unit "$rt" "$h_one"; [ "$u_active" != active ] || say "again $u $h_one"; }
    done
  done
  if [ "$rt" = systemd ]; then systemd_stop $h_units; else nohup_stop $(served "$h_going" "$@"); fi
}

serve_kill() {
  for u in $h_units; do
    if [ "$rt" = systemd ]; then
      h_why=$(systemctl kill -s "$h_signal" -- "$u" 2>&1) || { refuse_service "$h_why"; return; }
    else
      case $u in *.target) continue ;; esac
      nohup_read "$u"
      # shellcheck disable=SC2046
      set -- $(nohup_marked "$u")
      [ $# -gt 0 ] || { refuse_service "$u has no process"; return; }
      for h_pid in "$@"; do
        # One that has ended meanwhile needs none.
        h_why=$(kill "-$h_signal" "$h_pid" 2>&1) || ! kill -0 "$h_pid" 2>/dev/null || { refuse_service "$h_why"; return; }
      done
    fi
  done
  await_still
}

serve_reload() {
  for u in $h_units; do
    if [ "$rt" = systemd ]; then
      h_why=$(limit $((h_patience + 1)) systemctl reload -- "$u" 2>&1) || { refuse_service "${h_why:-reload of $u had not ended in time}"; return; }
    else
      nohup_reload "$u" || return
    fi
  done
  await_still
}

# What ExecReload= says, as the service itself.
nohup_reload() { # UNIT
  unit=$1 record=$G/$live
  [ -f "$record/services/$unit.reload" ] || { refuse_service "$unit has no ExecReload="; return; }
  nohup_read "$unit"
  alive "$pid" "$pid_start" || { refuse_service "$unit is not running"; return; }
  (
    child=$pid svc_user=- svc_group='' svc_groups=''
    # shellcheck disable=SC1090
    . "$record/services/$unit.conf"
    exec 9>&-
    cd / && supervise_shell
  ) <"$record/services/$unit.reload" >>"$S/run/$unit/log" 2>&1 || { refuse_service "ExecReload= of $unit ended with $?"; return; }
}

serve_enable() {
  for u in $h_units; do
    if [ "$rt" = systemd ]; then h_why=$(systemd_enable "$u"); else forget_by_hand disabled "$u" && h_why=$(nohup_enable "$u"); fi || { refuse_service "$h_why"; return; }
  done
}

# Without systemd one line starts the whole app at boot, which leaves out what is noted.
serve_disable() {
  for u in $h_units; do
    if [ "$rt" = systemd ]; then systemd_disable "$u"; else note_one_by_hand disabled "$u"; fi || { refuse_service "cannot write in $S"; return; }
  done
}

serve_reset_failed() {
  for u in $h_units; do
    if [ "$rt" = systemd ]; then
      h_why=$(systemctl reset-failed -- "$u" 2>&1) || { refuse_service "$h_why"; return; }
    else
      read_unit nohup "$u"
      [ "$u_active" != failed ] || rm -f "$S/run/$u/status"
    fi
  done
}

mark_log() { [ "$rt" != systemd ] || systemd_mark_log; }

# For `settle`. What starts anew has another invocation, and its restarts are counted from the beginning.
note_before() { # WORD of what is up already
  for u in $h_units; do
    read_unit "$rt" "$u"
    case $1/$u_active in kept/active | kept/reloading) ;; *) u_restarts=0 ;; esac
    printf '%s %s %s %s\n' "$u" "${u_invocation:--}" "$1" "${u_restarts:-0}"
  done | replace_lightly "$S/.before"
}

# Waits until no unit is on its way to another state, and each has kept its own for a second.
await_still() {
  h_last='' h_same=0
  until past "$DEADLINE"; do
    h_now=''
    for u in $h_units; do
      read_unit "$rt" "$u"
      h_now="$h_now $u:$u_active:$u_sub:$u_pid"
    done
    case $h_now in
      *:activating:* | *:deactivating:* | *:reloading:*) h_same=0 ;;
      "$h_last") h_same=$((h_same + 1)) ;;
      *) h_same=0 ;;
    esac
    [ $h_same -lt 5 ] || return 0
    h_last=$h_now
    sleep 0.2
  done
  refuse_service "not at rest after $h_patience s:$h_now"
}

# From which release each is run by now.
runs_anew() { # UNIT…
  [ ! -f "$S/runs" ] || {
    awk -v units=" $* " '!index(units, " " $1 " ")' "$S/runs"
    for u in "$@"; do say "$u $live"; done
  } | replace "$S/runs"
}

note_by_hand() {
  for u in $h_units; do
    case $h_verb in
      stop | kill)
        read_unit "$rt" "$u"
        ! contains "$(start_list "$live")" "$u" || case $u_active in inactive | failed) note_one_by_hand stopped "$u" ;; esac
        ;;
      start | restart) forget_by_hand stopped "$u" ;;
      enable) forget_by_hand disabled "$u" ;;
      disable) ! contains "$(short "$G/$live/enable")" "$u" || note_one_by_hand disabled "$u" ;;
    esac
  done
}

note_one_by_hand() { # WHAT UNIT
  {
    [ ! -f "$S/by-hand" ] || awk -v what="$1" -v unit="$2" '$1 != unit || $2 != what' "$S/by-hand"
    say "$2 $1 $(date -u +%Y-%m-%dT%H:%M:%SZ) $h_by"
  } | replace "$S/by-hand"
}

forget_by_hand() { # WHAT UNIT
  is_by_hand "$1" "$2" || return 0
  awk -v what="$1" -v unit="$2" '$1 != unit || $2 != what' "$S/by-hand" | replace "$S/by-hand"
}

is_by_hand() { # WHAT UNIT
  [ -f "$S/by-hand" ] || return 1
  while read -r h_unit h_what _; do [ "$h_what/$h_unit" != "$1/$2" ] || return 0; done <"$S/by-hand"
  return 1
}
