# A generation's record: what was deployed, immutable once sealed. Generation 0 is the host as fleet found it: it
# records only what a later generation replaced, so that going back to 0 puts it there again.

manifest() { # GENERATION KEY [OTHERWISE]
  entry "$@"
  say "$recorded"
}
entry() { # the same, in `recorded`
  [ ! -f "$G/$1/manifest" ] || while read -r r_key recorded; do
    [ "$r_key" != "$2" ] || return 0
  done <"$G/$1/manifest"
  recorded=${3:--}
}

# Of what is short and asked for often, `cat` costs more than to read it.
short() { # FILE
  [ ! -f "$1" ] || while IFS= read -r line; do say "$line"; done <"$1"
}
lines() { [ ! -s "$G/$1/$2" ] || cat "$G/$1/$2"; }
text_of() { # FILE: the same as `short`, in `text`
  text=''
  [ ! -f "$1" ] || while IFS= read -r r_line; do text=$text${text:+$NL}$r_line; done <"$1"
}

# What a generation was proved with; those of before there was such a list have none.
verb_checks() { [ -f "$G/$1/checks" ] || exit 64; cat "$G/$1/checks"; }

# What a deploy of one part goes on from: "wanted UNIT", "file INDEX MODE OWNER GROUP PATH", and "unit PATH" with the lines of
# that unit behind a bar each.
tell_base() {
  live_generation
  [ "$live" != 0 ] && [ -f "$G/$live/wanted" ] || return 0
  say known
  lines "$live" wanted | sed 's/^/wanted /'
  lines "$live" files.list | sed 's/^/file /'
  unit_files "$live" | while IFS= read -r r_file; do
    say "unit $r_file"
    sed 's/^/|/' "$G/$live/units/$r_file"
    say ''
  done
}

is_number() { case $1 in '' | *[!0-9]*) return 1 ;; esac; }

# Unit files and drop-ins of a generation, relative to the unit directory.
unit_files() {
  units_of "$1"
  [ -z "$text" ] || say "$text"
}
units_of() { # GENERATION: the same, in `text`
  text=''
  for r_file in "$G/$1/units"/* "$G/$1/units"/*.d/*; do
    if [ -d "$r_file" ] || { [ ! -e "$r_file" ] && [ ! -L "$r_file" ]; }; then continue; fi
    text=$text${text:+$NL}${r_file#"$G/$1/units/"}
  done
}

backwards() { sed '1!G;h;$!d'; }

contains() { # LINES WORD
  case "$NL$1$NL" in *"$NL$2$NL"*) return 0 ;; esac
  return 1
}

live=''
active_generation() { live_generation; say "$live"; }
live_generation() { # sets live
  # All that one look at a host tells is of the same one.
  [ "$VERB" != probe ] || [ -z "$live" ] || return 0
  live=0
  link=$(readlink "$R/current" 2>/dev/null) || return 0
  case $link in releases/*[!0-9]* | releases/ | releases/0*) ;; releases/*) live=${link#releases/} ;; esac
}

# In the order of their numbers, which a pattern has for those of one length.
generations() {
  for g_folder in "$G"/[0-9] "$G"/[0-9][0-9] "$G"/[0-9][0-9][0-9] "$G"/[0-9][0-9][0-9][0-9] "$G"/[0-9][0-9][0-9][0-9][0-9]*; do
    [ ! -f "$g_folder/manifest" ] || say "${g_folder##*/}"
  done
}

verdict() { judgement "$1"; say "$judged"; }
judgement() { # GENERATION: sets judged
  judged=open
  [ ! -f "$G/$1/verdict" ] || read -r judged <"$G/$1/verdict" || :
}

service_user() { manifest "$1" user; }

# shellcheck disable=SC2015
service_group() { entry "$1" user; [ "$recorded" != - ] && id -gn "$recorded" 2>/dev/null || say root; }
