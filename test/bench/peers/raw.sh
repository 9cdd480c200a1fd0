#!/bin/bash
# The job as a careful person writes it by hand: raw.sh HOST..., in the folder of the job. One connection per host, rsync for
# the code, and one script for all the rest.
set -euo pipefail
at_once=50

# On the host, as root. What it is given: changed, unit, logrotate, env.
remote() {
  set -euo pipefail
  put() { # MODE OWNER PATH CONTENT
    [[ -f $3 && $(stat -c '%a %U' "$3") == "$1 $2" && $(<"$3")$'\n' == "$4" ]] && return
    install -m "$1" -o "$2" -g "$2" /dev/null "$3.new"
    printf %s "$4" >"$3.new"
    mv "$3.new" "$3"
    changed=1
  }
  id job >/dev/null 2>&1 || useradd --system --user-group --home-dir /opt/job --shell /usr/sbin/nologin job
  install -d -m 750 -o job -g job /opt/job/data
  put 600 job /opt/job/.env "$env"
  put 644 root /etc/logrotate.d/job "$logrotate"
  before=$changed changed=
  put 644 root /etc/systemd/system/job.service "$unit"
  [[ -z $changed ]] || systemctl daemon-reload
  [[ -L /etc/systemd/system/multi-user.target.wants/job.service ]] || systemctl --quiet enable job.service
  if [[ -n $before$changed ]]; then systemctl restart job.service; fi
  for _ in {1..100}; do
    if { exec 3<>/dev/tcp/127.0.0.1/8000; } 2>/dev/null; then
      printf 'GET /health HTTP/1.0\r\n\r\n' >&3
      read -r answer <&3 && [[ $answer == *' 200 OK'* ]] && return
    fi
    sleep 0.05
  done
  echo "no answer from /health" >&2
  return 1
}

deploy() {
  local host=$1 ssh changed
  ssh="ssh -F ssh_config -S control-$host"
  $ssh -MNf "$host"
  # shellcheck disable=SC2064
  trap "$ssh -O exit $host 2>/dev/null" EXIT
  changed=$(rsync -a --delete --chown=root:root --chmod=D755,F644 --rsync-path='mkdir -p /opt/job && rsync' \
    --out-format=%n -e "$ssh" app/ "$host:/opt/job/current/")
  {
    declare -f remote
    printf '%s=%q\n' changed "${changed:+1}" unit "$unit" logrotate "$logrotate" env "$env"
    echo 'remote; exit'
  } | $ssh "$host" bash -s
}

# With the line end that $(…) drops.
read -rd '' unit <units/job.service || unit+=$'\n'
read -rd '' logrotate <job.logrotate || logrotate+=$'\n'
read -rd '' env <secrets/job.env || env+=$'\n'
pids=()
for host; do
  (( $# <= at_once )) || while (( $(jobs -rp | wc -l) >= at_once )); do wait -n || true; done
  deploy "$host" &
  pids+=("$!")
done
for pid in "${pids[@]}"; do wait "$pid"; done
