"""Folders of images through the command line: what is said, what is refused, and when it is measured again."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
from pathlib import Path

import pytest

from tests.experiment.datasets.image_folder.cases import write_classes, write_image, write_splits
from tests.support.commands import Said, run_here, write_spec

SPEC = """
model: {source: "builtin:linear"}
data: {name: image_folder, root: images}
run: {steps: 2, batch_size: 8, threads: 1, probes: none}
outputs: [html, json]
"""
EVALUATE = SPEC.replace("steps: 2, batch_size: 8", "mode: evaluate")


def build(capsys: pytest.CaptureFixture[str], folder: Path, spec: str = SPEC, *more: str) -> Said:
    return run_here(capsys, "build", write_spec(folder, spec), "-o", folder / "out", *more)


def page(folder: Path) -> str:
    return html.unescape((folder / "out" / "report.html").read_text(encoding="utf-8"))


def test_moved_images_and_renamed_classes_are_measured_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    images = write_splits(tmp_path / "images", ("a", "b"), 6)
    short = SPEC + "report: {sections: [data]}\n"
    assert build(capsys, tmp_path, short).code == 0
    assert "unchanged" in build(capsys, tmp_path, short).err
    for index in range(3):
        (images / "train" / "a" / f"{index}.png").rename(images / "train" / "b" / f"0{index}.png")
    said = build(capsys, tmp_path, short)
    assert (said.code, "unchanged" in said.err) == (0, False)
    record = json.loads((tmp_path / "out" / "record" / "record.json").read_text(encoding="utf-8"))
    assert record["data"]["splits"][0]["counts"] == [3, 9]
    for split in ("train", "test"):
        (images / split / "a").rename(images / split / "aardvark")
    assert "unchanged" not in build(capsys, tmp_path, short).err
    assert "aardvark" in page(tmp_path)
    assert str(tmp_path) not in (tmp_path / "out" / "record" / "record.json").read_text(encoding="utf-8")


def test_files_are_named_where_single_images_are_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    images = write_splits(tmp_path / "images", ("cat", "dog"), 8)
    long = "a name of a file that is much longer than a card has room for.png"
    write_image(images / "test" / "cat" / long, 7)
    shutil.copy(images / "train" / "cat" / "0.png", images / "test" / "cat" / "twin of 0.png")
    assert build(capsys, tmp_path).code == 0
    text = page(tmp_path)
    assert re.findall(r'title="(test/[^"]*)"', text)
    assert "test/cat/twin of 0.png" in text
    assert "train/cat/0.png" in text
    shutil.copytree(tmp_path / "out", tmp_path / "before")
    assert build(capsys, tmp_path, SPEC, "--set", "run.seed=7", "--set", "run.optimizer.lr=1.0").code == 0
    said = run_here(capsys, "compare", tmp_path / "before", tmp_path / "out", "-o", tmp_path / "both")
    assert said.code == 0, said.err
    judged = json.loads((tmp_path / "both" / "record" / "judgement.json").read_text(encoding="utf-8"))
    flips = judged["comparison"]["lost"] + judged["comparison"]["gained"]
    assert flips
    assert all(flip["file"].startswith("test/") for flip in flips)


def test_damaged_files_end_a_build_by_name_or_are_left_out_with_a_banner(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    images = write_splits(tmp_path / "images", number=4)
    for name in ("train/cat/0.png", "test/dog/3.png"):
        (images / name).write_bytes((images / name).read_bytes()[:400])
    os.mkfifo(images / "train" / "dog" / "pipe.png")
    (images / "train" / "dog" / "eps.png").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n")
    (images / "train" / "dog" / "x\n::set-output name=verdict::better\n##[error].png").write_bytes(b"x")
    said = build(capsys, tmp_path)
    assert said.code == 3
    assert "5 files in" in said.err
    for name in ("train/cat/0.png", "test/dog/3.png", "train/dog/pipe.png (it is not a regular file but a named pipe)"):
        assert name in said.err
    assert not [line for line in said.err.splitlines() if line.strip().startswith("::") or "##[" in line]
    said = build(capsys, tmp_path, SPEC, "--set", "data.bad_files=skip")
    assert said.code == 0, said.err
    text = page(tmp_path)
    assert "5 files could not be read as images and were left out (data.bad_files: skip)" in text
    assert "it is not an image but PostScript" in text


def test_odd_names_of_classes_come_through(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = (os.fsdecode(b"caf\xe9"), "bell\x07", "x\n::error::no", "##[error]no")
    write_splits(tmp_path / "images", names, 3)
    said = build(capsys, tmp_path, SPEC + "gates: ['class.caf\\xe9.recall >= 0']\n")
    assert said.code == 0, said.err
    assert not [line for line in said.err.splitlines() if line.strip().startswith("::") or "##[" in line]
    text = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "\x07" not in text
    assert r"bell\u{7}" in text


def test_test_images_alone_are_evaluated(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_classes(tmp_path / "images" / "val", ("cat", "dog"), 6)
    full = EVALUATE.replace("none", "{level: full, cost: {level: full, processes: 1}}")
    said = build(capsys, tmp_path, full.replace("html", "html, pdf"))
    assert said.code == 0, said.err
    text = page(tmp_path)
    assert "The test images are those of the folder “val”." in text
    assert "Without training images, the test images are normalised by their own mean and standard deviation." in text
    said = build(capsys, tmp_path)
    assert said.code == 3
    assert "holds only test images, in val/" in said.err


def test_classes_alone_are_split(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_classes(tmp_path / "images", ("cat", "dog"), 10)
    assert build(capsys, tmp_path, SPEC, "--set", "data.test_fraction=0.3").code == 0
    assert "30 % of each class, 6 images, were set aside" in page(tmp_path)
    said = build(capsys, tmp_path, SPEC, "--set", "data.test_fraction=1")
    assert said.code == 2
    assert "test_fraction" in said.err
    said = build(capsys, tmp_path, SPEC, "--set", "data.bad_files=ignore")
    assert said.code == 2
    assert "bad_files" in said.err


def test_a_check_sees_what_is_wrong_with_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (write_splits(tmp_path / "images") / "train" / "ghost").mkdir()
    said = run_here(capsys, "check", write_spec(tmp_path, SPEC))
    assert said.code == 3
    assert "no image of the class ghost" in said.out + said.err
