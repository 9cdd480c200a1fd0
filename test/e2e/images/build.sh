#!/bin/bash
# Builds one test image from Debian packages: build.sh RECIPE SUITE IMAGE:TAG
# The mirrors are those of this machine's own apt; FLEET_TEST_MIRROR names one where there is no apt.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
recipe=$1 suite=$2 image=$3
tar=$(mktemp --suffix=.tar)
trap 'rm -f "$tar"' EXIT

options=()
if command -v apt-get >/dev/null; then
  # Site settings (proxy, mirror with a frozen date) hold inside the build too.
  while IFS= read -r setting; do options+=("--aptopt=$setting"); done < <(
    apt-config dump | grep -E '^Acquire::(https?::|Check-Valid-Until|Check-Date|Retries)' || true
  )
fi
# Suite and address of every package list that apt knows, e.g. "stable-security <address>".
# shellcheck disable=SC2016
lists=$(apt-get indextargets --format '$(RELEASE) $(REPO_URI)' 'Created-By: Packages' 2>/dev/null | sort -u || true)
codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
main=$(awk -v want="$codename" '$1 == want { print $2; exit }' <<<"$lists")
security=$(awk '$1 ~ /-security$/ { print $2; exit }' <<<"$lists")
main=${FLEET_TEST_MIRROR:-$main}
[ -n "$main" ] || { echo 'images: no Debian mirror in the apt settings; set FLEET_TEST_MIRROR' >&2; exit 1; }

sources=("deb $main $suite main")
[ -z "$security" ] || sources+=("deb $security $suite-security main")

include=$(paste -sd, "$here/$recipe/packages")
setup="sh '$here/$recipe/setup.sh' \"\$1\""
case $recipe in
  # Only unpacked: no package manager, no shell but busybox.
  busybox) options+=(--variant=extract "--extract-hook=$setup") ;;
  *)
    options+=(--variant=minbase "--customize-hook=$setup")
    for folder in doc man locale info; do options+=("--dpkgopt=path-exclude=/usr/share/$folder/*"); done
    ;;
esac

mmdebstrap --quiet "${options[@]}" --include="$include" "$suite" "$tar" "${sources[@]}"
docker import --change 'LABEL fleet-test-image=1' "$tar" "$image" >/dev/null
