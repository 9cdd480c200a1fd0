# From a release on its way to a generation. What another account could write in becomes root's by copying, never by
# giving it back: whoever had a file open, stands in a folder or keeps a second name of a file would keep it for good.

# What the account reads of its own tree, root writes below a folder that nobody else can enter, and only then looks at.
# Below, since `tar` gives the tree's own folder the mode that it had, some with the first entry.
take() { # N, in ROOT
  lender=$(cat "$G/.staging-$1/lent" 2>/dev/null) || return 0
  end_build "$1"
  old=$R/releases/.lent-$1 new=$R/releases/$1 taking=$R/releases/.taking-$1
  # root: `releases` is a folder that only root may write in
  [ -d "$old" ] || mv -T "$new" "$old" || die 74 "cannot write in $ROOT/releases"
  rm -rf "$new" "$taking" && mkdir -m 0700 "$taking" "$taking/tree" || die 74 "cannot write in $ROOT/releases"
  if tar --version 2>/dev/null | grep -q 'GNU tar'; then take_whole; else take_apart "$G/.staging-$1/links"; fi
  (cd "$taking/tree" && own_tree "$lender") || exit
  mv -T "$taking/tree" "$new" && rm -rf "$taking" || die 74 "cannot write in $ROOT/releases" # root: as above
  remove_tree "$ROOT/releases/.lent-$1"
  rm -f "$G/.staging-$1/lent" "$G/.staging-$1/links"
}

# GNU's tar makes a link that leads out of the tree last, and only where it has kept its place.
take_whole() {
  why=$({ told_by_lender tar -c -f - . | (cd "$taking/tree" && umask 022 && limit 610 tar -x -o -f -); } 2>&1) ||
    die 74 "cannot copy what was built: $(plain "$why")"
  lender_told
}

# Others, and old ones above all, may write through a link that they have just made, and the account can make of its tar's
# words what it likes. So they never unpack a link: those are told apart, taken out of what is packed, and made when all else is there.
take_apart() { # LIST-OF-LINKS
  # Once they are taken out, there is no second look.
  if [ ! -f "$1" ]; then
    told_by_lender sh -c "$TELL_LINKS" sh "$NL" | limit 610 cat >"$1.part" || die 74 "cannot write in $G"
    lender_told
    mv -T "$1.part" "$1" || die 74 "cannot write in $G"
  fi
  # Through a pipe: what is checked must not be open for writing to anybody.
  told_by_lender sh -c "$PACK_REST" | limit 610 cat >"$taking/rest" || die 74 "cannot write in $ROOT/releases"
  lender_told
  # The line of an entry begins with its mode, and a name with a line break only adds lines. A second name is of a file
  # in the same tree.
  ! { tar -t -v -f "$taking/rest" 2>/dev/null || say broken; } | grep -Eq '^[^-d]|^$| -> (/|(.*/)?\.\.(/|$))' || unlike_told
  why=$(cd "$taking/tree" && umask 022 && tar -x -o -f ../rest 2>&1) || die 74 "cannot copy what was built: $(plain "$why")"
  while IFS= read -r name; do
    IFS= read -r target && (cd "$taking/tree" && make_link "$name" "$target") 2>/dev/null || unlike_told
  done <"$1"
}

# root: in a tree that nobody else can enter. Going down there makes no folder but in it, and follows no link.
make_link() { # ./NAME TARGET
  case $1/ in *//* | */../*) return 65 ;; ./*) ;; *) return 65 ;; esac
  descend "${1%/*}" && [ ! -e "./${1##*/}" ] && [ ! -L "./${1##*/}" ] && ln -s -- "$2" "./${1##*/}"
}

unlike_told() { die 65 "cannot copy what was built: it changed while it was copied. End what still writes in it"; }

# A command of the account in its tree; what it does with its output, nobody waits for longer than for the command.
told_by_lender() { # COMMAND…
  (cd "$old" && within_as 600 "$lender" "$@") 2>"$taking/said"
  echo $? >"$taking/code"
}
lender_told() { [ "$(cat "$taking/code")" = 0 ] || die 65 "cannot copy what was built: $(plain "$(tail -n 1 "$taking/said")")"; }

