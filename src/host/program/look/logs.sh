# What services have said, for `fleet logs`: a piece at a time. Whoever asks keeps the place, so that a link that breaks costs
# nothing, and nothing goes on here when nobody reads. Of the journal lines "j JSON"; without systemd "file UNIT INODE OFFSET
# CHANGED" for each file, what was read of it up to there as "l TEXT" behind it, and "more" where it was not all that there is.
# "e TEXT" is what was in the way. The last line is "end".

# WHERE is - for the beginning, or the last line that was had: a cursor, or "UNIT=INODE:OFFSET" for each unit; what is not
# asked for is -.
verb_logs() { # MOST LAST SINCE UNTIL PRIORITY GREP BOOT INVOCATION GENERATION WHERE UNIT…
  l_most=$1 l_last=$2 l_since=$3 l_until=$4 l_priority=$5 l_grep=$6 l_boot=$7 l_invocation=$8 l_generation=$9
  shift 9
  l_where=$1
  shift
  live_generation
  rt=$(runtime_of "$live")
  case $rt in
    systemd) journal_piece "$@" | scrub ;;
    nohup) for u in "$@"; do case $u in *.target) ;; *) file_piece "$u" ;; esac; done | scrub ;;
  esac
  say "end"
}

journal_piece() { # UNIT…
  [ "$l_generation" = - ] || generation_window "$l_generation" || return 0
  l_units=$*
  set -- -q --no-pager -o json --output-fields=MESSAGE,PRIORITY,_SYSTEMD_UNIT,UNIT,_BOOT_ID
  # Only one of both is taken.
  [ "$l_since" = - ] || [ "$l_where" != - ] || set -- "$@" --since="$l_since"
  [ "$l_until" = - ] || set -- "$@" --until="$l_until"
  [ "$l_priority" = - ] || set -- "$@" --priority="$l_priority"
  [ "$l_grep" = - ] || set -- "$@" --grep="$l_grep"
  [ "$l_boot" = - ] || set -- "$@" --boot="$l_boot"
  if [ "$l_where" != - ]; then set -- "$@" --cursor="$l_where"; elif [ "$l_last" != - ]; then set -- "$@" -n "$l_last"; fi
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
  l_count=$l_most l_bytes=1048576
  [ "$l_where" != - ] || [ "$l_last" = - ] || l_count=$l_last l_bytes=0
  limit 300 journalctl "$@" 2>&1 </dev/null | head -n $((l_count + 1)) | L_BYTES=$l_bytes awk "$AS_TEXT"
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
    f_from=${f_start:-0}
  fi
  if [ "$f_from" = - ] && [ "$l_last" != - ]; then
    # A service that never starts anew has a log that is never moved aside: its end will do.
    f_from=$((f_size - 67108864))
    [ $f_from -gt 0 ] || f_from=0
    f_length=$((f_size - f_from))
    file_whole_lines "$1"
    say "file $1 $f_inode $((f_from + f_length)) $f_changed"
    { [ $f_from -gt 0 ] || cat /proc/self/fd/6; file_part; } | tail -n "$l_last" | as_lines
    return 0
  fi
  f_aside=''
  [ "$f_older" = /dev/null ] || f_aside=$(stat -L -c '%i %s' /proc/self/fd/6)
  # All there is begins with the older file.
  if [ "$f_from" = - ]; then
    f_from=0 f_place=${f_aside% *}
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
as_lines() { tr -d '\000' | if [ "$l_grep" = - ]; then sed 's/^/l /'; else limit 60 grep -E -e "$l_grep" | sed 's/^/l /'; fi; }
