"""What a figure shows as a table: the numbers it is drawn from, not rounded as in the drawing."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from reportgen.text.spreadsheet import text_cell

DIGITS = 10
"""Significant digits of a number that is not whole: more than single precision holds."""
ENDS = ("95 % interval low", "95 % interval high")
"""Heads of the two ends of an interval; a unit follows in brackets."""


def write_csv(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Rows as CSV (RFC 4180 with line feeds), heads first; what is not known is an empty cell.

    Heads say the unit in brackets, such as "recall (%)"; they are the same in every language, for programs to find.
    Raises ValueError for a row of another length.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(heads)
    for row in rows:
        if len(row) != len(heads):
            raise ValueError(f"a row of {len(row)} cells under {len(heads)} heads")
        writer.writerow([write_cell(value) for value in row])
    return buffer.getvalue()


def write_cell(value: Any) -> str:
    """A text on one line that no spreadsheet computes; a number without rounding that could be seen; nothing for what
    is not known."""
    if isinstance(value, str):
        return text_cell(value)
    if value is None or not math.isfinite(value):
        return ""
    return str(int(value)) if isinstance(value, int | np.integer) else f"{float(value):.{DIGITS}g}"


def heads_of(value: str, unit: str) -> tuple[str, str, str]:
    """The heads of a number with its interval."""
    low, high = (f"{value} {end} ({unit})" for end in ENDS)
    return f"{value} ({unit})", low, high


def percent_cells(metric: Any) -> tuple[float | None, ...]:
    """A proportion with its interval, a MetricValue, in per cent."""
    return tuple(None if one is None else 100 * one for one in (metric.value, metric.low, metric.high))
