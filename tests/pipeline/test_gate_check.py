"""Gates that a run can't answer, known before it is begun."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reportgen.errors import SpecError
from reportgen.pipeline.build import Options, build
from reportgen.pipeline.check import Line, check_spec
from reportgen.progress import Silent
from tests.experiment.datasets.batches import write_batches


def images(folder: Path) -> None:
    for name in ("train/cat", "train/<unk>", "test/cat", "test/<unk>"):
        (folder / name).mkdir(parents=True)
        for number in range(2):
            pixels = np.full((8, 8, 3), 40 * number + len(name), np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number}{name[1]}.png")


def check(folder: Path, gate: str, data: str = "name: digits", more: str = "") -> list[Line]:
    quoted = gate.replace("'", "''")
    text = f"model: {{source: 'builtin:linear'}}\ndata: {{{data}}}\n{more}gates:\n  - '{quoted}'\n"
    (folder / "spec.yaml").write_text(text)
    return [*check_spec(folder / "spec.yaml", Options(offline=True))]


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("REPORTGEN_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.mark.parametrize(
    ("gate", "data", "hint"),
    [
        ("class.zebra.recall >= 0.5", "name: digits", "There is"),
        ("class.11.f1 >= 0.5", "name: digits", "Did you mean 1?"),
        ("class.autmobile.recall >= 0.5", "name: cifar10", "Did you mean automobile?"),
        ("class.aquarium fish.recall >= 0.5", "name: cifar100", "Did you mean aquarium_fish?"),
        ("class.cats.precision >= 0.5", "name: image_folder, root: images", "Did you mean cat?"),
        ("class.cat.recall >= 0.5", "name: image_folder, root: nowhere, fallback: digits", "There is"),
    ],
)
def test_a_class_that_the_data_lacks_is_told_by_check_and_before_a_build_computes(
    tmp_path: Path, gate: str, data: str, hint: str
) -> None:
    images(tmp_path / "images")
    (line,) = check(tmp_path, gate, data)
    assert line.line.startswith(f"wrong  {tmp_path / 'spec.yaml'}:4:5: the data has no class")
    assert hint in line.hint
    assert line.exit_code == 2
    with pytest.raises(SpecError, match="the data has no class") as built:
        build(tmp_path / "spec.yaml", tmp_path / "out", Options(offline=True), Silent())
    assert built.value.message in line.line
    assert not (tmp_path / "out").exists()


def test_classes_that_are_there_are_ok_and_files_here_name_their_own(tmp_path: Path) -> None:
    images(tmp_path / "images")
    own = "name: image_folder, root: images"
    assert not any(line.exit_code for line in check(tmp_path, 'class."<unk>".recall >= 0.5', own))
    assert not any(line.exit_code for line in check(tmp_path, "class.7.recall >= 0.5"))
    (line,) = check(tmp_path, "class.whale.recall >= 0.5", "name: cifar100")
    assert line.exit_code == 3  # it is not here, and its published names have a whale
    (line,) = check(tmp_path, "class.whale.recall >= 0.5", "name: image_folder, root: nowhere")
    assert line.exit_code == 3
    write_batches(tmp_path / "cifar")
    assert not any(line.exit_code for line in check(tmp_path, "class.ship.f1 > 0", "name: cifar10, root: cifar"))


@pytest.mark.parametrize(
    ("gate", "more", "why"),
    [
        ("top5_accuracy >= 0.5", "", ""),
        ("train_accuracy >= 0.5", "run: {mode: evaluate}\n", "run.mode: evaluate trains nothing"),
        ("train_step.p50_ms <= 5", "run: {mode: evaluate}\n", "run.mode: evaluate trains nothing"),
        ("corruption_accuracy >= 0.5", "run: {probes: none}\n", ""),
        ("corruption_accuracy >= 0.5", "run: {probes: {robustness: none}}\n", "run.probes.robustness is none"),
        ("latency.batch_8.p50_ms <= 5", "run: {probes: {cost: {level: none}}}\n", "run.probes.cost is none"),
        ("latency_p50_ms <= 5", "run: {probes: none}\n", ""),
        ("accuracy_seeds >= 0.5", "", "run.seeds names one seed"),
        ("accuracy_seeds >= 0.5", "run: {seeds: [0, 1, 2]}\n", ""),
        ("teacher_accuracy >= 0.5", "", "run.loss.teacher names no model"),
    ],
)
def test_a_gate_that_a_run_will_leave_undecided_is_told(tmp_path: Path, gate: str, more: str, why: str) -> None:
    lines = check(tmp_path, gate, more=more)
    assert lines[0].line.startswith("ok")
    told = [line.line for line in lines if "will be undecided" in line.line]
    assert told == ([f"note   the gate {gate} will be undecided: {why}"] if why else [])


def test_top_5_of_two_classes_is_told(tmp_path: Path) -> None:
    images(tmp_path / "images")
    lines = check(tmp_path, "top5_accuracy >= 0.5", "name: image_folder, root: images")
    assert any("will be undecided: the data has 2 classes" in line.line for line in lines)


def test_a_gate_on_a_change_without_a_baseline_is_not_ok(tmp_path: Path) -> None:
    (line,) = check(tmp_path, "accuracy.change > 0")
    assert (line.exit_code, "needs a baseline" in line.line) == (2, True)


@pytest.mark.slow
def test_of_data_that_another_may_stand_in_for_a_class_of_neither_is_refused_and_one_of_either_is_told(
    tmp_path: Path,
) -> None:
    def online(gate: str) -> list[Line]:
        check(tmp_path, gate, "name: cifar10, fallback: digits")
        return [*check_spec(tmp_path / "spec.yaml", Options())]

    (line,) = online("class.zebra.recall >= 0.5")
    assert ":4:5: the data has no class 'zebra'" in line.line
    for gate, lacking, when in (("class.cat.f1", "digits", "stands in, where"), ("class.7.f1", "cifar10", "is used")):
        lines = online(f"{gate} >= 0.5")
        assert not any(line.exit_code for line in lines)
        assert any(f"a class that {lacking} does not have: a build stops if {lacking} {when}" in x.line for x in lines)
