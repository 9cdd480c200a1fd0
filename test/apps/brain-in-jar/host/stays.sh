# Read by the scripts beside it. Whether what a unit has set is to stay although the unit is being stopped.
# A restart, which every deploy is, must not swap gigabytes back in, nor slow the board down for a second; and at the end
# of the machine there is nothing to give back.
stays() { # UNIT
  [ "$(systemctl is-system-running 2>/dev/null)" != stopping ] || return 0
  systemctl list-jobs --no-legend "$1" 2>/dev/null | grep -q ' restart '
}
