"""The first screen: tiles, findings, and what was run."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from reportgen.experiment.models.weights_notes import note_of_set
from reportgen.experiment.trace.kinds import describe_kinds
from reportgen.record.answers import AnswerChange, AnswerFacts, OutputFacts
from reportgen.record.run import RunRecord
from reportgen.report.model import Finding, SectionView, Skipped
from reportgen.report.sections.model.findings import find_uncounted
from reportgen.report.sections.summary import MOST_FINDINGS, SECTION, SummaryView, choose_highlights
from tests.report.sections.cases import change
from tests.support.records import presented


def build(record: RunRecord) -> SummaryView:
    view = SECTION.build(presented(record), {})
    assert isinstance(view, SummaryView)
    return view


def facts(record: RunRecord) -> dict[str, str]:
    return {fact.label: f"{fact.value} {fact.note}".strip() for fact in build(record).facts}


def test_tiles_are_the_measured_numbers_and_at_most_eight(record: RunRecord) -> None:
    assert record.measured is not None
    tiles = build(record).tiles
    assert [tile.value.name for tile in tiles] == [
        "accuracy",
        "macro_f1",
        "ece",
        "train_accuracy",
        "parameters",
        "macs",
        "latency_p50",
        "train_seconds",
    ]
    measured = {value.name: value for value in record.measured.values}
    assert all(tile.value == measured[tile.value.name] for tile in tiles)
    assert all(tile.label == tile.value.label for tile in tiles)


def test_an_unknown_number_gives_its_place_to_a_spare(record: RunRecord) -> None:
    assert record.measured is not None
    values = tuple(
        value.model_copy(update={"value": None}) if value.name == "macro_f1" else value
        for value in record.measured.values
    )
    changed = record.model_copy(update={"measured": record.measured.model_copy(update={"values": values})})
    names = [tile.value.name for tile in build(changed).tiles]
    assert "macro_f1" not in names
    assert names[-1] == "top5_accuracy"
    assert len(names) == 8


def test_without_measurements_there_are_no_tiles(record: RunRecord) -> None:
    bare = record.model_copy(update={"measured": None})
    assert build(bare).tiles == ()


def test_findings_come_by_weight_from_several_sections() -> None:
    loud = SectionView("a", "A", tuple(Finding(f"a{i}", 0.9 - i / 100, "section-a") for i in range(9)))
    quiet = SectionView("b", "B", tuple(Finding(f"b{i}", 0.2 - i / 100, "figure-b") for i in range(9)))
    third = SectionView("c", "C", tuple(Finding(f"c{i}", 0.1 - i / 100, "figure-c") for i in range(9)))
    chosen = choose_highlights((quiet, third, Skipped("d", "D", "why"), loud))
    assert [item.text for item in chosen] == ["a0", "a1", "a2", "b0", "b1"]
    assert len(chosen) == MOST_FINDINGS
    assert (chosen[3].anchor, chosen[3].source) == ("figure-b", "B")


def test_what_a_banner_says_is_not_said_again() -> None:
    told = Finding("The budget ended it.", 0.9, "section-a", "caution", in_banner=True)
    other = Finding("Cats are weak.", 0.2, "section-a")
    assert [item.text for item in choose_highlights((SectionView("a", "A", (told, other)),))] == ["Cats are weak."]


def test_what_the_verdict_says_is_not_said_again(record: RunRecord) -> None:
    accuracy = record.measured.value("accuracy") if record.measured else None
    assert accuracy is not None
    again = Finding(
        f"{accuracy.display_full} of the images are classified correctly.", 0.9, "section-a", in_verdict=True
    )
    more = Finding(f"The gap to {accuracy.display_full} is small.", 0.8, "section-a")
    view = build(record).beside((SectionView("a", "A", (again, more)),), ())
    assert [item.text for item in view.highlights] == [more.text]


def test_what_was_run(record: RunRecord) -> None:
    assert facts(record) == {
        "Model": "TinyResNet builtin:tiny",
        "Data": "CIFAR-10 3,840 training and 600 test images",
        "Run": "training, 90 steps of 128 images, then evaluation",
        "Device": "Example CPU 2 threads, float32",
        "Commit": "0123456789ab",
        "Date": "2026-01-02 03:04 UTC",
    }


def test_one_thread_is_one_thread(record: RunRecord) -> None:
    assert facts(change(record, device={"threads": 1}))["Device"] == "Example CPU 1 thread, float32"


def test_what_was_run_when_it_was_something_else(record: RunRecord) -> None:
    origin = record.provenance.model_copy(update={"commit": None, "weights_file": "best.pt"})
    device = record.device.model_copy(update={"kind": "cuda", "name": "Example GPU"})
    other = record.model_copy(update={"training": None, "provenance": origin, "device": device})
    found = facts(other)
    assert found["Weights"] == "best.pt"
    assert found["Commit"] == "none (outside git)"
    assert found["Run"] == "evaluation only"
    assert found["Data"] == "CIFAR-10 600 test images"
    assert found["Device"] == "Example GPU cuda, float32"
    dirty = record.model_copy(update={"provenance": record.provenance.model_copy(update={"dirty": True})})
    assert facts(dirty)["Commit"] == "0123456789ab with uncommitted changes"


@pytest.mark.parametrize(
    ("output", "said"),
    [
        (OutputFacts(), None),
        (OutputFacts(name="logits"), None),
        (OutputFacts(kind="probabilities"), "probabilities"),
        (OutputFacts(name="1", others=("0",)), "logits “1” of several values that the model returns"),
        (
            OutputFacts(name="1", others=("0",), kind="one_logit"),
            "one logit “1” of several values that the model returns",
        ),
    ],
)
def test_an_answer_that_is_no_logits_or_one_of_several_is_on_page_1(
    record: RunRecord, output: OutputFacts, said: str | None
) -> None:
    assert facts(record.model_copy(update={"output": output})).get("Model output") == said


@pytest.mark.parametrize("others", [("state_dict",), ()])
def test_several_sets_of_weights_are_on_page_1(record: RunRecord, others: tuple[str, ...]) -> None:
    """The file holds the trained weights and their average; or nothing but an average."""
    fit = SimpleNamespace(name="state_dict_ema", weights=SimpleNamespace(is_average=True, joined=False))
    choice: Any = SimpleNamespace(fit=fit, others=others)
    told = tuple(note_of_set(choice, None, "best.pt"))
    origin = record.provenance.model_copy(update={"weights_file": "best.pt"})
    other = record.model_copy(update={"provenance": origin, "notes": (*record.notes, *told)})
    assert told[0].text in facts(other)["Weights"]
    assert "under state_dict_ema in best.pt" in facts(other)["Weights"]


def test_parameters_that_are_not_what_they_seem_are_on_page_1(record: RunRecord) -> None:
    net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(2, 2))
    net.register_parameter("phases", torch.nn.Parameter(torch.zeros(3, dtype=torch.complex64)))
    told = tuple(describe_kinds(net))
    assert "Counting" not in facts(record.model_copy(update={"trace": record.trace.model_copy(update={"notes": ()})}))
    other = record.model_copy(update={"trace": record.trace.model_copy(update={"notes": told})})
    assert facts(other)["Counting"].startswith("A complex parameter counts once")


def test_layers_that_evaluation_leaves_in_training_mode_are_on_page_1(record: RunRecord) -> None:
    same = AnswerChange(images=4, changed=0.0, logits=0.0)
    answers = AnswerFacts(batch=4, spread=1.0, again=same)
    assert "Evaluation mode" not in facts(record.model_copy(update={"answers": answers}))
    other = record.model_copy(update={"answers": answers.model_copy(update={"in_training": ("Net", "drop")})})
    assert facts(other)["Evaluation mode"] == (
        "In evaluation the model’s own code left these layers in training mode: “Net” and “drop”."
    )


def test_arithmetic_that_is_not_counted_is_on_page_1_once(record: RunRecord) -> None:
    """As a finding where there is room for it among those, else where the counts are explained."""
    assert "Not counted" not in facts(record)
    other = record.model_copy(update={"trace": record.trace.model_copy(update={"uncounted": ("numpy",)})})
    said = find_uncounted(other.trace)
    assert said is not None
    view = build(other)
    assert "missing from the total: “numpy”" in facts(other)["Not counted"]
    first = SectionView("model", "Model", (said,))
    assert "Not counted" not in {fact.label for fact in view.beside((first,), ()).facts}
    louder = SectionView("model", "Model", tuple(replace(said, text=f"{place}", weight=0.9) for place in range(9)))
    quieter = replace(louder, findings=(*louder.findings, said))
    assert said.text in {fact.value for fact in view.beside((quieter,), ()).facts}


def test_the_summary_itself_finds_nothing(record: RunRecord) -> None:
    view = build(record)
    assert view.findings == ()
    assert view.beside((), ()).highlights == ()
    assert replace(view, highlights=()) == view
