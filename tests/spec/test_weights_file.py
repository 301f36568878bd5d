"""What shows of a file of weights before it is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from reportgen.errors import ModelError
from reportgen.spec.weights_file import check_weights_file
from tests.support.permissions import shut_off


def test_weights_in_a_folder_that_may_not_be_entered_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shut_off(monkeypatch, tmp_path / "closed")
    with pytest.raises(ModelError, match="no permission to enter their folder") as caught:
        check_weights_file(tmp_path / "closed" / "w.pt")
    assert "permissions" in caught.value.hint


@pytest.mark.parametrize("target", ["nowhere.pt", "w.pt"])
def test_a_link_to_no_file_is_told_as_such(tmp_path: Path, target: str) -> None:
    (tmp_path / "w.pt").symlink_to(target)
    with pytest.raises(ModelError, match="are a link to a file that is not there"):
        check_weights_file(tmp_path / "w.pt")


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("w.pth", b"junk", "its first bytes are not those of any known kind"),
        ("w.pth", b"<!doctype html>", "web page"),
        ("w.pt", b"\x89PNG\r\n", "it is an image"),
        ("w.onnx", b"\x08\x07", "ONNX"),
    ],
)
def test_a_file_of_another_kind_is_refused_by_its_beginning(
    tmp_path: Path, name: str, content: bytes, why: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ModelError, match=f"{name} can't be read as weights: .*{why}"):
        check_weights_file(tmp_path / name)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("w.pt", b"PK\x03\x04"),
        ("w.pkl", b"\x80\x02}q\x00"),
        ("w.bin", b"(dp0\n."),
        ("model.index.json", b'{"weight_map": {}}'),
        ("w.safetensors", (2).to_bytes(8, "little") + b"{}"),
    ],
)
def test_a_beginning_of_weights_is_left_to_their_reader(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    check_weights_file(tmp_path / name)
