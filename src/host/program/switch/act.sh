# What a host does by itself for an app that is live (`act:` of the playbook): slow its services down where the board is hot,
# stop them where it is too hot, start them again when it has cooled down, and restart a service that hangs. A process of its
# own looks, detached from everybody; with systemd that is a unit which is there as long as the live generation has rules, and
# elsewhere the line for the boot begins it.
#
# The record has `act/rules` ("every SECONDS", "heat SLOW STOP BELOW QUOTA", "zones PATTERN", "units UNIT…") and for each
# service that may hang `act/hung-N`: "UNIT FAILURES", the check's label, a function of this program with its words. `act`
# says how it stands, `acts` what was done. Nothing is done while a transaction is open or a person holds the host: each action
# is a process that has the transaction's lock.
#
#   cool ─ SLOW ─> slow ─ STOP ─> off       in °C; back at BELOW less

# So often may one service be restarted within an hour.
HUNG_MOST=3

act_unit() { say "fleet-act-$APP.service"; }

act_rules() { # sets A_… by the live generation; fails where that has none
  live_generation
  A_EVERY=10 A_HEAT='' A_SLOW=999 A_STOP=999 A_BELOW=5 A_QUOTA='' A_ZONES='' A_UNITS='' A_RULES=$G/$live/act
  [ "$live" != 0 ] && [ -f "$A_RULES/rules" ] || return 1
  while read -r key value; do
    case $key in
      every) A_EVERY=$value ;;
      heat) A_HEAT=1; read -r A_SLOW A_STOP A_BELOW A_QUOTA <<END
$value
END
        ;;
      zones) A_ZONES=$value ;;
      units) A_UNITS=$value ;;
    esac
  done <"$A_RULES/rules"
  [ -n "$A_UNITS" ] || A_UNITS=$(start_list "$live" | tr '\n' ' ')
  rt=$(runtime_of "$live")
}

act_read() { # sets A_IS, A_SINCE, A_SLOWED, A_RESTARTS; a boot has undone what it tells of
  A_IS=cool A_SINCE=- A_SLOWED='' A_RESTARTS=''
  this_boot
  [ -f "$S/act" ] || return 0
  while read -r key value; do
    case $key in
      boot) [ "$value" = "$BOOT" ] || return 0 ;;
      is) A_IS=$value ;; since) A_SINCE=$value ;; slowed) A_SLOWED=$value ;; restarted) A_RESTARTS=$A_RESTARTS$NL$value ;;
    esac
  done <"$S/act"
}

act_write() {
  {
    say "boot $BOOT"
    printf 'is %s\nsince %s\nslowed %s\n' "$A_IS" "$A_SINCE" "$A_SLOWED"
    say "$A_RESTARTS" | sed -n 's/^./restarted &/p'
  } | replace "$S/act"
}

# Whoever has signed last is the one who looks.
verb_act() { # look|guard|do WHAT TO WHY
  case $1 in
    guard) stand_guard act look ;;
    look) act_look ;;
    do) act_do "$2" "$3" "$4" ;;
  esac
}

act_look() {
  cd / && R=$ROOT STANDING=0
  a_me="$$ $(start_time $$)"
  # Somebody may be sweeping, or there is no room.
  until say "$a_me" | replace_lightly "$S/actor"; do sleep 5; done
  while act_rules && [ "$(cat "$S/actor" 2>/dev/null)" = "$a_me" ]; do
    journal_read
    [ "$PHASE" != IDLE ] || hold_holder >/dev/null || act_round
    sleep "$A_EVERY"
  done
}

act_round() {
  act_read
  if [ -n "$A_HEAT" ]; then
    a_heat=$(hottest /sys/class/thermal "$A_ZONES")
    if [ -n "$a_heat" ]; then
      heat_wants "$a_heat" "$A_IS"
      # Somebody may have started it since.
      if [ "$heat_to" != "$A_IS" ] || { [ "$a_heat" -ge $((A_STOP * 1000)) ] && some_are_up; }; then
        act_run heat "$heat_to" "$((a_heat / 1000)) °C"
        return
      fi
    fi
  fi
  [ "$A_IS" != off ] || return 0
  for a_file in "$A_RULES"/hung-*; do
    [ ! -f "$a_file" ] || act_hung "${a_file##*-}"
  done
}

act_run() { sh "$0" "$ROOT" "$APP" act 'do' "$@" </dev/null; }

