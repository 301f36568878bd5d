"""SOURCE_DATE_EPOCH: the time that builds state instead of their own, so that they can be made again to the byte."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime

from reportgen.errors import SpecError

NAME = "SOURCE_DATE_EPOCH"
LAST = 253402300799
"""The last second of the year 9999."""


def check_epoch() -> None:
    """Raise SpecError when it is set to something that is no time."""
    text = os.environ.get(NAME, "")
    if text and not (text.isascii() and text.isdigit() and len(text) < 20 and int(text) <= LAST):
        hint = f"Set it to whole seconds since 1970, such as {NAME}=$(git log -1 --format=%ct), or unset it."
        raise SpecError(f"{NAME} is {text[:40]!r}, which is not a number of seconds", hint)


def now() -> datetime:
    """The time of a build in UTC, to the second. Raises SpecError as `check_epoch` does."""
    check_epoch()
    text = os.environ.get(NAME, "")
    return datetime.fromtimestamp(int(text) if text else int(time.time()), UTC)
