"""benchmark*.json: the numbers for what draws their history and raises an alarm when one gets worse.

`benchmark.json` is Bencher's metric format (https://bencher.dev/docs/reference/bencher-metric-format/), with intervals.
The two others are lists of github-action-benchmark (https://github.com/benchmark-action/github-action-benchmark), which
wants what should grow (`tool: customBiggerIsBetter`) and what should shrink (`customSmallerIsBetter`) in files of
their own.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

from reportgen.outputs.markdown import one_line
from reportgen.plugins import Output, OutputFile
from reportgen.record.metric_value import MetricValue
from reportgen.report.model import Report
from reportgen.text.i18n import language, with_label

BENCHER, BIGGER, SMALLER = "benchmark.json", "benchmark-bigger.json", "benchmark-smaller.json"
LONGEST_BENCHMARK, LONGEST_MEASURE = 1024, 64
"""Characters that Bencher takes."""
IGNORED = "-bencher-ignore"
"""At the end of a name Bencher reads it as a wish that no alarm be raised."""
UNITS = {"share": "proportion", "score": "score", "nats": "nats", "count": "count", "macs": "MACs", "seconds": "s"}
"""Where a unit has another name than its own."""


def check() -> None:
    """Text can always be written."""


def render(report: Report, warn: Callable[[str], None]) -> tuple[OutputFile, ...]:
    """The three files; numbers that are not known, and of which neither way is better, are in none of them."""
    del warn
    with language(report.language):
        values = [value for value in report.metrics if is_tracked(value)]
        return (
            spell(BENCHER, {name_benchmark(report.title): {value.name: bencher_metric(value) for value in values}}),
            spell(BIGGER, [action_entry(value) for value in values if value.higher_is_better]),
            spell(SMALLER, [action_entry(value) for value in values if not value.higher_is_better]),
        )


def is_tracked(value: MetricValue) -> bool:
    """Whether a number is known, and can get better or worse."""
    known = value.value is not None and math.isfinite(value.value)
    return known and value.higher_is_better is not None and len(value.name) <= LONGEST_MEASURE


def name_benchmark(title: str) -> str:
    """The report's title as Bencher takes a name."""
    name = one_line(title)[:LONGEST_BENCHMARK]
    while name.endswith(IGNORED):
        name = name.removesuffix(IGNORED)
    return name or "report"


def has_interval(value: MetricValue) -> bool:
    """Whether both ends of an interval are known."""
    return value.low is not None and value.high is not None and math.isfinite(value.low) and math.isfinite(value.high)


def bencher_metric(value: MetricValue) -> dict[str, float | None]:
    """A number with its interval."""
    told = {"value": value.value}
    return told | {"lower_value": value.low, "upper_value": value.high} if has_interval(value) else told


def action_entry(value: MetricValue) -> dict[str, Any]:
    """A number of github-action-benchmark; `range` and `extra` are shown beside it."""
    told = {"name": value.name, "unit": UNITS.get(value.unit, value.unit), "value": value.value}
    if has_interval(value):
        told["range"] = f"{value.low:.6g}–{value.high:.6g}"
    return told | {"extra": with_label(value.label, value.display_full)}


def spell(name: str, document: object) -> OutputFile:
    """One file."""
    return OutputFile(name, (json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False) + "\n").encode())


OUTPUT = Output(
    "benchmark",
    "numbers for Bencher and github-action-benchmark",
    (BENCHER, BIGGER, SMALLER),
    check,
    render,
    shows_figures=False,
)
