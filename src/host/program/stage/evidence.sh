# What this host's own systemd makes of a release: asked before anything is switched, and read back when it runs. It ends
# with success after dropping a line, so what it prints and shows decides, not its exit status.

# What the same programs have made of the very same things is known. `proved` holds the digest of all that it depends on.
take_evidence() { # RECORD-FOLDER RELEASE
  [ $PRIVILEGED = 1 ] || return 0
  taken=''
  entry "${1##*/}" runtime
  ! is_systemd || [ "$recorded" != systemd ] || { refuse_masked "$1"; taken=$(which_file systemd-analyze); }
  [ -n "$taken" ] || taken=$(grep -qs " $ROTATED/" "$1/files.list" && which_file logrotate)
  [ -n "$taken" ] || return 0
  entry "${1##*/}" base
  base=$recorded
  units_of "$base"
  leaves=$text gone=''
  [ "$base" = 0 ] || { file_paths "$base"; gone=$text; }
  about=$(depends_on "$1" "$2" | sha256sum)
  [ "$about" != "$(short "$S/proved")" ] || return 0
  verify_units "$1" "$2"
  verify_rotations "$1"
  say "$about" | replace_lightly "$S/proved"
}

# The record but for its code; whether each file that a unit names is there to be run; what else of a person's or another
# app's stands where they are read; and the host's own share, by when it was changed last.
depends_on() { # RECORD-FOLDER RELEASE, with leaves and gone
  record=$1 release=$2 come=''
  [ ! -f "$record/files.list" ] || while read -r _ _ _ _ path; do come=$come$path$NL; done <"$record/files.list"
  set -- side=parts "$record/parts" side=all
  for f in "$record/enable" "$record/start" "$record/verify/newer"; do [ ! -f "$f" ] || set -- "$@" "$f"; done
  set -- "$@" side=unit
  for f in "$record/units"/* "$record/units"/*/*; do [ ! -f "$f" ] || set -- "$@" "$f"; done
  named=$(awk "$NAMED" "$@")
  say "$named" | while IFS= read -r path; do
    case $path in /*) ;; *) say "$path"; continue ;; esac
    case $path/ in "$ROOT/current"/*) file=$R/releases/${release##*/}${path#"$ROOT/current"} ;; *) file=$path ;; esac
    if contains "$come" "$path"; then :; elif [ -x "$file" ]; then say "runs $path"; else say "cannot run $path"; fi
  done
  set -- /etc/logrotate.conf
  for f in "$UNITS"/* "$UNITS"/*/*; do
    case $f in *.wants/* | *.requires/*) continue ;; esac
    [ -d "$f" ] && [ ! -L "$f" ] || contains "$leaves" "${f#"$UNITS/"}" || set -- "$@" "$f"
  done
  for f in "$ROTATED"/* "$ROTATED"/.[!.]*; do
    [ ! -f "$f" ] || [ -L "$f" ] || contains "$gone" "$f" || set -- "$@" "$f"
  done
  sha256sum -- "$@" 2>&1
  # shellcheck disable=SC2046
  stat -L -c '%n %s %Y' /lib/systemd/system /usr/lib/systemd/system /usr/local/lib/systemd/system $(which_file systemd-analyze; which_file logrotate) 2>/dev/null
  return 0
}

# The lines of the record, and in lines of their own the paths that units name.
# shellcheck disable=SC2016
NAMED='
side == "parts" { if ($2 !~ /^(code|run|before)$/ || NF < 3) print "part " $0; next }
side == "all" { print "is " $0; next }
/^[A-Z][A-Za-z]*(Paths|File|Directory)=/ { next }
{
  count = split($0, word, /[ \t"=:]+/)
  for (i = 1; i <= count; i++)
    if (word[i] ~ /^[-+!@|]*\//) { sub(/^[-+!@|]*/, "", word[i]); if (!seen[word[i]]++) print word[i] }
}'

# Somebody wants it not to run.
refuse_masked() { # RECORD-FOLDER
  for f in "$1/units"/*; do
    f=$UNITS/${f##*/}
    [ ! -L "$f" ] || [ "$(readlink "$f")" != /dev/null ] || die 65 "$f is masked on this host: somebody wants it not to run; \`systemctl unmask ${f##*/}\` there if it shall"
  done
}

