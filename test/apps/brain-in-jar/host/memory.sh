#!/bin/sh
# Swap file and swappiness: memory.sh start|stop. Run by jetson-memory.service.
# A swap file that was there before is used as it is, and never taken away.
set -eu
. "${0%/*}/stays.sh"
file=${SWAP_FILE:?}
ours=${STATE_DIRECTORY:?}/swap-file
on=${RUNTIME_DIRECTORY:?}/swap-on
before=$RUNTIME_DIRECTORY/swappiness-before
knob=/proc/sys/vm/swappiness

in_use() { F=$1 awk '$1 == ENVIRON["F"] { found = 1 } END { exit !found }' /proc/swaps; }
fail() { echo "memory: $*" >&2; exit 1; }

bytes() {
  case $1 in
    *[!0-9KMGT]* | '' | [KMGT]*) fail "SWAP_SIZE=$1 is no size such as 32G" ;;
    *) numfmt --from=iec "$1" ;;
  esac
}

make() {
  echo "memory: making $file of $SWAP_SIZE"
  # Private from the first moment: it will hold what was in memory. Whole or not at all.
  umask 077
  rm -f "$file.new"
  fallocate -l "$want" "$file.new" 2>/dev/null ||
    dd if=/dev/zero of="$file.new" bs=1M count=$((want >> 20)) status=none || { rm -f "$file.new"; fail "no room for $file"; }
  mkswap "$file.new" >/dev/null
  echo "$file" >"$ours"
  mv "$file.new" "$file"
}

drop() { # of ours, at whatever place it was made
  [ -e "$ours" ] || return 0
  made=$(cat "$ours")
  if in_use "$made"; then swapoff "$made"; fi
  rm -f "$made" "$ours" "$on"
}

start() {
  want=$(bytes "${SWAP_SIZE:?}")
  [ ! -L "$file" ] || fail "$file is a symbolic link"
  # Another size or place than the one that was made for the last generation.
  if [ -e "$ours" ] && { [ "$(cat "$ours")" != "$file" ] || [ "$(stat -c %s "$file" 2>/dev/null)" != "$want" ]; }; then drop; fi
  [ -e "$file" ] || make
  if ! in_use "$file"; then
    swapon "$file"
    : >"$on"
  fi
  [ -e "$before" ] || cat "$knob" >"$before"
  echo "${SWAPPINESS:?}" >"$knob"
}

stop() {
  ! stays jetson-memory.service || exit 0
  [ ! -e "$before" ] || cat "$before" >"$knob"
  rm -f "$before"
  drop
  if [ -e "$on" ]; then
    swapoff "$file"
    rm -f "$on"
  fi
}

case ${1-} in start | stop) "$1" ;; *) fail "start or stop" ;; esac
