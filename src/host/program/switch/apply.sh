# Making the live host be a generation. The same function goes forwards, backwards and over what a crash left: each
# part looks first and replaces by rename, so repeating it is harmless.

# What a file says becomes the name of a function: nothing but these.
runtime_of() {
  the_runtime "$1"
  say "$recorded"
}
the_runtime() { # GENERATION: the same, in `recorded`
  entry "$1" runtime
  case $recorded in systemd | nohup) ;; *) recorded=- ;; esac
}

start_list() { if [ "$1" = 0 ]; then host_services; else short "$G/$1/start"; fi; }
starts_of() { if [ "$1" = 0 ]; then text=$(host_services); else text_of "$G/$1/start"; fi; } # the same, in `text`

# Sets `leaves` to the services of FROM that TO does not run, or runs under the other runtime; who was started last stops
# first. What the host has by the same name is another service.
leaving() { # TO FROM, with rt_to and rt_from
  keep='' leaves=''
  [ "$rt_to" != "$rt_from" ] || [ "$1" = 0 ] || { starts_of "$1"; keep=$text; }
  starts_of "$2"
  for u in $text; do contains "$keep" "$u" || leaves="$u $leaves"; done
}

# UNPROVEN leaves what starts at boot for the commit: nothing is enabled that was not healthy once.
apply() { # TO FROM [UNPROVEN]
  to=$1 from=$2 handed_back='' loaded=''
  the_runtime "$to"; rt_to=$recorded
  the_runtime "$from"; rt_from=$recorded stopped_at=''
  compare_uses "$to" "$from"
  keep_up "$to"

  [ "$to" = 0 ] || [ -f "$G/$to/manifest" ] || { out "refused the record of generation $to is gone from $G"; return 70; }
  stop_beside "$to" "$from" || return
  if [ "$rt_from" != - ]; then
    leaving "$to" "$from"
    for u in $leaves; do
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
  [ -z "$handed_back" ] || loaded=''
  for u in $handed_back; do ! contains "$(lines 0 enable)" "$u" || systemd_enable "$u"; done
  # Those of generation 0 are started and watched like any other's.
  [ "$to" = 0 ] || [ -z "$handed_back" ] || for u in $(start_list 0); do
    case " $handed_back " in *" $(file_of "$u") "*) systemd_start "$u" ;; esac
  done
  # What had to be put right is known by now, too.
  [ ! -f "$S/touched" ] || compare_uses "$to" "$from"
  apply_start && start_with "$to" "$from"
}

# Whether systemd has all units as they stand there: forwards, between two generations that have them alike, where none
# had to be put right and none was edited since. All of a host's units are loaded anew otherwise. Sets loaded to what is
# shown of those that are started, and then of others.
units_are_loaded() {
  [ "$rt_to/$rt_from/$ATTEMPT/$BOOTING" = systemd/systemd/0/0 ] && [ "$to" != 0 ] && [ "$from" != 0 ] || return 1
  text_of "$S/touched"
  case $NL$text in *"${NL}unit "*) return 1 ;; esac
  starts_of "$to"
  # shellcheck disable=SC2086
  set -- $text
  units_of "$to"
  for f in $text; do
    case $f in */* | *@.*) ;; *) case " $* " in *" $f "*) ;; *) set -- "$@" "$f" ;; esac ;; esac
  done
  [ $# -gt 0 ] || return 1
  loaded=$(systemctl show -p "$SHOWN,NeedDaemonReload" -- "$@" 2>/dev/null)
  case $loaded in *NeedDaemonReload=yes* | '') loaded=''; return 1 ;; esac
}

enable_all() { # GENERATION
  the_runtime "$1"
  rt=$recorded
  [ "$rt" != - ] || rt=${rt_to:-systemd}
  text_of "$G/$1/enable"
  for u in $text; do
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
  text_of "$G/$to/enable"
  keep=$text
  text_of "$G/$from/enable"
  for u in $text; do
    if [ "$rt_to" = systemd ] && contains "$keep" "$u" && cmp -s "$G/$from/units/$u" "$G/$to/units/$u"; then continue; fi
    systemd_disable "$u"
  done
}

apply_units() {
  [ $PRIVILEGED = 1 ] || return 0
  wanted=''
  [ "$rt_to" = nohup ] || [ "$to" = 0 ] || { units_of "$to"; wanted=$text; }
  if [ "$rt_from" = systemd ]; then
    units_of "$from"
    for f in $text; do
      contains "$wanted" "$f" && continue
      note_touched "unit $f"
      # What stood there before fleet came is put back, not just ours taken away.
      if [ -e "$G/0/units/$f" ] || [ -L "$G/0/units/$f" ]; then put_unit 0 "$f" || return; else rm -f "$UNITS/$f"; fi
      if comes_back "$to" "$f"; then links_back "$f" && handed_back="$handed_back $f" || return; fi
      case $f in */*) rmdir "$UNITS/${f%/*}" 2>/dev/null ;; esac
    done
  fi
  [ "$to" != 0 ] || own_units_back || return
  installed_by "$from"
  had=$text
  for f in $wanted; do
    contains "$had" "$f" || boot_links_gone "$f"
    put_unit "$to" "$f" || return
  done
}

