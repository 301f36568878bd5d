"""A value has one type however it was written, and what is written out can be read again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from reportgen.spec import ReportSpec, read_spec, spec_schema, written_out
from reportgen.spec.normalization import CIFAR10, Normalization
from reportgen.spec.probes import ExplanationsOptions, ProbesSpec, WeightsOptions
from reportgen.spec.types import BaselineSpec

SHORT_AND_LONG = [
    ("run: {probes: full}", "run: {probes: {level: full}}"),
    ("run: {probes: {weights: none}}", "run: {probes: {level: fast, weights: {level: none}}}"),
    ("run: {seed: 3}", "run: {seeds: [3]}"),
    ("baseline: main", "baseline: {record: main, margin: 0.005}"),
    ("data: {normalize: none}", "data: {normalize: {mean: [0], std: [1]}}"),
    (
        "data: {normalize: imagenet}",
        "data: {normalize: {mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225]}}",
    ),
    ("report: {sections: default}", "report: {}"),
    ("report: {sections: full}", "report: {sections: default}"),
    ("report: {sections: brief}", "report: {sections: [brief]}"),
    ("card: {authors: A. Author}", "card: {authors: [A. Author]}"),
    ("run: {optimizer: {name: adam, eps: 1e-7}}", "run: {optimizer: {name: adam, eps: [1e-7]}}"),
]


def read(folder: Path, text: str) -> ReportSpec:
    (folder / "spec.yaml").write_text(f"model: {{source: builtin:two_conv}}\n{text}\n", encoding="utf-8")
    return read_spec(folder / "spec.yaml")


@pytest.mark.parametrize(("short", "long"), SHORT_AND_LONG)
def test_both_ways_to_write_a_value_are_one_spec(tmp_path: Path, short: str, long: str) -> None:
    one, other = read(tmp_path, short), read(tmp_path, long)
    assert one == other
    (tmp_path / "again.yaml").write_text(json.dumps(written_out(one, "json")), encoding="utf-8")
    assert read_spec(tmp_path / "again.yaml") == one


def test_what_is_written_out_is_short(tmp_path: Path) -> None:
    spec = read(tmp_path, "baseline: main\ncard: {authors: me}\ndata: {normalize: cifar10}")
    written = written_out(spec, "json")
    assert (written["baseline"], written["card"]["authors"], written["data"]["normalize"]) == ("main", "me", "cifar10")
    assert (written["run"]["probes"], written["run"]["seed"], written["report"]["sections"]) == ("fast", 0, "default")
    assert "seeds" not in written["run"]
    assert written_out(read(tmp_path, "report: {sections: brief}"), "json")["report"]["sections"] == "brief"
    longer = read(tmp_path, "baseline: {record: main, margin: 0.1}\nrun: {probes: {cost: none}, seeds: [2, 1]}")
    written = written_out(longer, "json")
    assert written["baseline"] == {"record": "main", "margin": 0.1}
    assert (written["run"]["probes"]["cost"], written["run"]["seeds"]) == ("none", [2, 1])
    assert "seed" not in written["run"]


def test_records_that_hold_the_shorter_forms_are_read() -> None:
    old: dict[str, Any] = {
        "model": {"source": "a:b"},
        "data": {"normalize": "cifar10"},
        "run": {"seed": 4, "seeds": None, "probes": {"weights": "full", "explanations": {"embedding": "tsne"}}},
        "report": {"sections": "default"},
        "card": {"authors": "me"},
        "baseline": "main",
    }
    spec = ReportSpec.model_validate(old)
    assert (spec.run.seed, spec.run.seeds) == (4, (4,))
    assert spec.run.probes == ProbesSpec(
        weights=WeightsOptions(level="full"), explanations=ExplanationsOptions(embedding="tsne")
    )
    assert spec.data.normalize == Normalization(mean=CIFAR10[0], std=CIFAR10[1])
    assert spec.baseline == BaselineSpec(record=Path("main"))
    assert (spec.report.sections, spec.card.authors) == (None, ("me",))
    assert ReportSpec.model_validate({**old, "run": {"seed": 4, "seeds": [4, 2]}}).run.seeds == (4, 2)
    assert ReportSpec.model_validate_json(spec.model_dump_json()) == spec


def test_editors_are_offered_both_ways() -> None:
    properties = spec_schema()["$defs"]["RunSpec"]["properties"]
    assert {"enum": ["fast", "full", "none"], "type": "string"} in properties["probes"]["anyOf"]
    assert {"$ref": "#/$defs/ProbesSpec"} in properties["probes"]["anyOf"]
    sections = spec_schema()["$defs"]["ReportOptions"]["properties"]["sections"]
    assert {"enum": ["default", "full", "brief"], "type": "string"} in sections["anyOf"]
    assert {"seed", "seeds"} <= set(properties)
