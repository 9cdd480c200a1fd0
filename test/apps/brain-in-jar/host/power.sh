#!/bin/sh
# Power mode and clocks of the board: power.sh start|stop. Run by jetson-power.service.
# The mode outlives a reboot and the clocks do not, so both are looked after at every boot.
set -u
. "${0%/*}/stays.sh"
old=${STATE_DIRECTORY:?}/power-mode-before
clocks=${RUNTIME_DIRECTORY:?}/clocks

# Standard input is /dev/null: when nvpmodel asks whether to reboot now, nobody says yes.
mode() { nvpmodel -q </dev/null 2>/dev/null | tail -n 1; }

start() {
  want=${NVPMODEL_MODE:?} now=$(mode)
  case $now in '' | *[!0-9]*) echo "power: nvpmodel -q does not say the power mode" >&2; exit 1 ;; esac
  if [ "$now" = "$want" ]; then
    echo "power: mode $want is set already"
  else
    nvpmodel -m "$want" </dev/null
    if [ "$(mode)" != "$want" ]; then
      echo "power: mode $want needs a reboot, and the mode is still $now. Run 'sudo nvpmodel -m $want' on the host, say yes to the reboot, then deploy again" >&2
      exit 1
    fi
    [ -e "$old" ] || echo "$now" >"$old"
    echo "power: mode $want instead of $now"
  fi
  [ -e "$clocks" ] || jetson_clocks --store "$clocks" </dev/null || exit
  jetson_clocks </dev/null
}

stop() {
  ! stays jetson-power.service || exit 0
  [ ! -e "$clocks" ] || jetson_clocks --restore "$clocks" </dev/null
  rm -f "$clocks"
  [ -e "$old" ] || return 0
  # A mode that needs a reboot stays as it is; that is no reason to keep the unit.
  nvpmodel -m "$(cat "$old")" </dev/null || echo "power: the mode stays $(mode)" >&2
  rm -f "$old"
}

case ${1-} in start | stop) "$1" ;; *) echo "power: start or stop" >&2; exit 2 ;; esac
