# What services have said, for `fleet logs`: a piece at a time. Whoever asks keeps the place, so that a link that breaks costs
# nothing, and nothing goes on here when nobody reads. Of the journal lines "j JSON"; without systemd "file UNIT INODE OFFSET
# CHANGED" for each file, what was read of it up to there as "l TEXT" behind it, and "more" where it was not all that there is.
# "ignored WORD…" are the bounds of time that lines without one cannot keep. "e TEXT" is what was in the way. The last line is "end".

# WHERE is - for the beginning, or the last line that was had: a cursor, or "UNIT=INODE:OFFSET" for each unit; what is not
# asked for is -. PRIORITY is a range such as 0..3. No piece is larger than MOST lines of a journal, or 1 MiB of it or of a file.
verb_logs() { # MOST LAST SINCE UNTIL PRIORITY GREP BOOT INVOCATION GENERATION WHERE UNIT…
  l_most=$1 l_last=$2 l_since=$3 l_until=$4 l_priority=$5 l_grep=$6 l_boot=$7 l_invocation=$8 l_generation=$9
  shift 9
  l_where=$1
  shift
  live_generation
  rt=$(runtime_of "$live")
  case $rt in
    systemd) journal_piece "$@" | scrub ;;
    nohup)
      tell_ignored
      for u in "$@"; do case $u in *.target) ;; *) file_piece "$u" ;; esac; done | scrub
      ;;
  esac
  say "end"
}

journal_piece() { # UNIT…
  [ "$l_generation" = - ] || generation_window "$l_generation" || return 0
  l_units=$*
  set -- -q --no-pager -o json --output-fields=MESSAGE,PRIORITY,_SYSTEMD_UNIT,UNIT,_BOOT_ID
  [ "$l_until" = - ] || set -- "$@" --until="$l_until"
  [ "$l_priority" = - ] || set -- "$@" --priority="$l_priority"
  [ "$l_grep" = - ] || set -- "$@" --grep="$l_grep"
  [ "$l_boot" = - ] || set -- "$@" --boot="$l_boot"
  l_ids=''
  for u in $l_units; do
    if [ "$l_invocation" = - ]; then
      set -- "$@" -u "$u"
    else
      l_id=$l_invocation
      [ "$l_id" != last ] || l_id=$(systemctl show -p InvocationID --value -- "$u" 2>/dev/null)
      [ -z "$l_id" ] || contains "$l_ids" "$l_id" || l_ids=$l_ids$NL$l_id
    fi
  done
  if [ "$l_invocation" != - ]; then
    [ -n "$l_ids" ] || return 0
    for l_id in $l_ids; do set -- "$@" "_SYSTEMD_INVOCATION_ID=$l_id"; done
    set -- "$@" +
    for l_id in $l_ids; do set -- "$@" "INVOCATION_ID=$l_id"; done
  fi
  l_first=$l_where
  [ "$l_first" != - ] || [ "$l_last" = - ] || l_first=$(journal_first "$@")
  # Only one of both is taken.
  if [ "$l_first" != - ]; then set -- "$@" --cursor="$l_first"; elif [ "$l_since" != - ]; then set -- "$@" --since="$l_since"; fi
  limit 300 journalctl "$@" 2>&1 </dev/null | head -n $((l_most + 1)) | L_BYTES=1048576 awk "$AS_TEXT"
}
# The place of the first of the last so many, from where they are read in pieces. From the end backwards where lines are
# looked for: forwards some versions of journalctl count from the wrong side, or turn around.
journal_first() { # OPTION…
  if [ "$l_grep$l_since$l_until" = --- ]; then
    limit 300 journalctl "$@" --lines="$l_last" | head -n 1
  else
    [ "$l_since" = - ] || set -- "$@" --since="$l_since"
    limit 300 journalctl "$@" --reverse --lines="$l_last" | tail -n 1
  fi 2>/dev/null </dev/null | sed -n 's/.*"__CURSOR" *: *"\([^"]*\)".*/\1/p' | grep . || say -
}

