"""The command compare, end to end on two records, and the ranking of several."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from reportgen.cli.comparing import tell_ranking
from reportgen.comparison.ranking import rank
from reportgen.comparisons import Comparison
from reportgen.metrics import measure
from reportgen.record import RunRecord
from reportgen.store import load_record, save_record
from tests.commands import run_here


def other(record: RunRecord, better: float) -> RunRecord:
    """The record with some more or fewer right answers."""
    logits = np.array(record.arrays["eval.logits"])
    logits[np.arange(len(logits)), record.arrays["eval.labels"]] += better
    changed = record.model_copy(update={"arrays": record.arrays.merged({"eval.logits": logits}), "title": "Other"})
    return changed.model_copy(update={"measured": measure(changed)})


def keep(record: RunRecord, folder: Path) -> Path:
    folder.mkdir(parents=True)
    save_record(record, folder)
    return folder


def test_one_candidate_becomes_a_report(record: RunRecord, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    baseline = keep(record, tmp_path / "main" / "record")
    candidate = keep(other(record, 1.0), tmp_path / "candidate" / "record")
    said = run_here(
        capsys,
        "compare",
        baseline.parent,
        candidate,
        "-o",
        tmp_path / "out",
        "--format",
        "html,comment",
        "--margin",
        "0.01",
    )
    assert said.code == 0, said.err
    compared = load_record(tmp_path / "out" / "record").comparison
    assert isinstance(compared, Comparison)
    assert compared.verdict == "better"
    assert compared.equivalence.margin == 0.01
    assert "Better than the baseline" in (tmp_path / "out" / "comment.md").read_text(encoding="utf-8")
    assert 'id="section-baseline"' in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


def test_several_are_ranked(record: RunRecord, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folders = [keep(other(record, better), tmp_path / name / "record") for name, better in
               (("main", 0.0), ("same", 0.0), ("good", 2.0))]  # fmt: skip
    said = run_here(capsys, "compare", *folders, "-o", tmp_path / "out", "--format", "json", "-q")
    assert said.code == 0, said.err
    lines = said.out.splitlines()
    assert lines[0].startswith("2 good")
    assert any("1 same and 0 main can't be told apart" in line for line in lines)
    assert any("2 good and 0 main differ" in line for line in lines)
    assert (tmp_path / "out" / "1-same" / "metrics.json").is_file()


def test_a_missing_record_is_an_error_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = run_here(capsys, "compare", tmp_path / "nothing", tmp_path / "nowhere")
    assert said.code == 5
    assert "there is no" in said.err


def test_other_images_are_not_ranked_together(record: RunRecord) -> None:
    fewer = {name: record.arrays[name][:500] for name in ("eval.logits", "eval.labels", "eval.ids", "eval.digests")}
    less = record.model_copy(update={"arrays": record.arrays.merged(fewer)})
    assert any("b and a are not compared" in line for line in tell_ranking(rank({0: record, 1: less}), ["a", "b"]))
