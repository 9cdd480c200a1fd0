# What a switch does to each unit that both generations start. A record says which parts its units use (`uses`: "UNIT HOW
# PART", HOW being restart, reload or always) and what each part is (`parts`: "DIGEST NAME"). A unit that uses nothing
# that differs is left alone. It goes on as the run of a generation before, from that one's release; `runs` holds which:
# "UNIT GENERATION", so that nobody takes that release away. `touched` are parts that were put right on the live host in
# this transaction although both records have them alike. Neither has to survive the host: after a boot all is new.

note_touched() { say "$1" >>"$S/touched"; }

# Sets all_hit where nothing can be left alone, else left_alone, hit_units and to_reload, each a list of lines.
compare_uses() { # TO FROM
  all_hit=1 left_alone='' hit_units='' to_reload=''
  [ "$1" != 0 ] && [ "$2" != 0 ] && [ "$rt_to" = "$rt_from" ] && [ $BOOTING = 0 ] || return 0
  # What one attempt at the way back has left running is not trusted by the next.
  [ "$ATTEMPT" -lt 2 ] || return 0
  [ -s "$G/$1/uses" ] && [ -s "$G/$2/uses" ] && [ -f "$G/$1/parts" ] && [ -f "$G/$2/parts" ] || return 0
  all_hit=0 r_touched=/dev/null r_anew=no
  [ ! -f "$S/touched" ] || r_touched=$S/touched
  entry "$1" anew; [ "$recorded" != yes ] || { entry "$1" base; [ "$recorded" != "$2" ] || r_anew=yes; }
  entry "$2" anew; [ "$recorded" != yes ] || { entry "$2" base; [ "$recorded" != "$1" ] || r_anew=yes; }
  while read -r r_word r_unit; do
    case $r_word in
      left) left_alone=$left_alone$NL$r_unit ;;
      reload) to_reload=$to_reload$NL$r_unit hit_units=$hit_units$NL$r_unit ;;
      restart | always) hit_units=$hit_units$NL$r_unit ;;
    esac
  done <<EOF
$(awk -v anew=$r_anew '
    side == "touched" { touched[$0]; next }
    side == "was" || side == "is" { digest = $1; sub(/^[^ ]* /, ""); if (side == "was") was[$0] = digest; else is[$0] = digest; next }
    { unit = $1; how = $2; sub(/^[^ ]* [^ ]* /, "")
      if (!(unit in word)) word[unit] = "left"
      if (how != "always" && !($0 in touched) && was[$0] == is[$0] && !(anew == "yes" && /^code /)) next
      if (word[unit] == "left" || how != "reload") word[unit] = how }
    END { for (unit in word) print word[unit], unit }' \
  side=touched "$r_touched" side=was "$G/$2/parts" side=is "$G/$1/parts" side=uses "$G/$1/uses" "$G/$2/uses")
EOF
}

# An instance that no record names is as its template.
is_left() { # UNIT
  [ $all_hit = 0 ] || return 1
  ! contains "$left_alone" "$1" || return 0
  case $1 in *@?*.*) ! contains "$hit_units" "$1" && contains "$left_alone" "${1%%@*}@.${1##*.}" ;; *) return 1 ;; esac
}

# Whether a socket, timer or path of both generations goes on through the switch: a timer or a path only where what it
# would start meanwhile is left alone, too.
stays() { # TRIGGER TO FROM
  is_left "$1" && contains "$(start_list "$2")" "$1" && contains "$(start_list "$3")" "$1" || return 1
  case $1 in *.socket) return 0 ;; esac
  for r_unit in $({ triggered "$2"; triggered "$3"; } | T=$1 awk '$1 == ENVIRON["T"] { print $2 }'); do is_left "$r_unit" || return 1; done
}

