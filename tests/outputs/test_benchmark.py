"""benchmark*.json: the shapes that Bencher and github-action-benchmark read, and the record's numbers."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from reportgen.outputs.benchmark import name_benchmark, render
from reportgen.record.run import RunRecord
from tests.outputs.hostile import hostile_subject
from tests.outputs.reports import plain_report
from tests.support.records import small_record

BMF = {
    "type": "object",
    "patternProperties": {
        ".+": {
            "type": "object",
            "patternProperties": {
                ".+": {
                    "type": "object",
                    "properties": {name: {"type": "number"} for name in ("value", "lower_value", "upper_value")},
                    "required": ["value"],
                }
            },
        }
    },
}
"""https://bencher.dev/bmf.json"""
ACTION = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "unit": {"type": "string"},
            "value": {"type": "number"},
            "range": {"type": "string"},
            "extra": {"type": "string"},
        },
        "required": ["name", "unit", "value"],
        "additionalProperties": False,
    },
}
"""BenchmarkResult in src/extract.ts of github-action-benchmark."""


def made(subject: Any) -> dict[str, Any]:
    return {file.path: json.loads(file.data) for file in render(plain_report(subject), lambda _: None)}


@pytest.mark.parametrize("subject", [small_record, hostile_subject])
def test_the_files_have_the_shapes_that_are_read(subject: Any) -> None:
    from jsonschema import Draft7Validator

    files = made(subject())
    assert sorted(files) == ["benchmark-bigger.json", "benchmark-smaller.json", "benchmark.json"]
    Draft7Validator(BMF).validate(files["benchmark.json"])
    for name in ("benchmark-bigger.json", "benchmark-smaller.json"):
        Draft7Validator(ACTION).validate(files[name])
        assert files[name]


def test_every_number_that_can_get_better_is_there_once_and_on_its_side(record: RunRecord) -> None:
    files = made(record)
    ((title, measures),) = files["benchmark.json"].items()
    assert title == "A small residual net on CIFAR-10"
    bigger = {one["name"]: one for one in files["benchmark-bigger.json"]}
    smaller = {one["name"]: one for one in files["benchmark-smaller.json"]}
    for value in plain_report(record).metrics:
        tracked = value.value is not None and math.isfinite(value.value) and value.higher_is_better is not None
        assert (value.name in measures) == tracked
        assert (value.name in bigger, value.name in smaller) == (
            tracked and value.higher_is_better is True,
            tracked and value.higher_is_better is False,
        )
        if tracked:
            assert measures[value.name]["value"] == value.value
            assert measures[value.name].get("lower_value") == value.low
    assert bigger["accuracy"]["unit"] == "proportion"
    assert "n\u00a0=\u00a0600" in bigger["accuracy"]["extra"]


@pytest.mark.parametrize(
    ("title", "name"), [("x-bencher-ignore", "x"), ("-bencher-ignore-bencher-ignore", "report"), ("a\nb", "a b")]
)
def test_a_title_raises_no_alarm_by_its_name(title: str, name: str) -> None:
    assert name_benchmark(title) == name
    assert len(name_benchmark("w" * 2000)) == 1024
