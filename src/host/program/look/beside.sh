# What else is at work in the app's root: processes that somebody has started there, and lines of crontabs and rc.local that
# start some at the next boot or minute. Nothing of it stops when ours starts, so the plan tells of it.
#
#   beside-process PID PARENT ACCOUNT UNIT yes|no ^_ CWD ^_ PROGRAM ^_ WORD ^_ WORD …
#     UNIT is - where none runs it; yes: at a terminal
#   beside-line ACCOUNT FILE HOME TEXT
#     ACCOUNT is - where the line itself says for whom it runs, FILE where it is the crontab of who is logged in
#
# ^_ is the character of that name, which nothing foreign brings along. All that a host has is looked through by three
# programs, for this goes with every probe; whom they name is then looked at one by one.

tell_beside() {
  b_told=$(beside_processes; beside_lines)
  # What stands there may be a secret of ours.
  [ -z "$b_told" ] || say "$b_told" | scrub
}

beside_processes() {
  b_real=$(cd -P -- "$R" 2>/dev/null && pwd -P) || b_real=$ROOT
  b_up=$$ b_session=" $$ " b_count=0
  while parent_of "$b_up" && [ "$b_parent" -gt 1 ]; do b_up=$b_parent b_session="$b_session$b_up "; done
  for b_pid in $(beside_candidates); do
    ! beside_own && b_owner=$(stat -c %U "/proc/$b_pid" 2>/dev/null) && ! beside_marked || continue
    # Without words it is about to end, and its mark went with them.
    b_words=$({ tr '\000\001-\037\177' '\037?' <"/proc/$b_pid/cmdline"; } 2>/dev/null | head -n 1 | cut -c 1-1000)
    [ -n "$b_words" ] || continue
    b_count=$((b_count + 1))
    [ $b_count -le 40 ] || break
    printf 'beside-process %s %s %s %s %s\037%s\037%s\037%s\n' "$b_pid" "$b_parent" "$(plain "$b_owner")" "$(plain "$b_unit")" "$(at_terminal "$b_pid")" \
      "$(beside_place cwd)" "$(beside_place exe)" "$b_words"
  done
}

# Numbers of the processes that stand below the root, run a program from there or name it. Names may hold anything, also
# what reads like another line, so this says no more than whom to look at.
beside_candidates() {
  # Not -F: grep of busybox stops at the end of a word then. In the path of a root but the dot means more than itself.
  # shellcheck disable=SC2012
  b_found=$({ grep -ls -e "$ROOT" /proc/[0-9]*/cmdline; ls -ln /proc/[0-9]*/cwd /proc/[0-9]*/exe 2>/dev/null; } | beside_found)
  while read -r b_word b_uid b_links; do
    [ "$b_word" = hidden ] || { say "$b_word"; continue; }
    # In a container root may not look into another account's processes; that account may.
    # shellcheck disable=SC2086
    [ $PRIVILEGED = 0 ] || within_as 3 "$(name_of "$b_uid")" ls -ln $b_links 2>/dev/null </dev/null | beside_found | grep -v hidden
  done <<END
$b_found
END
}

beside_found() { ROOT=$ROOT REAL=$b_real awk "$BESIDE_FOUND"; }

# shellcheck disable=SC2016
BESIDE_FOUND='
function below(path, folder) { return index(path "/", folder "/") == 1 }
!(at = index(" " $0, " /proc/")) { next }
{
  link = substr($0, at)
  split(link, part, "/")
  if (link ~ /^\/proc\/[0-9]+\/cmdline$/) met[part[3]]
  if (link ~ /^\/proc\/[0-9]+\/(cwd|exe)$/ && $3 ~ /^[1-9][0-9]*$/) hidden[$3] = hidden[$3] " " link
  if (!(at = index(link, " -> "))) next
  to = substr(link, at + 4)
  if (below(to, ENVIRON["ROOT"]) || below(to, ENVIRON["REAL"])) met[part[3]]
}
END {
  for (pid in met) if (pid ~ /^[0-9]+$/) print pid
  for (uid in hidden) if (asked++ < 5) print "hidden", uid hidden[uid]
}'

# Whether a process is the app's own, of another command of fleet, taken over when ours starts, what led here, or in a
# container with a root of its own. Sets b_parent and b_unit.
beside_own() {
  case $b_session in *" $b_pid "*) return 0 ;; esac
  unit_of "$b_pid"
  [ "$b_unit" = - ] || ! beside_unit || return 0
  b_up=$b_pid b_hops=0
  while [ "$b_up" -gt 1 ] && [ $b_hops -lt 50 ]; do
    case $b_up in "$$" | "${hand_pid:-}") return 0 ;; esac
    # Where its words end does not matter, and no shell takes a NUL into a variable.
    b_words=''
    { read -r b_words <"/proc/$b_up/cmdline"; } 2>/dev/null
    case $b_words in *"$S"/host.sh* | *"$S"/host-????????????????.sh*) return 0 ;; esac
    parent_of "$b_up" || return 0
    b_up=$b_parent b_hops=$((b_hops + 1))
  done
  parent_of "$b_pid" || return 0
  # A shell that does not know -ef skips the question.
  # shellcheck disable=SC3013
  [ "$ROOT" -ef "$ROOT" ] && [ -e "/proc/$b_pid/root/." ] && ! [ "/proc/$b_pid/root$ROOT" -ef "$ROOT" ]
}

