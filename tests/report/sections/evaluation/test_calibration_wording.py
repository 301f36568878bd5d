"""What bins and mean of the confidence say together, in every combination."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy.stats import binomtest

from reportgen.metrics.predictions import read_predictions
from reportgen.metrics.reliability import reliability_bins
from reportgen.record.measurements import Bin
from reportgen.record.run import RunRecord
from reportgen.report.sections.evaluation.calibration_wording import Agreement, find_agreement, format_agreement
from reportgen.report.sections.evaluation.view import SECTION
from tests.figures.drawing import drawn
from tests.report.sections.cases import build, evaluated, outputs

ALIKE = "The share correct differs significantly from the confidence neither on average nor in any bin."


Group = tuple[float, int, int]
"""Confidence, images, right ones."""
CASES: list[tuple[list[Group], str]] = [
    ([(0.7, 100, 70), (0.9, 100, 90)], ALIKE),
    (
        [(0.55, 100, 55), (0.9, 100, 60), (0.97, 100, 60)],
        "Significantly over-confident above 0.87: the share correct lies below the confidence.",
    ),
    (
        [(0.7, 200, 100), (0.9, 400, 360)],
        "Over-confident on average, and significantly in 1 of the bins: the share correct lies below the confidence.",
    ),
    (
        [(0.7, 200, 170), (0.9, 200, 199)],
        "Under-confident on average, and significantly in 2 of the bins: the share correct lies above the confidence.",
    ),
    (
        [(0.57, 150, 77), (0.65, 150, 89), (0.78, 150, 109), (0.9, 150, 128)],
        "Over-confident on average; no single bin differs significantly after correction for the number of bins.",
    ),
    (
        [(0.57, 150, 94), (0.65, 150, 106), (0.78, 150, 125), (0.9, 150, 142)],
        "Under-confident on average; no single bin differs significantly after correction for the number of bins.",
    ),
    (
        [(0.7, 200, 170), (0.9, 200, 150)],
        "Not significantly over- or under-confident on average, but significantly over-confident in 1 of the bins "
        "and under-confident in 1.",
    ),
    (
        [(0.7, 300, 240), (0.9, 900, 700)],
        "Over-confident on average; significantly over-confident in 1 of the bins and under-confident in 1.",
    ),
    (
        [(0.7, 900, 760), (0.9, 300, 240)],
        "Under-confident on average; significantly over-confident in 1 of the bins and under-confident in 1.",
    ),
    (
        [(0.97, 40, 34), (0.7, 400, 284)],
        "Not significantly over-confident on average, but in 1 of the bins: there the share correct lies below "
        "the confidence.",
    ),
    (
        [(0.57, 60, 50), (0.7, 400, 276)],
        "Not significantly under-confident on average, but in 1 of the bins: there the share correct lies above "
        "the confidence.",
    ),
]


def bins_of(*groups: Group) -> tuple[Bin, ...]:
    """Bins of groups of images."""
    confidence = np.repeat([group[0] for group in groups], [group[1] for group in groups])
    correct = np.concatenate([np.arange(n) < right for _confidence, n, right in groups])
    return reliability_bins(confidence, correct.astype(float))


def of(record: RunRecord, *groups: Group) -> RunRecord:
    """A record of two classes whose images have these confidences, so many of each right."""
    confidence = np.repeat([group[0] for group in groups], [group[1] for group in groups])
    wrong = np.concatenate([(np.arange(n) >= right).astype(int) for _confidence, n, right in groups])
    return evaluated(record, outputs(wrong, 2, confidence), np.zeros(len(wrong), int))


@pytest.mark.parametrize(("groups", "said"), CASES)
def test_the_caption_and_the_finding_say_the_same(record: RunRecord, groups: list[Group], said: str) -> None:
    level = 0.05 / len(groups)
    off = [binomtest(right, n, share).pvalue <= level for share, n, right in groups]
    bins = bins_of(*groups)
    shown = of(record, *groups)
    found = find_agreement(read_predictions(shown.arrays["eval.logits"], shown.arrays["eval.labels"]), bins)
    assert found.over + found.under == sum(off)
    assert format_agreement(found, bins) == said
    assert drawn(shown, "reliability").caption.startswith(said)
    text = build(SECTION, shown).text
    assert ("over-confident on average, by" in text) == (found.side > 0)
    assert ("under-confident on average, by" in text) == (found.side < 0)
    assert ("neither over- nor under-confident on average" in text) == (found.side == 0)
    if found.side and not any(off):
        alone = "No single bin of the reliability diagram differs significantly" in text
        assert alone != ("the difference shows in the mean and not bin by bin" in text)
    elif found.side == 0 or (found.over and found.under):
        there = f"significantly over-confident in {found.over} and under-confident in {found.under}." in text
        assert there == any(off)


def test_every_combination_has_its_sentence() -> None:
    bins = bins_of((0.7, 200, 100), (0.9, 400, 360))
    said = {format_agreement(Agreement(*parts), bins) for parts in product((-1, 0, 1), (0, 1), (0, 1))}
    assert len(said) == 12
