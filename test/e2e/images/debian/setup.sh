#!/bin/sh
# Runs on the building machine; $1 is the new root file system.
set -eu
root=$1

for user in deploy pwsudo plainuser; do
  chroot "$root" useradd --create-home --shell /bin/bash "$user"
done
for home in root home/deploy home/pwsudo home/plainuser; do
  owner=$(stat -c %u:%g "$root/$home")
  install -d -m 0700 "$root/$home/.ssh"
  chown "$owner" "$root/$home/.ssh"
done
echo 'pwsudo:correct horse' | chroot "$root" chpasswd
cat >"$root/etc/sudoers.d/users" <<'END'
deploy ALL=(ALL:ALL) NOPASSWD: ALL
pwsudo ALL=(ALL:ALL) ALL
END
chmod 0440 "$root/etc/sudoers.d/users"

# Baked host keys would be the same in every container: each one makes its own at first boot. None of RSA, which takes a
# second of a core.
rm -f "$root"/etc/ssh/ssh_host_*
cat >"$root/sbin/make-host-keys" <<'END'
#!/bin/sh
for type in ed25519 ecdsa; do
  key=/etc/ssh/ssh_host_${type}_key
  [ -s "$key" ] || ssh-keygen -q -t "$type" -N '' -f "$key"
done
END
install -d "$root/etc/systemd/system/ssh.service.d"
cat >"$root/etc/systemd/system/ssh.service.d/host-keys.conf" <<'END'
[Service]
ExecStartPre=
ExecStartPre=/sbin/make-host-keys
ExecStartPre=/usr/sbin/sshd -t
END

# Nothing may start by itself in the middle of a test, and no machine id may be shared.
for unit in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer \
  console-getty.service getty.target systemd-udevd.service systemd-timesyncd.service; do
  ln -sf /dev/null "$root/etc/systemd/system/$unit"
done
ln -sf /lib/systemd/system/multi-user.target "$root/etc/systemd/system/default.target"
: >"$root/etc/machine-id"
# Of the package of Prometheus only what checks metrics, and in the one suite whose hosts are always there: the rest of it, and
# what it depends on, is a server.
if grep -q '^VERSION_CODENAME=bookworm' "$root/etc/os-release"; then
  package=$(mktemp -d)
  (cd "$package" && APT_CONFIG=$MMDEBSTRAP_APT_CONFIG apt-get -qq download prometheus)
  dpkg-deb --fsys-tarfile "$package"/prometheus_*.deb | tar -xC "$root" ./usr/bin/promtool
  rm -r "$package"
fi
rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/*

cat >"$root/sbin/boot-systemd" <<'END'
#!/bin/sh
# Containers start with private mount propagation; LoadCredential= with User= needs a shared root.
mount --make-rshared / && exec /lib/systemd/systemd
END

cat >"$root/sbin/boot-plain" <<'END'
#!/bin/sh
# What an init without systemd does: empty /run (a tmpfs here), daemons, @reboot lines.
mkdir -p /run/sshd /run/lock
rm -f /run/crond.* /run/*.pid
/sbin/make-host-keys
/usr/sbin/cron
[ ! -x /etc/rc.local ] || /etc/rc.local &
exec /usr/sbin/sshd -D -e
END
chmod 0755 "$root/sbin/boot-systemd" "$root/sbin/boot-plain" "$root/sbin/make-host-keys"