# Copies, in which `current` is already the new release and the units of the old one are gone.
verify_units() { # RECORD-FOLDER RELEASE
  [ $PRIVILEGED = 1 ] && is_systemd && have systemd-analyze && [ -d "$1/units" ] || return 0
  [ "$(manifest "${1##*/}" runtime)" = systemd ] || return 0
  v=$S/.verify
  rm -rf "$v"
  cp -R "$1/units" "$v" || die 74 "cannot write in $S"
  pattern=$(say "$ROOT/current" | sed 's/[][\.*^$|]/\\&/g')
  find "$v" -type f -exec sed -i "s|$pattern|$2|g" {} +
  verify_programs "$1"
  (cd "$UNITS" && find . ! -type d ! -path '*.wants/*' ! -path '*.requires/*' ! -path '*/.*' | sed 's|^\./||') | while read -r f; do
    if [ -e "$v/$f" ] || contains "$leaves" "$f"; then continue; fi
    case $f in */*) mkdir -p "$v/${f%/*}" ;; esac
    cp -P "$UNITS/$f" "$v/$f"
  done
  wrong=$(verify_copies "$1" "$2")
  rm -rf "$v"
  [ -z "$wrong" ] || die 65 "the systemd of this host does not take the units as they are: $(say "$wrong" | tr '\n' ';' | sed 's/;$//; s/;/; /g')"
}

# A program that comes with this generation, outside of the release, is not in its place yet.
verify_programs() { # RECORD-FOLDER
  [ -f "$1/files.list" ] || return 0
  mkdir "$v/.programs"
  while read -r index mode _ _ path; do
    case $mode in *[1357]*) ;; *) continue ;; esac
    case $path in *[!A-Za-z0-9/._+-]*) continue ;; esac
    cp "$1/files/$index" "$v/.programs/$index" && chmod 700 "$v/.programs/$index" || die 74 "cannot write in $S"
    pattern=$(say "$path" | sed 's/\./\\./g')
    find "$v" -type f ! -path "$v/.programs/*" -exec sed -i "s#$pattern\( \|\$\)#$v/.programs/$index\1#g" {} +
  done <"$1/files.list"
}

verify_copies() { # RECORD-FOLDER RELEASE: prints what is wrong, a line each
  newer=$(cat "$1/verify/newer" 2>/dev/null)
  files=$(cd "$1/units" && find . -type f | sed 's|^\./||')
  ours=$(say "$files" | grep -v -e / -e '@\.')
  for u in $(grep -h '@.*\.' "$1/enable" "$1/start" 2>/dev/null | sort -u); do
    template=${u%%@*}@.${u##*.}
    [ -f "$v/$template" ] && ln -sf "$template" "$v/$u" && ours="$ours $u"
  done
  release=$2
  set --
  for u in $ours; do set -- "$@" "$v/$u"; done
  [ $# -gt 0 ] || return 0
  path=$v:/run/systemd/system:/run/systemd/generator:/usr/local/lib/systemd/system:/lib/systemd/system:/usr/lib/systemd/system
  printed=$(limit 60 env SYSTEMD_UNIT_PATH="$path" systemd-analyze verify --man=no "$@" 2>&1 </dev/null) && code=0 || code=$?
  say "$printed" | sed "s/$(printf '\033')\[[0-9;]*m//g; s|^\[\(.*:[0-9]*\)\] |\1: |; s|$v/||g; s|$release|$ROOT/current|g" | while IFS= read -r line; do
    where=${line%%: *}
    # A directive that is newer than this systemd is no mistake: the plan has named it.
    ! contains "$newer" "$where" || continue
    of=''
    for u in $files; do case $line in "$u":[0-9]*) of=line ;; esac; done
    for u in $ours; do case $line in "$u: "* | "Unit $u "*) of=unit ;; esac; done
    case $of/$code/$line in
      /*) ;;
      */*gnoring* | */*gnored* | */*efusing* | */*nknown*) say "$line" ;;
      # Notices about single lines are none of our business; what keeps the unit from loading is. 124: out of time.
      line/* | unit/0/* | unit/124/*) ;;
      *) say "$line" ;;
    esac
  done
}

# A limit may have been dropped, or overridden by a drop-in of the host: `expect` says what `systemctl show` must print, which
# was asked behind the start.
read_back() { # GENERATION
  [ "$(runtime_of "$1")" = systemd ] && [ $BOOTING = 0 ] || return 0
  of='' differs=0
  expose "$1"
  [ -f "$G/$1/expect" ] || return 0
  [ -n "$shown_back" ] || show_back "$1" ''
  while read -r u property meant; do
    [ -n "$u" ] || continue
    if [ "$u" != "$of" ]; then
      of=$u
      shown_of "$u"
      shown=$r_shown alone=''
    fi
    # By another name, or too old for it.
    case $alone$shown in yes* | *"$NL$property="*) ;; *) alone=yes shown=$NL$(systemctl show -p "$r_also" -- "$u" 2>/dev/null)$NL ;; esac
    case $shown in
      *"$NL$property=$meant$NL"*) ;;
      *"$NL$property="*)
        got=${shown#*"$NL$property="}
        got=${got%%"$NL"*}
        case $property in Environment) meant='' got='' ;; esac
        out "differs $u $property $(printf '%s\t%s' "$meant" "$got")"
        differs=1
        ;;
    esac # What it does not have at all, it is too old for.
  done <"$G/$1/expect"
  [ $differs = 0 ]
}

# `exposure` holds "UNIT-FILE MOST": what this systemd's own assessment may come to, for each service that runs from it.
expose() { # GENERATION: sets differs
  [ -s "$G/$1/exposure" ] || return 0
  for u in $(start_list "$1"); do
    case $u in *@*.*) file=${u%%@*}@.${u##*.} ;; *) file=$u ;; esac
    most=$(lines "$1" exposure | F=$file awk '$1 == ENVIRON["F"] { print $2 }')
    [ -n "$most" ] || continue
    got=$(limit $ANSWER systemd-analyze security --no-pager -- "$u" 2>/dev/null | sed -n 's/^.* exposure level for .*: \([0-9.]*\) .*$/\1/p')
    M=$most awk 'BEGIN { exit !(ARGV[1] != "" && ARGV[1] + 0 <= ENVIRON["M"] + 0) }' "$got" && continue
    out "differs $u Exposure $(printf '%s\t%s' "$most" "${got:-unknown}")"
    differs=1
  done
}
