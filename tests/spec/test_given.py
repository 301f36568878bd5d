"""A spec given in Python: read as a file would be, with keys for places."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from reportgen.errors import SpecError
from reportgen.spec import open_spec, read_spec
from reportgen.spec.given import override_texts

NOWHERE = Path("spec.yaml")
MODEL: dict[str, Any] = {"source": "builtin:linear"}
EXAMPLES = sorted((Path(__file__).parents[2] / "example_reports").glob("*/*.yaml"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_mapping_is_read_as_its_file_is(path: Path) -> None:
    given = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert read_spec(path, given=given) == read_spec(path)


def test_python_values_mean_what_they_are() -> None:
    card = {"authors": "yes", "licence": "1.0", "intended_use": "", "limitations": "null"}
    data = {"root": Path("a") / "b", "augment": ("crop",), "mixup": None, "train_limit": 200}
    run = {"threads": 2, "max_minutes": 1e-3, "optimizer": {"name": "sgd", "nesterov": True}, "epochs": 2.0}
    spec = read_spec(NOWHERE, given={"model": MODEL, "data": data, "run": run, "card": card})
    assert spec.card.model_dump(exclude_unset=True) == card | {"authors": ("yes",)}
    assert spec.data.root == Path("a/b")
    assert (spec.run.max_minutes, spec.run.epochs) == (0.001, 2)


@pytest.mark.parametrize(
    ("given", "place", "message"),
    [
        ({}, "the spec", "model is missing"),
        ({"model": MODEL, "run": {"epochs": "two"}}, "run.epochs", "found the text"),
        ({"model": MODEL, "run": {"epochs": "2"}}, "run.epochs", "found the text"),
        ({"model": MODEL, "run": {"epoch": 2}}, "run.epoch", "no key 'epoch'"),
        ({"model": MODEL, "data": {"augment": ["crop", "spin"]}}, "data.augment[1]", "spin"),
        ({"model": MODEL, "run": {"max_minutes": float("nan")}}, "run.max_minutes", "not a finite number"),
        ({"model": MODEL, "run": {"max_minutes": float("-inf")}}, "run.max_minutes", "not a finite number"),
        ({"model": MODEL, "title": "a\x00b"}, "title", "U+0000"),
        ({"model": MODEL, "title": b"a"}, "title", "holds no bytes"),
        ({"model": MODEL, "data": {1: 2}}, "data", "a key must be a word"),
        ({"model": {**MODEL, "args": {"x": object()}}}, "model.args.x", "holds no object"),
    ],
)
def test_a_mistake_is_said_with_its_key(given: Mapping[str, Any], place: str, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        read_spec(NOWHERE, given=given)
    assert str(caught.value.location) == place
    assert message in f"{caught.value.message} {caught.value.hint}"


def test_a_mapping_that_holds_itself_ends() -> None:
    endless: dict[str, Any] = {}
    endless["args"] = endless
    with pytest.raises(SpecError, match="nested deeper"):
        read_spec(NOWHERE, given={"model": endless})


def test_a_key_is_found_again() -> None:
    given = {"model": MODEL, "gates": ["accuracy >= 0.5", "ece <= 1"]}
    assert str(open_spec(NOWHERE, (), given).locate("gates.1")) == "gates[1]"
    assert str(open_spec(NOWHERE, ("run.epochs=3",), given).locate("run.epochs")) == "--set run.epochs"
    assert open_spec(NOWHERE, (), given).locate("card.authors") is None


@pytest.mark.parametrize("value", [2, 0.5, True, None, "yes", "1", "a: b # c", ["crop"], {"name": "adamw"}, "ü“"])
def test_changes_come_back_as_they_were_given(value: object) -> None:
    (text,) = override_texts({"a.b": value})
    key, _, written = text.partition("=")
    assert (key, json.loads(written)) == ("a.b", value)


def test_changes_reach_the_spec() -> None:
    texts = override_texts({"run.epochs": 3, "title": "5", "data.root": Path("x"), "run.optimizer.name": "adamw"})
    spec = read_spec(NOWHERE, texts, given={"model": MODEL})
    assert (spec.run.epochs, spec.title, spec.data.root, spec.run.optimizer.name) == (3, "5", Path("x"), "adamw")
    with pytest.raises(SpecError, match="holds no set"):
        override_texts({"run.epochs": {1}})
