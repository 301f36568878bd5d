"""The baseline of a spec, through whole builds: found early, compared with, drawn again without it, taken away."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path

import pytest

from reportgen.record.comparison import Comparison, Refusal
from reportgen.record.locate import find_source
from reportgen.record.store import load_judgement
from reportgen.spec import read_spec
from reportgen.spec.paths import without_absolute_paths
from tests.support.commands import TINY, build_quietly, made_once, run_here, write_spec

pytestmark = pytest.mark.e2e
LONGER = TINY.replace("epochs: 1", "epochs: 3").replace("A tiny model", "A longer training")
BASED = LONGER + "baseline: base\n"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A baseline in `base`, and beside it a candidate in `out` that was compared with it; nobody changes them."""

    def make(folder: Path) -> None:
        for text, name, out in ((TINY, "base.yaml", "base"), (BASED, "spec.yaml", "out")):
            build_quietly(write_spec(folder, text, name), folder / out)

    return made_once(tmp_path_factory, "with-baseline", make)


@pytest.fixture
def copy(built: Path, tmp_path: Path) -> Path:
    shutil.copytree(built, tmp_path, dirs_exist_ok=True)
    return tmp_path


def metrics(folder: Path) -> dict[str, dict[str, object]]:
    found = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))["metrics"]
    return {metric["name"]: metric for metric in found}


def build(folder: Path, capsys: pytest.CaptureFixture[str], text: str, code: int = 0) -> str:
    said = run_here(capsys, "build", write_spec(folder, text), "-o", folder / "out")
    assert said.code == code, said.err
    return said.err


def numbers_of(spec: str) -> str:
    """The spec without its page."""
    return spec.replace("[html, json]", "[json]")


def test_a_build_compares_with_the_baseline_in_every_output(built: Path) -> None:
    comparison = load_judgement(built / "out" / "record").comparison
    assert isinstance(comparison, Comparison)
    assert (comparison.baseline.title, comparison.n) == ("A tiny model", 120)
    assert comparison.baseline.digest == find_source(built / "base").digest
    assert ("run.epochs", "1.0", "3.0") in {(one.key, one.before, one.after) for one in comparison.differences}
    after, before = metrics(built / "out"), metrics(built / "base")
    change = after["accuracy.change"]
    assert change["value"] == pytest.approx(after["accuracy"]["value"] - before["accuracy"]["value"])  # type: ignore[operator]
    page = (built / "out" / "report.html").read_text(encoding="utf-8")
    assert page.count(str(change["display"])) >= 3
    assert 'id="section-baseline"' in page
    assert 'id="section-baseline"' not in (built / "base" / "report.html").read_text(encoding="utf-8")


