# Files that checks look into. Those that an account keeps, or whose folder others can change, are read with that account's
# rights: it could have made a link of them to what only root can read.

# Runs a text in the folder of a file, whose name in there is $1.
read_in() { # FILE TEXT WORD…
  r_file=$1 r_text=$2
  shift 2
  look_at "$(folder_of "$r_file")"
  if [ -n "$keeper" ]; then
    act_in "$(folder_of "$r_file")" "$r_text" "${r_file##*/}" "$@"
    return
  fi
  r_why=$obstacle
  r_owner=$(stat -c %U -- "$r_file" 2>/dev/null)
  case $r_owner in '' | root | UNKNOWN) refuse "$r_why"; return ;; esac
  # shellcheck disable=SC2016
  briefly_as "$r_owner" sh -c 'cd -- "$1" 2>/dev/null && shift || exit 74; '"$r_text" sh "$(folder_of "$r_file")" "${r_file##*/}" "$@"
}

# "file MODE ACCOUNT GROUP SIZE CHANGED KIND" with "now", or absent, dangling, hidden.
tell_file() { # FILE
  f_spot=$(spot "$1")
  say "now $(date +%s)"
  if [ -e "$f_spot" ]; then
    f_seen=$(stat -L -c '%a %U %G %s %Y %F' -- "$f_spot" 2>/dev/null) && say "file $(plain "$f_seen")"
  elif [ -L "$f_spot" ]; then
    say "dangling"
  elif [ $PRIVILEGED = 1 ] || [ -x "$(spot "$(folder_of "$1")")" ]; then
    say "absent"
  else
    say "hidden"
  fi
  return 0
}

# The app's settings, where the active generation has some, and whose they are to be.
tell_settings() {
  active=$(active_generation)
  [ -f "$G/$active/env" ] || return 0
  say "owner $(service_user "$active")"
  tell_file "$ROOT/.env"
}

# What a file has of certificates, and nothing else of it: a key may stand there too.
tell_certificates() { # FILE
  if [ ! -e "$(spot "$1")" ]; then say "absent"; return 0; fi
  # shellcheck disable=SC2016
  c_text=$(read_in "$1" '[ -f "./$1" ] && awk "/^-----BEGIN (TRUSTED )?CERTIFICATE-----/ { on = 1 } on { print } /^-----END (TRUSTED )?CERTIFICATE-----/ { on = 0 }" "./$1" | head -c 65536' 2>&1)
  say "read $?"
  say "$c_text"
}

# Of each file that a name with wildcards stands for: "log SIZE CHANGED ROTATED NAME"; ROTATED is when its newest old one was
# written, or -.
tell_logs() { # NAMES
  say "now $(date +%s)"
  l_ifs=$IFS IFS=''
  # shellcheck disable=SC2086
  set -- $1
  IFS=$l_ifs
  l_count=0
  for l_file; do
    # Old ones have their turn with the present one.
    case ${l_file##*/} in *.[0-9] | *.[0-9][0-9] | *.gz | *.xz | *.zst | *.bz2) [ $# = 1 ] || continue ;; esac
    [ -f "$(spot "$l_file")" ] || continue
    l_count=$((l_count + 1))
    [ $l_count -le 50 ] || { say "more"; return 0; }
    l_seen=$(stat -L -c '%s %Y' -- "$(spot "$l_file")" 2>/dev/null) || continue
    say "log $l_seen $(rotated_at "$(spot "$l_file")") $(plain "$l_file")"
  done
  return 0
}

rotated_at() { # FILE
  l_newest=-
  for l_old in "$1".[0-9]* "$1"-[0-9]* "${1%.*}"-[0-9]*."${1##*.}" "${1%.*}"-[0-9]*."${1##*.}".*; do
    [ -f "$l_old" ] || continue
    l_at=$(stat -L -c %Y -- "$l_old" 2>/dev/null) || continue
    if [ "$l_newest" = - ] || [ "$l_at" -gt "$l_newest" ]; then l_newest=$l_at; fi
  done
  say "$l_newest"
}

# What was added to a file since FROM, which is BYTES:INODE of an earlier look, or the end of it where that is -: "position SIZE
# INODE", and "matches NUMBER COUNT LAST" for each pattern. A mebibyte at most is looked through.
tell_matches() { # FILE FROM PATTERN…
  m_file=$1 m_from=$2
  shift 2
  m_seen=$(stat -L -c '%s %i' -- "$(spot "$m_file")" 2>/dev/null) || { say "absent"; return 0; }
  m_size=${m_seen% *} m_same=yes m_before=-
  case $m_from in *:*) [ "${m_from#*:}" = "${m_seen#* }" ] || m_same='' ;; esac
  m_from=${m_from%:*}
  [ "$m_from" != - ] || m_from=$((m_size - 65536))
  # It is another file since: what the old one had gained stands beside it.
  [ -n "$m_same" ] && [ "$m_from" -le "$m_size" ] || m_before=$((m_from + 1)) m_from=0
  [ $((m_size - m_from)) -le 1048576 ] || m_from=$((m_size - 1048576))
  [ "$m_from" -ge 0 ] || m_from=0
  # shellcheck disable=SC2016
  m_text=$(read_in "$m_file" '[ -f "./$1" ] && {
    [ "$3" = - ] || [ ! -f "./$1.1" ] || tail -c "+$3" "./$1.1" | tail -c 524288
    tail -c "+$2" "./$1" | head -c 1048576; } | tr -d "\000"' $((m_from + 1)) "$m_before" 2>&1) || { say "unread $(plain "$m_text")"; return 0; }
  say "position $m_seen"
  match_each "$m_text" "$@"
}

# The same of what a service has said since FROM: seconds since 1970 where there is a journal, else bytes of its log.
tell_matches_of() { # UNIT FROM PATTERN…
  m_unit=$1 m_from=$2
  shift 2
  rt=$(runtime_of "$(active_generation)")
  if [ "$rt" != systemd ]; then tell_matches "$S/run/$m_unit/log" "$m_from" "$@"; return; fi
  m_now=$(date +%s)
  # The second that has begun is left for the next look, or that would count it again.
  if [ "$m_from" = - ] || [ "$m_from" -gt "$m_now" ]; then set -- -n 500 "$@"; else set -- --since="@$m_from" --until="@$m_now" "$@"; fi
  m_text=$(journalctl -q --no-pager -o cat "$1" "$2" -u "$m_unit" 2>/dev/null | tail -c 1048576 | tr -d '\000')
  shift 2
  say "position $m_now"
  match_each "$m_text" "$@"
}

match_each() { # TEXT PATTERN…
  m_text=$1 m_number=0
  shift
  for m_pattern; do
    m_found=$(printf '%s\n' "$m_text" | limit 10 grep -E -e "$m_pattern" 2>/dev/null | awk '{ last = $0 } END { print NR, substr(last, 1, 300) }')
    say "matches $m_number $m_found" | tr '\001-\011\013-\037\177' '?'
    m_number=$((m_number + 1))
  done | scrub
}

# How far the app is, as the probe tells it.
tell_generation() {
  active=$(active_generation)
  tell_transaction
  tell_verdicts
  [ "$active" = 0 ] || probe_live "$active"
  return 0
}
