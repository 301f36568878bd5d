"""What an error says, as a report can show it: one short line without paths of the machine."""

from __future__ import annotations

import re

LONGEST = 200
"""Characters of it."""
PATH = re.compile(r"(?<![\w./\\])(?:[A-Za-z]:)?[\\/](?:[^\\/\s'\":,;()]+[\\/])+([^\\/\s'\":,;()]*)")


def words_of(error: BaseException) -> str:
    """What an error says; nothing where saying it raises, as an exception class of anybody's may."""
    try:
        return str(error)
    except Exception:
        return ""


def describe_error(error: BaseException) -> str:
    """The kind of an error and the first line of what it says."""
    line = next((line.strip() for line in words_of(error).splitlines() if line.strip()), "")
    text = f"{type(error).__name__}: {line}" if line else type(error).__name__
    return without_paths(text)[:LONGEST].rstrip(".: ")


def without_paths(text: str) -> str:
    """A text with the last part alone of every absolute path in it: the rest says something of the machine."""
    return PATH.sub(lambda match: match[1] or "…", text)
