"""reportgen schema: what it prints is a JSON Schema, and every file we know keeps to it."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from reportgen.cli.inspect import SCHEMAS, find_schema
from reportgen.record.run import RunRecord
from reportgen.record.store import RECORD_FILE, encode_record
from reportgen.spec.composer import compose
from reportgen.spec.nodes import value_of
from reportgen.spec.starter import starter_spec
from tests.support.commands import TINY, run_here

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator

EXAMPLES = Path(__file__).parents[2] / "example_reports"
SPECS = [path.read_text(encoding="utf-8") for path in sorted(EXAMPLES.glob("*/*.yaml"))]
METRICS = sorted(EXAMPLES.glob("*/metrics.json"))


@lru_cache
def validator(kind: str) -> Draft202012Validator:
    from jsonschema import Draft202012Validator

    return Draft202012Validator(find_schema(kind))


def complaints(kind: str, value: Any) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in validator(kind).iter_errors(value)]


@pytest.mark.slow
@pytest.mark.parametrize("kind", SCHEMAS)
def test_what_is_printed_is_a_schema(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    from jsonschema import Draft202012Validator

    said = run_here(capsys, "schema", kind)
    assert said.code == 0
    schema = json.loads(said.out)
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == Draft202012Validator.META_SCHEMA["$id"]
    assert schema == find_schema(kind)


@pytest.mark.parametrize("text", [*SPECS, TINY, starter_spec(None), starter_spec("builtin:linear")])
def test_specs_keep_to_theirs(text: str) -> None:
    root = compose(text, "spec.yaml")
    assert root is not None
    assert complaints("spec", value_of(root)) == []


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "model: {source: 3}",
        "model: {source: x, colour: red}",
        "{model: {source: x}, run: {epochs: 0}}",
        "{model: {source: x}, outputs: html}",
    ],
)
def test_the_schema_of_a_spec_refuses_what_reading_does(text: str) -> None:
    root = compose(text, "spec.yaml")
    assert root is not None
    assert complaints("spec", value_of(root)) != []


def test_records_keep_to_theirs(record: RunRecord) -> None:
    fields = json.loads(encode_record(record)[RECORD_FILE])
    assert complaints("record", fields) == []
    assert complaints("record", fields | {"colour": "red"}) != []
    assert complaints("record", {name: fields[name] for name in fields if name != "trace"}) != []


@pytest.mark.parametrize("path", METRICS, ids=lambda path: path.parent.name)
def test_metrics_keep_to_theirs(path: Path) -> None:
    document = json.loads(path.read_bytes())
    assert complaints("metrics", document) == []
    first = document["metrics"][0]
    assert complaints("metrics", document | {"metrics": [first | {"value": "high"}]}) != []
    assert complaints("metrics", document | {"format": 0}) != []


@pytest.mark.parametrize(("model", "words"), [("builtin:liner", "linear"), ("huggingface:x", "not understood")])
def test_new_refuses_a_model_that_no_build_can_make(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], model: str, words: str
) -> None:
    said = run_here(capsys, "new", model, "-o", tmp_path / "spec.yaml")
    assert said.code == 2
    assert words in said.err
    assert not (tmp_path / "spec.yaml").exists()


def test_new_warns_of_a_file_that_is_not_there_yet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = run_here(capsys, "new", "mine.py:make", "-o", tmp_path / "spec.yaml")
    assert said.code == 0
    assert "warning: the model's file mine.py does not exist" in said.err
    assert (tmp_path / "spec.yaml").exists()
