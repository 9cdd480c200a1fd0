# A unit of the host that has the name of one of ours: the vendor's, a link, one in /run, one that was made by hand. What
# the name stood for is kept in generation 0 before ours takes it, and comes back when no generation has it any more.
# `namesakes` holds, for each such unit:
#
#   UNIT is KIND N STATE PATH   what it was when generation N took its name; KIND is `own` where it ran this very app, set
#                               up by hand, and else `host`
#   UNIT link LINK TARGET       by which it is started at boot, or known by another name
#   UNIT runs NAME              that it ran; of a template, which instances did
#   UNIT with NAME              what ran and stops when it stops
#
# and `units/` the file or link of that name in /etc/systemd/system.

# The unit file that an instance runs from.
file_of() { case $1 in *@*.*) say "${1%%@*}@.${1##*.}" ;; *) say "$1" ;; esac; }

# What a generation of ours has put into /etc/systemd/system.
installed() {
  installed_by "$1"
  [ -z "$text" ] || say "$text"
}
installed_by() { # GENERATION: the same, in `text`
  text=''
  [ "$1" = 0 ] || { the_runtime "$1"; [ "$recorded" != systemd ] || units_of "$1"; }
}

# What a name leads to: sets n_load, n_id (another name where this one is an alias), n_state (systemd's word for whether it
# starts at boot), n_up, n_early, n_path (nothing where no file stands behind it) and n_starts.
look_up() { # UNIT
  n_load=not-found n_id=- n_state=- n_up=inactive n_early=no n_path='' n_source='' n_starts=''
  case $1 in *@.*) n_asked=${1%@*}@fleet.${1##*.} ;; *) n_asked=$1 ;; esac
  while IFS='=' read -r n_key n_value; do
    case $n_key in
      Id) n_id=$n_value ;; LoadState) n_load=$n_value ;; FragmentPath) n_path=$n_value ;; SourcePath) n_source=$n_value ;;
      UnitFileState) n_state=${n_value:--} ;; ActiveState) n_up=$n_value ;; TriggeredBy) n_starts=$n_value ;;
      DefaultDependencies) [ "$n_value" = yes ] || n_early=yes ;;
    esac
  done <<END
$(systemctl show -p Id,LoadState,FragmentPath,SourcePath,UnitFileState,ActiveState,DefaultDependencies,TriggeredBy -- "$n_asked" 2>/dev/null)
END
  [ "$n_asked" = "$1" ] || n_id=$1
  # What is made of something else is made anew by every reload, where no other unit has its name.
  [ "$n_state" != generated ] || n_path=${n_source:-$n_path}
  [ -e "$n_path" ] || [ "$n_load" = masked ] || n_path=''
}

# Of a name that was looked up: the units that run by it. An alias is not what runs.
running_by() { # UNIT
  case $1 in
    *@.*) systemctl list-units --plain --no-legend --state=active -- "${1%.*}*.${1##*.}" 2>/dev/null | cut -d' ' -f1 ;;
    *) [ "$n_id" != "$1" ] || case $n_up in active | reloading) say "$1" ;; esac ;;
  esac
}

# What runs and stops when others do; what targets bring is not for us to start again.
stop_with() { # UNIT…
  n_seen=$(printf '%s\n' "$@")
  while [ $# -gt 0 ]; do
    # shellcheck disable=SC2046
    set -- $(systemctl show -p RequiredBy,RequisiteOf,BoundBy,ConsistsOf --value -- "$@" 2>/dev/null | tr ' ' '\n' | sort -u | while read -r n_name; do
      case $n_name in '' | *.target | *.slice) continue ;; esac
      contains "$n_seen" "$n_name" || ! systemctl is-active -q -- "$n_name" || say "$n_name"
    done)
    [ $# = 0 ] || printf '%s\n' "$@"
    n_seen=$n_seen$NL$(printf '%s\n' "$@")
  done
}

# The links by which systemd starts a unit, and those by which it knows it under another name: "LINK TARGET".
links_of() { # UNIT
  find "$UNITS" /run/systemd/system -mindepth 1 -maxdepth 2 -type l 2>/dev/null | while IFS= read -r n_link; do
    n_target=$(readlink "$n_link")
    n_name=${n_link##*/}
    case $n_link in
      *[!A-Za-z0-9_:.@/\\-]*) continue ;;
      *.wants/* | *.requires/* | *.upholds/*) [ "$(file_of "$n_name")" = "$1" ] || [ "${n_target##*/}" = "$1" ] || continue ;;
      "$UNITS"/*/* | /run/systemd/system/*/*) continue ;;
      *) [ "${n_target##*/}" = "$1" ] && [ "$n_name" != "$1" ] || continue ;;
    esac
    say "$n_link $n_target"
  done
}