# Of the zones whose type the pattern matches, of the processor's where there is none, else of all: the highest temperature in
# thousandths of a degree. One that tells nothing, or what cannot be, is not hot.
hottest() { # FOLDER PATTERN
  for h_zone in "$1"/thermal_zone*; do
    h_said='' h_type=''
    { read -r h_said <"$h_zone/temp"; read -r h_type <"$h_zone/type"; } 2>/dev/null
    say "${h_said:--};$h_type"
  done | PATTERN=$2 awk -F';' '
    { said[NR] = $1; type[NR] = tolower($2); if (type[NR] ~ cpu) processor = 1 }
    END {
      for (i = 1; i <= NR; i++) {
        if (ENVIRON["PATTERN"] != "") { if (type[i] !~ ENVIRON["PATTERN"]) continue }
        else if (processor && type[i] !~ cpu) continue
        if (said[i] ~ /^[0-9]+$/ && 0 < said[i] + 0 && said[i] + 0 < 200000 && most < said[i] + 0) most = said[i] + 0
      }
      if (most) print most
    }' cpu='^((cpu|gpu|soc|tj|cv)[a-z0-9_-]*[-_]therm(al)?|x86_pkg_temp)$' -
}

# Sets heat_to to what services are to be at a temperature, given what they are: cool, slow or off.
heat_wants() { # THOUSANDTHS IS
  heat_to=$2
  if [ "$1" -ge $((A_STOP * 1000)) ]; then heat_to=off; return; fi
  case $2 in off) [ "$1" -ge $(((A_STOP - A_BELOW) * 1000)) ] && return; heat_to=slow ;; esac
  if [ "$1" -ge $((A_SLOW * 1000)) ]; then heat_to=slow
  elif [ "$1" -lt $(((A_SLOW - A_BELOW) * 1000)) ]; then heat_to=cool; fi
}

some_are_up() {
  for u in $A_UNITS; do
    read_unit "$rt" "$u"
    case $u_active in active | activating | reloading) return 0 ;; esac
  done
  return 1
}

act_hung() { # NUMBER
  { read -r a_unit a_most && read -r a_label && a_words=$(cat); } <"$A_RULES/hung-$1"
  read_unit "$rt" "$a_unit"
  # What is on its way or down is not hung, and has those who see to it.
  if [ "$u_active" != active ]; then eval "a_failed_$1=0"; return; fi
  (root_enter || exit "$CANNOT_ASK"; eval "$a_words") </dev/null >/dev/null 2>&1
  a_code=$?
  rm -f "$S/.page"
  case $a_code in
    0) eval "a_failed_$1=0" ;;
    "$CANNOT_ASK") ;;
    *)
      a_times=0
      eval "a_failed_$1=\$((\${a_failed_$1:-0} + 1)); a_times=\$a_failed_$1"
      [ "$a_times" -ge "$a_most" ] || return 0
      eval "a_failed_$1=0"
      act_run restart "$a_unit" "$a_label failed $a_times times in a row"
      ;;
  esac
}

act_do() { # heat cool|slow|off WHY, or restart UNIT WHY
  lock "$S/lock" 9 3 || exit 75
  ! hold_holder >/dev/null && root_enter || exit 75
  journal_read
  [ "$PHASE" = IDLE ] || exit 75
  act_rules || exit 0
  act_read
  clock
  TXN=act DEADLINE=$((NOW + GRACE)) PATIENCE=$GRACE ACTION=act
  rm -f "$S/out.act"
  # What does not stop is killed after its grace.
  PHASE=REVERTING
  grace_begins
  case $1 in
    heat) act_heat "$2" "$3" ;;
    restart) act_restart "$2" "$3" ;;
  esac
}

act_heat() { # TO WHY
  a_was=$A_IS
  case $1 in
    off)
      # shellcheck disable=SC2046,SC2086
      "${rt}_stop" $(say $A_UNITS | tr ' ' '\n' | backwards) || exit 70
      a_what=stopped
      ;;
    slow) slow_down && a_what='slowed down' || a_what='too warm, and cannot be slowed down here' ;;
    cool) full_speed && a_what='at full speed' ;;
  esac
  if [ "$a_was" = off ] && [ "$1" != off ]; then
    # shellcheck disable=SC2086
    case $rt in systemd) systemd_start $A_UNITS ;; nohup) nohup_start $A_UNITS ;; esac >/dev/null || exit 70
    a_what="started again, $a_what"
  fi
  A_IS=$1 A_SINCE=$(date -u +%Y-%m-%dT%H:%M:%SZ)
  act_write
  act_note "$a_what" "$A_UNITS" "$2"
}

