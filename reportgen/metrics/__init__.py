"""Logits and labels in, numbers with intervals out. numpy and scipy only."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reportgen.measurements import Measurements
    from reportgen.record import RunRecord

RESAMPLES = 1000


def measure(record: RunRecord, *, resamples: int = RESAMPLES, seed: int = 0) -> Measurements:
    """All measurements of a record, see `reportgen.metrics.measuring`; imported late: drawing needs none of it."""
    from reportgen.metrics.measuring import measure as measure_record

    return measure_record(record, resamples=resamples, seed=seed)