# For the plan: what the names of our units lead to on this host, as far as they are not ours already.
tell_namesakes() { # UNIT…
  [ $PRIVILEGED = 1 ] && is_systemd && [ $# -gt 0 ] || return 0
  n_ours=$(installed "$(active_generation)") n_carriers=''
  for n_unit in "$@"; do
    ! contains "$n_ours" "$n_unit" || continue
    look_up "$n_unit"
    n_running=$(running_by "$n_unit")
    n_count=$(say "$n_running" | grep -c .)
    [ -n "$n_path" ] || case $n_count/$n_unit in 0/* | *.slice | *.mount) continue ;; esac
    n_carries=no
    [ -n "$n_carriers" ] || n_carriers=$(carriers)
    ! contains "$n_carriers" "$n_id" || n_carries=yes
    say "namesake $n_unit $n_id $n_state $n_count $n_early $n_carries $(plain "$n_path")"
    for n_other in $n_starts; do say "namesake-with $n_unit starts $(plain "$n_other")"; done
    for n_other in $(stop_with $n_running); do say "namesake-with $n_unit needs $(plain "$n_other")"; done
  done
}

# For the plan: what has stood aside since the active generation has its name, and comes back where the next has not.
tell_aside() { # ACTIVE
  [ -f "$G/0/namesakes" ] || return 0
  n_ours=$(installed "$1")
  awk '
    $2 == "runs" { runs[$1]++ }
    $2 == "is" && $3 == "host" { unit = $1; state[unit] = $5; sub(/^[^ ]* [^ ]* [^ ]* [^ ]* [^ ]* /, ""); path[unit] = $0 }
    END { for (unit in state) print unit, state[unit], runs[unit] + 0, path[unit] }' "$G/0/namesakes" | sort | while read -r n_unit n_rest; do
    ! contains "$n_ours" "$n_unit" || say "aside $n_unit $(plain "$n_rest")"
  done
}

# The units that this session came through: their end may be its end.
carriers() {
  n_pid=$$
  while [ "${n_pid:-0}" -gt 1 ] 2>/dev/null; do
    tr / '\n' <"/proc/$n_pid/cgroup" | grep '\.service$'
    n_pid=$(sed -n 's/^PPid:[^0-9]*//p' "/proc/$n_pid/status")
  done 2>/dev/null
}

# Before generation N takes a name: keeps what it stands for. Repeating it is harmless, nothing was changed up to here.
keep_unit() { # N UNIT-FILE
  # What came back once may be another by now. The app itself, set up by hand, is back only when all of ours is gone.
  [ "$(kept_as "$2")" != own ] || return 0
  rm -f "$G/0/units/$2"
  n_path='' n_file=''
  [ ! -f "$UNITS/$2" ] && [ ! -L "$UNITS/$2" ] || n_file=$UNITS/$2
  case $2 in */*) ;; *) look_up "$2" ;; esac
  [ -n "$n_path$n_file" ] || is_noted "$2" || return 0
  case $2 in
    */*) ;;
    *)
      n_kind=host
      if runs_app "$UNITS/$2"; then n_kind=own; fi
      {
        lines 0 namesakes | U=$2 awk '$1 != ENVIRON["U"]'
        [ -z "$n_path$n_file" ] || describe_unit "$1" "$2"
      } | replace "$G/0/namesakes" && sed 's/^runtime -$/runtime systemd/' "$G/0/manifest" | replace "$G/0/manifest" || return 74
      ;;
  esac
  if [ -n "$n_file" ]; then
    out "note found $n_file, made by hand: it is kept, and put back by a full rollback"
    # Last: a run that died on the way here finds no copy and begins again.
    # root: a link is kept as one, so nothing is read through it
    mkdir -p "$G/0/units/$(dirname "$2")" && cp -pP "$n_file" "$G/0/.unit" && mv -fT "$G/0/.unit" "$G/0/units/$2" || return 74
  elif [ -n "$n_path" ]; then
    out "note $2 of this host ($(plain "$n_path")) is replaced: it comes back when no generation has that name any more"
  fi
}

is_noted() { # UNIT
  case $NL$(lines 0 namesakes) in *"$NL$1 is "*) return 0 ;; esac
  return 1
}

describe_unit() { # N UNIT
  say "$2 is $n_kind $1 $n_state ${n_path:-$UNITS/$2}"
  links_of "$2" | while IFS= read -r n_line; do say "$2 link $n_line"; done
  n_running=$(running_by "$2")
  for n_name in $n_running; do say "$2 runs $n_name"; done
  for n_name in $(stop_with $n_running); do say "$2 with $n_name"; done
}

