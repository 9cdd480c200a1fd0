# The state folder was removed, or is an older one, while the app ran: what is live has no record here. Nothing can be
# switched then, for there is no way back to it; what runs is told of, and a removal stops it.

unrecorded() { # [ACTIVE]
  l_live=${1:-$(active_generation)}
  case $l_live in
    0) [ -n "$(supervisors)" ] ;;
    # Other tools number by the time; ours begin with 1.
    ??????????*) return 1 ;;
    # What is live in another app's root is on record there.
    *) [ ! -f "$G/$l_live/manifest" ] && [ -z "$(folder_shared "$ROOT")" ] ;;
  esac
}

# A journal of another time than `current`: its transaction is over.
outdated() {
  case $(active_generation) in 0 | "$FROM" | "$TO") return 1 ;; esac
}

# Units of systemd that somebody, most likely we, made for what `current` leads to.
units_of_current() {
  [ $PRIVILEGED = 1 ] && is_systemd || return 0
  grep -lE "(^|[^A-Za-z0-9._/-])$(say "$ROOT/current" | sed 's/[.+]/\\&/g')([^A-Za-z0-9._-]|\$)" "$UNITS"/*.service 2>/dev/null | while read -r l_file; do
    l_file=${l_file##*/}
    look_up "$l_file"
    for l_starter in $n_starts; do [ ! -f "$UNITS/$l_starter" ] || say "$l_starter"; done
    say "$l_file"
    case $l_file in *@.*) running_by "$l_file" ;; esac
  done
}

# For status and health.
tell_unrecorded() {
  say "unrecorded yes"
  say "drift unrecorded $l_live $APP $S"
  supervisors | cut -d' ' -f4 | sort -u | while read -r l_unit; do unit_line nohup "$l_unit"; done
  units_of_current | while read -r l_unit; do
    case $l_unit in *@.*) ;; *) ! systemctl is-active -q -- "$l_unit" || unit_line systemd "$l_unit" ;; esac
  done
}

# There is no way back, so this is no transaction. What an older record tells of goes by that, the rest by what it is, and
# `current` last: until then it can be asked for again. Unit files without a record stay: a person may have made them.
remove_unrecorded() {
  clock
  FROM=$(generations | tail -n 1) TO=0 TXN=purge ACTION=remove-keep-data DEADLINE=$((NOW + 2 * GRACE))
  FROM=${FROM:-$l_live}
  : >"$S/out.$TXN"
  for l_unit in $(units_of_current); do
    ! contains "$(installed "$FROM")" "$(file_of "$l_unit")" || continue
    case $l_unit in *@.*) ;; *) systemd_stop "$l_unit" || return ;; esac
    [ -f "$UNITS/$l_unit" ] || continue
    systemd_disable "$l_unit"
    out "note $UNITS/$l_unit is stopped and does not start at boot; the file stays, for no record tells who made it"
  done
  nohup_disable
  apply 0 "$FROM" || return
  out "note what else fleet has made here (accounts, folders, files elsewhere) stays as far as no record tells of it"
}
