"""How long a forward pass takes on an imagined machine, by which counts of images and repeats are chosen.

What is measured has to be the same on a busy machine and on a quick one, so that no clock may choose how many images a
number is taken from. Counts therefore follow from the spec and from the model's own arithmetic, as if it ran on this
machine; the real clock decides only which parts are left out whole.
"""

from __future__ import annotations

from reportgen.record.trace import ModelTrace

RATE = 6e10
"""Multiply–accumulates per second, about those of two cores of a present processor."""
OVERHEAD = 1e-4
"""Seconds that an image takes beside its arithmetic."""


def nominal_seconds(trace: ModelTrace) -> float:
    """Of one forward pass of one image."""
    return OVERHEAD + (trace.macs or 0) / RATE


def halved(most: int, least: int, affordable: float) -> int:
    """`most`, or its half, its quarter …, the first that is affordable; 0 where that is fewer than `least`."""
    number = most
    while number > affordable and number >= least:
        number //= 2
    return number if number >= least else 0


def repeats(seconds: float, each: float, least: int, most: int) -> int:
    """How many passes of `each` seconds fit, between the two bounds."""
    return max(least, min(most, int(seconds / max(each, 1e-9))))
