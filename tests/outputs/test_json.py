"""metrics.json: the shape that other programs build on."""

from __future__ import annotations

import json

import pytest

from reportgen.outputs.json import OUTPUT
from reportgen.record.run import RunRecord
from tests.outputs.reports import plain_report

KEYS = ["name", "label", "value", "low", "high", "n", "unit", "higher_is_better", "display"]
PROMISED = {
    "accuracy",
    "top5_accuracy",
    "macro_f1",
    "nll",
    "brier",
    "ece",
    "auroc",
    "train_accuracy",
    "parameters",
    "macs",
    "activation_bytes",
    "train_seconds",
}


def refuse(constant: str) -> float:
    raise AssertionError(f"{constant} is no JSON")


def test_it_holds_every_promised_number(record: RunRecord) -> None:
    OUTPUT.check()
    (file,) = OUTPUT.render(plain_report(record), pytest.fail)
    assert (file.path, file.data[-1:]) == ("metrics.json", b"\n")
    document = json.loads(file.data, parse_constant=refuse)
    assert document["format"] == 1
    assert all(list(entry) == KEYS for entry in document["metrics"])
    by_name = {entry["name"]: entry for entry in document["metrics"]}
    assert set(by_name) >= PROMISED
    assert by_name["parameters"]["value"] == 9898
    assert by_name["macs"]["value"] == 9_880_224
    labels, logits = record.arrays["eval.labels"], record.arrays["eval.logits"]
    assert by_name["accuracy"]["value"] == pytest.approx(float((logits.argmax(1) == labels).mean()))


def test_what_is_not_finite_is_null(record: RunRecord) -> None:
    assert record.measured is not None
    first = record.measured.values[0].model_copy(update={"value": float("nan"), "high": float("inf"), "display": "—"})
    measured = record.measured.model_copy(update={"values": (first, *record.measured.values[1:])})
    (file,) = OUTPUT.render(plain_report(record.model_copy(update={"measured": measured})), pytest.fail)
    entry = json.loads(file.data, parse_constant=refuse)["metrics"][0]
    assert (entry["value"], entry["high"], entry["display"]) == (None, None, "—")
