# Making the live host be a generation. The same function goes forwards, backwards and over what a crash left: each
# part looks first and replaces by rename, so repeating it is harmless.

# What a file says becomes the name of a function: nothing but these.
runtime_of() {
  entry "$1" runtime
  case $recorded in systemd | nohup) say "$recorded" ;; *) say - ;; esac
}

start_list() { if [ "$1" = 0 ]; then host_services; else short "$G/$1/start"; fi; }

# Services of $2 that $1 does not run, or runs under the other runtime; who was started last stops first. What the host
# has by the same name is another service.
leaving() {
  keep=$(start_list "$1")
  [ "$(runtime_of "$1")" = "$(runtime_of "$2")" ] && [ "$1" != 0 ] || keep=''
  start_list "$2" | backwards | while read -r u; do contains "$keep" "$u" || say "$u"; done
}

# UNPROVEN leaves what starts at boot for the commit: nothing is enabled that was not healthy once.
apply() { # TO FROM [UNPROVEN]
  to=$1 from=$2 handed_back=''
  rt_to=$(runtime_of "$to") rt_from=$(runtime_of "$from") stopped_at=''
  compare_uses "$to" "$from"
  keep_up "$to"

  [ "$to" = 0 ] || [ -f "$G/$to/manifest" ] || { out "refused the record of generation $to is gone from $G"; return 70; }
  stop_beside "$to" "$from" || return
  if [ "$rt_from" != - ]; then
    for u in $(leaving "$to" "$from"); do
      out "note stopping $u"
      "${rt_from}_stop" "$u" || return
    done
    apply_disable || return
  fi
  # By its own definition, as long as that is what the name leads to.
  for u in $(overtaken "$to" "$from"); do out "note stopping $u of the host"; systemd_stop "$u" || return; done
  [ "$from" != 0 ] || hand_stop
  # Without systemd a service that dies in between would be started again as half of each generation.
  if [ "$rt_to" = nohup ]; then
    clock
    stopped_at=$NOW_EXACT
    # shellcheck disable=SC2046
    nohup_stop $(start_list "$to" | while read -r u; do contains "$kept_up" "$u" || say "$u"; done) || return
  fi
  nohup_stop_rest || return

  apply_units && apply_files && apply_env && apply_pivot || return
  undo_early
  [ "$to" != 0 ] || hand_start
  [ "$rt_to" = - ] && rt_to=$rt_from
  [ "$rt_to" != - ] || return 0
  if [ "$rt_to" = systemd ] || [ "$rt_from" = systemd ]; then units_are_loaded || systemd_reload_manager || return; fi
  [ -n "${3:-}" ] && [ "$to" != 0 ] || enable_all "$to" || return
  notify_all || return
  for u in $handed_back; do ! contains "$(lines 0 enable)" "$u" || systemd_enable "$u"; done
  # Those of generation 0 are started and watched like any other's.
  [ "$to" = 0 ] || for u in $(start_list 0); do
    case " $handed_back " in *" $(file_of "$u") "*) systemd_start "$u" ;; esac
  done
  # What had to be put right is known by now, too.
  [ ! -f "$S/touched" ] || compare_uses "$to" "$from"
  apply_start && start_with "$to" "$from"
}

