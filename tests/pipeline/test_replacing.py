"""What a report may take the place of: the folders of its outputs are made of files, which the manifest lists."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reportgen.errors import SpecError
from reportgen.outputs import find_outputs
from reportgen.pipeline.replacing import Claim, check_replaceable
from reportgen.system.manifest import MANIFEST, Manifest, describe_file, spell

FOLDERS = ("card", "figures", "tensorboard")
CLAIM = Claim("1" * 64, origin="spec")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """An older report of the same spec, with a file in the folder of each output that has one."""
    (tmp_path / "record").mkdir()
    (tmp_path / "record" / "record.json").write_text(json.dumps({"fingerprint": "0" * 64}), encoding="utf-8")
    for name in FOLDERS:
        (tmp_path / name / "inside").mkdir(parents=True)
        (tmp_path / name / "inside" / "listed").write_text("ours", encoding="utf-8")
    files = sorted(path for path in tmp_path.rglob("*") if path.is_file())
    entries = {path.relative_to(tmp_path).as_posix(): describe_file(path) for path in files}
    written = Manifest(origin="spec", files=entries).model_dump()
    (tmp_path / MANIFEST).write_bytes(spell(written))
    return tmp_path


def check(out: Path) -> None:
    check_replaceable(out, CLAIM, find_outputs().values(), force=False)


def test_the_folders_of_an_older_report_are_replaced(out: Path) -> None:
    assert {name.rstrip("/") for output in find_outputs().values() for name in output.files} >= set(FOLDERS)
    check(out)


@pytest.mark.parametrize("name", FOLDERS)
def test_a_file_of_somebody_elses_in_such_a_folder_stays(out: Path, name: str) -> None:
    (out / name / ".git").mkdir()
    check(out)  # of which nothing would be lost
    (out / name / ".git" / "HEAD").write_text("mine", encoding="utf-8")
    with pytest.raises(SpecError, match=f"holds {name}/.git/HEAD, which no report there lists"):
        check(out)


def test_a_link_in_the_place_of_a_folder_stays(out: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    (out / "card" / "inside" / "listed").unlink()
    (out / "card" / "inside").rmdir()
    (out / "card").rmdir()
    (out / "card").symlink_to(tmp_path_factory.mktemp("elsewhere"), target_is_directory=True)
    with pytest.raises(SpecError, match="holds card/, which no report there lists"):
        check(out)