# Whether a unit file is this app, as somebody has set it up by hand: to run it beside ours would be a second copy.
runs_app() { # FILE
  if [ -L "$1" ]; then case $(readlink "$1") in "$ROOT"/*) return 0 ;; *) return 1 ;; esac; fi
  grep -qsF -e "$ROOT" "$1"
}

# `host` or `own`; nothing for a name that stood for nothing.
kept_as() { # UNIT
  n_is=''
  ! is_noted "$1" || n_is=$(lines 0 namesakes | U=$1 awk '$1 == ENVIRON["U"] && $2 == "is" { print $3 }')
  case $n_is in
    host) say host ;;
    # What was kept before there was this list; drop-ins, which are not in it.
    *) [ ! -e "$G/0/units/$1" ] && [ ! -L "$G/0/units/$1" ] || say own ;;
  esac
}

# Whether the host's own unit goes on where generation TO does without the name: what is the app itself only where it did
# before, too.
comes_back() { # TO UNIT
  case $(kept_as "$2") in
    host) return 0 ;;
    own) ;;
    *) return 1 ;;
  esac
  n_since=$(lines 0 namesakes | U=$2 awk '$1 == ENVIRON["U"] && $2 == "is" { print $4 }')
  [ -n "$n_since" ] || n_since=$(lines 0 since | U=$2 awk '$2 == ENVIRON["U"] { n = $1 } END { print n }')
  [ "${n_since:-0}" -gt "$1" ]
}

# What of the host ran by a name that TO takes, and FROM had not.
overtaken() { # TO FROM
  [ -s "$G/0/namesakes" ] || return 0
  n_to=$(installed "$1") n_from=$(installed "$2")
  lines 0 namesakes | while read -r n_unit n_word n_name _; do
    if [ "$n_word" = runs ] && contains "$n_to" "$n_unit" && ! contains "$n_from" "$n_unit"; then say "$n_name"; fi
  done
}

# Whether ours starts at boot is for us to say: what started the host's does so no more. Its other names go on.
boot_links_gone() { # UNIT
  is_noted "$1" || return 0
  links_of "$1" | while read -r n_link _; do
    case $n_link in *.wants/* | *.requires/* | *.upholds/*) rm -f "$n_link" ;; esac
  done
}

# The links of the host's own unit are what they were.
links_back() { # UNIT
  is_noted "$1" || return 0
  links_of "$1" | while IFS= read -r n_line; do
    contains "$(lines 0 namesakes)" "$1 link $n_line" || rm -f "${n_line%% *}"
  done
  lines 0 namesakes | while read -r n_unit n_word n_link n_target; do
    [ "$n_unit $n_word" = "$1 link" ] && [ "$(readlink "$n_link")" != "$n_target" ] || continue
    (umask 022 && mkdir -p "${n_link%/*}") && ln -sfn "$n_target" "$n_link" || exit 74
  done
}

# The app as somebody has set it up by hand is whole again, also where a generation has left its names before.
own_units_back() {
  for n_unit in $(unit_files 0); do
    [ "$(kept_as "$n_unit")" != own ] || { put_unit 0 "$n_unit" && links_back "$n_unit"; } || return
  done
}

# What of the host ran by the names of the generation that this transaction leads from or to, and the app itself by hand:
# as far as it is still there, what was removed meanwhile cannot run.
host_services() {
  lines 0 start
  n_taken=$(installed "$FROM"; installed "$TO")
  lines 0 namesakes | while read -r n_unit n_word n_name _; do
    [ "$n_word" = runs ] && still_there "$n_unit" || continue
    if contains "$n_taken" "$n_unit" || [ "$(kept_as "$n_unit")" = own ]; then say "$n_name"; fi
  done
}

# What stopped when a name went from the host to us, or back, goes on with who has it now.
start_with() { # TO FROM
  [ $BOOTING = 0 ] && [ -s "$G/0/namesakes" ] || return 0
  n_to=$(installed "$1") n_from=$(installed "$2") n_start=$(start_list "$1" | while read -r n_name; do file_of "$n_name"; done)
  lines 0 namesakes | while read -r n_unit n_word n_name _; do
    [ "$n_word" = with ] || continue
    case $(contains "$n_to" "$n_unit" && say ours)/$(contains "$n_from" "$n_unit" && say ours) in
      ours/) contains "$n_start" "$n_unit" || continue ;;
      /ours) comes_back "$1" "$n_unit" || continue ;;
      *) continue ;;
    esac
    systemd_start "$n_name" >/dev/null || out "note $n_name of the host could not be started again"
  done
}

still_there() { # UNIT
  [ ! -e "$G/0/units/$1" ] && [ ! -L "$G/0/units/$1" ] || return 0
  [ -e "$(lines 0 namesakes | U=$1 awk '$1 == ENVIRON["U"] && $2 == "is" { sub(/^[^ ]* [^ ]* [^ ]* [^ ]* [^ ]* /, ""); print }')" ]
}

# Of those of generation 0, the ones that this boot would have started.
boots_of_host() { [ "$to" != 0 ] || host_services | while read -r n_name; do ! systemd_enabled "$n_name" || say "$n_name"; done; }
