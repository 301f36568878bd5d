"""Section 8: what is found, said and listed; the banner."""

from __future__ import annotations

import pytest

from reportgen.banners import find_banners
from reportgen.figures import draw
from reportgen.record import RunRecord
from reportgen.report import FigureFile, Skipped
from reportgen.sections.robustness import FIGURES, SECTION, RobustnessView
from tests.robustness_facts import preparation, probed


def view_of(record: RunRecord) -> RobustnessView:
    view = SECTION.build(record, {})
    assert isinstance(view, RobustnessView)
    return view


def said(record: RunRecord) -> str:
    return " ".join(finding.text for finding in view_of(record).findings).replace("\u00a0", " ")


def test_without_the_probe_the_section_says_why(record: RunRecord) -> None:
    assert isinstance(SECTION.build(record.model_copy(update={"probes": None}), {}), Skipped)


def test_the_worst_corruption_and_the_mean_are_told(record: RunRecord) -> None:
    text = said(probed(record))
    assert "Gaussian noise, severity 5 hurts most" in text
    assert "4 kinds of corruption" in text
    assert "Shift, 1 px makes no difference" in text
    assert "Mirrored left to right costs accuracy" in text
    assert "Training has seen such pictures (augment: flip)" in text
    assert "PGD, ε = 8/255 is enough to press accuracy below chance" in text
    assert "gradient masking" not in text
    assert "gradient masking" in said(probed(record, flat=3))


def test_a_wrong_preprocessing_is_the_first_thing_said(record: RunRecord) -> None:
    wrong = probed(record, preparation(190, 45, 5))
    first = view_of(wrong).findings[0]
    assert first.tone == "bad"
    assert first.weight >= 0.9
    assert "imagenet" in first.text
    assert "normalize: imagenet" in first.text
    assert any("preprocessing is probably wrong" in banner.text for banner in find_banners(wrong))


def test_a_right_preprocessing_raises_no_alarm(record: RunRecord) -> None:
    fine = probed(record, preparation(149, 3, 4))
    assert "The preprocessing fits" in view_of(fine).findings[0].text
    assert not any("preprocessing" in banner.text for banner in find_banners(fine))


def test_the_tables_hold_every_condition(record: RunRecord) -> None:
    view = view_of(probed(record, preparation(149, 3, 4)))
    assert len(view.corruptions) == 4
    assert view.corruptions[0][2] == "—"
    assert len(view.others) == 4
    assert len(view.preparations) == 2
    assert {value.name for value in view.metrics} == {"corruption_accuracy", "fgsm_accuracy", "pgd_accuracy"}
    assert "3 further conditions" in view.sample


def test_the_figures_are_drawn_and_the_same_each_time(record: RunRecord) -> None:
    changed = probed(record)
    first, second = draw(changed, FIGURES), draw(changed, FIGURES)
    assert all(isinstance(figure, FigureFile) for figure in first.values())
    assert first == second
    assert b"Gaussian noise" in first["robustness_corruptions"].data
    assert sum(len(figure.data) for figure in first.values()) < 80_000


@pytest.mark.parametrize("name", FIGURES)
def test_without_the_probe_nothing_is_drawn(record: RunRecord, name: str) -> None:
    assert isinstance(draw(record.model_copy(update={"probes": None}), [name])[name], Skipped)
