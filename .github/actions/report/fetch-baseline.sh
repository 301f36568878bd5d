#!/usr/bin/env bash
# Fetches the last report of the target branch; where there is none, says why and goes on.
#   ARTIFACT  name of the artifact;  BASELINE  the folder that it goes into
# Outputs: `folder` where there is one, else `missing`, the reason as a sentence.
set -euo pipefail

branch=${GITHUB_BASE_REF:-$GITHUB_REF_NAME} # of a push the branch itself, whose history the report then carries
workflow=${GITHUB_WORKFLOW_REF%%@*}
workflow=${workflow##*/}

go_on_without() {
  echo "::warning title=No baseline::$1 The report is built without it."
  echo "missing=$1" >>"$GITHUB_OUTPUT"
  exit 0
}

# One line a run that has ended, the newest first: number, conclusion, day.
runs=$(gh run list --repo "$GITHUB_REPOSITORY" --workflow "$workflow" --branch "$branch" --event push \
  --status completed --limit 30 --json databaseId,conclusion,createdAt \
  --jq '.[] | "\(.databaseId) \(.conclusion) \(.createdAt[:10])"') ||
  go_on_without "The builds of $branch could not be listed."
[ -n "$runs" ] || go_on_without "There is no build of $branch yet."

failed=0 expired="" without=""
while read -r run conclusion day; do
  if [ "$conclusion" != success ]; then
    failed=$((failed + 1))
    continue
  fi
  state=$(gh api "repos/$GITHUB_REPOSITORY/actions/runs/$run/artifacts?per_page=100" \
    --jq ".artifacts[] | select(.name == env.ARTIFACT) | .expired" | head -n 1) || state=""
  case $state in
    true) expired=${expired:-$day} ;;
    false)
      rm -rf "$BASELINE"
      if gh run download "$run" --repo "$GITHUB_REPOSITORY" --name "$ARTIFACT" --dir "$BASELINE" &&
        [ -f "$BASELINE/record/record.json" ]; then
        if [ "$failed" -gt 0 ]; then
          echo "::warning title=An older baseline::The newest $failed of $branch failed; the baseline is the report of $day."
        fi
        echo "The baseline is the report of $branch of $day (run $run)."
        echo "folder=$BASELINE" >>"$GITHUB_OUTPUT"
        exit 0
      fi
      without=${without:-$day}
      ;;
    *) without=${without:-$day} ;;
  esac
done <<<"$runs"

[ -z "$expired" ] || go_on_without "The report of $branch of $expired has expired."
[ -z "$without" ] || go_on_without "The build of $branch of $without left no report that can be read."
go_on_without "The builds of $branch failed."
