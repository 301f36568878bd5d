"""metrics.txt: the numbers as GitLab's metrics reports read them, to compare a merge request with its target."""

from __future__ import annotations

import math
from collections.abc import Callable

from reportgen.plugins import Output, OutputFile
from reportgen.record.metric_value import MetricValue
from reportgen.report.model import Report


def render(report: Report, warn: Callable[[str], None]) -> tuple[OutputFile, ...]:
    """One line a number in the OpenMetrics text format, value and ends of its interval; unknown ones are left out."""
    del warn
    lines = [line for value in report.metrics for line in lines_of(value)]
    return (OutputFile("metrics.txt", "\n".join([*lines, "# EOF", ""]).encode("ascii")),)


def lines_of(value: MetricValue) -> list[str]:
    """The lines of one number."""
    name = "".join(character if character.isascii() and character.isalnum() else "_" for character in value.name)
    ends = ((name, value.value), (f"{name}_low", value.low), (f"{name}_high", value.high))
    return [f"{key} {number:.10g}" for key, number in ends if number is not None and math.isfinite(number)]


def check() -> None:
    """Text can always be written."""


OUTPUT = Output(
    "gitlab", "the numbers for GitLab's metrics reports", ("metrics.txt",), check, render, shows_figures=False
)
