"""The plan that `check` prints: where the data is, what would run, for about how long."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reportgen.errors import DataError, EnvironmentTrouble, SpecError
from reportgen.experiment.datasets import find_datasets
from reportgen.experiment.datasets.files import cache_folder
from reportgen.pipeline import check
from reportgen.pipeline.build import Options
from reportgen.plugins import Output
from reportgen.spec.probes import CostOptions, ProbesSpec, RobustnessOptions
from reportgen.spec.types import DataSpec, LossSpec, ModelSpec, ReportSpec, RunSpec


def spec(source: str = "builtin:linear", run: RunSpec | None = None, data: DataSpec | None = None) -> ReportSpec:
    return ReportSpec(model=ModelSpec(source=source), run=run or RunSpec(epochs=1), data=data or DataSpec())


def test_the_run_in_words() -> None:
    teacher = LossSpec(name="kl_div", teacher=ModelSpec(source="builtin:resnet9"))
    line = check.run_line(spec(run=RunSpec(seeds=(0, 1), loss=teacher)))
    assert line.endswith("sgd, taught by builtin:resnet9, on auto, once with each of 2 seeds")
    assert check.run_line(spec(run=RunSpec(seeds=(4,)))).endswith("sgd, on auto")


def test_the_probes_by_name_and_level() -> None:
    assert check.probes_line(spec(run=RunSpec(probes="none"))) == "none"
    some = ProbesSpec(level="none", robustness=RobustnessOptions(level="full"), cost=CostOptions(level="fast"))
    assert check.probes_line(spec(run=RunSpec(probes=some))) == "robustness (full), cost (fast)"


def test_what_lies_there_instead_of_data_to_be_downloaded_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REPORTGEN_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    cifar10 = find_datasets()["cifar10"]
    line, told = check.plan_data(spec(data=DataSpec(root=Path("nowhere"))), cifar10, Options(), tmp_path)
    assert (line, told) == ("cifar10, to be downloaded (170 MB)", (f"There is no folder {tmp_path / 'nowhere'}.",))


def test_where_the_data_would_come_from(tmp_path: Path) -> None:
    online, offline = Options(), Options(offline=True)
    cifar10, digits, folder = (find_datasets()[name] for name in ("cifar10", "digits", "image_folder"))
    assert check.data_line(spec(), cifar10, (tmp_path,), offline) == "cifar10, here"
    assert check.data_line(spec(data=DataSpec(name="digits")), digits, (), offline) == "digits, bundled"
    assert "to be downloaded (170 MB)" in check.data_line(spec(), cifar10, None, online)
    assert "digits in its place" in check.data_line(spec(data=DataSpec(fallback="digits")), cifar10, None, offline)
    with pytest.raises(DataError) as caught:
        check.data_line(spec(), cifar10, None, offline, ("There is no folder data.",))
    assert caught.value.hint.startswith("There is no folder data.\nDownload")
    for way in ("--data-root", "REPORTGEN_CIFAR10_URL", str(cache_folder())):
        assert way in caught.value.hint
    with pytest.raises(DataError):
        check.data_line(spec(data=DataSpec(name="image_folder")), folder, None, online)
    own = spec(data=DataSpec(name="image_folder", fallback="digits"))
    assert check.data_line(own, folder, None, online) == "image_folder, not here; digits in its place if that fails"


def test_an_output_that_can_not_be_made_is_told_with_its_code(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise EnvironmentTrouble("a library is missing", "install it")

    broken = Output("broken", "", (), refuse, lambda _report, _warn: ())
    extra = Output("extra", "", (), refuse, lambda _report, _warn: (), extra=True)
    monkeypatch.setattr("reportgen.outputs.find_outputs", lambda: {"broken": broken, "extra": extra})
    lines = {line.line: line for line in check.check_machine()}
    told = lines["wrong  output broken: a library is missing"]
    assert (told.hint, told.exit_code) == ("install it", 6)
    noted = lines["note   output extra: a library is missing"]
    assert (noted.hint, noted.exit_code) == ("install it", 0)


def folder_of_images(root: Path, damaged: tuple[str, ...] = ()) -> Path:
    for name in ("train/a/0.png", "train/a/1.png", "train/b/0.png", "train/b/1.png", "test/a/2.png", "test/b/2.png"):
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((8, 8, 3), len(name), np.uint8)).save(file)
        if name in damaged:
            file.write_bytes(file.read_bytes()[:40])
    return root


def told(path: Path, data: str) -> list[check.Line]:
    path.write_text(f"model: {{source: 'builtin:linear'}}\ndata: {{name: image_folder, root: images{data}}}\n")
    return list(check.check_spec(path, Options(offline=True)))


def test_damaged_images_are_told_before_a_build(tmp_path: Path) -> None:
    folder_of_images(tmp_path / "images", ("train/a/1.png", "test/b/2.png"))
    (line,) = told(tmp_path / "spec.yaml", "")
    assert line.exit_code == 3
    for name in ("2 files in", "train/a/1.png", "test/b/2.png"):
        assert name in line.line
    folder_of_images(tmp_path / "images", ("train/a/1.png",))
    Image.new("RGB", (8, 8)).save(tmp_path / "images" / "test" / "b" / "3.png")
    (tmp_path / "images" / "test" / "b" / "2.png").write_bytes(b"")
    for more in (", bad_files: skip", ", train_limit: 2"):  # which may not meet the damaged ones
        lines = told(tmp_path / "spec.yaml", more)
        assert not any(line.exit_code for line in lines)
        assert any("2 of the image files can't be read: test/b/2.png" in line.line for line in lines)


def test_what_a_run_would_refuse_in_a_folder_is_told_and_what_would_stand_in_for_it(tmp_path: Path) -> None:
    folder = folder_of_images(tmp_path / "images", ("train/a/1.png", "test/b/2.png"))
    lines = told(tmp_path / "spec.yaml", ", fallback: digits")
    assert not any(line.exit_code for line in lines)
    assert any("image_folder, which can't be used; digits in its place" in line.line for line in lines)
    assert any(line.line.startswith("note") and "train/a/1.png" in line.line for line in lines)
    (line,) = told(tmp_path / "spec.yaml", ", bad_files: skip")  # no image of b is left for testing
    assert (line.exit_code, "no image of b in" in line.line) == (3, True)
    shutil.rmtree(folder / "train")
    (line,) = told(tmp_path / "spec.yaml", "")
    assert (line.exit_code, "holds only test images, in test/" in line.line) == (3, True)
    (folder / "test" / "b" / "2.png").unlink()
    folder_of_images(tmp_path / "other")
    shutil.move(tmp_path / "other" / "test" / "b" / "2.png", folder / "test" / "b" / "2.png")
    lines = told(tmp_path / "spec.yaml", "}\nrun: {mode: evaluate")
    assert not any(line.exit_code for line in lines)


def test_a_least_speed_that_is_none_is_told_before_a_download(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPORTGEN_MIN_SPEED", "quick")
    cifar10 = find_datasets()["cifar10"]
    with pytest.raises(SpecError, match="REPORTGEN_MIN_SPEED is 'quick'"):
        check.data_line(spec(), cifar10, None, Options())
    assert check.data_line(spec(), cifar10, (Path(),), Options()) == "cifar10, here"


def test_a_time_that_a_build_would_refuse_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1e3")
    wrong = [line for line in check.check_machine() if "SOURCE_DATE_EPOCH" in line.line]
    assert [line.exit_code for line in wrong] == [2]
    assert wrong[0].line.startswith("wrong  SOURCE_DATE_EPOCH is '1e3'")
