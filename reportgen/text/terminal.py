"""Text as a terminal can show it: safe, aligned, with durations and rates in words."""

from __future__ import annotations

import re
from typing import TextIO

UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Characters that move the cursor, colour, reorder or otherwise command a terminal."""


def safe(text: str) -> str:
    """Outside text for a terminal: whatever could command it is shown as its code point."""
    return UNSAFE.sub(lambda match: f"\\u{{{ord(match.group()):x}}}", text.replace("\r\n", "\n"))


def put(stream: TextIO, line: str) -> None:
    """Write one line, in whatever characters the stream has."""
    encoding = stream.encoding or "utf-8"
    stream.write(safe(line).encode(encoding, "backslashreplace").decode(encoding) + "\n")
    stream.flush()


def counted(done: int, total: int | None, unit: str) -> str:
    """ "1,280 of 50,000 images"."""
    return f"{done:,}{f' of {total:,}' if total else ''} {unit}".rstrip()


def rate(done: int, elapsed: float, unit: str) -> str:
    """ "1,213 images/s"; empty before anything is known."""
    if not unit or not done or elapsed <= 0:
        return ""
    each = done / elapsed
    return f"{each:,.0f} {unit}/s" if each >= 10 else f"{each:.1f} {unit}/s"


def duration(seconds: float) -> str:
    """ "0.4 s", "12 s", "3 min 20 s", "2 h 5 min"."""
    whole = round(seconds)
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
