# What is in a release: compared with what was to be sent before anything uses it, and noted when it is sealed, so that
# whoever looks later can tell what somebody has changed. A name is a line here; a line break in it is written as \001.

one_a_line() { tr '\n\0' '\001\n'; }

# What Python keeps of its sources is nobody's change.
files_here() { find . -mindepth 1 ! -path '*/__pycache__*' "$@"; }

# Raw mode, owner, inode, size and time of every entry below where we stand; folders have just the first two, since the
# rest of them changes with what is in them.
entries() {
  files_here -exec stat -c '%f %u %g %i %s %Y %n' -- {} + 2>/dev/null | sed 's/^\(4[^ ]* [^ ]* [^ ]*\) [^ ]* [^ ]* [^ ]* /\1 - - - /' | sort
}

# "HASH NAME" of every file. A name that the tool has escaped begins with a backslash; one that it has not goes on in the
# next line.
sums() { files_here -type f -exec sha256sum -- {} + 2>/dev/null | awk "$SUMS" | sort; }
# shellcheck disable=SC2016
SUMS='
function plain(name,   done, i, c) {
  done = ""
  for (i = 1; i <= length(name); i++) {
    c = substr(name, i, 1)
    if (c == "\\") { c = substr(name, ++i, 1); if (c == "n") c = "\001"; else if (c == "r") c = "\r" }
    done = done c
  }
  return done
}
{
  text = substr($0, 1, 1) == "\\" ? substr($0, 2) : $0
  if (substr(text, 65, 2) == "  " && substr(text, 1, 64) ~ /^[0-9a-f]+$/) {
    if (NR > 1) print line
    line = substr(text, 1, 64) " " (text == $0 ? substr(text, 67) : plain(substr(text, 67)))
  } else line = line "\001" $0
}
END { if (NR > 0) print line }'

links() { find . -type l -exec sh -c "$TELL_LINK" sh {} + | one_a_line; }
programs_and_links() { find . -type l -exec sh -c "$TELL_LINK" sh {} + -o -type f -perm -100 ! -path '*/__pycache__*' -exec printf 'x %s\0' {} + | one_a_line; }
# shellcheck disable=SC2016
TELL_LINK='for l; do printf "l %s -> %s\0" "$l" "$(readlink "$l")"; done'

# Names that stand in one of two lists only, or otherwise, each once; a line "--" parts the lists.
differing() { compared 'END { for (one in want) print one }' "$@"; }
# Those of the second list that are not in the first.
extra() { compared ''; }
compared() { # AT-THE-END FILE…
  c_end=$1
  shift
  # shellcheck disable=SC2016
  c_lines=$(awk '$0 == "--" { now = 1; next } !now { want[$0]; next } $0 in want { delete want[$0]; next } { print }'" $c_end" "$@")
  # Most are alike.
  [ -z "$c_lines" ] || say "$c_lines" | awk '{ name = substr($0, index($0, " ./") + 3); sub(/ -> .*/, "", name) } !(name in told) { told[name]; print name }' | sort
}

# `sent` is what the operator's side has read and hashed: a file that changed while it was sent is not deployed.
as_sent() { # N
  [ -f "$G/.staging-$1/sent" ] || return 0
  sums >"$G/.staging-$1/sums" || die 74 "cannot write in $S"
  wrong=$({ say --; programs_and_links; } | differing "$G/.staging-$1/sent" - "$G/.staging-$1/sums")
  wrong=${wrong%%"$NL"*}
  if [ -n "$wrong" ]; then
    # What was taken from the base may not be what was sealed there: whoever looks next compares what is in its files.
    ! read -r of 2>/dev/null <"$G/.staging-$1/taken" || sed 's/^\([^ ]* [^ ]* [^ ]*\) [0-9]* /\1 0 /' "$G/$of/seal" | replace "$G/$of/seal"
    changed "$wrong"
  fi
  rm -f "$G/.staging-$1/sent"
}

changed() {
  say "changed $(plain "$1")"
  exit 67
}

# What has come is known by its sums; what was built is not.
note_tree() { # RECORD-FOLDER
  entries >"$1/seal" && { [ -f "$1/sums" ] || sums >"$1/sums"; }
}

without_numbers() { sed 's/^\([^ ]* [^ ]* [^ ]*\) [^ ]* \([^ ]*\) [^ ]* /\1 \2 /'; }

# What of a release is not as it was sealed. Inodes and times are looked at first, which is cheap; they also change when a
# host is restored, so what is in the files decides.
altered() { # N [THOROUGHLY]
  [ -f "$G/$1/sums" ] || return 0
  (
    cd "$R/releases/$1" 2>/dev/null || exit 0
    [ -z "${2:-}" ] && entries | cmp -s - "$G/$1/seal" && exit 0
    { without_numbers <"$G/$1/seal"; cat "$G/$1/sums"; say --; entries | without_numbers; sums; } | differing
  )
}

verb_verify() { # N
  root_enter || die 65 "$obstacle"
  [ -f "$G/$1/sums" ] || { say "unsealed"; return 0; }
  altered "$1" thoroughly | while IFS= read -r name; do say "altered $(plain "$name")"; done
  say "verified $(wc -l <"$G/$1/sums")"
}