# Whether systemd has all units as they stand there: forwards, between two generations that have them alike, where none
# had to be put right and none was edited since. All of a host's units are loaded anew otherwise.
units_are_loaded() {
  [ "$rt_to/$rt_from/$ATTEMPT/$BOOTING" = systemd/systemd/0/0 ] && [ "$to" != 0 ] && [ "$from" != 0 ] || return 1
  ! grep -qs '^unit ' "$S/touched" || return 1
  # shellcheck disable=SC2046
  set -- $(start_list "$to")
  for f in $(unit_files "$to"); do
    case $f in */* | *@.*) ;; *) set -- "$@" "$f" ;; esac
  done
  [ $# -gt 0 ] || return 1
  case $(systemctl show -p NeedDaemonReload --value -- "$@" 2>/dev/null) in *yes* | '') return 1 ;; esac
}

enable_all() { # GENERATION
  rt=$(runtime_of "$1")
  [ "$rt" != - ] || rt=${rt_to:-systemd}
  for u in $(short "$G/$1/enable"); do
    "${rt}_enabled" "$u" || why=$("${rt}_enable" "$u") || {
      case $PHASE in COMMITTED) word=note ;; *) word=refused ;; esac
      out "$word $u cannot be made to start at boot: $(printf '%s' "$why" | tail -n 1)"
      return 70
    }
  done
}

# Links of units whose [Install] changes or goes away are removed while the old file still says which they are.
apply_disable() {
  if [ "$rt_from" = nohup ]; then
    if [ "$rt_to" != nohup ] || [ -z "$(lines "$to" enable)" ]; then nohup_disable; fi
    return 0
  fi
  for u in $(short "$G/$from/enable"); do
    if [ "$rt_to" = systemd ] && contains "$(short "$G/$to/enable")" "$u" && cmp -s "$G/$from/units/$u" "$G/$to/units/$u"; then continue; fi
    systemd_disable "$u"
  done
}

apply_units() {
  [ $PRIVILEGED = 1 ] || return 0
  wanted=''
  [ "$rt_to" = nohup ] || [ "$to" = 0 ] || wanted=$(unit_files "$to")
  if [ "$rt_from" = systemd ]; then
    for f in $(unit_files "$from"); do
      contains "$wanted" "$f" && continue
      note_touched "unit $f"
      # What stood there before fleet came is put back, not just ours taken away.
      if [ -e "$G/0/units/$f" ] || [ -L "$G/0/units/$f" ]; then put_unit 0 "$f" || return; else rm -f "$UNITS/$f"; fi
      if comes_back "$to" "$f"; then links_back "$f" && handed_back="$handed_back $f" || return; fi
      case $f in */*) rmdir "$UNITS/${f%/*}" 2>/dev/null ;; esac
    done
  fi
  [ "$to" != 0 ] || own_units_back || return
  had=$(installed "$from")
  for f in $wanted; do
    contains "$had" "$f" || boot_links_gone "$f"
    put_unit "$to" "$f" || return
  done
}

put_unit() { # GENERATION FILE
  # One that was made by hand may be a link.
  if [ -L "$G/$1/units/$2" ]; then cp -fP "$G/$1/units/$2" "$UNITS/$2"; return; fi
  # shellcheck disable=SC2046
  set -- "$G/$1/units/$2" "$UNITS/$2" $(unit_looks "$1" "$2")
  in_place "$@" || { note_touched "unit ${2#"$UNITS/"}" && place "$@"; }
}

# Mode, owner and group of an installed unit; one that was made by hand gets its own back.
unit_looks() { if [ "$1" = 0 ]; then stat -c '%a %U %G' "$G/0/units/$2"; else say 644 root root; fi; }

# Files outside the release. `files.list` holds "INDEX MODE OWNER GROUP PATH".
apply_files() {
  wanted=$(lines "$to" files.list | cut -d' ' -f5-)
  lines "$from" files.list | while read -r _ _ _ _ path; do
    contains "$wanted" "$path" && continue
    index=''
    while read -r i m o g p; do [ "$p" != "$path" ] || index=$i mode=$m owner=$o group=$g; done <<EOF
$(lines 0 files.list)
EOF
    if [ -n "$index" ]; then place "$G/0/files/$index" "$path" "$mode" "$owner" "$group"; else remove_file "$path"; fi || exit
  done || return
  lines "$to" files.list | while read -r index mode owner group path; do
    in_place "$G/$to/files/$index" "$path" "$mode" "$owner" "$group" ||
      { note_touched "file $path" && place "$G/$to/files/$index" "$path" "$mode" "$owner" "$group"; } || exit
  done
}

# Units of the host that read one of the files, in either generation, learn that it came, changed or went. `notify` holds
# "INDEX VERB UNIT".
notify_all() {
  [ $PRIVILEGED = 1 ] && is_systemd && [ $BOOTING = 0 ] || return 0
  { notified "$to" "$from"; notified "$from" "$to"; } | LC_ALL=C sort -u | while read -r verb unit; do
    out "note $unit is told to $verb: a file that it reads has changed"
    # One that was up and did not take the new file is down by now.
    if [ "$PHASE" = REVERTING ] && contains "$(cat "$S/was-up" 2>/dev/null)" "$unit"; then systemctl reset-failed -- "$unit" 2>/dev/null; else verb=try-$verb; fi
    why=$(notify "$verb" "$unit") || {
      # Whoever has decided meanwhile has a reason of their own.
      case $PHASE/$(decision "$TXN") in REVERTING/* | */none) word=refused ;; *) word=note ;; esac
      out "$word ${verb#try-} of $unit failed: $why"
      exit 70
    }
  done
}

