# The other apps of this host, which only root can see: what is theirs is not touched, whatever a playbook says.

# Folders of state of the others, a line each; no host has more of them than that.
other_apps() {
  [ $PRIVILEGED = 1 ] || return 0
  others=0
  for other in /var/lib/fleet/*/; do
    other=${other%/}
    case ${other##*/} in "$APP" | *[!A-Za-z0-9._-]*) continue ;; esac
    [ -d "$other" ] && [ $others -lt 100 ] || continue
    others=$((others + 1))
    say "$other"
  done
}

# Sets G and other_root for another app, and other_active to the generation that is live there; fails when none is. To
# be called in a subshell.
other_live() { # STATE-FOLDER
  G=$1/generations other_root=- other_active=0
  newest=''
  for newest in $(generations); do :; done
  [ -n "$newest" ] && other_root=$(manifest "$newest" root) && [ "$other_root" != - ] || return 1
  link=$(readlink "$other_root/current" 2>/dev/null) || return 1
  other_active=${link#releases/}
  case $other_active in '' | 0* | *[!0-9]*) return 1 ;; esac
  [ -f "$G/$other_active/manifest" ]
}

clean() { tr -d '\001-\011\013-\037\177' | head -n 500; }

# Of each app that is live: "neighbour APP GENERATION USER ROOT", and its units and files by name.
tell_neighbours() {
  for other in $(other_apps); do
    (
      other_live "$other" || exit 0
      app=${other##*/}
      say "neighbour $app $other_active $(service_user "$other_active") $other_root" | clean
      unit_files "$other_active" | clean | sed "s/^/neighbour-unit $app /"
      lines "$other_active" files.list | cut -d' ' -f5- | clean | sed "s/^/neighbour-file $app /"
    )
  done
}

# The app whose unit stands where ours should: what systemd says of it says nothing about us.
unit_taken() { # UNIT
  [ -n "$(other_apps)" ] || return 1
  mine=$(active_generation)
  case $1 in *@*.*) file=${1%%@*}@.${1##*.} ;; *) file=$1 ;; esac
  [ -f "$G/$mine/units/$1" ] && file=$1
  [ -f "$G/$mine/units/$file" ] && [ -f "$UNITS/$file" ] && ! cmp -s "$G/$mine/units/$file" "$UNITS/$file" || return 1
  taker=$(other_apps | while IFS= read -r other; do
    (
      other_live "$other" && [ "$(manifest "$other_active" runtime)" = systemd ] && cmp -s "$G/$other_active/units/$file" "$UNITS/$file" && say "${other##*/}"
    )
  done | head -n 1)
  [ -n "$taker" ] && say "$taker"
}

# Another app of this host that an account works for, or whose kept data it owns.
account_shared() { # ACCOUNT
  other_apps | while IFS= read -r other; do
    (
      if other_live "$other" && [ "$(service_user "$other_active")" = "$1" ]; then say "${other##*/}"; exit; fi
      for entry in "$other"/undo/*; do
        [ -f "$entry" ] && read -r _ kind path <"$entry" || continue
        if [ "$kind" = data ] && [ "$(stat -c %U "$path" 2>/dev/null)" = "$1" ]; then say "${other##*/}"; exit; fi
      done
    )
  done | head -n 1
}

# Another live app that has a folder of ours in its own, or its home there.
folder_shared() { # FOLDER
  other_apps | while IFS= read -r other; do
    (
      other_live "$other" || exit 0
      case $other_root/ in "$1"/*) say "${other##*/}"; exit ;; esac
      case $1/ in "$other_root"/*) say "${other##*/}"; exit ;; esac
      user=$(service_user "$other_active")
      case $user in - | *[!A-Za-z0-9._-]*) exit 0 ;; esac
      home=$(home_of "$user")
      case $home/ in "$1"/*) say "${other##*/}" ;; esac
    )
  done | head -n 1
}
