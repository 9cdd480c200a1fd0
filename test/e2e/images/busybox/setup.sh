#!/bin/sh
# Runs on the building machine; $1 is the new root file system, into which packages were only unpacked.
# Not there: bash, rsync, sudo, flock, nohup, python, scp, sftp-server, logrotate.
# Applets answer even without their link, since ash looks for an applet before it looks at PATH.
# crond of busybox 1.35 dies of SIGSEGV on any line that starts with @ (@reboot, @hourly).
set -eu
root=${1:?root file system}

# crond notes in /var/run that it ran the @reboot lines of this boot.
mkdir -p "$root/var"
ln -sfn ../run "$root/var/run"

# shellcheck disable=SC2115
rm -rf "$root"/usr/share "$root"/var/cache "$root"/var/lib/apt "$root"/var/lib/dpkg "$root"/usr/lib/*/gconv
for folder in bin sbin usr/bin usr/sbin etc/dropbear var/spool/cron/crontabs var/log dev proc run; do
  # Where packages know only /usr/bin, /bin is a link to it.
  case $folder in
    bin | sbin) [ -e "$root/bin/busybox" ] || { mkdir -p "$root/usr/$folder"; ln -sfn "usr/$folder" "$root/$folder"; } ;;
  esac
  mkdir -p "$root/$folder"
done
for folder in lib lib64; do
  [ -e "$root/$folder" ] || [ ! -e "$root/usr/$folder" ] || ln -s "usr/$folder" "$root/$folder"
done
chroot "$root" /bin/busybox --install -s

echo 'root:x:0:0:root:/root:/bin/sh' >"$root/etc/passwd"
echo 'root:x:0:' >"$root/etc/group"
echo 'root:*:19000:0:99999:7:::' >"$root/etc/shadow"
echo /bin/sh >"$root/etc/shells"
id=1000
for user in deploy pwsudo plainuser; do
  echo "$user:x:$id:$id::/home/$user:/bin/sh" >>"$root/etc/passwd"
  echo "$user:x:$id:" >>"$root/etc/group"
  echo "$user:*:19000:0:99999:7:::" >>"$root/etc/shadow"
  install -d -o "$id" -g "$id" -m 0755 "$root/home/$user"
  install -d -o "$id" -g "$id" -m 0700 "$root/home/$user/.ssh"
  id=$((id + 1))
done
install -d -m 0700 "$root/root" "$root/root/.ssh"
install -d -m 1777 "$root/tmp"
chmod 0640 "$root/etc/shadow"

cat >"$root/sbin/boot-busybox" <<'END'
#!/bin/sh
# Host keys are made at first boot, so that no two containers share them.
for type in ed25519 ecdsa; do
  key=/etc/dropbear/dropbear_${type}_host_key
  [ -s "$key" ] || dropbearkey -t "$type" -f "$key" >/dev/null 2>&1
done
crond -b -L /var/log/cron.log
[ ! -x /etc/rc.local ] || /etc/rc.local &
exec dropbear -F -E -r /etc/dropbear/dropbear_ed25519_host_key -r /etc/dropbear/dropbear_ecdsa_host_key
END
chmod 0755 "$root/sbin/boot-busybox"
