"""Pairs of records made to show one thing."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from reportgen.comparison import compare_with
from reportgen.comparisons import Comparison, Refusal
from reportgen.metrics import measure
from reportgen.record import RunRecord
from tests.records import logits_and_labels
from tests.sections.cases import change

DIGEST = "d" * 64


def compared(candidate: RunRecord, baseline: RunRecord, **options: float) -> Comparison:
    """The comparison of two records that can be compared."""
    found = compare_with(candidate, baseline, DIGEST, **options).comparison  # type: ignore[arg-type]
    assert isinstance(found, Comparison), found
    return found


def refused(candidate: RunRecord, baseline: RunRecord) -> Refusal:
    """The refusal of two records that can't be."""
    found = compare_with(candidate, baseline, DIGEST).comparison
    assert isinstance(found, Refusal), found
    return found


def with_logits(record: RunRecord, logits: np.ndarray) -> RunRecord:
    """The record of a model with other outputs on the same images."""
    other = change(record, arrays={"eval.logits": logits.astype(np.float32)})
    return other.model_copy(update={"measured": measure(other)})


def improved(record: RunRecord, images: int, to: int = 1) -> RunRecord:
    """The record of a model that is right on the first `images` of those the record gets wrong, and no other change."""
    logits, labels = record.arrays["eval.logits"].copy(), record.arrays["eval.labels"]
    rows = np.flatnonzero(logits.argmax(1) != labels)[:images]
    logits[rows, labels[rows]] = logits[rows].max(1) + to
    return with_logits(record, logits)


@lru_cache(maxsize=1)
def another_seed() -> np.ndarray:
    """Outputs of another model of the same kind on the same labels."""
    return logits_and_labels(7)[0]