# Whether a unit is one of the active generation, or of the one that is on its way.
beside_unit() {
  case $b_unit in *@*.*) b_file=${b_unit%%@*}@.${b_unit##*.} ;; *) b_file=$b_unit ;; esac
  for b_g in "$active" "$TO"; do
    [ -f "$G/$b_g/units/$b_unit" ] || [ -f "$G/$b_g/units/$b_file" ] || continue
    entry "$b_g" runtime
    [ "$b_g" = 0 ] || [ "$recorded" != systemd ] || return 0
  done
  return 1
}

# One that has left its supervisor, or outlived it.
beside_marked() {
  grep -qs -e "FLEET_UNIT=$S/" "/proc/$b_pid/environ" || briefly_as "$b_owner" grep -qs -e "FLEET_UNIT=$S/" "/proc/$b_pid/environ"
}

# Where a process stands, or what it runs, by the name that the root has for us.
beside_place() { # cwd|exe
  b_path=$(process_link "$b_owner" "$b_pid" "$1")
  case $b_path in "$b_real" | "$b_real"/*) b_path=$ROOT${b_path#"$b_real"} ;; esac
  plain "$b_path"
}

at_terminal() { # PID
  { read -r b_words <"/proc/$1/stat"; } 2>/dev/null
  # shellcheck disable=SC2086
  set -- ${b_words##*) }
  case ${5:-0} in 0) say no ;; *) say yes ;; esac
}

parent_of() { # PID: sets b_parent
  b_parent=''
  {
    while read -r b_key b_value; do
      [ "$b_key" != PPid: ] || { b_parent=$b_value; break; }
    done <"/proc/$1/status"
  } 2>/dev/null
  is_number "$b_parent"
}

# Of each crontab that has to do with the root its lines: one may set a name that another one uses.
beside_lines() {
  set -- /etc/passwd
  if [ $PRIVILEGED = 1 ]; then
    for b_file in /var/spool/cron/crontabs/* /var/spool/cron/*; do
      [ -L "$b_file" ] || ! crontab_is "${b_file##*/}" "$b_file" || set -- "$@" "who=${b_file##*/}" "file=$b_file" "$b_file"
    done
  fi
  for b_file in /etc/crontab /etc/cron.d/* /etc/rc.local; do
    ! crontab_is - "$b_file" || set -- "$@" who=- "file=$b_file" "$b_file"
  done
  b_lines=$(
    if [ $PRIVILEGED = 0 ] && have crontab; then
      crontab -l 2>/dev/null | ROOT=$ROOT awk "$BESIDE_LINES" "$@" "who=$(id -un)" file=- -
    elif [ $# -gt 1 ]; then
      ROOT=$ROOT awk "$BESIDE_LINES" "$@"
    fi
  )
  [ -z "$b_lines" ] || say "$b_lines" | tr '\011' ' ' | clean | cut -c 1-1000
}

# Under a name that awk takes as it is.
crontab_is() { # ACCOUNT FILE
  case $1/$2 in *[!A-Za-z0-9@+._/-]*) return 1 ;; esac
  [ -f "$2" ]
}

# Whose home is the root, or lies around it, need not name all of it.
# shellcheck disable=SC2016
BESIDE_LINES='
function below(path, folder) { return folder != "" && folder != "/" && index(path "/", folder "/") == 1 }
function tell(   i) {
  for (i = 1; i <= count && naming; i++)
    if (told++ < 200) print "beside-line", of, from, lives, text[i]
  count = naming = 0
}
file == "" { split($0, field, ":"); home[field[1]] = field[6]; next }
FNR == 1 { tell(); of = who; from = file; lives = who in home && home[who] !~ / / ? home[who] : "-" }
/^[ \t]*(#|$)/ || / # fleet:[A-Za-z0-9._-]+$/ { next }
{
  here = index($0, ENVIRON["ROOT"])
  if (below(lives, ENVIRON["ROOT"])) naming = 1
  else if (!here && below(ENVIRON["ROOT"], lives)) here = index($0, substr(ENVIRON["ROOT"], length(lives) + 2))
  if (here) naming = 1
  # Of settings of an environment, which may be secret, no more than is needed.
  if ((here || !/^[ \t]*[A-Za-z_][A-Za-z_0-9]*[ \t]*=/) && count < 50) text[++count] = $0
}
END { tell() }'