# After read_unit: sets becomes to what a unit that is to run has before it. A target is never restarted: that would take
# along all that is part of it.
becomes() { # UNIT
  becomes=new
  case $u_active/$u_sub in
    */unrecorded | */orphaned) return ;;
    active/* | reloading/*) ;;
    inactive/*) [ "$u_type/$u_result/${u_job:-0}" = oneshot/success/0 ] || return ;;
    *) return ;;
  esac
  if is_left "$1"; then becomes=kept; elif contains "$to_reload" "$1" && [ "$rt_to" = systemd ]; then becomes=reload; fi
  [ "$rt_to" != nohup ] || contains "$kept_up" "$1" || becomes=new
}

# Without systemd: services whose one supervisor is known and goes on.
keep_up() { # TO: sets kept_up
  kept_up=''
  [ "$rt_to/$rt_from/$all_hit" = nohup/nohup/0 ] || return 0
  r_running=$(supervisors)
  for r_unit in $(start_list "$1"); do
    is_left "$r_unit" || continue
    read_unit nohup "$r_unit"
    case $u_active/$u_sub/$u_type/$u_result in
      active/unrecorded/* | active/orphaned/*) ;;
      # One that has done its work has no supervisor any more.
      active/exited/* | inactive/dead/oneshot/success) kept_up=$kept_up$NL$r_unit ;;
      active/*)
        r_of=$(say "$r_running" | U=$r_unit awk '$4 == ENVIRON["U"] { print $3 }')
        { [ "$r_of" != "$from" ] && ! contains "$(short "$S/runs")" "$r_unit $r_of"; } || kept_up=$kept_up$NL$r_unit
        ;;
    esac
  done
}

# From `.before`, once all is started: of which generation each run is.
note_runs() { # TO FROM
  [ "$1" != 0 ] || { rm -f "$S/runs"; return; }
  text_of "$S/runs"
  r_runs=$text
  while read -r r_unit r_was r_word _; do
    r_of=$1
    case $r_word in
      triggered) [ "$r_was" != - ] || continue; r_of='' ;;
      kept | reload) r_of='' ;;
    esac
    [ -n "$r_of" ] || r_of=$(say "$r_runs" | U=$r_unit awk '$1 == ENVIRON["U"] { print $2 }')
    say "$r_unit ${r_of:-$2}"
  done <"$S/.before" >"$S/.runs" && mv -f "$S/.runs" "$S/runs"
}

# Generations that something still runs from: by the list, and by where processes stand.
in_use() {
  while read -r _ r_of; do say "$r_of"; done 2>/dev/null <"$S/runs"
  # shellcheck disable=SC2012
  ls -l /proc/[0-9]*/cwd /proc/[0-9]*/exe 2>/dev/null | P=" $ROOT/releases/" awk '{
    at = index($0, ENVIRON["P"])
    if (at) { rest = substr($0, at + length(ENVIRON["P"])); sub(/[^0-9].*/, "", rest); print rest } }'
}

# How long each service that was restarted was not there, from its end to its being up: "away UNIT MILLISECONDS".
tell_away() {
  [ -f "$S/.before" ] || return 0
  if [ "$rt" = nohup ]; then
    r_up=$(short "$S/was-up")
    while read -r r_unit _ r_word _; do
      [ "$r_word" = new ] && [ -n "$stopped_at" ] && contains "$r_up" "$r_unit" || continue
      r_back=$(sed -n 's/^MainStart=//p' "$S/run/$r_unit/status" 2>/dev/null)
      away "$r_unit" "$stopped_at" "${r_back:-0}" 1
    done <"$S/.before"
    return 0
  fi
  r_units=''
  while read -r r_unit r_was r_word _; do
    case $r_unit/$r_was/$r_word in */-/*) ;; *.service/*/new | *.service/*/again) r_units="$r_units $r_unit" ;; esac
  done <"$S/.before"
  show_back "$TO" "$r_units"
  for r_unit in $r_units; do
    shown_of "$r_unit"
    r_left=${r_shown#*ActiveExitTimestampMonotonic=} r_back=${r_shown#*ActiveEnterTimestampMonotonic=}
    r_left=${r_left%%"$NL"*} r_back=${r_back%%"$NL"*}
    is_number "$r_left" && is_number "$r_back" && away "$r_unit" "$r_left" "$r_back" 10000
  done
  # What it found is for people to read, and stops nothing.
  return 0
}

# Asks systemd once for all that is told of what was restarted, and that `expect` says of a generation: sets shown_back.
show_back() { # GENERATION UNITS
  shown_back='' r_asked=$2 r_also=Id,ActiveExitTimestampMonotonic,ActiveEnterTimestampMonotonic
  [ ! -f "$G/$1/expect" ] || while read -r r_unit r_property _; do
    case " $r_asked " in *" $r_unit "*) ;; *) r_asked="$r_asked $r_unit" ;; esac
    case ",$r_also," in *",$r_property,"*) ;; *) r_also=$r_also,$r_property ;; esac
  done <"$G/$1/expect"
  # shellcheck disable=SC2086
  [ -z "$r_asked" ] || shown_back=$(systemctl show -p "$r_also" -- $r_asked 2>/dev/null)
}

# Sets r_shown to the lines of one of them, between line breaks; to nothing where it goes by another name.
shown_of() { # UNIT
  r_shown=$NL$NL$shown_back$NL$NL
  case $r_shown in *"${NL}Id=$1$NL"*) ;; *) r_shown=''; return ;; esac
  r_before=${r_shown%%"${NL}Id=$1$NL"*}$NL
  r_before=${r_before%"$NL$NL"*}
  r_shown=${r_shown#"$r_before$NL$NL"}
  r_shown=$NL${r_shown%%"$NL$NL"*}$NL
}
shown_back=''
# UNIT LEFT BACK, and how much of those is a hundredth of a second.
away() {
  [ "${2:-0}" -gt 0 ] && [ "${3:-0}" -gt "$2" ] || return 0
  out "away $1 $((($3 - $2) * 10 / $4))"
}
