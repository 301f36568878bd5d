"""Logits and labels in, numbers with intervals out. numpy and scipy only."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reportgen.record.measurements import Measurements
    from reportgen.record.run import RunRecord


def measure(record: RunRecord, *, seed: int = 0) -> Measurements:
    """All measurements of a record, see `reportgen.metrics.measurement`; imported late: drawing needs none of it."""
    from reportgen.metrics.measurement import measure as measure_record

    return measure_record(record, seed=seed)
