"""Extras that a spec asks for are missed before anything is computed, with the way to install them."""

from __future__ import annotations

from pathlib import Path

import pytest

from reportgen.errors import SpecError
from reportgen.pipeline import extras
from reportgen.pipeline.extras import check_extras
from reportgen.spec.types import ModelSpec, ReportSpec, RunSpec
from tests.support.commands import run_here, write_spec

UMAP = """\
model: {source: "builtin:linear"}
data: {name: digits}
run:
  probes:
    explanations: {embedding: umap}
outputs: [html]
"""


def spec(probes: object) -> ReportSpec:
    return ReportSpec(model=ModelSpec(source="builtin:linear"), run=RunSpec.model_validate({"probes": probes}))


@pytest.fixture
def absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda _name: None)


def test_umap_without_umap_learn_is_refused(absent: None) -> None:
    with pytest.raises(SpecError) as error:
        check_extras(spec({"explanations": {"embedding": "umap"}}))
    assert "reportgen-torch[umap]" in error.value.hint
    assert error.value.key == "run.probes.explanations.embedding"


@pytest.mark.parametrize(
    "probes",
    [
        "fast",
        "none",
        {"explanations": "full"},
        {"explanations": {"embedding": "tsne"}},
        {"explanations": {"embedding": "umap", "level": "none"}},
        {"level": "none", "explanations": {"embedding": "umap"}},
    ],
)
def test_what_needs_no_extra_passes(probes: object, absent: None) -> None:
    check_extras(spec(probes))


def test_umap_that_is_here_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "find_spec", lambda _name: object())
    check_extras(spec({"explanations": {"embedding": "umap"}}))


def test_check_points_at_the_key(absent: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = run_here(capsys, "check", write_spec(tmp_path, UMAP))
    assert said.code == 2
    assert "spec.yaml:5:" in said.out
    assert "pip install 'reportgen-torch[umap]'" in said.out
