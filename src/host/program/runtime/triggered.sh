# Units of a generation that nothing starts at once: the service of a socket, the job of a timer or a path, what those bring
# along. `triggered` in the record holds "TRIGGER UNIT"; a template there stands for a socket's connections. Whatever of a
# generation runs is the app's: it is stopped before another generation comes, and what was up runs again from that one.

triggered() { # GENERATION: lines "TRIGGER UNIT"
  the_runtime "$1"
  [ "$recorded" != systemd ] || lines "$1" triggered
}

# "UNIT TRIGGER,TRIGGER…", without connections.
triggered_units() { # GENERATION
  [ -s "$G/$1/triggered" ] || return 0
  triggered "$1" | awk '$2 !~ /@\./ { if (!($2 in of)) names[++n] = $2; of[$2] = of[$2] (of[$2] == "" ? "" : ",") $1 }
    END { for (i = 1; i <= n; i++) print names[i], of[names[i]] }'
}

# Who triggers a unit, or a connection; nothing where the deploy itself starts it.
triggered_by() { # GENERATION UNIT
  [ -s "$G/$1/triggered" ] || return 0
  case $2 in
    *@*.*) triggered "$1" | U=${2%%@*}@.${2##*.} N=$2 awk '$2 == ENVIRON["U"] || $2 == ENVIRON["N"] { print $1 }' | tr '\n' ',' | sed 's/,$//' ;;
    *) triggered_units "$1" | U=$2 awk '$1 == ENVIRON["U"] { print $2 }' ;;
  esac
}

is_connection() { # GENERATION UNIT
  case $2 in *@?*.service) contains "$(triggered "$1" | cut -d' ' -f2)" "${2%%@*}@.service" ;; *) return 1 ;; esac
}

# A unit file's name as a pattern: an instance of a template has its own name, and a backslash stands for itself.
unit_pattern() { # FILE
  case $1 in *\\*) say "$1" | sed 's/\\/\\\\/g; s/@\./@*./' ;; *@.*) say "${1%%@.*}@*.${1#*@.}" ;; *) say "$1" ;; esac
}

# Units of two generations that are loaded and not at rest, and stand in neither's list of what is started: "UNIT STATE".
beside() { # GENERATION GENERATION
  known='' files=''
  for g in "$1" "$2"; do
    starts_of "$g"
    known=$known$NL$text
    the_runtime "$g"
    [ "$recorded" != systemd ] || { units_of "$g"; files=$files$NL$text; }
  done
  set --
  for f in $files; do
    case $f in */*) continue ;; *.service | *.socket | *.timer | *.path | *.target) ;; *) continue ;; esac
    # Whatever it is, it is told of as one that is started.
    case $f in *@.* | *\\*) ;; *) ! contains "$known" "$f" || continue ;; esac
    set -- "$@" "$(unit_pattern "$f")"
  done
  [ $# -gt 0 ] || return 0
  systemctl list-units --plain --full --no-legend --state=active,activating,reloading,deactivating,failed -- "$@" 2>/dev/null |
    sed 's/^[^[:alnum:]:_\\]*//' | while read -r u _ state _; do contains "$known" "$u" || say "$u $state"; done
}

