"""Records that kept texts are read without them, and say the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from reportgen.comparison import compare_with
from reportgen.comparison.gates import judge_gates
from reportgen.record.metric_value import MetricValue
from reportgen.record.presentation import Presentation
from reportgen.record.run import RunRecord
from reportgen.record.store import load_stored, store, write_files
from reportgen.record.stored_text import drop_stored_text
from reportgen.record.subject import Subject
from reportgen.spec.gates import parse_rule

OLD = {
    "name": "accuracy",
    "label": "Top-1 accuracy",
    "value": 0.9,
    "low": 0.88,
    "high": 0.92,
    "n": 600,
    "counted": "",
    "unit": "share",
    "higher_is_better": True,
    "display": "90.0 %",
    "display_interval": "88.0–92.0",
    "method": "wilson",
}


def test_texts_go_and_numbers_stay() -> None:
    fields: dict[str, Any] = {"measured": {"values": [OLD], "classes": [{"name": "cat", "recall": OLD}]}, "gates": []}
    found = drop_stored_text(fields)
    value = MetricValue.model_validate(found["measured"]["values"][0])
    assert (value.value, value.low, value.high, value.n, value.method) == (0.9, 0.88, 0.92, 600, "wilson")
    assert (value.label, value.display, value.display_interval) == ("Top-1 accuracy", "90.0\u00a0%", "88.0–92.0")
    assert found["measured"]["classes"][0] == {"name": "cat", "recall": found["measured"]["values"][0]}
    assert drop_stored_text(found) == found


@pytest.mark.parametrize(
    ("name", "label", "conditions"),
    [
        ("corruption_accuracy.change", "Mean accuracy under 14 corruptions, change", {"count": 14}),
        ("corruption_accuracy", "Mean accuracy under 1 corruption", {"count": 1}),
        ("fgsm_accuracy.change_ratio", "Accuracy under FGSM, ε\u00a0=\u00a00.5/255, ratio", {"level": 0.5}),
        ("throughput.best.change", "Best throughput, batches of 1,024, change", {"batch": 1024}),
        ("train_step.p50.change", "Training step of 128 images, change", {"batch": 128}),
    ],
)
def test_what_only_the_label_said_is_kept(name: str, label: str, conditions: dict[str, object]) -> None:
    found = drop_stored_text({"values": [{**OLD, "name": name, "label": label}]})["values"][0]
    assert found["conditions"] == conditions
    assert MetricValue.model_validate(found).label == label


def test_no_text_of_a_number_is_in_a_record(record: RunRecord, tmp_path: Path) -> None:
    assert record.measured is not None
    gates = judge_gates([parse_rule("accuracy >= 0.5")], record.measured.values)
    judgement = compare_with(record, Subject(record), "0" * 64).with_gates(gates)
    files = store(record).drawn_as(judgement, Presentation()).files
    fields = json.loads(files["record.json"])
    assert judgement.compared is not None
    kept = keys_of(fields["measured"]) | keys_of(json.loads(files["judgement.json"]))
    assert not kept & {"label", "display", "display_interval", "display_full", "distance", "higher_is_better"} - {
        "label"  # of a flip: the class of an image
    }
    assert all("label" not in value for value in fields["measured"]["values"])
    write_files(files, tmp_path)
    again = load_stored(tmp_path).subject
    assert again.judgement.gates == gates
    assert again.record.measured == record.measured


def keys_of(thing: Any) -> set[str]:
    """Every key of an object, those inside included."""
    if isinstance(thing, list):
        return {key for one in thing for key in keys_of(one)}
    return {*thing, *(key for one in thing.values() for key in keys_of(one))} if isinstance(thing, dict) else set()
