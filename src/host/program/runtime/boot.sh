# What happens at boot. With systemd, a unit that finishes an open transaction exists exactly as long as there is one, so
# that unconfirmed code never starts by itself and nothing of ours stays enabled in between. Without systemd, the line
# that starts the app (nohup.sh) does both.

boot_unit() { say "fleet-recover-$APP.service"; }

# A word of ExecStart=.
unit_word() {
  case $1 in *[!A-Za-z0-9/._-]*) ;; *) printf '"%s"' "$1"; return ;; esac
  printf '"%s"' "$(say "$1" | sed -e 's/[\\"]/\\&/g' -e 's/%/%%/g' -e 's/\$/$$/g')"
}

boot_arm() {
  [ $PRIVILEGED = 1 ] && is_systemd || return 0
  starts_of "$FROM"
  set -- "$text"
  starts_of "$TO"
  # shellcheck disable=SC2086
  set -- $1 $text
  boot="[Unit]
Description=fleet: finish or take back the interrupted deploy of $APP
DefaultDependencies=no
After=local-fs.target sysinit.target
Before=multi-user.target $*

[Service]
Type=oneshot
ExecStart=/bin/sh $S/host.sh $(unit_word "$ROOT") $APP boot
"
  look_at "$UNITS"
  # Where that does not go at once, whatever is to be done about it is.
  [ "$keeper" = root ] && (umask 022 && becomes_text "$UNITS/$(boot_unit)" "$boot") || {
    becomes_lightly "$S/.boot" "$boot" && place "$S/.boot" "$UNITS/$(boot_unit)" 644 root root || return 74
    rm -f "$S/.boot"
  }
  { [ -d "$UNITS/multi-user.target.wants" ] || mkdir -p "$UNITS/multi-user.target.wants"; } && ln -sfn "../$(boot_unit)" "$UNITS/multi-user.target.wants/$(boot_unit)" || {
    out "refused cannot write in $UNITS/multi-user.target.wants"
    return 74
  }
}

boot_disarm() {
  [ $PRIVILEGED = 1 ] && [ -e "$UNITS/$(boot_unit)" ] || return 0
  rm -f "$UNITS/multi-user.target.wants/$(boot_unit)" "$UNITS/$(boot_unit)"
  # Otherwise the next reload forgets it; where everything goes there may never be one.
  live_generation
  [ "$live" != 0 ] || systemd_reload_manager
}

# Recovers what was open, then starts what belongs up and is not started by systemd itself.
verb_boot() {
  lock "$S/lock" 9 10 || exit 75
  sweep_temporary
  BOOTING=1
  journal_read
  # What has been decided for good is up already, but for what a full disk could not take down.
  [ "$PHASE" = IDLE ] || recover_open || [ "$PHASE" = COMMITTED ] || exit 78
  active=$(active_generation)
  # shellcheck disable=SC2046
  [ "$(runtime_of "$active")" != nohup ] || nohup_start $(start_list "$active" | while read -r u; do is_by_hand disabled "$u" || say "$u"; done)
  probation_resume
  # With systemd it has a unit of its own.
  [ $PRIVILEGED = 1 ] && is_systemd || act_settle "$active"
}
