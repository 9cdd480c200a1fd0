# Exclusion. Whoever holds a lock is alive: the kernel frees a flock when its holder dies, so there is never anything to
# steal or to clean. Long-lived children close descriptors 8 and 9, or they would keep the lock after their parent.

# Takes a lock for the rest of this process, waiting at most SECONDS. Descriptor 9 is the transaction's, 8 a supervisor's.
lock() { # FILE DESCRIPTOR SECONDS
  if have flock; then
    eval "exec $2>>\"\$1\"" && flock -w "$3" "$2"
    return
  fi
  tries=$(($3 * 5 + 1))
  while ! link_lock "$1"; do
    tries=$((tries - 1))
    [ $tries -gt 0 ] || return 1
    sleep 0.2
  done
}

# Busybox without flock: FILE names its holder (pid, start time, boot). link(2) creates a name only once, so whoever
# links FILE.after.<dead holder> first succeeds it. The last in that chain holds the lock while it lives.
link_lock() {
  me="$$.$(start_time $$).$(boot_identity)"
  mine=$1.$me
  say "$me" >"$mine" || return 1
  if ln "$mine" "$1" 2>/dev/null; then rm -f "$mine"; return 0; fi
  last=$(link_lock_last "$1")
  [ "$last" = "$me" ] && { rm -f "$mine"; return 0; }
  # Nothing where the file has gone with its holder meanwhile.
  if [ -n "$last" ] && ! link_holder_alive "$last" && ln "$mine" "$1.after.$last" 2>/dev/null; then
    if [ "$(link_lock_last "$1")" = "$me" ]; then
      # The chain is ours now; shorten it. A late comer that still links an old name finds itself not last and gives up.
      mv -fT "$mine" "$1"
      rm -f "$1".after.*
      return 0
    fi
    rm -f "$1.after.$last"
  fi
  rm -f "$mine"
  return 1
}

link_lock_last() {
  read -r holder <"$1" || return 1
  while [ -f "$1.after.$holder" ]; do read -r holder <"$1.after.$holder" || return 1; done
  say "$holder"
}

link_holder_alive() {
  pid=${1%%.*} rest=${1#*.}
  [ "${rest#*.}" = "$(boot_identity)" ] && alive "$pid" "${rest%%.*}"
}

# What all apps of a host, or without root of a login, share (crontab, rc.local, accounts) is changed by one at a time,
# within a minute. Nothing stays behind: it is a folder that is locked, or a file that goes with its holder.
shared() { # COMMAND…
  common=$(shared_folder)
  [ -d "$common" ] || common=$S
  if have flock; then
    (
      tries=300
      exec 7<"$common" || exit 75
      # busybox's flock cannot wait with a limit.
      until flock -n 7; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || { say "another app of this host has kept what they share locked for a minute" >&2; exit 75; }
        sleep 0.2
      done
      "$@" 7<&-
    )
    return
  fi
  lock "$common/.fleet-shared" 7 60 || { say "another app of this host has kept what they share locked for a minute" >&2; return 75; }
  "$@"
  code=$?
  rm -f "$common/.fleet-shared"
  return $code
}

shared_folder() { if [ $PRIVILEGED = 1 ]; then say /var/lib/fleet; else eval "say ~$(id -un)"; fi; }

# Steps of the controller that change what is shared.
verb_shared() { shared sh -c "$1"; }
