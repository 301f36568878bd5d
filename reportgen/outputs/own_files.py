"""Reads the files of one's own that a spec names for the look of a report."""

from __future__ import annotations

from pathlib import Path

from reportgen.errors import SpecError
from reportgen.system.files import is_regular


def read_own(path: Path, what: str, key: str, most: int, advice: str) -> bytes:
    """The bytes of a file; `what` it is in words, `key` the spec's for it with the one that switches it off.

    Raises SpecError for a file that is missing or has more than `most` bytes, then with `advice`.
    """
    try:
        if not is_regular(path):
            raise FileNotFoundError(path)
        data = path.read_bytes()
    except (OSError, ValueError) as error:
        whole = ".".join(key.split(".")[:2])
        hint = (
            f"{key} is relative to the spec, or in render to the current folder. Give it with --set {key}=PATH, or "
            f"leave it out with --set {whole}=null."
        )
        raise SpecError(f"there is no {what} {path}", hint) from error
    if len(data) > most:
        raise SpecError(f"the {what} {path} has {len(data):,} bytes, and {most:,} are allowed", advice)
    return data