act_restart() { # UNIT WHY
  a_recent=$(say "$A_RESTARTS" | U=$1 NOW=$NOW awk '$1 == ENVIRON["U"] && ENVIRON["NOW"] - $2 < 3600' | wc -l)
  if [ "$a_recent" -ge $HUNG_MOST ]; then
    [ "$a_recent" -gt $HUNG_MOST ] || act_note 'not restarted any more for now' "$1" "$2"
  else
    "${rt}_stop" "$1" || exit 70
    "${rt}_start" "$1" >/dev/null || exit 70
    act_note restarted "$1" "$2"
  fi
  A_RESTARTS=$(say "$A_RESTARTS" | NOW=$NOW awk 'NF && ENVIRON["NOW"] - $2 < 3600')$NL"$1 $NOW"
  act_write
}

# Of what the kernel counts for systemd; elsewhere there is nothing that could.
slow_down() {
  [ "$rt" = systemd ] || return 1
  for u in $A_UNITS; do
    case $u in *.service) systemctl set-property --runtime -- "$u" "CPUQuota=$A_QUOTA" >/dev/null 2>&1 && A_SLOWED="$A_SLOWED $u" ;; esac
  done
  [ -n "$A_SLOWED" ]
}

# Not by another value: the unit's own holds again.
full_speed() {
  [ -n "$A_SLOWED" ] || return 0
  for u in $A_SLOWED; do
    for a_folder in "/run/systemd/system.control/$u.d" "/run/systemd/system/$u.d"; do
      rm -f "$a_folder/50-CPUQuota.conf"
      rmdir "$a_folder" 2>/dev/null
    done
  done
  A_SLOWED=''
  systemd_reload_manager
}

# What was done stands there for people, and in the journal of the unit.
act_note() { # WHAT UNITS WHY
  say "$1: $2($3)"
  { tail -n 99 "$S/acts" 2>/dev/null; printf '%s %s %s %s\t%s\t%s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$BOOT" "$NOW" "$(plain "${2% }")" "$1" "$(plain "$3")"; } | replace "$S/acts"
}

# A transaction begins to switch: both generations are to be as their units say.
act_gives_way() {
  act_read
  full_speed
  discard "$S/act"
}

# The generation that is live has changed, or the host has come up.
act_settle() { # GENERATION
  if [ "$1" = 0 ] || [ ! -f "$G/$1/act/rules" ]; then act_gone; return; fi
  if [ $PRIVILEGED = 1 ] && is_systemd; then
    cat >"$S/.boot" <<EOF_OF_UNIT || return 0
[Unit]
Description=fleet: what $APP wants done about heat and hung services

[Service]
ExecStart=/bin/sh $S/host.sh $(unit_word "$ROOT") $APP act look
KillMode=process
Restart=always
RestartSec=5

[Install]
WantedBy=multi-user.target
EOF_OF_UNIT
    place "$S/.boot" "$UNITS/$(act_unit)" 644 root root || { out "note $UNITS/$(act_unit) cannot be written: nobody acts on heat and hung services"; return 0; }
    rm -f "$S/.boot"
    units_only enable -q -- "$(act_unit)" >/dev/null 2>&1
    systemd_reload_manager
    systemctl restart --no-block -- "$(act_unit)" 2>/dev/null || :
  else
    setsid sh "$0" "$ROOT" "$APP" act guard </dev/null >/dev/null 2>&1 8>&- 9>&- &
  fi
}

act_gone() {
  discard "$S/actor"
  [ $PRIVILEGED = 1 ] && [ -e "$UNITS/$(act_unit)" ] || return 0
  units_only disable -q -- "$(act_unit)" 2>/dev/null
  systemctl stop --no-block -- "$(act_unit)" 2>/dev/null
  rm -f "$UNITS/$(act_unit)"
  systemd_reload_manager
}

# For the probe: "act cool|slow|off SINCE running|dead", "act-given-up UNIT" for what hangs and is not restarted any more, and
# "acted SECONDS-AGO AT UNITS<tab>WHAT<tab>WHY"; "-" for seconds that another boot has counted.
tell_acts() {
  [ "$active" != 0 ] && [ -f "$G/$active/act/rules" ] || return 0
  act_read
  a_pid='' a_start='' a_runs=dead
  { read -r a_pid a_start <"$S/actor"; } 2>/dev/null
  ! is_at_work "$a_pid" "$a_start" || a_runs=running
  say "act $A_IS $A_SINCE $a_runs"
  clock
  say "$A_RESTARTS" | MOST=$HUNG_MOST NOW=$NOW awk 'NF && ENVIRON["NOW"] - $2 < 3600 && ++n[$1] == ENVIRON["MOST"] + 1 { print "act-given-up", $1 }'
  [ ! -f "$S/acts" ] || tail -n 20 "$S/acts" | awk -v boot="$BOOT" -v now="$NOW" '{ at = $1; ago = $2 == boot ? now - $3 : "-"; sub(/^[^ ]* [^ ]* [^ ]* /, ""); print "acted", ago, at, $0 }'
}
