#!/usr/bin/env bash
# Builds the report.
#   SPEC, OUT, FORMATS;  BASELINE  a folder to compare with;  MISSING  else why there is none, a sentence
set -euo pipefail

options=()
if [ -n "${BASELINE:-}" ]; then
  options+=(--set "baseline=$BASELINE")
elif [ -n "${MISSING:-}" ]; then
  options+=(--set "baseline={missing: '${MISSING//\'/\'\'}'}")
fi
exec reportgen build "$SPEC" -o "$OUT" --format "$FORMATS" ${options[@]+"${options[@]}"}
