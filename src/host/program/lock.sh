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
  if ! link_holder_alive "$last" && ln "$mine" "$1.after.$last" 2>/dev/null && [ "$(link_lock_last "$1")" = "$me" ]; then
    # The chain is ours now; shorten it. A late comer that still links an old name finds itself not last and gives up.
    mv -fT "$mine" "$1"
    rm -f "$1".after.*
    return 0
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
