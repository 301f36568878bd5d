"""How fast a source has to be, and how fast it is."""

from __future__ import annotations

import os
import re
import time
from collections import deque

from reportgen.errors import SpecError
from reportgen.record.message import N_, Message

WINDOW = 20.0
"""Seconds over which a source's speed is averaged, and for which it may send nothing at all."""
LEAST_SPEED = 200_000
"""Bytes a second; $REPORTGEN_MIN_SPEED says otherwise."""
SPEED = re.compile(r"(\d{1,15}(?:\.\d{1,9})?)\s*([kKMG]?)(i?)B?(?:/s|ps)?", re.ASCII)


def least_speed() -> float:
    """Bytes a second below which a source is given up. Raises SpecError where the environment names no speed."""
    given = os.environ.get("REPORTGEN_MIN_SPEED", "").strip()
    if not given:
        return LEAST_SPEED
    found = SPEED.fullmatch(given)
    if found is None:
        raise SpecError(
            f"REPORTGEN_MIN_SPEED is {given[:40]!r}, which is not a speed",
            "Give bytes a second, such as 200kB, 1.5MB or 50000; 0 accepts any speed.",
        )
    number, prefix, binary = found.groups()
    thousand = 1024 if binary else 1000
    return float(number) * float(thousand ** ("", "k", "M", "G").index(prefix.replace("K", "k")))


class Meter:
    """The speed of the last seconds."""

    def __init__(self) -> None:
        self.marks = deque([(time.monotonic(), 0)])
        self.total = 0

    def add(self, size: int) -> float | None:
        """Count bytes; their average over the last seconds, None before as many have passed."""
        now = time.monotonic()
        self.total += size
        self.marks.append((now, self.total))
        while len(self.marks) > 1 and now - self.marks[1][0] >= WINDOW:
            self.marks.popleft()
        since, before = self.marks[0]
        return (self.total - before) / (now - since) if now - since >= WINDOW else None


def too_slow(speed: float, least: float) -> Message:
    """Why a source of this speed, in bytes a second, is given up."""
    return N_(
        "it gave {speed} kB/s over {seconds} s, and the least is {least} kB/s",
        speed=round(speed / 1000),
        seconds=WINDOW,
        least=least / 1000,
    )
