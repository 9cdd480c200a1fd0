# What a playbook runs between the sealed release and the switch (`when: before-start`), such as migrations: as the service
# user, in the new release, with its settings. The generation before goes on serving; nothing live has changed yet, so where
# a step fails there is nothing to take back but what it did to data, which nobody can.

# A rollback, a repair and a copy of a generation are no deploys of it.
has_steps() { [ "$ACTION" = deploy ] && [ -d "$G/$TO/before" ]; }

run_steps() {
  journal_write BEFORE_START
  out "phase before"
  went=0
  if new_settings; then
    for number in $(cd "$G/$TO/before" && ls | sort -n); do step "$number" || { went=1; break; }; done
  else
    went=74
  fi
  tidy_steps "$TO"
  return $went
}

# The settings of a release are a link to the live ones, which are still those of the generation before: while the steps
# run it leads to the new ones. The link itself comes back, since it was noted when the release was sealed.
new_settings() {
  [ -f "$G/$TO/env" ] || return 0
  place "$G/$TO/env" "$ROOT/.fleet-env" 600 "$(service_user "$TO")" "$(service_group "$TO")" || return
  (cd "$R/releases/$TO" && mv -T ./.env ./.env.fleet && ln -s "$ROOT/.fleet-env" ./.env) || { out "refused cannot write in $ROOT/releases/$TO"; return 74; }
}

tidy_steps() { # GENERATION
  (cd "$R/releases/$1" 2>/dev/null && [ -L ./.env.fleet ] && mv -fT ./.env.fleet ./.env)
  remove_file "$ROOT/.fleet-env"
  rm -f "$S/.step" "$S/.step.part" "$S/.step.code"
}

# One step, watched by root: the account could stop a limit that runs as itself.
step() { # INDEX
  number=$1
  # Quoted by the controller: SECONDS FOLDER COMMAND…
  eval "set -- $(cat "$G/$TO/before/$1")"
  clock
  seconds=$1 begun=$NOW heard=$NOW shown='' how=''
  shift
  : >"$S/.step"
  rm -f "$S/.step.code"
  mkdir -p "$S/run/before-$TO" && printf 'User=%s\n' "$(service_user "$TO")" >"$S/run/before-$TO/status"
  settings=$G/$TO/env
  [ -f "$settings" ] || settings=/dev/null
  out "step $number begin"
  { { step_command "$@" <"$settings" 2>&1; say $? >"$S/.step.code"; } | keep_tail; } </dev/null >/dev/null 2>&1 8>&- 9>&- &
  job=$!
  until [ -s "$S/.step.code" ]; do
    if ! undecided "$TXN"; then how=off
    elif past $((begun + seconds)); then how=late
    elif ! kill -0 $job 2>/dev/null && [ ! -s "$S/.step.code" ]; then how=gone
    fi
    [ -z "$how" ] || break
    step_progress
    sleep 0.2
  done
  code=$(cat "$S/.step.code" 2>/dev/null)
  end_steps "$TO"
  # What it has said last comes through the pipe, unless somebody who could not be found holds that open.
  tries=20
  while kill -0 $job 2>/dev/null && [ $tries -gt 0 ]; do sleep 0.1; tries=$((tries - 1)); done
  family $job | while read -r p started; do ! alive "$p" "$started" || kill -KILL "$p" 2>/dev/null; done
  case $how/$code in
    /0) out "step $number done"; return 0 ;;
    off/*) return 1 ;;
    late/*) out "step $number late $seconds" ;;
    *) out "step $number failed ${code:-137}" ;;
  esac
  # The last line of what was killed may end in the middle of a secret.
  { if [ -n "$how" ]; then whole_lines; else cat "$S/.step"; fi; } | tail -n 20 | scrub | cut -c 1-2000 | while IFS= read -r text; do out "step $number log $text"; done
  return 1
}

# Becomes the step. Its settings come by standard input, are read by whoever they are for, and stand in no list of processes.
step_command() { # FOLDER COMMAND…
  user=$(service_user "$TO")
  name=$(acting_as "$user")
  home=$(home_of "$name")
  cd "$R/releases/$TO" || return 65
  umask 022
  ! scoped || END_AFTER="systemd-run -q --scope --collect --unit=fleet-before-$APP-$TO-$number --"
  as_user "$user" env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME="${home:-/}" USER="$name" LOGNAME="$name" \
    SHELL=/bin/sh FLEET_UNIT="$S/before-$TO" sh -c "$STEP" sh "$@"
}

# shellcheck disable=SC2016
STEP='
case ${BASH_VERSION-} in ?*) set +o posix ;; esac
set -a; eval "$(cat)"; set +a
cd "./$1" || exit 64
shift
exec "$@" </dev/null'

# In a scope of systemd nothing hides, under whatever name it goes on.
scoped() { [ $PRIVILEGED = 1 ] && is_systemd && have systemd-run; }

# Ends all that the steps have started, before anything is switched: asked first, since a database may have something to take back.
end_steps() { # GENERATION
  for signal in TERM KILL; do
    left=$(steps_left "$1")
    [ -n "$left" ] || break
    # shellcheck disable=SC2046
    kill -$signal $(say "$left" | grep '^[0-9]*$') 2>/dev/null
    ! scoped || systemctl kill -s $signal "fleet-before-$APP-$1-*.scope" 2>/dev/null
    tries=50
    while [ $tries -gt 0 ] && [ -n "$(steps_left "$1")" ]; do sleep 0.2; tries=$((tries - 1)); done
  done
  worker=$(service_user "$1")
  rm -rf "$S/run/before-$1"
  rmdir "$S/run" 2>/dev/null
  case $PRIVILEGED/$worker in 0/* | 1/- | 1/root) ;; *) evict "$worker" "$ROOT/releases/$1" ;; esac
  return 0
}

steps_left() { # GENERATION
  nohup_read "before-$1"
  nohup_marked "before-$1"
  ! scoped || systemctl list-units --plain --no-legend "fleet-before-$APP-$1-*.scope" 2>/dev/null
}

# The end of standard input, however much it is.
keep_tail() {
  while dd bs=65536 count=1 2>/dev/null >"$S/.step.part" && [ -s "$S/.step.part" ]; do
    cat "$S/.step.part" >>"$S/.step"
    # What was cut in the middle of a line goes with all of it: half a secret is none that could be found.
    [ "$(wc -c <"$S/.step")" -lt 262144 ] || { tail -c 65536 "$S/.step" | sed 1d >"$S/.step.part" && mv -fT "$S/.step.part" "$S/.step"; }
  done
}

whole_lines() { if [ -n "$(tail -c 1 "$S/.step")" ]; then sed '$d' "$S/.step"; else cat "$S/.step"; fi; }

# Now and then the last line of what it has said.
step_progress() {
  past $((heard + 5)) || return 0
  heard=$NOW
  last=$(whole_lines | tail -n 1 | scrub | cut -c 1-300)
  [ "$last" = "$shown" ] || { shown=$last; out "step $number output $last"; }
}

# The deploy ends before it has switched anything.
called_off() {
  decide "$TXN" revert >/dev/null
  mark_bad
  went_back
}
