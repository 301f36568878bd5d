"""The whole spine on a tiny model and real images: what a build leaves, what it keeps, what it does again."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reportgen.record.store import load_record, load_stored
from tests.support.commands import ROOT, TINY, made_once, run_here, write_spec

NAMES = {"accuracy", "top5_accuracy", "macro_f1", "nll", "brier", "ece", "auroc", "train_accuracy"}
NAMES |= {"parameters", "macs", "activation_bytes", "train_seconds"}
KEPT = ("record.json", "arrays.safetensors", "presentation.json")
TELLING = """
import json, sys
from reportgen.cli import main
try:
    main()
finally:
    print(json.dumps(sorted({"torch", "torch._dynamo", "sympy", "sklearn", "scipy.stats"} & set(sys.modules))))
"""
"""The command line, and then which of these it has loaded."""
LATE = ("torch", "matplotlib", "weasyprint", "jinja2", "reportgen.report.sections", "reportgen.outputs.html")
"""What a build that has nothing to do does not load."""
KEYS = {"name", "label", "value", "low", "high", "n", "unit", "higher_is_better", "display"}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report that nobody changes, built by a process of its own in another time zone and by other hashes."""

    def make(folder: Path) -> None:
        command = ["build", write_spec(folder).name, "-o", "out"]
        env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo"}
        done = subprocess.run(
            [sys.executable, "-c", TELLING, *command], cwd=folder, env=env, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        (folder / "loaded.txt").write_text(done.stdout.splitlines()[-1])

    return made_once(tmp_path_factory, "built", make)


def test_a_build_that_compiles_nothing_does_not_load_torchs_compiler(built: Path) -> None:
    assert json.loads((built / "loaded.txt").read_text()) == ["torch"]


def test_a_build_leaves_the_report_the_record_and_a_manifest(built: Path) -> None:
    out = built / "out"
    manifest = json.loads((out / "manifest.json").read_text())
    found = {
        path.relative_to(out).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in out.rglob("*")
        if path.is_file() and path.name != "manifest.json" and not path.name.startswith(".")
    }
    assert set(found) == {"report.html", "metrics.json", *(f"record/{name}" for name in KEPT)}
    listed = manifest["files"]
    assert {name: entry["sha256"] if isinstance(entry, dict) else entry for name, entry in listed.items()} == found


def test_metrics_are_those_of_the_record_counted_again(built: Path) -> None:
    metrics = json.loads((built / "out" / "metrics.json").read_text())
    values = {metric["name"]: metric for metric in metrics["metrics"]}
    assert metrics["format"] == 1
    assert set(values) >= NAMES
    assert all(set(metric) == KEYS for metric in metrics["metrics"])
    record = load_record(built / "out" / "record")
    right = record.arrays["eval.logits"].argmax(1) == record.arrays["eval.labels"]
    assert values["accuracy"]["value"] == pytest.approx(right.mean())
    assert values["accuracy"]["n"] == len(right) == 120
    assert values["parameters"]["value"] == 3 * 32 * 32 * 10 + 10


def test_an_unchanged_spec_is_built_in_no_time_and_without_torch(built: Path) -> None:
    code = (
        "import sys\nfrom reportgen.cli import main\n"
        f"late = {LATE}\n"
        "try:\n    main()\nfinally:\n    print([name for name in late if name in sys.modules])"
    )
    before = {path: path.stat().st_mtime_ns for path in (built / "out").rglob("*") if path.is_file()}
    done = subprocess.run(
        [sys.executable, "-c", code, "build", "spec.yaml", "-o", "out"], cwd=built, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "[]" in done.stdout
    assert "unchanged" in done.stdout + done.stderr
    assert before == {path: path.stat().st_mtime_ns for path in before}


def test_a_wrong_section_is_refused_where_there_is_a_report_too(
    built: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(built, tmp_path, dirs_exist_ok=True)
    spec = write_spec(tmp_path, f"{TINY}\nreport:\n  sections: [summary, nosuch]\n")
    said = run_here(capsys, "build", spec, "-o", tmp_path / "out")
    assert said.code == 2
    assert "there is no section 'nosuch'" in said.err
    assert "spec.yaml:" in said.err
    left = {path.relative_to(tmp_path): path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert left == {path.relative_to(built): path.read_bytes() for path in (built / "out").rglob("*") if path.is_file()}


def test_a_new_title_is_set_without_measuring_again(
    built: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(built, tmp_path, dirs_exist_ok=True)
    spec = write_spec(tmp_path, TINY.replace("A tiny model", "Another title"))
    kept = tmp_path / "out" / "record"
    before = [(kept / name).read_bytes() for name in ("record.json", "arrays.safetensors")]
    said = run_here(capsys, "build", spec, "-o", tmp_path / "out", "--set", "report.sections=[summary]")
    assert said.code == 0
    assert "Train" not in said.err
    assert [(kept / name).read_bytes() for name in ("record.json", "arrays.safetensors")] == before
    assert load_stored(kept).subject.title == "Another title"
    assert "Another title" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


def test_another_seed_is_measured_again(built: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(built, tmp_path, dirs_exist_ok=True)
    said = run_here(capsys, "build", tmp_path / "spec.yaml", "-o", tmp_path / "out", "--set", "run.seed=1")
    assert said.code == 0
    assert "Train" in said.err
    old, new = load_record(built / "out" / "record"), load_record(tmp_path / "out" / "record")
    assert not np.array_equal(old.arrays["eval.logits"], new.arrays["eval.logits"])


def test_the_same_seed_gives_the_same_logits_in_another_process(
    built: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = run_here(capsys, "build", write_spec(tmp_path), "-o", tmp_path / "new", "-q", "--format", "json")
    assert (said.code, said.out, said.err) == (0, "", "")
    old = load_record(built / "out" / "record")
    new = load_record(tmp_path / "new" / "record")
    assert np.array_equal(old.arrays["eval.logits"], new.arrays["eval.logits"])
    assert np.array_equal(old.arrays["train.loss"], new.arrays["train.loss"])


def test_render_draws_the_same_bytes_in_another_process_from_the_record_alone(
    built: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(built / "out" / "record", tmp_path / "record")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REPORTGEN_DATA", "/nowhere")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))  # no figure was drawn before
    said = run_here(capsys, "render", "record", "-o", "again", "--format", "html,json")
    assert said.code == 0, said.err
    for name in ("report.html", "metrics.json"):
        assert (tmp_path / "again" / name).read_bytes() == (built / "out" / name).read_bytes()


def test_the_record_tells_nothing_of_the_machine(built: Path) -> None:
    text = (built / "out" / "record" / "record.json").read_text(encoding="utf-8")
    assert str(built) not in text
    assert os.uname().nodename not in text
    assert str(Path.home()) not in text


def test_foreign_files_stay_and_dropped_formats_go(
    built: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(built, tmp_path, dirs_exist_ok=True)
    (tmp_path / "out" / "notes.txt").write_text("mine")
    said = run_here(capsys, "build", tmp_path / "spec.yaml", "-o", tmp_path / "out", "--format", "json")
    assert said.code == 0
    assert (tmp_path / "out" / "notes.txt").read_text() == "mine"
    assert not (tmp_path / "out" / "report.html").exists()


def test_several_specs_go_on_after_one_that_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = write_spec(tmp_path, name="good.yaml")
    bad = write_spec(tmp_path, "model: {source: 'builtin:nothing'}\ndata: {name: digits}\n", "bad.yaml")
    said = run_here(capsys, "build", bad, good, "-o", tmp_path / "out", "--format", "json")
    assert said.code == 2
    assert (tmp_path / "out" / "good" / "metrics.json").is_file()
    assert not (tmp_path / "out" / "bad").exists()


@pytest.mark.parametrize("stage", ["Train", "Draw", "Write"])
def test_an_interrupt_in_any_stage_leaves_the_old_report(built: Path, tmp_path: Path, stage: str) -> None:
    """What is drawn and written is of another title, for which nothing is trained."""
    shutil.copytree(built, tmp_path, dirs_exist_ok=True)
    before = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    command = [sys.executable, "-c", "from reportgen.cli import main; main()", "build", "spec.yaml", "-o", "out"]
    lines = []
    changes = ("--force",) if stage == "Train" else ("--set", "title=Another")
    short = ("--set", "report.sections=[evaluation]")
    with subprocess.Popen([*command, *changes, *short], cwd=tmp_path, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            lines.append(line)
            if line.startswith(f"{stage} "):
                process.send_signal(signal.SIGINT)
                break
        lines += process.stderr.readlines()
    assert process.returncode == 130, "".join(lines)
    assert "Traceback" not in "".join(lines)
    for path, content in before.items():
        assert path.read_bytes() == content


def test_a_diverged_training_is_reported_and_ends_with_4(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = TINY.replace("optimizer: {name: adamw}", "optimizer: {name: sgd, lr: 1.0e+12}, schedule: constant")
    said = run_here(
        capsys, "build", write_spec(tmp_path, text.replace("epochs: 1", "epochs: 30")), "-o", tmp_path / "o"
    )
    assert said.code == 4, said.err
    record = load_record(tmp_path / "o" / "record")
    assert record.training is not None
    assert record.training.divergence is not None
    assert "diverged" in (tmp_path / "o" / "report.html").read_text(encoding="utf-8")


def test_names_from_outside_come_through_a_whole_build(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = ["<script>alert(1)</script>", "{{7*7}} 猫 🐈"]
    rng = np.random.default_rng(0)
    for split, number in (("train", 12), ("test", 6)):
        for index, name in enumerate(names):
            folder = tmp_path / "images" / split / name.replace("/", "∕")
            folder.mkdir(parents=True)
            for i in range(number):
                pixels = rng.integers(0, 120, (40, 36, 3)) + 130 * index
                Image.fromarray(pixels.astype(np.uint8)).save(folder / f"{i}.png")
    spec = f"""
title: "<b>{{{{7*7}}}}</b> 模型 {"very-long-title-" * 20}"
model: {{source: "builtin:linear"}}
data: {{name: image_folder, root: images}}
run: {{epochs: 2, batch_size: 8, probes: {{cost: {{processes: 1}}}}}}
outputs: [html, json]
"""
    said = run_here(capsys, "build", write_spec(tmp_path, spec), "-o", tmp_path / "out")
    assert said.code == 0, said.err
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "<b>{{7*7}}</b>" not in page
    assert "{{7*7}}" in page
    assert "猫" in page
