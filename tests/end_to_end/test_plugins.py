"""A user's own data set and output: what is built again when their files or what they import change."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from tests.support.commands import TINY, run_here, write_spec

MODULES = ("my_squares_plugin", "my_note_plugin", "my_note_words")
DATA = """\
import numpy as np
from reportgen.experiment.datasets.raw import RawData, RawSplit
from reportgen.plugins import DatasetKind

def find(spec, data_root, base):
    return (base / "squares.npy",) if (base / "squares.npy").is_file() else None

def load(request):
    path = request.base / "squares.npy"
    if not path.is_file():
        np.save(path, np.random.default_rng(0).integers(0, 256, (60, 32, 32, 3), np.uint8))
    images, labels = np.load(path), np.arange(60) % 2
    split = RawSplit(images, labels)
    return RawData("squares", "Squares", "", "", "", "", ("a", "b"), split, split)

DATASET = DatasetKind("squares", "random squares", 2, load, files=find, download="1 kB")
"""
NOTE = """\
from my_note_words import TEXT
from reportgen.plugins import Output, OutputFile

def render(report, warn):
    return (OutputFile("note.txt", TEXT.encode()),)

OUTPUT = Output("note", "a note", ("note.txt",), lambda: None, render)
"""


def test_what_plugins_read_and_import_is_never_stale(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, text in zip(MODULES, (DATA, NOTE, "TEXT = 'first'\n"), strict=True):
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    keys = "data: {name: squares, normalize: none}\nplugins: [my_squares_plugin, my_note_plugin]\n"
    text = TINY.replace("data: {name: digits, train_limit: 200, eval_limit: 120}\n", keys)
    spec = write_spec(tmp_path, text.replace("[html, json]", "[note, json]"))

    def build() -> str:
        for name in MODULES:
            sys.modules.pop(name, None)
        said = run_here(capsys, "build", spec, "-o", tmp_path / "out")
        assert said.code == 0, said.err
        return said.err.splitlines()[-1].partition(": ")[2]

    checked = run_here(capsys, "check", spec)
    assert (checked.code, "squares, to be downloaded (1 kB)" in checked.out) == (0, True)
    assert build() == "built"  # and fetched its data
    assert build() == "unchanged"
    assert "squares, here" in run_here(capsys, "check", spec).out
    (tmp_path / "my_note_words.py").write_text("TEXT = 'the second'\n", encoding="utf-8")
    assert build() == "built from the earlier record"
    assert (tmp_path / "out" / "note.txt").read_text(encoding="utf-8") == "the second"
    np.save(tmp_path / "squares.npy", np.zeros((60, 32, 32, 3), np.uint8))
    assert build() == "built"
    (tmp_path / "squares.npy").rename(tmp_path / "kept.npy")
    (tmp_path / "squares.npy").symlink_to(tmp_path / "kept.npy")
    assert build() == "unchanged"