def test_a_baseline_is_no_part_of_the_run(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = ("record.json", "arrays.safetensors")
    before = {name: (copy / "out" / "record" / name).read_bytes() for name in names}
    assert "unchanged" in build(copy, capsys, BASED)
    said = build(copy, capsys, LONGER)
    assert "Train" not in said
    assert {name: (copy / "out" / "record" / name).read_bytes() for name in before} == before
    assert load_judgement(copy / "out" / "record").comparison is None
    assert "section-baseline" not in (copy / "out" / "report.html").read_text(encoding="utf-8")
    assert "accuracy.change" not in metrics(copy / "out")


def test_a_changed_baseline_or_margin_is_compared_again(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(copy / "base")
    shutil.copytree(copy / "out", copy / "base")
    said = build(copy, capsys, numbers_of(BASED))
    assert "Compare" in said
    assert "Train" not in said
    same = load_judgement(copy / "out" / "record").comparison
    assert isinstance(same, Comparison)
    assert (same.verdict, same.identical) == ("equivalent", True)
    assert "Compare" in build(copy, capsys, numbers_of(LONGER) + "baseline: {record: base, margin: 0.9}\n")
    wide = load_judgement(copy / "out" / "record").comparison
    assert isinstance(wide, Comparison)
    assert wide.equivalence.margin == 0.9


def test_a_comparison_is_drawn_again_without_the_baseline(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(copy / "base")
    said = run_here(capsys, "render", copy / "out", "-o", copy / "again")
    assert said.code == 0, said.err
    for name in ("report.html", "metrics.json"):
        assert (copy / "again" / name).read_bytes() == (copy / "out" / name).read_bytes()


def test_the_pdf_alone_is_a_baseline_and_can_be_drawn(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = run_here(capsys, "build", copy / "base.yaml", "-o", copy / "base", "--format", "pdf")
    assert said.code == 0, said.err
    shutil.move(copy / "base" / "report.pdf", copy / "main.pdf")
    shutil.rmtree(copy / "base")
    before = load_judgement(copy / "out" / "record").comparison
    build(copy, capsys, numbers_of(LONGER) + "baseline: main.pdf\n")
    after = load_judgement(copy / "out" / "record").comparison
    assert isinstance(before, Comparison)
    assert isinstance(after, Comparison)
    assert after.values == before.values
    assert after.baseline.title == before.baseline.title
    said = run_here(capsys, "render", copy / "main.pdf", "-o", copy / "drawn", "--format", "html")
    assert said.code == 0, said.err
    assert "A tiny model" in (copy / "drawn" / "report.html").read_text(encoding="utf-8")


def test_other_images_are_refused_in_the_report(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    build(copy, capsys, BASED.replace("eval_limit: 120", "eval_limit: 100"))
    found = load_judgement(copy / "out" / "record").comparison
    assert isinstance(found, Refusal)
    page = (copy / "out" / "report.html").read_text(encoding="utf-8")
    assert "The baseline was evaluated on 120 images and this model on 100" in page
    assert "could not be compared with the baseline" in page


@pytest.mark.parametrize(
    ("baseline", "says", "code", "place"),
    [
        ("nowhere", "there is no baseline", 2, (6, 1)),
        ("{record: nowhere}", "there is no baseline", 2, (6, 12)),
        ("spec.yaml", "is neither a PDF nor a record", 5, (6, 1)),
        ("$NO_SUCH_PLACE/x", "there is no environment variable NO_SUCH_PLACE", 2, (6, 1)),
        ("{record: base, margin: 5}", "baseline.margin: expected a number below 1", 2, (6, 34)),
        ("{margin: 0.01}", "baseline names no record", 2, (6, 1)),
        ("{record: base, margn: 0.01}", "there is no key 'margn' in baseline", 2, (6, 26)),
        ("[a, b]", "baseline: expected a path or a mapping", 2, (6, 11)),
    ],
)
def test_a_wrong_baseline_is_said_with_its_place_before_any_compute(
    copy: Path, capsys: pytest.CaptureFixture[str], baseline: str, says: str, code: int, place: tuple[int, int]
) -> None:
    text = f"{LONGER}baseline: {baseline}\n"
    said = run_here(capsys, "build", write_spec(copy, text), "-o", copy / "new")
    assert said.code == code, said.err
    assert says in " ".join(said.err.split())
    assert f"spec.yaml:{place[0]}:{place[1]}" in said.err.replace("\n", "")
    assert "Load the data" not in said.err
    assert not (copy / "new" / "record").exists()


def test_check_names_the_baseline(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = run_here(capsys, "check", write_spec(copy, BASED))
    assert "baseline " in said.out
    assert "margin 0.5\u00a0points" in said.out
    wrong = run_here(capsys, "check", write_spec(copy, LONGER + "baseline: nowhere\n"))
    assert wrong.code == 2
    assert "there is no baseline" in wrong.out


def test_a_record_holds_no_absolute_path_of_a_baseline(tmp_path: Path) -> None:
    for text in (f"baseline: {tmp_path}/main\n", f"baseline: {{record: {tmp_path}/main, margin: 0.01}}\n"):
        spec = without_absolute_paths(read_spec(write_spec(tmp_path, TINY + text)))
        assert spec.baseline is not None
        assert spec.baseline.record == Path("main")


def test_a_drawing_from_a_record_takes_no_other_baseline(built: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = run_here(capsys, "render", built / "out", "-o", built / "x", "--set", "baseline=base")
    assert said.code == 2
    assert "reportgen compare" in said.err


GATED = """\
gates:
  - latency_p50_ms.change_ratio <= 1000
  - latency_p50_ms.change <= -1e6
  - latency.batch_1.p95.change_ratio <= 1000
  - throughput.batch_1.change_ratio > 0
  - card.completeness.change == 0
  - peak_memory.training.batch_7.change <= 0
"""


@pytest.mark.usefixtures("small_limits")
def test_gates_on_changes_of_costs_from_spec_to_exit_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    timed = numbers_of(TINY).replace("probes: none", "probes: {cost: {level: fast, processes: 2}, max_seconds: 3}")
    base = run_here(capsys, "build", write_spec(tmp_path, timed, "base.yaml"), "-o", tmp_path / "base")
    assert base.code == 0, base.err
    said = build(tmp_path, capsys, timed.replace("epochs: 1", "epochs: 2") + "baseline: base\n" + GATED, code=1)
    told = json.loads((tmp_path / "out" / "metrics.json").read_text(encoding="utf-8"))["gates"]
    assert [gate["outcome"] for gate in told] == [
        "pass",
        "fail",
        "undecided",
        "pass",
        "pass",
        "undecided",
    ], said
    before, after = metrics(tmp_path / "base"), metrics(tmp_path / "out")
    for name in ("latency_p50", "latency.batch_1.p50", "throughput.batch_1"):
        ratio = after[f"{name}.change_ratio"]
        assert ratio["low"] < ratio["value"] < ratio["high"]  # type: ignore[operator]
        assert ratio["n"] == 2  # pairs of processes
    assert after["latency_p95.change_ratio"]["value"] is None
    for name in ("card.completeness", "train_seconds"):
        old, new = before[name]["value"], after[name]["value"]
        assert after[f"{name}.change"]["value"] == pytest.approx(new - old)  # type: ignore[operator]
    paired = json.loads((tmp_path / "out" / "record" / "record.json").read_text(encoding="utf-8"))["paired_latency"]
    assert paired["order"] == ["baseline", "candidate", "candidate", "baseline"]
    assert run_here(capsys, "render", tmp_path / "out", "-o", tmp_path / "again").code == 1
    assert metrics(tmp_path / "again") == after


PROBED = """probes:
    {cost: {processes: 1}, explanations: none, robustness: {images: 40, corruptions: [contrast], epsilons: [1.0]}}"""
UNCHANGED = """\
baseline: base
gates:
  - latency_p50_ms.change_ratio <= 1
  - latency_p95_ms.change <= 0
  - train_seconds.change <= 0
  - throughput.best.change_ratio >= 1
  - accuracy.change >= 0
  - ece.change <= 0
  - response.dead_share.change <= 0
  - corruption_accuracy.change >= 0
"""


@pytest.mark.usefixtures("small_limits")
def test_a_model_twice_fails_no_gate_on_a_change_however_busy_the_machine_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = numbers_of(TINY).replace("probes: none", PROBED)
    assert run_here(capsys, "build", write_spec(tmp_path, spec, "base.yaml"), "-o", tmp_path / "base").code == 0
    clock, begun = time.perf_counter, time.perf_counter()
    monkeypatch.setattr(time, "perf_counter", lambda: begun + 20 * (clock() - begun))  # twenty times as busy a machine
    build(tmp_path, capsys, spec + UNCHANGED)
    told = json.loads((tmp_path / "out" / "metrics.json").read_text(encoding="utf-8"))["gates"]
    outcomes = {gate["metric"]: gate["outcome"] for gate in told}
    assert "fail" not in outcomes.values(), outcomes
    for name in ("accuracy.change", "ece.change", "response.dead_share.change"):
        assert outcomes[name] == "pass"
    assert outcomes["latency_p50_ms.change_ratio"] == "undecided"


def test_a_gate_on_a_number_that_no_section_has_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = build(tmp_path, capsys, TINY + "gates: [latency.batch_1.p59 <= 3]\n", code=2)
    assert "Did you mean latency.batch_N.p95" in said
    without = TINY + "report: {sections: [summary, data]}\ngates: [throughput.best >= 3]\n"
    assert "there is no number 'throughput.best'" in build(tmp_path, capsys, without, code=2)
