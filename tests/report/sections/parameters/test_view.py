"""Section 3: its table, facts and methods; the findings are tested on real models beside the probe."""

from __future__ import annotations

import pytest

from reportgen.record.message import N_
from reportgen.record.probes import NotProbed, Probes
from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.report.model import Skipped
from reportgen.report.sections.parameters.view import SECTION, ParametersView
from tests.outputs.hostile import NASTY
from tests.report.sections.cases import build, page
from tests.support.weights import NAMES, SIDES, matrix, numbers, weighed


def view_of(record: RunRecord) -> ParametersView:
    view = build(SECTION, record).view
    assert isinstance(view, ParametersView)
    return view


def test_without_the_probe_the_section_says_why(record: RunRecord) -> None:
    view = SECTION.build(Subject(record), {})
    assert isinstance(view, Skipped)
    missing = (NotProbed(name="weights", reason="No parameter of the model is a matrix."),)
    refused = record.model_copy(update={"probes": Probes(level="fast", budget_seconds=20.0, missing=missing)})
    view = SECTION.build(Subject(refused), {})
    assert isinstance(view, Skipped)
    assert view.reason == "No parameter of the model is a matrix."


def test_the_table_has_every_number_before_and_after(record: RunRecord) -> None:
    view = view_of(weighed(record))
    heads = ["No.", "Matrix", "Norm", "Std. dev.", "Near zero", "σ₁", "Stable rank", "Effective rank"]
    assert [column.head for column in view.columns] == [*heads, "Tail α (n)", "Moved", "Gradient"]
    assert [row.name for row in view.rows] == [name.removesuffix(".weight") for name in NAMES]
    row = view.rows[1]
    assert row.what == "16 × 144"
    after, before = numbers(1.2 * (2 / 144) ** 0.5, 16, 144), numbers((2 / 144) ** 0.5, 16, 144)
    assert (row.cells[0].value, row.cells[0].before) == (f"{after.norm:.2f}", f"{before.norm:.2f}")
    assert row.cells[2].value == "8.0\u00a0%"
    assert after.stable_rank is not None
    assert row.cells[4].value == f"{after.stable_rank:.2f}"
    assert row.cells[6].value == "3.0 (49)"
    assert (row.cells[7].value, row.cells[7].before) == ("30.0\u00a0%", "")
    assert (row.cells[8].value, row.cells[8].before) == ("2.0e−3", "1.0e−2")


def test_an_evaluated_model_has_no_before(record: RunRecord) -> None:
    view = view_of(weighed(record, trained=False))
    assert "Moved" not in [column.head for column in view.columns]
    assert all(not cell.before for row in view.rows for cell in row.cells)
    assert any(fact.label == "Compared with" and "there are no initial weights" in fact.note for fact in view.facts)
    assert "before training" not in view.caption


@pytest.mark.parametrize("trained", [True, False])
def test_the_caption_defines_the_columns_that_there_are(record: RunRecord, trained: bool) -> None:
    view = view_of(weighed(record, trained=trained))
    heads = {column.head for column in view.columns}
    defined = {"Near zero": "Near zero:", "Tail α (n)": "α:", "Moved": "Moved:", "Gradient": "Gradient:"}
    assert {head for head, said in defined.items() if said in view.caption} == heads & set(defined)


def test_what_is_particular_about_a_matrix_is_said(record: RunRecord) -> None:
    odd = [
        matrix("a.weight", (16, 27), groups=4, trainable=False, also=("b.weight",)),
        matrix("c", (5, 12), kind="position"),
        matrix("d.weight", (16, 27), finite=False, final=None, initial=None),
    ]
    rows = view_of(weighed(record, odd)).rows
    assert rows[0].what == "16 × 27, 4 groups, frozen, tied with b.weight"
    assert rows[1].what == "5 × 12, positions"
    assert rows[2].what == "16 × 27, not finite"
    assert {cell.value for cell in rows[2].cells} == {"—"}


def test_many_matrices_are_thinned_and_the_caption_says_so(record: RunRecord) -> None:
    many = [matrix(f"blocks.{place}.weight", (16, 27)) for place in range(300)]
    view = view_of(weighed(record, many, shown=tuple(range(0, 300, 10)), unmeasured=tuple(range(100))))
    assert len(view.rows) == 30
    assert view.rows[1].number == "11"
    assert "30 of 300 matrices" in view.caption
    facts = {fact.label: fact.value for fact in view.facts}
    assert facts["Singular values"] == "200 of 300 matrices"


def test_facts_name_the_sample_of_the_gradients(record: RunRecord) -> None:
    facts = {fact.label: (fact.value, fact.note) for fact in view_of(weighed(record)).facts}
    assert facts["Gradients"] == ("256 training images", "mean cross entropy, not augmented; sample of seed 0")
    inside = sum(rows * columns for rows, columns in SIDES)
    assert facts["Matrices"] == ("6", f"outputs × inputs; {inside:,} parameters, 90 more are in vectors")
    none = {fact.label: fact.value for fact in view_of(weighed(record, sampled=None)).facts}
    assert none["Gradients"] == "none"
    told = {fact.label: fact.note for fact in view_of(weighed(record, sampled=None, why_no_gradient=N_("why"))).facts}
    assert told["Gradients"] == "why"


def test_methods_state_thresholds_and_sources(record: RunRecord) -> None:
    notes = {note.name: f"{note.text} {note.reference}" for note in view_of(weighed(record)).methods}
    assert "Roy and Vetterli 2007" in notes["Spectral norm, stable and effective rank"]
    assert "Clauset" in notes["Tail exponent"]
    assert "256 training images" in notes["Gradients of the weights"]
    assert "Gradients of the weights" not in {n.name for n in view_of(weighed(record, sampled=None)).methods}


@pytest.mark.parametrize("medium", ["screen", "print"])
def test_the_page(record: RunRecord, medium: str) -> None:
    text = page(SECTION, weighed(record), medium)
    rows = len(NAMES) + 1 if medium == "screen" else 0  # on paper the figures alone
    assert text.count("<tr>") == rows
    assert ("layer1.0.conv1" in text) == bool(rows)
    assert ("<details>" in text) == (medium == "screen")


def test_hostile_names_stay_text(record: RunRecord) -> None:
    hostile = weighed(record, [matrix(name, (16, 27), dead=1, twins=2, gradient=0.0) for name in NASTY])
    text = page(SECTION, hostile)
    assert "<script>" not in text
    assert "猫の写真" in text
