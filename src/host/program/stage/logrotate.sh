# What this host's own logrotate makes of the release's files in /etc/logrotate.d, asked before anything is switched.

ROTATED=/etc/logrotate.d

# Copies, beside all others that stand there: a log that another file names too is taken from whichever comes second.
verify_rotations() { # RECORD-FOLDER
  [ $PRIVILEGED = 1 ] && have logrotate && [ -f "$1/files.list" ] || return 0
  ours=$(cut -d' ' -f5- "$1/files.list" | sed -n "s|^$ROTATED/\([^/]*\)$|\1|p")
  [ -n "$ours" ] || return 0
  v=$S/.rotate
  rm -rf "$v"
  (umask 077 && mkdir -p "$v/d") || die 74 "cannot write in $S"
  base=$(manifest "${1##*/}" base)
  # What generation 0 lists is the host's own.
  leaving=''
  [ "${base:-0}" = 0 ] || leaving=$(lines "$base" files.list | sed -n "s|^[^ ]* [^ ]* [^ ]* [^ ]* $ROTATED/||p")
  for f in "$ROTATED"/*; do
    if [ ! -f "$f" ] || contains "$leaving$NL$ours" "${f##*/}"; then continue; fi
    cp -p "$f" "$v/d/" || die 74 "cannot write in $S"
  done
  # Its defaults count too, such as the endings of files that are passed over.
  { grep -v '^[[:space:]]*include[[:space:]=]' /etc/logrotate.conf 2>/dev/null; printf '\ninclude %s/d\n' "$v"; } >"$v/conf"
  before=$(rotation_errors)
  while read -r index _ _ _ path; do
    case $path in "$ROTATED"/*/*) ;; "$ROTATED"/*) (umask 022 && cat "$1/files/$index" >"$v/d/${path##*/}") || die 74 "cannot write in $S" ;; esac
  done <"$1/files.list"
  wrong=$(rotation_errors | while IFS= read -r line; do
    mine=0
    for f in $ours; do case $line in "$f:"*) mine=1 ;; esac done
    # What was wrong on this host before is not this release's doing.
    [ $mine = 0 ] && contains "$before" "$line" || say "$ROTATED/$line"
  done)
  rm -rf "$v"
  [ -z "$wrong" ] || die 65 "the logrotate of this host does not take the file as it is: $(say "$wrong" | tr '\n' ';' | sed 's/;$//; s/;/; /g')"
}

# Errors about lines of a file, which stand behind its name. That a log or its folder is not there yet is none.
rotation_errors() {
  # -d changes nothing and runs no script.
  limit 60 logrotate -d -s /dev/null "$v/conf" 2>&1 </dev/null |
    sed -n "s|^error: \($v/d/\)\{0,1\}\([^ /]*:[0-9p].*\)|\2|p; s|^warning: \($v/d/\)\{0,1\}\([^ /]*:[0-9]* unknown option.*\)|\2|p" |
    grep -v -e 'No such file or directory' -e '^conf:'
  return 0
}
