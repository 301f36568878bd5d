"""How numbers are written, everywhere. Locale-independent; a no-break space stands between number and unit."""

from __future__ import annotations

import math

from reportgen.text.i18n import _

NBSP = "\u00a0"
MINUS = "\u2212"
DASH = "—"
HUGE = 1e9
"""From here on nobody counts the digits of a number."""
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
EXACT_FROM = 10_000
"""From so many images on, a percentage of them has two digits: one image is 0.01 points."""


def percent_digits(n: int | None) -> int:
    """Digits after the point that a percentage of n things can carry."""
    return 2 if n is not None and n >= EXACT_FROM else 1


def known(value: float | None) -> bool:
    """False for None and for numbers that are not finite."""
    return value is not None and math.isfinite(value)


def signed(text: str) -> str:
    """The text with a typographic minus, and none at all before a zero."""
    if text.startswith("-") and not text.strip("-0.,"):
        text = text[1:]
    return text.replace("-", MINUS)


def fixed(value: float | None, digits: int) -> str:
    """A number with so many digits after the point and its thousands separated; from 10⁹ on as "3.71 × 10⁹"."""
    if value is None or not known(value):
        return DASH
    return signed(f"{value:,.{digits}f}") if abs(value) < HUGE else power_of_ten(value)


def power_of_ten(value: float) -> str:
    """Three significant digits and a power of ten: "3.71 × 10⁹", as a loss that diverges needs it."""
    mantissa, _, exponent = f"{value:.2e}".partition("e")
    return f"{signed(mantissa)}{NBSP}×{NBSP}10{str(int(exponent)).translate(RAISED)}"


def exponential(value: float | None, digits: int) -> str:
    """So many significant digits and an exponent, where a table has no room for a power of ten: "1.2e−5"."""
    return short_exponent(f"{value:.{digits - 1}e}") if value is not None and known(value) else DASH


def general(value: float | None, digits: int = 6) -> str:
    """At most so many significant digits without zeros at the end, in exponent form far from 1: "0.25", "1e−5"."""
    return short_exponent(f"{value:.{digits}g}") if value is not None and known(value) else DASH


def short_exponent(text: str) -> str:
    """A number as Python spells it, with a typographic minus and no more of its exponent than there is."""
    mantissa, letter, exponent = text.partition("e")
    return signed(mantissa) + (f"{letter}{signed(str(int(exponent)))}" if letter else "")


def unbroken(text: str) -> str:
    """The text in one piece: no line ends at its spaces."""
    return text.replace(" ", NBSP)


def whole_percent(share: float) -> str:
    """A proportion that was chosen and not measured: "80 %"."""
    return in_percent(fixed(100 * share, 0))


def percent(share: float | None, n: int | None = None) -> str:
    """A proportion as "91.73 %"; two digits only when n ≥ 10,000."""
    if share is None or not known(share):
        return DASH
    return in_percent(fixed(100 * share, percent_digits(n)))


def in_percent(number: str) -> str:
    """A number, already written, with the sign of per cent: "91.73 %"."""
    return _("{number}\u00a0%", number=number)


def interval(low: float | None, high: float | None, digits: int, scale: float = 1.0) -> str:
    """Two ends as "91.2–92.3", or with "to" where one is negative: "−0.2 to +0.8" is not mistaken for a difference."""
    if low is None or high is None or not (known(low) and known(high)):
        return ""
    ends = fixed(scale * low, digits), fixed(scale * high, digits)
    if low < 0:
        plus = "+" if high > 0 and ends[1].strip("0.") else ""
        return _("{low} to {high}", low=ends[0], high=f"{plus}{ends[1]}")
    return "–".join(ends)


def percent_interval(low: float | None, high: float | None, n: int | None = None) -> str:
    """The interval of a proportion in per cent, without the unit: "91.2–92.3"; never more digits than the value."""
    digits = 1 if n is None or n >= 400 else 0
    return interval(low, high, digits, 100.0)


