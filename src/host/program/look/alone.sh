# Checks that a host can ask without anybody: what the watch behind a deploy asks (probation.sh). Each passes with 0, and
# with CANNOT_ASK where the host lacks what it takes, which says nothing about the app.

CANNOT_ASK=3

# A command, as a `command` check runs it; other statuses than 0 that pass stand in the first word.
ask_command() { # STATUSES user|root|either USER SECONDS COUNT PROGRAM… COMMAND…
  a_pass=" 0 $1 "
  shift
  (run_command "$@")
  a_status=$?
  case $a_pass in *" $a_status "*) return 0 ;; esac
  return 1
}

# Whether somebody listens on a port for this host itself; the kernel takes a connection to one that does.
ask_port() { # PORT
  a_port=$(printf '%04X' "$1")
  cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk -v port="$a_port" '
    { at = $2; sub(/:.*/, "", at); sub(/.*:/, "", $2) }
    $4 == "0A" && $2 == port && (at ~ /^0+$/ || at ~ /7F$/ || at ~ /^0+01000000$/ || at == "0000000000000000FFFF00000100007F") { found = 1 }
    END { exit !found }'
}

# A page of this host, fetched as the service user. Redirects are an answer, not followed.
ask_page() { # USER SECONDS STATUSES TEXT insecure|- URL HEADER…
  a_as=$1 a_seconds=$2 a_pass=" $3 " a_holds=$4 a_any=$5 a_url=$6
  shift 6
  if [ $PRIVILEGED = 1 ]; then id "$a_as" >/dev/null 2>&1 || a_as=nobody; fi
  if have curl; then
    # Headers and the address may be secrets, and words of a command are seen by all.
    {
      for a_header; do printf 'header = "%s"\n' "$(say "$a_header" | sed 's/[\\"]/\\&/g')"; done
      printf 'url = "%s"\n' "$(say "$a_url" | sed 's/[\\"]/\\&/g')"
      [ "$a_any" = - ] || say insecure
    } | within_as $((a_seconds + 3)) "$a_as" curl -q -s -i -g --http1.1 --noproxy '*' --max-time "$a_seconds" -K - | head -c 1000000 >"$S/.page"
    a_status=$(sed -n '1s/^HTTP[^ ]* \([0-9]*\).*/\1/p' "$S/.page")
  elif have wget && [ "$a_pass" = ' 200 ' ] && [ "$a_any" = - ] && [ $# = 0 ]; then
    # It says whether there was a page, and nothing else. Its own time limit crashes busybox's of Debian 12.
    # shellcheck disable=SC2016
    within_as "$a_seconds" "$a_as" sh -c 'wget -q -O - "$1" && printf "\nHTTP 200"' sh "$a_url" | head -c 1000000 >"$S/.page"
    a_status=$(tail -n 1 "$S/.page" | sed -n 's/^HTTP //p')
  else
    return "$CANNOT_ASK"
  fi
  case $a_pass in *" ${a_status:-none} "*) ;; *) return 1 ;; esac
  [ -z "$a_holds" ] || grep -qF -e "$a_holds" "$S/.page"
}
