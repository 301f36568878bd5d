"""The error among the surest images is one number: in the text of the section, in the caption and beside the mark."""

from __future__ import annotations

import re

import numpy as np

from reportgen.figures.curves import draw_risk
from reportgen.metrics import measure
from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.report.model import FigureFile
from reportgen.report.sections.evaluation.view import SECTION
from tests.report.sections.cases import build, change

RISK = re.compile(r"(\d+\.\d+ %) \(([\d.]+–[\d.]+), n = ([\d,]+)\)")


def test_text_and_figure_give_the_same_risk(record: RunRecord) -> None:
    """12 % of 601 images wrong, so that 80 % are no whole number of them."""
    rng = np.random.default_rng(1)
    labels = np.arange(601) % 10
    logits = rng.normal(0, 1, (601, 10))
    logits[np.arange(601), np.where(rng.random(601) < 0.88, labels, (labels + 1) % 10)] += 3
    arrays = {
        "eval.logits": logits.astype(np.float32),
        "eval.labels": labels,
        "eval.ids": np.arange(601),
        "eval.digests": np.arange(601, dtype=np.uint64),
    }
    other = change(record, arrays=arrays)
    other = other.model_copy(update={"measured": measure(other)})
    drawn = draw_risk(Subject(other))
    assert isinstance(drawn, FigureFile)
    sentence = build(SECTION, other).sentence("with the highest confidence").replace("\u00a0", " ")
    caption = drawn.caption.replace("\u00a0", " ")
    risk, interval, kept = RISK.findall(caption)[-1]
    assert kept == "481"
    assert f"{risk} ({interval}, n = {kept})" in sentence
