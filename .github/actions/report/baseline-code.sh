#!/usr/bin/env bash
# Checks out the code that the baseline was built from, beside this checkout, where the code differs: then the build
# makes the baseline's model of it and times both in turn. Where it can't, says why and goes on without.
#   BASELINE  the folder with its report;  SPEC  the spec;  CODE  the folder that the code goes into
# Outputs: `folder`, where the paths of the baseline's spec begin; nothing where the code is the same.
set -euo pipefail

go_on_without() {
  echo "::notice title=Baseline not timed::$1 A model whose code has changed is not timed in turn with the baseline’s."
  exit 0
}

top=$(git -C "$(dirname "$SPEC")" rev-parse --show-toplevel 2>/dev/null) ||
  go_on_without "The spec is in no checkout that git reads."
inside=$(git -C "$(dirname "$SPEC")" rev-parse --show-prefix) # empty, or with a slash at its end
commit=$(python -c 'import json, sys; print(json.load(open(sys.argv[1], encoding="utf-8"))["provenance"]["commit"])' \
  "$BASELINE/record/record.json" 2>/dev/null) || commit=""
[[ $commit =~ ^[0-9a-f]{40,64}$ ]] || go_on_without "The baseline’s record names no commit."
cd "$top"
git cat-file -e "$commit^{commit}" 2>/dev/null || git fetch --quiet --depth=1 --no-tags origin "$commit" 2>/dev/null ||
  go_on_without "The baseline’s commit ${commit:0:12} could not be fetched."
if git diff --quiet "$commit" -- '*.py'; then
  echo "The code is that of the baseline's commit ${commit:0:12}."
  exit 0
fi
git worktree remove --force "$CODE" 2>/dev/null || rm -rf "$CODE"
git worktree prune
GIT_LFS_SKIP_SMUDGE=1 git worktree add --quiet --force --detach "$CODE" "$commit" ||
  go_on_without "The baseline’s commit ${commit:0:12} could not be checked out."
[ -d "$CODE/${inside%/}" ] || go_on_without "The baseline’s commit ${commit:0:12} has no folder ${inside%/}."
echo "The baseline's model is made of its commit ${commit:0:12}."
echo "folder=$CODE${inside:+/${inside%/}}" >>"$GITHUB_OUTPUT"