def points(difference: float | None, digits: int = 1) -> str:
    """A difference of proportions in percentage points, with its sign: "+0.3 points"."""
    if difference is None or not known(difference):
        return DASH
    return _("{number}\u00a0points", number=signed_points(difference, digits))


def points_apart(difference: float | None, digits: int = 1) -> str:
    """A distance in percentage points, which has no plus: "0.3 points"."""
    if difference is None or not known(difference):
        return DASH
    return _("{number}\u00a0points", number=fixed(100 * difference, digits))


def signed_points(difference: float, digits: int = 1) -> str:
    """A difference of proportions in percentage points with its sign and without the unit: "+0.3"."""
    text = fixed(100 * difference, digits)
    plus = "+" if difference > 0 and text.strip("0.") else ""
    return f"{plus}{text}"


def points_interval(low: float | None, high: float | None, digits: int = 1) -> str:
    """The interval of a difference in percentage points: "−0.2 to +0.8"."""
    if low is None or high is None or not (known(low) and known(high)):
        return ""
    return _("{low} to {high}", low=signed_points(low, digits), high=signed_points(high, digits))


def apart_interval(low: float | None, high: float | None, digits: int = 1) -> str:
    """The interval of a distance in percentage points beside words such as "rose by" or "fell by", which say its
    sign: "0.1–2.6" of both +0.1 to +2.6 and −2.6 to −0.1; with signs where it holds zero."""
    if low is None or high is None or low < 0 < high:
        return points_interval(low, high, digits)
    ends = abs(low), abs(high)
    return interval(min(ends), max(ends), digits, 100.0)


def count(value: float | None) -> str:
    """A whole number with its thousands separated: "12,345"."""
    return signed(f"{value:,.0f}") if value is not None and known(value) else DASH


def compact(value: float | None, unit: str = "") -> str:
    """Three significant digits with k, M or G: "40.8 M", "556 M", "17.6 G"; small numbers exactly."""
    if value is None or not known(value):
        return DASH
    tail = f"{NBSP}{unit}" if unit else ""
    for size, letter in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size * 0.9995:
            return (
                f"{significant(value / size, 3)}{NBSP}{letter}{unit}"
                if unit
                else (f"{significant(value / size, 3)}{NBSP}{letter}")
            )
    return count(value) + tail


def significant(value: float | None, digits: int) -> str:
    """A number with so many significant digits, in exponent form only where it is huge."""
    if value is None or not known(value):
        return DASH
    if value == 0:
        return "0"
    places = digits - 1 - math.floor(math.log10(abs(value)))
    if round(abs(value), places) >= 10 ** (digits - places):
        places -= 1
    return fixed(round(value, places), max(0, places))


def brief(value: float | None, digits: int = 2) -> str:
    """At most so many significant digits, without zeros at the end behind the point: "8", "1.4", "0.25"."""
    text = significant(value, digits)
    return text.rstrip("0").rstrip(".") if "." in text else text


