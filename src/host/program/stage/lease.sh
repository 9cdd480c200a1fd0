# Who is at work here, for people to read before they begin. It excludes nobody by itself (the flock and the comparison
# with the base do) and needs no unlocking: it counts only while the session that wrote it lives.

# The process that stands for the operator's connection: the first ancestor that is neither a shell nor sudo.
session() {
  p=$$
  while [ "$p" -gt 1 ]; do
    l_comm=''
    { read -r l_stat <"/proc/$p/stat"; } 2>/dev/null || return 1
    # shellcheck disable=SC2086
    set -- ${l_stat##*) }
    p=$2
    { read -r l_comm <"/proc/$p/comm"; } 2>/dev/null
    case $l_comm in sh | dash | bash | ash | busybox | su | sudo | setsid | timeout) ;; *) break ;; esac
  done
  # A command that has lost its connection belongs to PID 1, which would hold the host until the next boot.
  [ "$p" -gt 1 ] && say "$p $(start_time "$p")"
}

lease_write() { # BY GENERATION
  [ -d "$S" ] || mkdir -p "$S"
  at=$(session) || { rm -f "$S/lease"; return 0; }
  becomes_lightly "$S/lease" "$at
$(date -u +%Y-%m-%dT%H:%M:%SZ)
$2
$1
"
}

# Who keeps others from beginning, as the record that stands in a line behind its first word, `held` or `locked`:
#
#   hold SINCE BY<tab>REASON                  a person, until a person lets go of it
#   run SINCE BY<tab>GENERATION               somebody's run that makes it ready, 0 where it repairs
#   transaction TXN PHASE BY                  left unfinished
#   lock                                      a process that has not said whose it is
#
# These two print one when somebody else is at work, and fail when nobody is.
lease_holder() {
  [ -f "$S/lease" ] || return 1
  { read -r pid started && read -r since && read -r generation && read -r by; } <"$S/lease" || return 1
  alive "$pid" "$started" || return 1
  [ "$pid $started" != "$(session)" ] || return 1
  case $generation in -) generation=0 ;; esac
  printf 'run %s %s\t%s\n' "$(one_word "$since")" "$(plain "$by")" "$(plain "$generation")"
}

# A hold is put there by a person, with a reason, and stays until a person takes it away.
hold_holder() {
  [ -f "$S/hold" ] || return 1
  { read -r since && read -r by && IFS= read -r reason; } <"$S/hold" || return 1
  # All of the reason is the point.
  printf 'hold %s %s\t%s\n' "$(one_word "$since")" "$(plain "$by")" "$(plainly 2000 "$reason")"
}

one_word() { plain "${1%% *}"; }

# Stops here when the host is somebody else's for now.
refuse_if_held() {
  [ -f "$S/hold" ] || [ -f "$S/lease" ] || return 0
  holder=$(hold_holder) || holder=$(lease_holder) || return 0
  yield_to "$holder"
}

yield_to() { # HOLDER
  say "locked $1"
  exit 75
}

verb_hold() { # BY REASON
  mkdir -p "$S"
  ! holder=$(hold_holder) || yield_to "$holder"
  replace "$S/hold" <<EOF
$(date -u +%Y-%m-%dT%H:%M:%SZ)
$1
$2
EOF
}

# A connection whose other end fell silent may keep its session, and so its lease, for hours: letting go ends both.
verb_release() {
  if lease_holder >/dev/null; then
    read -r pid _ <"$S/lease"
    case $(cat "/proc/$pid/comm") in sshd* | dropbear) kill "$pid" ;; esac
    rm -f "$S/lease"
  fi
  rm -f "$S/hold"
  forget_if_empty
}
