"""How a day is written: 2026-11-30, or as the language has it."""

from __future__ import annotations

import re

from reportgen.text.i18n import _

DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?!\d)")


def format_day(stamp: str) -> str:
    """The day of a time in ISO 8601; of a text that is none, its first ten characters."""
    found = DAY.match(stamp)
    if found is None:
        return stamp[:10]
    year, month, day = map(int, found.groups())
    return _("{year:04}-{month:02}-{day:02}", year=year, month=month, day=day)


def format_minute(stamp: str) -> str:
    """A time in ISO 8601, UTC, to the minute."""
    return _("{day} {time} UTC", day=format_day(stamp), time=stamp[11:16]) if "T" in stamp else stamp
