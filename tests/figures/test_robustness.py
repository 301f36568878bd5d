"""The figures of section 8: structure, places, numbers, bytes."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from reportgen.figures._small_charts import FOOT, HEAD, TALL, Chart, Curve, Frame, Mark, draw_charts, height_of
from reportgen.figures._style import POINT, chart
from reportgen.record.run import RunRecord
from reportgen.report.model import Skipped
from reportgen.report.naming import name_kind
from tests.figures.drawing import SVG, draw, drawn, texts
from tests.support.robustness_facts import FAMILIES, probed

NAMES = ("robustness_corruptions", "robustness_examples", "robustness_transforms")
BUDGET = 50_000
"""Bytes of the three figures together, at their largest."""


def crowded(record: RunRecord) -> RunRecord:
    """Every corruption at every severity, every move and attack, and a noisy image under each corruption."""
    from reportgen.spec.probes import CorruptionName

    kinds = CorruptionName.__args__  # type: ignore[attr-defined]
    FAMILIES.update({kind: FAMILIES.get(kind, "noise") for kind in kinds})
    wrong = {(kind, severity): 0.15 * severity for kind in kinds for severity in range(1, 6)}
    wrong |= {("shift", n): 0.1 for n in (1, 2, 4)} | {("rotation", a): 0.2 for a in (5, 10, 20, 30)}
    wrong |= {("flip_horizontal", 0): 0.1, ("flip_vertical", 0): 0.5}
    wrong |= {(kind, e): 0.9 for kind in ("fgsm", "pgd") for e in (1, 2, 4, 8)}
    full = probed(record, wrong=wrong)
    assert full.probes is not None
    assert full.probes.robustness is not None
    facts = full.probes.robustness.model_copy(update={"examples": kinds})
    noise = np.random.default_rng(0).integers(0, 256, (1 + len(kinds), 32, 32, 3), np.uint8)
    return full.model_copy(
        update={
            "probes": full.probes.model_copy(update={"robustness": facts}),
            "arrays": full.arrays.merged({"robustness.examples": noise}),
        }
    )


@pytest.mark.parametrize("name", NAMES)
def test_without_the_probe_nothing_is_drawn(record: RunRecord, name: str) -> None:
    assert isinstance(draw(record.model_copy(update={"probes": None}), [name])[name], Skipped)


@pytest.mark.slow
def test_the_largest_figures_stay_within_their_bytes_and_come_out_the_same(record: RunRecord) -> None:
    full = crowded(record)
    first, second = draw(full, NAMES), draw(full, NAMES)
    assert first == second
    assert sum(len(figure.data) for figure in first.values() if not isinstance(figure, Skipped)) < BUDGET


def test_each_kind_has_its_panel_in_the_order_of_the_families(record: RunRecord) -> None:
    shown = texts(drawn(probed(record), "robustness_corruptions"))
    assert [text for text in shown if text in map(name_kind, FAMILIES)] == [
        "Gaussian noise",
        "defocus blur",
        "fog",
        "JPEG",
    ]


def test_marks_stand_where_their_numbers_say() -> None:
    one = Chart("t", (Curve((Mark(0.0, 0.25, 0.1, 0.4), Mark(1.0, 1.0, 0.9, 1.0))),), 0.5, ((0.0, "a"), (1.0, "b")))
    with chart("x", height_of(1, 1)) as paper:
        draw_charts(paper, [one], 1)
        root = ElementTree.fromstring(paper.svg("", "", "").data)
    dots = [(float(use.get("x", "")) / POINT, float(use.get("y", "")) / POINT) for use in root.iter(f"{SVG}use")]
    (x0, y0), (x1, y1) = dots
    assert (y0, y1) == (pytest.approx(HEAD + 0.75 * TALL, abs=0.02), pytest.approx(HEAD, abs=0.02))
    assert x0 < x1 < paper.width
    assert Frame(0, 0, 100).level(0.0) == HEAD + TALL
    assert paper.height == HEAD + TALL + FOOT
    paths = [node.get("d", "") for node in root.iter(f"{SVG}path")]
    low, high = (rf"[\d.]+ {(HEAD + share * TALL) * POINT:.2f}".rstrip("0") for share in (0.9, 0.6))
    assert any(re.search(f"M {low}0? L {high}0? ", path) for path in paths)


def test_moves_show_what_was_measured_and_name_both_attacks(record: RunRecord) -> None:
    shown = texts(drawn(probed(record), "robustness_transforms"))
    assert {"Shift, pixels", "Rotation, degrees", "Mirrored", "Attack, ε in 1/255"} <= set(shown)
    assert "FGSM in grey, PGD in colour" in drawn(probed(record), "robustness_transforms").caption
    alone = drawn(probed(record, wrong={("pgd", 8): 1.0}), "robustness_transforms")
    assert "Shift, pixels" not in texts(alone)
    assert "FGSM" not in alone.caption


def test_captions_and_alternative_texts_hold_the_numbers(record: RunRecord) -> None:
    figure = drawn(probed(record), "robustness_corruptions")
    assert "Gaussian noise of severity 5" in figure.caption
    assert "n\u00a0=\u00a0200" in figure.caption
    assert figure.alt.count(" of them are right at strength 1 and ") == 2
    assert "PGD of ε\u00a0=\u00a08/255" in drawn(probed(record), "robustness_transforms").caption


def test_the_examples_are_named(record: RunRecord) -> None:
    figure = drawn(probed(record), "robustness_examples")
    assert figure.data.count(b"<image") == 3
    assert "Test image 7, original and under 2 corruptions" in figure.caption
    assert {"original", "Gaussian", "noise", "fog"} <= set(texts(figure))