# Of a repair nobody knows which files had been changed by hand.
notified() { # GENERATION OTHER: lines "VERB UNIT" for files that the other has not, or has otherwise
  lines "$1" notify | while read -r index verb unit; do
    path=$(lines "$1" files.list | sed -n "s/^$index [^ ]* [^ ]* [^ ]* //p")
    same=$(lines "$2" files.list | P=$path awk '{ i = $1; sub(/^[^ ]* [^ ]* [^ ]* [^ ]* /, ""); if ($0 == ENVIRON["P"]) print i }')
    [ "$1" != "$2" ] && [ -n "$same" ] && cmp -s "$G/$1/files/$index" "$G/$2/files/$same" || say "$verb $unit"
  done
}

apply_env() {
  of=$to
  # One that was made by hand comes back when the last env of ours goes.
  [ -f "$G/$to/env" ] || [ ! -f "$G/$from/env" ] || [ ! -f "$G/0/env" ] || of=0
  if [ ! -f "$G/$of/env" ]; then
    rm -f "$S/env"
    # `rollback --full --keep-data` leaves it, so that the app can be run by hand.
    [ "$to" = 0 ] && [ "$ACTION" = remove-keep-data ] && return 0
    [ -f "$G/$from/env" ] && remove_file "$ROOT/.env"
    return 0
  fi
  # What systemd reads where the account could turn the root's name elsewhere.
  if [ "$of" = 0 ]; then rm -f "$S/env"; fi
  [ $PRIVILEGED = 0 ] || [ "$of" = 0 ] || { rm -f "$S/.fleet.$APP.livenv" && ln -s "generations/$of/env" "$S/.fleet.$APP.livenv" && mv -fT "$S/.fleet.$APP.livenv" "$S/env"; } || return 74
  set -- "$G/$of/env" "$ROOT/.env" "$(manifest "$of" env_mode 600)" "$(manifest "$of" env_owner "$(service_user "$of")")" "$(manifest "$of" env_group "$(service_group "$of")")"
  in_place "$@" || { note_touched .env && place "$@"; }
}

apply_pivot() {
  # root: we stand in the app's root
  if [ "$to" = 0 ]; then
    [ ! -L "$R/current" ] || rm -f "$R/current"
    [ ! -f "$G/0/current" ] || ln -s "$(cat "$G/0/current")" "$R/current"
  elif [ -d "$R/current" ] && [ ! -L "$R/current" ]; then
    out "refused $ROOT/current is a folder, where fleet needs a link of its own"
    return 70
  elif [ "$(active_generation)" != "$to" ]; then
    rm -f "$R/.current.fleet" && ln -s "releases/$to" "$R/.current.fleet" && mv -fT "$R/.current.fleet" "$R/current" && sync "$R"
  fi
}

# What ran before is noted first: a service has been restarted when its invocation is another one.
apply_start() {
  if [ $BOOTING = 1 ]; then
    # shellcheck disable=SC2046
    [ "$rt_to" != systemd ] || systemctl start --no-block -- $(lines "$to" enable) $(boots_of_host)
    return 0
  fi
  # A list cut short by a full disk would leave services unwatched.
  {
    for u in $(start_list "$to"); do
      read_unit "$rt_to" "$u"
      becomes "$u"
      [ $becomes != new ] || u_restarts=0
      printf '%s %s %s %s\n' "$u" "${u_invocation:--}" $becomes "${u_restarts:-0}"
    done
    note_triggered "$to"
  } | replace_lightly "$S/.before" || { out "refused cannot write in $S: is the disk full or read-only?"; return 74; }
  new='' targets='' reload='' kept=''
  while read -r u _ word _; do
    case $word/$u in
      new/*.target) targets="$targets $u" ;;
      new/* | again/*) new="$new $u" ;;
      reload/*) reload="$reload $u" ;;
      kept/*) kept="$kept $u" ;;
    esac
  done <"$S/.before"
  [ -z "$kept" ] || out "kept$kept"
  [ "$rt_to" != systemd ] || { systemd_mark_log; stop_connections "$to" "$from" || return; }
  RUN_GENERATION=$to
  # shellcheck disable=SC2086
  { [ -z "$new" ] || refused=$("${rt_to}_restart" $new); } && { [ -z "$targets" ] || refused=$(systemd_start $targets); } ||
    { out "refused $(printf '%s' "$refused" | tail -n 1)"; return 70; }
  for u in $reload; do
    refused=$(systemctl reload -- "$u" 2>&1) || { out "refused reload of $u failed: $(printf '%s' "$refused" | tail -n 1)"; return 70; }
  done
  note_runs "$to" "$from"
}