# What is no plain text stands in the journal's JSON as numbers, where no secret would be found. A piece has its limit.
# shellcheck disable=SC2016
AS_TEXT='
function tell(text) { print text; if (ENVIRON["L_BYTES"] > 0 && (size += length(text)) > ENVIRON["L_BYTES"]) { print "more"; exit } }
BEGIN { for (i = 1; i < 256; i++) char[i] = i < 32 || i == 127 ? sprintf("\\u%04x", i) : sprintf("%c", i); char[34] = "\\\""; char[92] = "\\\\" }
!/^\{/ { print "e " $0; next }
match($0, /"MESSAGE" ?: ?\[[0-9, ]*\]/) {
  list = substr($0, RSTART, RLENGTH); before = substr($0, 1, RSTART - 1); after = substr($0, RSTART + RLENGTH)
  sub(/^[^[]*\[ */, "", list); sub(/ *\]$/, "", list)
  count = split(list, bytes, / *, */); text = ""
  for (i = 1; i <= count; i++) text = text char[bytes[i] + 0]
  tell("j " before "\"MESSAGE\":\"" text "\"" after); next
}
{ tell("j " $0) }'

# From when a generation was made until the next one was live; its last start is within, and so is the end of the one before.
generation_window() { # GENERATION
  l_from=$(manifest "$1" at)
  [ "$l_from" != - ] || { say "e there is no generation $1 on this host"; return 1; }
  l_to=$(G_ID=$1 awk '$6 == "committed" && $4 != $5 { if ($5 == ENVIRON["G_ID"]) { on = 1; end = "" } else if (on) { on = 0; end = $1 } } END { print end }' "$S/log" 2>/dev/null)
  l_since=$(journal_time "$l_from")
  [ -z "$l_to" ] || l_until=$(journal_time "$l_to")
}
journal_time() { say "$1" | sed 's/T/ /; s/\.[0-9]*Z$/Z/; s/Z$/ UTC/'; }

tell_ignored() {
  set --
  [ "$l_since" = - ] || set -- "$@" since
  [ "$l_until" = - ] || set -- "$@" until
  [ "$l_boot" = - ] || set -- "$@" boot
  [ $# = 0 ] || say "ignored $*"
}

file_piece() { # UNIT
  f_log=$S/run/$1/log f_older=/dev/null
  [ -f "$f_log" ] || return 0
  [ ! -f "$f_log.1" ] || f_older=$f_log.1
  # What is opened stays what it is, also where it is moved aside meanwhile.
  file_opened "$1" 7<"$f_log" 6<"$f_older"
}
file_opened() { # UNIT
  f_file=/proc/self/fd/7 f_from=- f_place=''
  f_seen=$(stat -L -c '%i %s %Y' $f_file) || return 0
  f_inode=${f_seen%% *} f_changed=${f_seen##* }
  f_size=${f_seen#* } f_size=${f_size% *}
  for f_one in $l_where; do
    case $f_one in "$1="*) f_place=${f_one#"$1="} f_from=${f_place#*:} f_place=${f_place%%:*} ;; esac
  done
  if [ "$f_from" = - ] && [ "$l_invocation$l_generation" != -- ]; then
    f_start=$(sed -n 's/^LogStart=//p' "$S/run/$1/status" 2>/dev/null)
    f_of=$(file_writer "$1")
    [ "$l_generation" = - ] || [ "$l_generation" = "${f_of:-$live}" ] || { say "e $1 runs from generation ${f_of:-$live}, and its log does not say where an earlier one ended"; return 0; }
    f_from=${f_start:-0} f_place=$f_inode
    [ "$l_last" = - ] || file_last "$1"
  fi
  f_aside=''
  [ "$f_older" = /dev/null ] || f_aside=$(stat -L -c '%i %s' /proc/self/fd/6)
  # All there is begins with the older file.
  if [ "$f_from" = - ]; then
    f_from=0 f_place=${f_aside% *}
    [ "$l_last" = - ] || file_last "$1"
  fi
  if [ "${f_place:-$f_inode}" != "$f_inode" ]; then
    # It was moved aside since: what it had gained comes first.
    if [ "$f_place" = "${f_aside% *}" ]; then
      if [ "${f_aside#* }" -gt "$f_from" ]; then
        f_file=/proc/self/fd/6 f_inode=$f_place
        file_next "$1" $((${f_aside#* } - f_from))
        say more
        return 0
      fi
    else
      say "gap $1"
    fi
    f_from=0
  fi
  [ "$f_from" -le "$f_size" ] || { say "gap $1"; f_from=0; }
  file_next "$1" $((f_size - f_from))
}
# Moves f_from and f_place to where the last so many lines begin.
file_last() { # UNIT
  # A service that never starts anew has a log that is never moved aside: its end will do.
  [ $((f_size - f_from)) -le 67108864 ] || f_from=$((f_size - 67108864)) f_place=$f_inode
  f_length=$((f_size - f_from))
  file_whole_lines "$1"
  if [ "$l_grep$l_priority" = -- ]; then
    f_bytes=$(file_text | tail -n "$l_last" | wc -c)
  else
    f_line=$(file_text | picked | tail -n "$l_last" | sed -n '1s/:.*//p')
    f_bytes=0
    [ -z "$f_line" ] || f_bytes=$(file_text | tail -n "+$f_line" | wc -c)
  fi
  if [ "$f_bytes" -gt $f_length ]; then
    f_from=$((${f_aside#* } + f_length - f_bytes))
  else
    f_from=$((f_from + f_length - f_bytes)) f_place=$f_inode
  fi
}
# All that may be told: of the older file too, where its place is there.
file_text() {
  [ "${f_place:-$f_inode}" = "$f_inode" ] || cat /proc/self/fd/6
  file_part
}
# As much of it as one piece may have.
file_next() { # UNIT BYTES
  f_length=$2
  if [ $f_length -gt 1048576 ]; then
    f_length=1048576
    say more
  fi
  # Nobody goes on with a line of the older one.
  if [ $f_file = /proc/self/fd/7 ] || [ $f_length != "$2" ]; then file_whole_lines "$1"; fi
  say "file $1 $f_inode $((f_from + f_length)) $f_changed"
  [ $f_length = 0 ] || file_part | as_lines
}
# Half a line waits for its end, as long as there is somebody to write it.
file_whole_lines() { # UNIT
  [ $f_length -gt 0 ] && [ "$(file_part | tail -c 1 | wc -l)" = 0 ] || return 0
  [ $f_length = 1048576 ] || [ -n "$(file_writer "$1")" ] || return 0
  f_half=$(file_part | tail -n 1 | wc -c)
  [ "$f_half" -ge 1048576 ] || f_length=$((f_length - f_half))
}
# The generation that its supervisor runs it from.
file_writer() { supervisors | U=$1 awk '$4 == ENVIRON["U"] { print $3 }'; }
file_part() { tail -c "+$((f_from + 1))" $f_file | head -c "$f_length"; }
as_lines() { if [ "$l_grep$l_priority" = -- ]; then tr -d '\000' | sed 's/^/l /'; else picked | sed 's/^[0-9]*:/l /'; fi; }
# Lines that are asked for, each behind its number.
picked() {
  f_words=''
  [ "$l_grep" = - ] || f_words=$l_grep
  tr -d '\000' | limit 60 grep -n -E -e "$f_words" | LEVELS=$l_priority awk "$OF_LEVEL"
}
# What does not begin with its level, as <3> is one, is as bad as info: so systemd has it.
# shellcheck disable=SC2016
OF_LEVEL='
BEGIN { every = ENVIRON["LEVELS"] == "-"; split(ENVIRON["LEVELS"], range, /\.\./) }
!every { text = substr($0, index($0, ":") + 1); level = text ~ /^<[0-7]>/ ? substr(text, 2, 1) + 0 : 6 }
every || (level >= range[1] + 0 && level <= range[2] + 0)'
