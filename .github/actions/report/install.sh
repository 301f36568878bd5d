#!/usr/bin/env bash
# Installs reportgen, and what a PDF needs where it is missing.
#   PACKAGE  what pip installs; empty: the checkout that this file lies in
set -euo pipefail

if command -v apt-get >/dev/null && ! ldconfig -p | grep -q libpangoft2-1.0.so.0; then
  as_root=(); [ "$(id -u)" = 0 ] || as_root=(sudo)
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" apt-get install -y -qq --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0
fi
python -m pip install --quiet --disable-pip-version-check "${PACKAGE:-$(cd "$(dirname "$0")/../../.." && pwd)}"
