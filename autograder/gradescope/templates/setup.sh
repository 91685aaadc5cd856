#!/usr/bin/env bash
# Gradescope runs this once, as root, when it builds the image.
set -euo pipefail
root="${AUTOGRADER_ROOT:-/autograder}"
chmod -R go= "$root/source"

export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
for version in 3.12 3.11 3.13; do
  if apt-get install -y -qq "python$version" "python$version-venv" util-linux; then
    "python$version" -m venv "$root/venv"
    "$root/venv/bin/python" -m pip install --quiet --no-cache-dir \
      --requirement "$root/source/requirements.txt" --constraint "$root/source/constraints.txt"
    (cd "$root/source" && "$root/venv/bin/python" -m compileall -q autograder dlcourse)
    exit 0
  fi
done
echo "no Python 3.11 or newer: choose Ubuntu 24.04 as the base image" >&2
exit 1
