"""What somebody probably meant: the valid name nearest to one that is not."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

LISTED = 40
"""Names listed in one hint; beyond that only the nearest are."""


def nearest(name: str, choices: Iterable[str]) -> str:
    """A hint: the nearest of `choices`, if one is near, and all of them, as sentences."""
    names = list(choices)
    by_case = {choice.lower(): choice for choice in reversed(names)}
    near = [by_case[match] for match in difflib.get_close_matches(name.lower(), by_case, n=3, cutoff=0.6)]
    sentences = [f"Did you mean {near[0]}?"] if near else []
    if names and len(names) <= LISTED:
        sentences.append(f"There is: {', '.join(names)}." if len(names) > 1 else f"There is only {names[0]}.")
    elif near[1:]:
        sentences.append(f"Near it: {', '.join(near)}.")
    elif not near and names:
        sentences.append(f"There are {len(names)} names, and none is like it.")
    return " ".join(sentences)
