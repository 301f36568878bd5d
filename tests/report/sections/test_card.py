"""The model card: the nine parts, what is missing, and how much."""

from __future__ import annotations

import pytest

from reportgen.record.run import RunRecord
from reportgen.report.sections.card import SECTION, CardView
from reportgen.spec.types import CardSpec
from tests.support.records import presented

PARTS = [
    "Model details",
    "Intended use",
    "Factors",
    "Metrics",
    "Evaluation data",
    "Training data",
    "Quantitative analyses",
    "Ethical considerations",
    "Caveats and recommendations",
]
"""Mitchell et al. 2019, figure 1, in its order."""


def build(record: RunRecord, **card: object) -> CardView:
    view = SECTION.build(presented(record, card=card), {})
    assert isinstance(view, CardView)
    return view


def entries(view: CardView) -> dict[str, str]:
    return {f"{part.title}/{entry.label}": entry.text for part in view.parts for entry in part.entries}


def test_the_nine_parts_in_their_order(record: RunRecord) -> None:
    assert [part.title for part in build(record).parts] == PARTS


def test_nothing_written_is_zero_of_fourteen(record: RunRecord) -> None:
    view = build(record)
    assert view.completeness is not None
    assert (view.completeness.name, view.completeness.value, view.completeness.n) == ("card.completeness", 0.0, 14)
    assert view.completeness.display == "0 of 14"
    assert view.metrics == (view.completeness,)
    assert [finding.text for finding in view.findings] == [
        "The model card holds 0 of 14 entries that only a person can write; the others read “Not provided”."
    ]


REVIEW = {"by": "B. Reviewer", "date": "2026-11-30", "decision": "Written by a person."}
TEXTS = [name for name in CardSpec.model_fields if name not in ("review", "dataset")]
ALL: dict[str, object] = {name: f"Text of {name}." for name in TEXTS} | {"review": REVIEW}


def test_everything_written_is_complete(record: RunRecord) -> None:
    view = build(record, **ALL)
    assert view.completeness is not None
    assert view.completeness.value == 1.0
    assert "complete: 14 of 14 entries" in view.findings[0].text


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_every_field_of_the_spec_is_on_the_card(record: RunRecord, name: str) -> None:
    before, after = build(record), build(record, **{name: "Written by a person."})
    assert "Written by a person." in entries(after).values()
    assert before.completeness is not None
    assert after.completeness is not None
    counted = name not in ("training_data", "evaluation_data")
    assert after.completeness.value == pytest.approx((1 / 14) if counted else 0.0)


def test_a_review_counts_and_is_told(record: RunRecord) -> None:
    view = build(record, review=REVIEW)
    assert entries(view)["Model details/Review"] == "Written by a person. (B. Reviewer, 2026-11-30)"
    assert view.completeness is not None
    assert view.completeness.display == "1 of 14"


def test_training_data_that_the_run_never_saw_is_for_a_person_to_say(record: RunRecord) -> None:
    view = build(record.model_copy(update={"training": None}))
    assert entries(view)["Training data/Data"] == ""
    assert view.completeness is not None
    assert view.completeness.n == 15


def test_several_authors_and_blank_text(record: RunRecord) -> None:
    view = build(record, authors=("A", "B"), licence="  ")
    assert entries(view)["Model details/Authors"] == "A, B"
    assert entries(view)["Model details/Licence"] == ""


def test_measured_parts_are_the_measured_numbers(record: RunRecord) -> None:
    assert record.measured is not None
    found = entries(build(record))
    accuracy = record.measured.value("accuracy")
    assert accuracy is not None
    assert found["Quantitative analyses/Overall"] == f"{accuracy.label}: {accuracy.display_full}"
    recalls = {score.name: score.recall for score in record.measured.classes}
    lowest = min(recalls.values(), key=lambda recall: recall.value or 0.0)
    assert lowest.display in found["Quantitative analyses/By class"]
    assert found["Model details/Architecture"] == "TinyResNet (builtin:tiny), 9,898 parameters"


def test_a_card_without_evaluation(record: RunRecord) -> None:
    found = entries(build(record.model_copy(update={"measured": None})))
    assert found["Quantitative analyses/Overall"] == "—"
    assert found["Metrics/Measures"] == "none: the model was not evaluated"
