"""Reproduce: the spec reads back, the numbers are those of the record."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from reportgen.experiment.losses import describe_loss
from reportgen.experiment.optimizers import resolve_optimizer
from reportgen.record.message import N_
from reportgen.record.run import RunRecord
from reportgen.record.weights_digest import WeightsDigest
from reportgen.report.model import MethodNote, SectionView, Skipped
from reportgen.report.sections.reproduce.spec_text import format_spec
from reportgen.report.sections.reproduce.view import SECTION, ReproduceView
from reportgen.spec.types import (
    CardSpec,
    DataSpec,
    LossSpec,
    ModelSpec,
    Normalization,
    OptimizerSpec,
    ReportSpec,
    RunSpec,
)
from tests.report.sections.cases import page
from tests.support.records import presented

SPECS = [
    ReportSpec(model=ModelSpec(source="builtin:two_conv")),
    ReportSpec(
        title="{{7*7}}: a 'quoted' \"title\" # no comment\nsecond line 猫 🐈",
        model=ModelSpec(
            source="a/b.py:make", args={"width": 3, "deep": {"a": [1, 2.5, None, {"b": {}}], "on": True}, "s": "no"}
        ),
        data=DataSpec(normalize=Normalization(mean=(0.1, 0.2, 0.3), std=(1e-7, 0.5, 1e6)), augment=()),
        run=RunSpec(epochs=1.5, optimizer=OptimizerSpec(name="adamw", lr=1e-3)),
        card=CardSpec(authors=("A: b", "- C"), licence="null", contact="yes", version="3.10", limitations="~"),
        outputs=("html",),
    ),
]


@pytest.mark.parametrize("spec", SPECS)
def test_the_spec_is_yaml_that_says_the_same(spec: ReportSpec) -> None:
    assert ReportSpec.model_validate(yaml.safe_load(format_spec(spec))) == spec


def test_the_defaults_of_the_optimiser_that_were_used_stand_beside_it(record: RunRecord) -> None:
    used = resolve_optimizer(OptimizerSpec(name="adamw", lr=0.004))
    assert used.weight_decay == 0.05
    training = record.training
    assert training is not None
    made = record.model_copy(update={"training": training.model_copy(update={"optimizer": used.describe()})})
    spec = ReportSpec(model=ModelSpec(source="builtin:linear"), run=RunSpec(optimizer=OptimizerSpec(name="adamw")))
    text = format_spec(spec, made)
    assert "  optimizer:  # AdamW, highest learning rate 0.004, weight decay 0.05 of all parameters\n" in text
    mean = ", ".join(repr(round(one, 4)) for one in record.data.normalize_mean)
    assert f"data:  # normalize: {{mean: [{mean}], std: [" in text
    assert yaml.safe_load(text) == yaml.safe_load(format_spec(spec))
    assert "#" not in format_spec(spec, made.model_copy(update={"training": None})).replace("data:  #", "")


def test_the_loss_s_own_numbers_are_said_where_the_spec_leaves_them_open(record: RunRecord) -> None:
    training = record.training
    assert training is not None
    loss = describe_loss(LossSpec(name="focal"))
    made = record.model_copy(update={"training": training.model_copy(update={"loss": loss})})
    spec = ReportSpec(model=ModelSpec(source="builtin:linear"), run=RunSpec(loss=LossSpec(name="focal")))
    assert "  loss:  # focal loss, gamma 2\n" in format_spec(spec, made)
    given = ReportSpec(model=ModelSpec(source="builtin:linear"), run=RunSpec(loss=LossSpec(name="focal", gamma=3.0)))
    assert "  loss:\n" in format_spec(given, made)


@pytest.mark.parametrize("spec", SPECS)
def test_comments_change_nothing_of_the_spec(record: RunRecord, spec: ReportSpec) -> None:
    assert ReportSpec.model_validate(yaml.safe_load(format_spec(spec, record))) == spec


def test_the_heading_says_what_is_printed(record: RunRecord) -> None:
    heading = "The spec with its defaults; keys without a value are left out, and comments say what was used for them"
    assert heading in page(SECTION, record)


def test_absolute_paths_lose_their_folders() -> None:
    spec = ReportSpec(
        model=ModelSpec(source="builtin:linear", weights=Path("/home/someone/best.pt")),
        data=DataSpec(root=Path("/home/someone/data")),
    )
    text = format_spec(spec)
    assert "someone" not in text
    assert "weights: best.pt" in text


def build(record: RunRecord) -> ReproduceView:
    view = SECTION.build(presented(record), {})
    assert isinstance(view, ReproduceView)
    return view


def test_provenance_is_that_of_the_record(record: RunRecord) -> None:
    view = build(record)
    facts = {fact.label: fact.value for fact in view.facts}
    assert view.command == "reportgen build spec.yaml"
    assert facts["Commit"] == record.provenance.commit
    assert facts["Seed"] == "0"
    assert facts["Threads"] == "2"
    assert dict(view.versions) == record.provenance.versions
    assert view.digests.rows == (("test_batch", "0" * 64),)


def test_stages_add_up(record: RunRecord) -> None:
    assert build(record).stages.rows == (
        ("Trace", "500\u00a0ms", "3.6\u00a0%"),
        ("Train", "12\u00a0s", "87.3\u00a0%"),
        ("Evaluate", "1.2\u00a0s", "9.1\u00a0%"),
    )


def test_weights_and_source_have_their_digests(record: RunRecord) -> None:
    origin = record.provenance.model_copy(
        update={"weights_file": "best.pt", "weights_sha256": "a" * 64, "model_source_sha256": "b" * 64}
    )
    rows = build(record.model_copy(update={"provenance": origin})).digests
    assert rows[:2] == (("best.pt", "a" * 64), ("source of the model", "b" * 64))


def test_the_weights_have_a_digest_and_a_method_that_says_of_what(record: RunRecord) -> None:
    view = build(record.model_copy(update={"weights": WeightsDigest(sha256="c" * 64, entries=3)}))
    assert ("Weights, SHA-256", "c" * 64, "of 3 entries of the state dict") in [
        (fact.label, fact.value, fact.note) for fact in view.facts
    ]
    assert "Digest of the weights" in [method.name for method in view.methods]
    none = build(record.model_copy(update={"weights": WeightsDigest(reason=N_("It is odd."))}))
    assert [(fact.value, fact.note) for fact in none.facts if fact.label == "Weights, SHA-256"] == [
        ("not available", "It is odd.")
    ]
    assert not [fact for fact in build(record).facts if "Weights" in fact.label]  # a record of before


def test_only_methods_in_use_are_named(record: RunRecord) -> None:
    names = [method.name for method in build(record).methods]
    assert names == [
        "Intervals of proportions",
        "Intervals of other scores",
        "Interval of the calibration error",
        "Calibration error",
        "Over- and under-confidence",
        "Brier score",
        "Findings by chance",
        "MACs",
        "Latency",
    ]
    bare = record.model_copy(update={"measured": None, "latency": ()})
    assert [method.name for method in build(bare).methods] == ["MACs"]


def test_the_methods_of_the_other_sections_are_listed_once(record: RunRecord) -> None:
    view = build(record)
    other = MethodNote("Deletion curve", "Take pixels away.", "Somebody 2018")
    again = MethodNote(view.methods[0].name, "said already")
    sections = (SectionView("why", "Why", methods=(other, again)), Skipped("cost", "Cost", "Not measured."))
    complete = view.beside(sections, ())
    assert complete.methods == (*view.methods, other)
