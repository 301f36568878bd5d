"""How a number of a unit is written: the value, its interval, a change of it, and its distance from a bound.

One format a unit, on top of `numerals`. What is unknown is "—", and an interval that is not there is empty.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from reportgen.text import numerals
from reportgen.text.i18n import _

Unit = Literal[
    "share",
    "nats",
    "score",
    "count",
    "macs",
    "bytes",
    "seconds",
    "images/s",
    "pixels",
    "ratio",
    "FLOP/s",
    "bytes/s",
    "joules",
]
Form = Literal["plain", "difference", "deviation", "mean", "done"]
"""How a number is written where its unit does not say it all: a share that is a difference or a deviation of shares is
in points; of a mean over seeds n says nothing about digits; what is done is "7 of 13"."""
SECOND_DIGIT = 100
"""Of so many things one is a point: of fewer, a distance has no second digit after the point."""
LEAST_POINTS = 0.001
"""Below a tenth of a point the second digit is all there is."""
WITHOUT_UNIT = ("score", "nats", "ratio")


def format_value(unit: Unit, value: float | None, low: float | None, high: float | None, n: int | None) -> str:
    """A value with its unit: "91.73 %", "0.412", "2.10 ms"; `low`, `high` and `n` say how many digits it can carry."""
    if value is None:
        return numerals.DASH
    if unit == "share":
        return numerals.percent(value, n)
    if unit in ("score", "nats"):
        return numerals.score(value, low, high)
    writers: dict[str, Callable[[float | None], str]] = {
        "count": numerals.count,
        "macs": numerals.compact,
        "bytes": numerals.bytes_text,
        "seconds": numerals.seconds_text,
        "images/s": numerals.speed,
        "pixels": numerals.count,
        "ratio": numerals.ratio,
        "FLOP/s": lambda rate: numerals.compact(rate, "FLOP/s"),
        "bytes/s": lambda rate: numerals.compact(rate, "B/s"),
        "joules": lambda energy: _("{number} J", number=numerals.significant(energy, 2)),
    }
    return writers[unit](value)


def format_interval(unit: Unit, value: float | None, low: float | None, high: float | None, n: int | None) -> str:
    """The interval of a value, without the unit: "91.2–92.3"; empty where there is none or the unit has no form for
    one."""
    if unit == "share":
        return numerals.percent_interval(low, high, n)
    if unit in ("score", "nats"):
        return numerals.score_interval(low, high)
    if unit == "seconds" and value is not None:
        return numerals.seconds_interval(low, high, value)
    if unit == "images/s" and value is not None:
        return numerals.speed_interval(low, high, value)
    if unit == "ratio" and value is not None:
        return numerals.ratio_interval(low, high, value)
    return ""


def format_change(unit: Unit, value: float | None, low: float | None, high: float | None, n: int | None) -> str:
    """A signed amount: "+0.3 points", "−0.012", "+1.20 ms", "0"."""
    if unit == "share":
        return numerals.points(value, numerals.percent_digits(n))
    if unit in WITHOUT_UNIT:
        return numerals.change(value, low, high)
    if value is None:
        return numerals.DASH
    if value == 0:
        return "0"
    return f"{numerals.MINUS if value < 0 else '+'}{format_value(unit, abs(value), None, None, None)}"


def format_change_interval(unit: Unit, low: float | None, high: float | None, n: int | None) -> str:
    """The interval of a change, without the unit: "−0.2 to +0.8"."""
    if unit == "share":
        return numerals.points_interval(low, high, numerals.percent_digits(n))
    if unit == "seconds" and low is not None and high is not None:
        lower, upper = (format_change(unit, end, None, None, None) for end in (low, high))
        return _("{low} to {high}", low=lower, high=upper)
    return numerals.change_interval(low, high)


def format_distance(unit: Unit, away: float, n: int | None = None) -> str:
    """How far two numbers are apart: "0.42 points", "0.013", "1.2 MiB"; `away` is not negative.

    Shares of `n` things have as many digits as they carry, and a second one where the first is 0.
    """
    if unit == "share":
        few = n is not None and n < SECOND_DIGIT and away >= LEAST_POINTS
        return numerals.points_apart(away, 1 if few else 2)
    if unit in WITHOUT_UNIT:
        return numerals.significant(away, 2)
    return format_value(unit, away, None, None, None)


def format_form(
    form: Form, unit: Unit, value: float | None, low: float | None, high: float | None, n: int | None
) -> tuple[str, str]:
    """A value and its interval in the form that its definition asks for."""
    if form == "difference":
        return numerals.points(value), numerals.points_interval(low, high)
    if form == "deviation":
        return numerals.points(value).removeprefix("+"), numerals.interval(low, high, 1, 100.0)
    if form == "mean":
        return numerals.percent(value), numerals.percent_interval(low, high)
    if form == "done" and value is not None and n is not None:
        return _("{done} of {all}", done=round(value * n), all=n), ""
    return format_value(unit, value, low, high, n), format_interval(unit, value, low, high, n)