# Services beside the started ones that are up to stay: no jobs, no connections.
lasting_beside() { # GENERATION
  beside "$1" "$1" | while read -r u state; do
    case $state/$u in active/*@*) continue ;; active/*.service) ;; *) continue ;; esac
    read_unit systemd "$u"
    [ "$u_type" = oneshot ] || say "$u"
  done
}

# For `.before`. One that runs from what has changed comes up again, whoever has started it meanwhile; one that had failed
# before has nothing to do with this switch.
note_triggered() { # GENERATION
  triggered_units "$1" | while read -r u _; do
    read_unit systemd "$u"
    word=triggered
    if is_left "$u"; then
      [ "$u_active" != failed ] || continue
    elif contains "$(cat "$S/was-up" 2>/dev/null)" "$u" || { case $u_active in active | reloading | activating) ;; *) false ;; esac; }; then
      word=again u_restarts=0
    fi
    printf '%s %s %s %s\n' "$u" "${u_invocation:--}" $word "${u_restarts:-0}"
  done
}

# Corrects what `judge` makes of a unit that need not run: it has only not to fail, and what was up comes up first. A
# oneshot that is left alone has done its work.
judge_triggered() { # WORD
  case $1/$u_active in
    triggered/activating | triggered/deactivating) [ -n "$u_why" ] || u_state=up ;;
    kept/inactive | reload/inactive) [ "$u_type/$u_result/${u_job:-0}" != oneshot/success/0 ] || u_state=up u_why='' ;;
    triggered/inactive | again/inactive) [ "${u_job:-0}" != 0 ] || u_state=up u_why='' ;;
  esac
}

# Triggers first, so that none of the rest comes back; a job may end by itself. A socket that stays holds what comes in
# until its service is up again: that one is restarted behind the switch, not stopped before it.
stop_beside() { # TO FROM
  [ "$rt_to" = systemd ] || [ "$rt_from" = systemd ] || return 0
  b_to=$1 b_from=$2 b_sockets='' b_held=''
  b_seen=''
  starts_of "$1"; b_units=$text
  starts_of "$2"
  for b_unit in $b_units $text; do
    case $b_unit in *.timer | *.path | *.socket) ! contains "$b_seen" "$b_unit" || continue ;; *) continue ;; esac
    b_seen=$b_seen$NL$b_unit
    if stays "$b_unit" "$1" "$2"; then
      case $b_unit in *.socket) b_held=$b_held$NL$b_unit ;; esac
      continue
    fi
    case $b_unit in *.socket) b_sockets="$b_sockets $b_unit" ;; *) systemd_stop "$b_unit" || return ;; esac
  done
  b_units=$(beside_hit)
  [ -n "$b_units$b_sockets" ] || return 0
  for b_unit in $(say "$b_units" | sed -n 's/\.service activating$/.service/p'); do await_job "$b_unit" || return; done
  [ -z "$b_units" ] || b_units=$(beside_hit)
  b_running=$(say "$b_units" | awk 'NF && $2 != "failed" { print $1 }' | tr '\n' ' ')
  [ -z "$b_running" ] || out "note stopping $(say "${b_running% }" | cut -c 1-500)"
  # shellcheck disable=SC2046,SC2086
  set -- $b_sockets $(say "$b_units" | cut -d' ' -f1)
  [ $# = 0 ] || systemd_stop "$@"
}

# Of what runs beside, what has changed and is not held by a socket that stays.
beside_hit() {
  beside "$b_to" "$b_from" | while read -r u state; do
    is_left "$u" || is_held "$u" || say "$u $state"
  done
}

is_held() { # UNIT
  [ -n "$b_held" ] || return 1
  [ "$state" != failed ] || return 1
  for b_by in $(triggered_by "$b_from" "$1" | tr , ' '); do ! contains "$b_held" "$b_by" || return 0; done
  return 1
}

# Connections that a socket which stays has handed to what has changed meanwhile: whoever comes next gets the new.
stop_connections() { # TO FROM
  # shellcheck disable=SC2046
  set -- $(beside "$1" "$2" | while read -r u state; do
    case $state in active | activating) ! is_connection "$1" "$u" || is_left "$u" || say "$u" ;; esac
  done)
  [ $# = 0 ] || systemd_stop "$@"
}

# A oneshot at work has half of the time that is left, where it is not to go back.
await_job() { # UNIT
  ! must_go_on || return 0
  clock
  j_began=$NOW
  j_until=$(((j_began + DEADLINE) / 2)) j_told=''
  while read_unit systemd "$1" && [ "$u_type/$u_active" = oneshot/activating ]; do
    [ -n "$j_told" ] || out "note $1 is at work: it may end by itself, within $((j_until - j_began)) s"
    j_told=1
    if past $j_until; then
      out "note $1 has not ended after $((j_until - j_began)) s and is stopped: \`systemctl start $1\` begins it anew"
      return 0
    fi
    undecided "$TXN" || return 70
    sleep 0.2
  done
}