def bytes_text(value: float | None) -> str:
    """Bytes in binary units: "13.9 MiB"."""
    if value is None or not known(value):
        return DASH
    for size, unit in ((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB")):
        if abs(value) >= size * 0.9995:
            return f"{significant(value / size, 3)}{NBSP}{unit}"
    return f"{count(value)}{NBSP}B"


def seconds_text(value: float | None) -> str:
    """A duration as people say it: "2.10 ms", "41 s", "3 min 20 s", "2 h 5 min"."""
    if value is None or not known(value):
        return DASH
    if value >= 3599.5:
        hours, minutes = divmod(round(value / 60), 60)
        return _("{hours}\u00a0h {minutes}\u00a0min", hours=f"{hours:,}", minutes=minutes)
    if value >= 59.5:
        minutes, seconds = divmod(round(value), 60)
        return _("{minutes}\u00a0min {seconds}\u00a0s", minutes=minutes, seconds=seconds)
    if value >= 0.9995:
        return f"{significant(value, 2 if value < 9.95 else len(str(round(value))))}{NBSP}s"
    if value >= 0.9995e-3:
        return f"{significant(value * 1e3, 3)}{NBSP}ms"
    return f"{significant(value * 1e6, 3)}{NBSP}µs"


def seconds_interval(low: float | None, high: float | None, value: float) -> str:
    """The interval of a duration in the unit of `value` and without it: "2.05–2.18" beside "2.10 ms".

    From a minute on both ends are written out.
    """
    if low is None or high is None or not (known(low) and known(high)):
        return ""
    if value >= 59.5:
        return f"{seconds_text(low)}–{seconds_text(high)}"
    scale = 1.0 if value >= 0.9995 else 1e3 if value >= 0.9995e-3 else 1e6
    shown = 1 if scale == 1.0 else 2
    digits = max(0, shown - math.floor(math.log10(scale * value))) if value > 0 else 0
    return interval(low, high, digits, scale)


def speed_interval(low: float | None, high: float | None, value: float) -> str:
    """The interval of images per second, with as many digits as `value`."""
    if value >= 100:
        return interval(low, high, 0)
    return interval(low, high, max(0, 1 - math.floor(math.log10(value))) if value > 0 else 0)


def speed(value: float | None) -> str:
    """Images per second: whole from a hundred on, two significant digits below."""
    text = count(value) if value is None or value >= 100 else significant(value, 2)
    return text if text == DASH else _("{number}\u00a0images/s", number=text)


def interval_digits(low: float | None, high: float | None, most: int = 4) -> int:
    """Digits after the point that an interval justifies: its width shows in the last two of them."""
    if low is None or high is None or not (known(low) and known(high)) or high <= low:
        return 3
    return min(most, max(0, 1 - math.floor(math.log10(high - low))))


def score(value: float | None, low: float | None = None, high: float | None = None) -> str:
    """A number without a unit, with as many digits as its interval justifies."""
    return fixed(value, interval_digits(low, high))


def score_interval(low: float | None, high: float | None) -> str:
    """The interval of such a number."""
    return interval(low, high, interval_digits(low, high))


def p_value(value: float | None) -> str:
    """A p-value: "p = 0.031", "p < 0.001"."""
    number = p_number(value)
    if number == DASH:
        return DASH
    return f"p{NBSP}{number}" if number.startswith("<") else f"p{NBSP}={NBSP}{number}"


def p_number(value: float | None) -> str:
    """A p-value without its letter, for a column of them: "0.031", "< 0.001"."""
    if value is None or not known(value):
        return DASH
    return f"<{NBSP}0.001" if value < 0.001 else fixed(value, 3 if value < 0.1 else 2)


def plus(text: str) -> str:
    """The text of a number with the sign that a change carries: "+0.012", "−3", and none before a zero."""
    return text if text.startswith(MINUS) or not text.strip("0.,") or text == DASH else f"+{text}"


def change(value: float | None, low: float | None = None, high: float | None = None) -> str:
    """A difference without a unit, signed, with as many digits as its interval justifies: "+0.012"."""
    return plus(score(value, low, high))


def change_interval(low: float | None, high: float | None) -> str:
    """The interval of such a difference: "−0.004 to +0.028"."""
    if low is None or high is None or not (known(low) and known(high)):
        return ""
    digits = interval_digits(low, high)
    return _("{low} to {high}", low=plus(fixed(low, digits)), high=plus(fixed(high, digits)))


def ratio(value: float | None) -> str:
    """One number in multiples of another: "×1.10"; "—" where there is none."""
    return f"×{significant(value, 3)}" if value is not None and known(value) else DASH


def ratio_interval(low: float | None, high: float | None, value: float) -> str:
    """The interval of a multiple, with as many digits as `value`: "0.98–1.02" beside "×1.00"."""
    return interval(low, high, max(0, 2 - math.floor(math.log10(value))) if value > 0 else 2)
