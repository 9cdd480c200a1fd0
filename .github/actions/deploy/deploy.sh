#!/usr/bin/env bash
# The steps of action.yml beside it: prepare, plan, deploy, report.
set -euo pipefail

# Into the summary of the job, with nothing in it read as Markdown.
show() {
  [ -s "$2" ] || return 0
  { printf '### %s\n\n<pre>\n' "$1"; tail -c 400000 "$2" | sed 's/&/\&amp;/g; s/</\&lt;/g'; printf '</pre>\n\n'; } >>"$GITHUB_STEP_SUMMARY"
}

# Whatever hosts say is no command for the runner, for the rest of the step.
harmless() { printf '::stop-commands::%s\n' "$(node -p 'crypto.randomUUID()')"; }

prepare() {
  umask 077
  local folder key=$KEY hosts=$KNOWN_HOSTS here=$GITHUB_ACTION_PATH
  # No program that is started learns of it.
  unset KEY
  folder=$(mktemp -d "$RUNNER_TEMP/fleet.XXXXXXXX")
  printf 'folder=%s\n' "$folder" >>"$GITHUB_OUTPUT"
  if [ -n "$key" ]; then printf '%s\n' "$key" >"$folder/key"; fi
  if [ -n "$hosts" ]; then
    printf '%s\n' "$hosts" >"$folder/known_hosts"
    printf 'UserKnownHostsFile "%s/known_hosts"\n' "$folder" >"$folder/ssh_config"
  fi
  if [ -z "$VERSION" ] && [ -x "$PROJECT/node_modules/.bin/fleet" ]; then
    ln -s "$(realpath "$PROJECT/node_modules/.bin/fleet")" "$folder/fleet"
    return
  fi
  local version=${VERSION:-$(node -p 'require(process.argv[1]).version' "$here/../../../package.json")}
  npm install --prefix "$folder/npm" --ignore-scripts --no-audit --no-fund "@fleet-deploy/fleet@$version"
  ln -s npm/node_modules/.bin/fleet "$folder/fleet"
}

# The words of a command, of which SELECT is some: split at blanks, and nothing else is made of them.
words() {
  local -a selected
  read -ra selected <<<"$SELECT"
  command=("$FOLDER/fleet" "$1" -C "$PROJECT" "${selected[@]}")
  if [ -f "$FOLDER/key" ]; then command+=(--identity "$FOLDER/key"); fi
  if [ -f "$FOLDER/ssh_config" ]; then export FLEET_SSH_CONFIG=$FOLDER/ssh_config; fi
}

plan() {
  local code=0
  words plan
  harmless
  "${command[@]}" --exit-code 2>&1 | tee "$FOLDER/plan" || code=$?
  show Plan "$FOLDER/plan"
  case $code in
    0) echo pending=false >>"$GITHUB_OUTPUT" ;;
    5) echo pending=true >>"$GITHUB_OUTPUT" ;;
    *) exit "$code" ;;
  esac
}

deploy() {
  words deploy
  harmless
  exec "${command[@]}" --yes > >(tee "$FOLDER/deploy") 2>&1
}

report() {
  # Nothing was prepared.
  [ -n "$FOLDER" ] || return 0
  show Deploy "$FOLDER/deploy"
  rm -rf "$FOLDER"
}

case ${1-} in
  prepare | plan | deploy | report) "$1" ;;
  *) exit 2 ;;
esac
