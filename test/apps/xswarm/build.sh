#!/bin/sh
# Builds target/release/xswarm-voice and target/release/xswarm-dashboard, as `cargo build --release` does for xSwarm.
# Each is one executable file: a zip of its modules behind a #! line.
set -eu
cd "$(dirname "$0")"

# The compiler's own words are the build's words: file, line, and what is wrong there.
PYTHONPYCACHEPREFIX=$PWD/target/checked python3 -m py_compile src/*/*.py

mkdir -p target/release
for part in voice dashboard; do
  work=target/build/$part
  rm -rf "$work"
  mkdir -p "$work"
  cp -p src/shared/*.py "src/$part"/*.py VERSION "$work"
  python3 -m zipapp --python /usr/bin/python3 --output "target/release/xswarm-$part" "$work"
  # zipapp lets only the owner run it; the service is not the owner once the release is root's.
  chmod 0755 "target/release/xswarm-$part"
  echo "built target/release/xswarm-$part $(cat VERSION) as $(id -un)"
done
rm -rf target/build target/checked
