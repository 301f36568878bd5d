#!/usr/bin/env bash
# Builds the report.
#   SPEC, OUT, FORMATS;  BASELINE  a folder to compare with;  MISSING  else why there is none, a sentence
#   CODE  where the baseline's code lies, where it is not that of the spec
set -euo pipefail

options=()
if [ -n "${BASELINE:-}" ]; then
  options+=(--set "baseline.record=$BASELINE") # what else the spec says of its baseline stays
  if [ -n "${CODE:-}" ]; then
    options+=(--set "baseline.code=$CODE")
  fi
elif [ -n "${MISSING:-}" ]; then
  options+=(--set baseline.record=null --set "baseline.missing='${MISSING//\'/\'\'}'")
fi
exec reportgen build "$SPEC" -o "$OUT" --format "$FORMATS" ${options[@]+"${options[@]}"}
