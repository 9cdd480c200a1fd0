#!/bin/sh
# Runs on the building machine; $1 is the new root file system, into which packages were only unpacked.
# Not there: bash, rsync, sudo, flock, nohup, python, scp, sftp-server, logrotate.
set -eu
root=${1:?root file system}

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

# Applets that only get in the way of a container, or would answer as something they are not.
for applet in dpkg dpkg-deb rpm rpm2cpio; do rm -f "$root/bin/$applet" "$root/usr/bin/$applet"; done

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
exec dropbear -F -E -r /etc/dropbear/dropbear_ed25519_host_key -r /etc/dropbear/dropbear_ecdsa_host_key
END
chmod 0755 "$root/sbin/boot-busybox"
