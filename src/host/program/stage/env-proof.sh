# Old versions of systemd change some values of an EnvironmentFile=. Before a release is sealed, its systemd and its shell
# both read the env; where they differ nothing is switched, and only the names of the variables are told. Both read as the
# service user: a variable may name a library of the app (LD_PRELOAD), which every program then loads.

env_proof() { # RECORD-FOLDER USER
  [ $PRIVILEGED = 1 ] && is_systemd && have systemd-run || return 0
  base=$(manifest "${1##*/}" base)
  # The same bytes were proved when they came.
  ! cmp -s "$G/$base/env" "$1/env" || return 0
  names=$(env_names "$1/env")
  [ -n "$names" ] || return 0
  # shellcheck disable=SC2016
  meant=$({ within_as 10 "$2" env -i sh -c 'set -a; eval "$(cat)"; exec /usr/bin/env -0' <"$1/env" && printf 'FLEET_READ=1\0'; } 2>/dev/null | env_lines)
  [ "$2" = - ] || set -- "$1" "$2" -p "User=$2"
  file=$1/env
  shift 2
  got=$({ limit 30 systemd-run -q --collect --wait --pipe -p RuntimeMaxSec=10 -p EnvironmentFile="$file" "$@" /usr/bin/env -0 </dev/null && printf 'FLEET_READ=1\0'; } 2>/dev/null | env_lines)
  # No evidence is none against the env: a host where this cannot be tried is not refused.
  contains "$got" FLEET_READ=1 && contains "$meant" FLEET_READ=1 && [ "$got" != "$meant" ] || return 0
  wrong=$({ say "$got"; say "$meant"; } | sort | uniq -u | cut -d= -f1 | sort -u | tr '\n' ' ')
  die 65 "the systemd of this host reads other values than were meant for: ${wrong% }"
}

# The variables that an env file sets; a line inside a quoted value is none.
env_names() {
  awk '{
    if (quote == "") print substr($0, 1, index($0, "=") - 1)
    for (i = 1; i <= length($0); i++) {
      c = substr($0, i, 1)
      if (c == quote) quote = ""; else if (quote == "" && (c == "\047" || c == "\"")) quote = c
    }
  }' "$1"
}

# One variable on a line, of those in $names.
env_lines() { tr '\n\0' '\001\n' | grep -aE "^($(say "$names" | tr '\n' '|')FLEET_READ)=" | sort; }