put_unit() { # GENERATION FILE
  # One that was made by hand may be a link.
  if [ -L "$G/$1/units/$2" ]; then cp -fP "$G/$1/units/$2" "$UNITS/$2"; return; fi
  # shellcheck disable=SC2046
  if [ "$1" = 0 ]; then set -- "$G/$1/units/$2" "$UNITS/$2" $(unit_looks "$2"); else set -- "$G/$1/units/$2" "$UNITS/$2" 644 root root; fi
  in_place "$@" || { note_touched "unit ${2#"$UNITS/"}" && place "$@"; }
}

# Mode, owner and group of a unit that was made by hand, which gets its own back.
unit_looks() { stat -c '%a %U %G' "$G/0/units/$1"; }

# Files outside the release. `files.list` holds "INDEX MODE OWNER GROUP PATH".
apply_files() {
  file_paths "$to"
  wanted=$text
  text_of "$G/$from/files.list"
  while read -r _ _ _ _ path; do
    [ -n "$path" ] && ! contains "$wanted" "$path" || continue
    index=''
    while read -r i m o g p; do [ "$p" != "$path" ] || index=$i mode=$m owner=$o group=$g; done <<EOF
$(lines 0 files.list)
EOF
    if [ -n "$index" ]; then place "$G/0/files/$index" "$path" "$mode" "$owner" "$group"; else remove_file "$path"; fi || return
  done <<END
$text
END
  text_of "$G/$to/files.list"
  while read -r index mode owner group path; do
    [ -n "$path" ] || continue
    in_place "$G/$to/files/$index" "$path" "$mode" "$owner" "$group" ||
      { note_touched "file $path" && place "$G/$to/files/$index" "$path" "$mode" "$owner" "$group"; } || return
  done <<END
$text
END
}

# Sets text to the paths of the files that a generation has outside of its release.
file_paths() { # GENERATION
  text=''
  [ ! -f "$G/$1/files.list" ] || while read -r _ _ _ _ path; do text=$text${text:+$NL}$path; done <"$G/$1/files.list"
}

# Units of the host that read one of the files, in either generation, learn that it came, changed or went. `notify` holds
# "INDEX VERB UNIT".
notify_all() {
  [ $PRIVILEGED = 1 ] && is_systemd && [ $BOOTING = 0 ] || return 0
  [ -s "$G/$to/notify" ] || [ -s "$G/$from/notify" ] || return 0
  loaded=''
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
  [ $PRIVILEGED = 0 ] || [ "$of" = 0 ] || { discard "$S/.fleet.$APP.livenv" && ln -s "generations/$of/env" "$S/.fleet.$APP.livenv" && mv -fT "$S/.fleet.$APP.livenv" "$S/env"; } || return 74
  set -- "$G/$of/env" "$ROOT/.env"
  entry "$of" env_mode 600; set -- "$@" "$recorded"
  entry "$of" user; entry "$of" env_owner "$recorded"; set -- "$@" "$recorded"
  entry "$of" env_group; [ "$recorded" != - ] || recorded=$(service_group "$of"); set -- "$@" "$recorded"
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
  elif live_generation && [ "$live" != "$to" ]; then
    discard "$R/.current.fleet" && ln -s "releases/$to" "$R/.current.fleet" && mv -fT "$R/.current.fleet" "$R/current" && sync "$R"
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
  before=''
  starts_of "$to"
  # shellcheck disable=SC2086
  [ -n "$loaded" ] || [ -z "$text" ] || loaded=$("${rt_to}_show" $text)
  for u in $text; do
    next_unit <&6
    becomes "$u"
    [ $becomes != new ] || u_restarts=0
    before="$before$u ${u_invocation:--} $becomes ${u_restarts:-0}$NL"
  done 6<<END
$loaded
END
  [ ! -s "$G/$to/triggered" ] || { triggers=$(note_triggered "$to") && before=$before${triggers:+$triggers$NL}; } || return
  becomes_lightly "$S/.before" "$before" || { out "refused cannot write in $S: is the disk full or read-only?"; return 74; }
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