# A name and where it leads, a line each.
# shellcheck disable=SC2016
TELL_LINKS='
odd=$(find . -name "*$1*" | head -n 1)
[ -z "$odd" ] || { echo "a name has a line break in it: $odd" | tr "\n" "?" >&2; exit 65; }
links=$(find . -type l) || exit
[ -z "$links" ] || printf "%s\n" "$links" | while IFS= read -r link; do
  target=$(readlink "$link" && echo .) || exit
  case $target in *"$1"*"$1"*) echo "where $link leads has a line break in it" >&2; exit 65 ;; esac
  printf "%s\n%s\n" "$link" "${target%?.}"
done'

# What cannot be deleted stands in a folder that is closed to its own account.
# shellcheck disable=SC2016
PACK_REST='
find . ! -type f ! -type d -exec rm -f {} + 2>/dev/null
find . ! -type f ! -type d | while IFS= read -r odd; do
  folder=${odd%/*}
  mode=$(stat -c %a "$folder") && chmod u+w "$folder" && rm -f "$odd"
  chmod "$mode" "$folder"
done
exec tar -c -f - .'

# root: we stand in a folder that nobody else can enter, and what came into it was told by somebody else. A second name of
# a file from outside shows in its count.
own_tree() { # GROUP-OF
  find . ! -type f ! -type d ! -type l -exec rm -f {} +
  find . -type f -links +1 -exec stat -c '%i %h' {} + | sort | uniq -c | while read -r names _ links; do
    [ "$names" = "$links" ] || die 65 "what was built holds a file from outside of the release"
  done || exit
  group=$(id -gn "$1") || exit
  # What the account had for its own it has now as the group.
  chown -Rh "root:$group" . && chmod -R g=u,a-s,a-t,go-w . && chmod 0755 . || die 74 "cannot write in $ROOT/releases"
}

# Code that another login has sent: root goes on writing in it, so no link may be there that was not meant.
verb_take() { # N
  take "$1"
  wrong=$(cd "$R/releases/$1" && { grep '^l ' "$G/.staging-$1/sent"; say --; links; } | extra | head -n 1)
  [ -z "$wrong" ] || changed "$wrong"
}

# The release is complete: make it root's, link what outlives it, and make its record a generation.
verb_seal() { # N USER
  (release_enter "$1") || exit
  seal_release "$1" "$2"
}
seal_release() { # N USER
  staged=$G/.staging-$1
  [ -f "$staged/manifest" ] || die 64 "generation $1 has no manifest"
  [ $STANDING = 1 ] || root_enter || die 65 "$obstacle"
  release=$R/releases/$1
  if [ -f "$staged/lent" ]; then take "$1"; else (cd "$release" && as_sent "$1") || exit; fi
  if [ $PRIVILEGED = 1 ]; then
    (cd "$release" && only_ours "$2") || exit
  fi
  while read -r path; do
    (cd "$release" && leave_room "$path" && ln -s "$ROOT/$path" "./$path") || die 65 "$ROOT/releases/$1 has something else than a folder on the way to $path, where the data folder is linked"
  done <"$staged/data"
  if [ -f "$staged/env" ]; then
    chmod 600 "$staged/env"
    env_proof "$staged" "$2"
    (cd "$release" && leave_room .env && ln -s "$ROOT/.env" ./.env) || die 74 "cannot write in $ROOT/releases/$1"
  fi
  take_evidence "$staged" "$ROOT/releases/$1"
  discard "$staged/building" "$staged/taken" "$staged/same"
  (cd "$release" && note_tree "$staged") || die 74 "cannot write in $S"
  mv -T "$staged" "$G/$1" || die 74 "cannot write in $G"
  sync "$G"
}

# root: in a release that is root's alone, whatever came into it. Group and modes are forced; a file that is another
# release's too has them already.
only_ours() { # USER
  group=root
  [ "$1" = - ] || group=$(id -gn "$1") || die 64 "there is no account $1 on this host"
  find . ! -group "$group" -exec chgrp -h "$group" {} + && chmod -R a-s,a-t,go-w . || die 74 "cannot write in $ROOT/releases"
}

# root: in a release that is root's alone.
leave_room() { # RELATIVE-PATH
  case $1 in */*) (descend "${1%/*}") || return ;; esac
  [ ! -e "./$1" ] && [ ! -L "./$1" ] || rm -rf "./$1"
}
