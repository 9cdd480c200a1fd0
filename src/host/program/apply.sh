# Making the live host be a generation. The same function goes forwards, backwards and over what a crash left: each
# part looks first and replaces by rename, so repeating it is harmless.

runtime_of() { manifest "$1" runtime; }

start_list() { lines "$1" start; }

# Services of $2 that $1 does not run, or runs under the other runtime.
leaving() {
  keep=$(start_list "$1")
  [ "$(runtime_of "$1")" = "$(runtime_of "$2")" ] || keep=''
  start_list "$2" | while read -r u; do contains "$keep" "$u" || say "$u"; done
}

apply() { # TO FROM
  to=$1 from=$2
  rt_to=$(runtime_of "$to") rt_from=$(runtime_of "$from")

  if [ "$rt_from" != - ]; then
    for u in $(leaving "$to" "$from"); do
      out "note stopping $u"
      "${rt_from}_stop" "$u"
    done
    apply_disable || return
  fi
  [ "$from" != 0 ] || hand_stop
  # Without systemd a running supervisor belongs to one generation; it must not outlive it.
  # shellcheck disable=SC2046
  [ "$rt_to" != nohup ] || nohup_stop $(start_list "$to")

  apply_units && apply_files && apply_env && apply_pivot || return
  [ "$to" != 0 ] || hand_start
  [ "$rt_to" = - ] && rt_to=$rt_from
  [ "$rt_to" != - ] || return 0
  if [ "$rt_to" = systemd ] || [ "$rt_from" = systemd ]; then systemd_reload_manager || return; fi
  for u in $(lines "$to" enable); do
    "${rt_to}_enabled" "$u" || "${rt_to}_enable" "$u" || return
  done
  apply_start
}

# Links of units whose [Install] changes or goes away are removed while the old file still says which they are.
apply_disable() {
  if [ "$rt_from" = nohup ]; then
    if [ "$rt_to" != nohup ] || [ -z "$(lines "$to" enable)" ]; then nohup_disable; fi
    return 0
  fi
  for u in $(lines "$from" enable); do
    if [ "$rt_to" = systemd ] && contains "$(lines "$to" enable)" "$u" && cmp -s "$G/$from/units/$u" "$G/$to/units/$u"; then continue; fi
    systemd_disable "$u"
  done
}

apply_units() {
  [ $PRIVILEGED = 1 ] || return 0
  wanted=''
  [ "$rt_to" = nohup ] || wanted=$(unit_files "$to")
  if [ "$rt_from" = systemd ]; then
    unit_files "$from" | while read -r f; do
      contains "$wanted" "$f" && continue
      # What stood there before fleet came is put back, not just ours taken away.
      if [ -f "$G/0/units/$f" ]; then place "$G/0/units/$f" "$UNITS/$f" 644 root root; else rm -f "$UNITS/$f"; fi
      case $f in */*) rmdir "$UNITS/${f%/*}" 2>/dev/null ;; esac
    done
  fi
  for f in $wanted; do
    in_place "$G/$to/units/$f" "$UNITS/$f" 644 root root || place "$G/$to/units/$f" "$UNITS/$f" 644 root root || return
  done
}

# Files outside the release. `files.list` holds "INDEX MODE OWNER GROUP PATH".
apply_files() {
  wanted=$(lines "$to" files.list | cut -d' ' -f5-)
  lines "$from" files.list | while read -r _ _ _ _ path; do
    contains "$wanted" "$path" && continue
    found=$(lines 0 files.list | grep -F " $path") || { rm -f "$path"; continue; }
    # shellcheck disable=SC2086
    set -- $found
    place "$G/0/files/$1" "$path" "$2" "$3" "$4"
  done
  lines "$to" files.list >"$S/.files" || return 74
  while read -r index mode owner group path; do
    in_place "$G/$to/files/$index" "$path" "$mode" "$owner" "$group" ||
      place "$G/$to/files/$index" "$path" "$mode" "$owner" "$group" || return
  done <"$S/.files"
  rm -f "$S/.files"
}

apply_env() {
  if [ ! -f "$G/$to/env" ]; then
    # `rollback --full --keep-data` leaves it, so that the app can be run by hand.
    [ "$to" = 0 ] && [ "$ACTION" = remove-keep-data ] && return 0
    [ -f "$G/$from/env" ] && rm -f "$ROOT/.env"
    return 0
  fi
  set -- "$G/$to/env" "$ROOT/.env" "$(manifest "$to" env_mode 600)" "$(manifest "$to" env_owner "$(service_user "$to")")" "$(manifest "$to" env_group "$(service_group "$to")")"
  in_place "$@" || place "$@"
}

apply_pivot() {
  if [ "$to" = 0 ]; then
    rm -f "$ROOT/current"
  elif [ "$(active_generation)" != "$to" ]; then
    rm -f "$ROOT/.current.fleet" && ln -s "releases/$to" "$ROOT/.current.fleet" && mv -fT "$ROOT/.current.fleet" "$ROOT/current" && sync "$ROOT"
  fi
}

# What ran before is noted first: a service has been restarted when its invocation is another one.
apply_start() {
  if [ $BOOTING = 1 ]; then
    # shellcheck disable=SC2046
    [ "$rt_to" != systemd ] || systemctl start --no-block -- $(lines "$to" enable)
    return 0
  fi
  : >"$S/.before"
  for u in $(start_list "$to"); do
    read_unit "$rt_to" "$u"
    printf '%s %s\n' "$u" "${u_invocation:--}" >>"$S/.before"
  done
  # shellcheck disable=SC2046
  set -- $(start_list "$to")
  [ $# -gt 0 ] || return 0
  RUN_GENERATION=$to
  refused=$("${rt_to}_restart" "$@") || { out "refused $(printf '%s' "$refused" | tail -n 1)"; return 70; }
}
