# What the machine has left: numbers that checks of a playbook ask for, and that `fleet health` asks for by itself.

# Of file systems the line of `df`, and "absent PATH" for what is not there. Before the first deploy the folder that the app's
# root is to come into stands for it.
tell_space() { # k|i PATH…
  s_what=$1
  shift
  for s_path; do
    if [ "$s_path" = "$ROOT" ]; then
      while [ ! -e "$s_path" ]; do s_path=$(folder_of "$s_path"); done
    fi
    if [ -e "$s_path" ]; then
      say "space $(limit 10 df "-P$s_what" -- "$s_path" 2>/dev/null | sed -n '$p')"
    elif [ -L "$s_path" ] || [ -e "$(folder_of "$s_path")" ] || [ $PRIVILEGED = 1 ]; then
      say "absent"
    else
      say "hidden"
    fi
  done
}

# In KiB, as the kernel names them.
tell_memory() {
  while read -r m_key m_value _; do
    case $m_key in MemTotal: | MemFree: | MemAvailable: | Buffers: | Cached: | SwapTotal: | SwapFree:) say "${m_key%:} $m_value" ;; esac
  done 2>/dev/null </proc/meminfo
  return 0
}

# Of 1, 5 and 15 minutes, and how many processors share it.
tell_load() {
  { read -r l_1 l_5 l_15 _ </proc/loadavg; } 2>/dev/null || return 0
  say "load $l_1 $l_5 $l_15 $(nproc 2>/dev/null || grep -c '^processor' /proc/cpuinfo)"
}

# With the seconds since boot, in hundredths: what came after it is no doubt of it.
tell_clock() {
  clock
  say "clock $(date +%s) $NOW_EXACT"
}

# Who listens on these ports, or where none is named on any: "listen ADDRESS PORT UID INODE" in the kernel's own hexadecimal words, and of those whose process
# can be seen "held INODE PID UNIT NAME", of the rest "owned UID ACCOUNT".
tell_ports() { # PORT-IN-HEX…
  p_found=$(cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | WANTED=" $* " awk '
    $4 == "0A" { split($2, a, ":"); if ((ENVIRON["WANTED"] == "  " || index(ENVIRON["WANTED"], " " a[2] " ")) && seen++ < 200) print "listen", a[1], a[2], $8, $10 }')
  [ -r /proc/net/tcp ] || say "hidden"
  [ -n "$p_found" ] || return 0
  say "$p_found"
  # shellcheck disable=SC2012
  limit 20 ls -l /proc/[0-9]*/fd 2>/dev/null | INODES=" $(say "$p_found" | cut -d' ' -f5 | tr '\n' ' ') " awk '
    /^\/proc\/[0-9]+\/fd:$/ { split($0, part, "/"); pid = part[3]; next }
    match($0, /socket:\[[0-9]+\]$/) {
      inode = substr($0, RSTART + 8, RLENGTH - 9)
      if (index(ENVIRON["INODES"], " " inode " ") && !((inode, pid) in told) && told_in_all++ < 200) { told[inode, pid]; print inode, pid }
    }' | while read -r p_inode p_pid; do
    unit_of "$p_pid"
    p_name=''
    { IFS= read -r p_name <"/proc/$p_pid/comm"; } 2>/dev/null
    say "held $p_inode $p_pid $(plain "$b_unit") $(plain "$p_name")"
  done
  say "$p_found" | cut -d' ' -f4 | sort -u | while read -r p_uid; do say "owned $p_uid $(plain "$(name_of "$p_uid")")"; done
}
