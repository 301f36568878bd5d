"""The command compare, end to end on two records, and the ranking of several."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from reportgen.cli.compare import format_ranking
from reportgen.comparison.ranking import rank
from reportgen.metrics import measure
from reportgen.pipeline.drawing_digest import code_of_drawing
from reportgen.pipeline.verification.ranking import compare_numbers
from reportgen.record.comparison import Comparison
from reportgen.record.locate import find_source
from reportgen.record.run import RunRecord
from reportgen.record.store import load_judgement, load_record
from reportgen.system.manifest import Manifest, describe_file
from tests.comparison.cases import ranked
from tests.support.commands import run_here
from tests.support.records import presented, write_subject


def other(record: RunRecord, better: float) -> RunRecord:
    """The record with some more or fewer right answers."""
    logits = np.array(record.arrays["eval.logits"])
    logits[np.arange(len(logits)), record.arrays["eval.labels"]] += better
    changed = record.model_copy(update={"arrays": record.arrays.merged({"eval.logits": logits})})
    return changed.model_copy(update={"measured": measure(changed)})


def keep(record: RunRecord, folder: Path, **drawn: object) -> Path:
    write_subject(presented(record, **drawn), folder)
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
    compared = load_judgement(tmp_path / "out" / "record").comparison
    assert isinstance(compared, Comparison)
    assert compared.verdict == "better"
    assert compared.equivalence.margin == 0.01
    assert "These weights are better than the baseline’s" in (tmp_path / "out" / "comment.md").read_text(
        encoding="utf-8"
    )
    assert 'id="section-baseline"' in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


def three(record: RunRecord, folder: Path, titles: Sequence[str] = ("Other",) * 3) -> list[Path]:
    """A baseline, one like it, and a better one, each in a folder."""
    found = []
    for title, (name, better) in zip(titles, (("main", 0.0), ("same", 0.0), ("good #1", 2.0)), strict=True):
        drawn = {"title": title, "report": {"sections": ["summary", "baseline"]}}
        found.append(keep(other(record, better), folder / name / "record", **drawn))
    return found


def test_several_are_ranked(record: RunRecord, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folders = three(record, tmp_path)
    said = run_here(capsys, "compare", *folders, "-o", tmp_path / "out", "--format", "json", "-q")
    assert said.code == 0, said.err
    lines = said.out.splitlines()
    assert lines[0].startswith("2 good #1  ")
    assert len(lines) == 6
    assert any("1 same and 0 main can't be distinguished" in line for line in lines)
    assert any("2 good #1 and 0 main differ" in line for line in lines)
    assert (tmp_path / "out" / "1-same" / "metrics.json").is_file()
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "1-same",
        "2-good #1",
        "index.html",
        "manifest.json",
        "ranking.json",
    ]
    page = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert "<a href" not in page, "there is no page to lead to"


def test_the_ranking_is_in_every_report_and_leads_to_it(
    record: RunRecord, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    said = run_here(capsys, "compare", *three(record, tmp_path), "-o", out, "--format", "html")
    assert said.code == 0, said.err
    assert f"{out / 'index.html'}: ranking of 3 models" in said.err
    index = (out / "index.html").read_text(encoding="utf-8")
    assert 'href="1-same/report.html"' in index
    assert 'href="2-good%20%231/report.html"' in index
    numbers = json.loads((out / "ranking.json").read_text(encoding="utf-8"))
    assert numbers["format"] == 1
    assert [entry["name"] for entry in numbers["entries"]] == ["Other (2)", "Other", "Other (1)"]
    assert [(entry["rank"], entry["baseline"]) for entry in numbers["entries"]] == [(1, False), (2, True), (2, False)]
    assert [(pair["holds"], pair["p_adjusted"] >= pair["p"]) for pair in numbers["pairs"]] == [
        (True, True),
        (True, True),
        (False, True),
    ]
    for folder, own in (("1-same", "Other (1)"), ("2-good #1", "Other (2)")):
        assert (out / numbers["entries"][2 if own.endswith("1)") else 0]["folder"]).name == folder
        ranking = load_judgement(out / folder / "record").ranking
        assert ranking is not None
        assert ranking.own == own
        page = (out / folder / "report.html").read_text(encoding="utf-8")
        assert 'id="figure-baseline_ranking"' in page
        assert "“Other (2)” is more accurate than every other" in page
        for pair in numbers["pairs"]:
            assert pair["change"]["display"] in page
            assert pair["change"]["display"] in index


def test_the_ranking_survives_drawing_again_and_goes_with_the_next_comparison(
    record: RunRecord, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folders, out = three(record, tmp_path), tmp_path / "out"
    assert run_here(capsys, "compare", *folders, "-o", out, "--format", "html", "-q").code == 0
    first = (out / "1-same" / "report.html").read_bytes()
    moved = tmp_path / "elsewhere"
    shutil.copytree(out / "1-same" / "record", moved / "record")
    assert run_here(capsys, "render", moved, "-o", moved, "--format", "html", "-q").code == 0
    assert (moved / "report.html").read_bytes() == first
    assert run_here(capsys, "compare", folders[0], moved, "-o", tmp_path / "one", "--format", "html", "-q").code == 0
    alone = load_judgement(tmp_path / "one" / "record")
    assert alone.comparison is not None
    assert alone.ranking is None
    assert "baseline_ranking" not in (tmp_path / "one" / "report.html").read_text(encoding="utf-8")


def test_the_same_comparison_gives_the_same_bytes_whatever_the_names(
    record: RunRecord, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folders = three(record, tmp_path, ("<script>alert(1)</script>", "猫 🐈 {braces}", "x" * 300))
    for out in ("one", "two"):
        assert run_here(capsys, "compare", *folders, "-o", tmp_path / out, "--format", "json", "-q").code == 0
    for name in ("index.html", "ranking.json", "1-same/record/record.json", "1-same/record/judgement.json"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    page = (tmp_path / "one" / "index.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert all(name in page for name in ("&lt;script&gt;alert(1)&lt;/script&gt;", "猫 🐈 {braces}", "x" * 300))
    names = {entry["name"] for entry in json.loads((tmp_path / "one" / "ranking.json").read_bytes())["entries"]}
    assert names == {"<script>alert(1)</script>", "猫 🐈 {braces}", "x" * 300}


def test_a_candidate_that_cannot_be_read_does_not_stop_the_others(
    record: RunRecord, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folders, out = three(record, tmp_path), tmp_path / "out"
    (folders[1] / "arrays.safetensors").write_bytes(b"broken")
    said = run_here(capsys, "compare", *folders, "-o", out, "--format", "html", "-q")
    assert said.code == 5
    assert said.err.count("is not the file that record.json was written with") == 1
    assert said.out.splitlines()[0].startswith("2 good")
    numbers = json.loads((out / "ranking.json").read_text(encoding="utf-8"))
    assert [entry["folder"] for entry in numbers["entries"]] == ["2-good #1", None]
    (folders[0] / "arrays.safetensors").write_bytes(b"broken")
    assert run_here(capsys, "compare", *folders, "-o", tmp_path / "none", "-q").code == 5
    assert not (tmp_path / "none").exists()


def test_no_record_goes_with_the_folder_it_is_in(
    record: RunRecord, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folders = three(record, tmp_path)
    built = tmp_path / "built"
    assert run_here(capsys, "render", folders[1], "-o", built, "--format", "json", "-q").code == 0
    said = run_here(capsys, "compare", folders[0], built, folders[2], "-o", built, "--format", "json")
    assert said.code == 2
    assert "holds one of the records to compare" in said.err
    assert (built / "record" / "record.json").is_file()
    assert run_here(capsys, "compare", folders[0], built, "-o", built, "--format", "json").code == 0


def test_without_any_report_there_is_no_page(
    record: RunRecord, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = run_here(capsys, "compare", *three(record, tmp_path), "-o", tmp_path / "out", "--format", "nonsense")
    assert said.code == 2
    assert not (tmp_path / "out").exists()


def test_a_failed_gate_is_the_exit_code_and_the_ranking_is_there(
    record: RunRecord, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folders, out = three(record, tmp_path), tmp_path / "out"
    gated = load_record(folders[2])
    shutil.rmtree(folders[2])
    keep(gated, folders[2], title="Other", gates=("accuracy >= 0.9999",))
    said = run_here(capsys, "compare", *folders, "-o", out, "--format", "json", "-q")
    assert said.code == 1
    assert (out / "index.html").is_file()


def test_a_missing_record_is_an_error_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = run_here(capsys, "compare", tmp_path / "nothing", tmp_path / "nowhere")
    assert said.code == 5
    assert "there is no" in said.err


def test_other_images_are_not_ranked_together(record: RunRecord) -> None:
    fewer = {name: record.arrays[name][:500] for name in ("eval.logits", "eval.labels", "eval.ids", "eval.digests")}
    less = record.model_copy(update={"arrays": record.arrays.merged(fewer)})
    assert any(
        "b and a are not compared" in line for line in format_ranking(ranked({0: record, 1: less}, "ab"), ["a", "b"])
    )


def test_a_ranking_is_verified_against_the_records_in_its_folders(
    record: RunRecord, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert run_here(capsys, "compare", *three(record, tmp_path), "-o", out, "--format", "html", "-q").code == 0
    said = run_here(capsys, "verify", out)
    assert said.code == 0, said.err
    numbers = json.loads((out / "ranking.json").read_bytes())
    for name, old, new in (
        ("index.html", numbers["entries"][0]["accuracy"]["display"], "99.9"),
        ("ranking.json", f'"p": {numbers["pairs"][-1]["p"]}', '"p": 0.0123'),
    ):
        whole = (out / name).read_bytes()
        assert old.encode() in whole
        (out / name).write_bytes(whole.replace(old.encode(), new.encode(), 1))
        fit(out)
        said = run_here(capsys, "verify", out)
        assert (said.code, name in said.err + said.out) == (1, True), said
        (out / name).write_bytes(whole)
    fit(out)


def test_a_ranking_altered_everywhere_alike_is_held_against_the_measurements(record: RunRecord, tmp_path: Path) -> None:
    subjects = {number: find_source(folder).load().subject for number, folder in enumerate(three(record, tmp_path))}
    ranking = rank(subjects)
    entry = next(entry for entry in ranking.entries if entry.number == 1)
    assert entry.accuracy is not None
    better = entry.model_copy(update={"accuracy": entry.accuracy.model_copy(update={"value": 0.99})})
    entries = tuple(better if one is entry else one for one in ranking.entries)
    candidates = {number: subject for number, subject in subjects.items() if number}
    assert compare_numbers(ranking, candidates) == []
    (told,) = compare_numbers(ranking.model_copy(update={"entries": entries}), candidates)
    assert (told.file, told.place) == ("ranking.json", "ranking[1].accuracy.value")


def fit(home: Path) -> None:
    """Make the manifest of a ranking list what is there now."""
    files = {name: describe_file(home / name) for name in ("index.html", "ranking.json")}
    manifest = Manifest(code=code_of_drawing(), files=files)
    (home / "manifest.json").write_bytes(manifest.spelled())
