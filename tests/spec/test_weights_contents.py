"""What shows of a file of weights without torch: whole or not, values or code."""

from __future__ import annotations

import io
import json
import os
import pickle
import random
import subprocess
import sys
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from reportgen.errors import ModelError
from reportgen.spec.weights_contents import check_weights_contents

STATE = nn.Linear(30, 20).state_dict()


class Runs:
    """Something that runs when it is unpickled as Python does."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self.target),)


def saved(path: Path, thing: object = STATE, *, old: bool = False) -> Path:
    torch.save(thing, path, _use_new_zipfile_serialization=not old)
    return path


def cut(path: Path) -> Path:
    path.write_bytes(path.read_bytes()[:-100])
    return path


def flipped(path: Path) -> Path:
    data = bytearray(path.read_bytes())
    place = data.index(STATE["weight"].numpy().tobytes())
    data[place + 1000] ^= 1
    path.write_bytes(data)
    return path


def safetensors(path: Path) -> Path:
    save_file(STATE, path)
    return path


def shards(folder: Path) -> Path:
    for number, (name, part) in enumerate(STATE.items()):
        save_file({name: part}, folder / f"{number}.safetensors")
    index = folder / "model.safetensors.index.json"
    names = {name: f"{number}.safetensors" for number, name in enumerate(STATE)}
    index.write_text(json.dumps({"weight_map": names}))
    return index


def locked(path: Path) -> Path:
    """A zip archive whose only member says that it is encrypted."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("w/data.pkl", pickle.dumps({}))
    data = bytearray(path.read_bytes())
    data[6] |= 1  # of the member's own header
    data[data.index(b"PK\x01\x02") + 8] |= 1  # of the archive's index
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    "make",
    [
        lambda folder: saved(folder / "w.pth"),
        lambda folder: saved(folder / "w.pth", {"state_dict": STATE, "optimizer": {"state": {}, "param_groups": []}}),
        lambda folder: saved(folder / "w.pth", nn.Linear(3, 2)),
        lambda folder: saved(folder / "w.pth.tar", old=True),
        lambda folder: safetensors(folder / "w.safetensors"),
        lambda folder: safetensors(folder / "w.bin"),
        shards,
    ],
)
def test_whole_files_pass(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    check_weights_contents(make(tmp_path))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda folder: cut(saved(folder / "w.pth")), r"damaged or cut short \(File is not a zip file\)"),
        (
            lambda folder: flipped(saved(folder / "w.pth")),
            r"\(w/data/0 does not have its checksum",
        ),
        (lambda folder: locked(folder / "w.pth"), "damaged or cut short .*encrypted"),
        (lambda folder: cut(safetensors(folder / "w.safetensors")), "its header asks for 2,[0-9]+ bytes, and the file"),
        (lambda folder: cut(shards(folder).parent / "0.safetensors"), "its header asks for"),
        (
            lambda folder: saved(folder / "w.pth", {"state": {}, "param_groups": []}),
            "state of an optimizer, and no",
        ),
        (
            lambda folder: saved(folder / "w.th", {"state": {}, "param_groups": []}, old=True),
            "the state of an optimizer",
        ),
    ],
)
def test_damaged_files_are_refused(tmp_path: Path, make: Callable[[Path], Path], message: str) -> None:
    path = make(tmp_path)
    with pytest.raises(ModelError, match=message):
        check_weights_contents(path)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("w.safetensors", b"\x00" * 7 + b"\x00{", "is damaged or cut short"),
        ("w.safetensors", (500).to_bytes(8, "little") + b'{"a":', "its header has 500 bytes, and the file 13"),
        ("w.safetensors", (4).to_bytes(8, "little") + b'{"a"', "is damaged or cut short"),
        ("w.safetensors", (8).to_bytes(8, "little") + b'{"a": 1}', "is damaged or cut short"),
        ("w.safetensors", (33).to_bytes(8, "little") + b'{"a": {"data_offsets": [0, "4"]}}', "is damaged or cut short"),
        ("w.safetensors", b"\x01\x02\x03\x04", "its header is not one of safetensors"),
        ("w.pt", b"\x80\x04\x95\x00", "is damaged or cut short"),
        ("w.index.json", b'{"weight_map": {"a": "0.bin"}}', "names 0.bin, which is not there"),
        ("w.pt", b"PK\x03\x04weights", "is damaged or cut short"),
        ("w.pt", b"", "is empty"),
    ],
)
def test_what_is_no_whole_file_is_refused(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ModelError, match=message):
        check_weights_contents(tmp_path / name)


@pytest.mark.filterwarnings("ignore:`torch.jit")
def test_archives_of_another_kind_are_refused(tmp_path: Path) -> None:
    torch.jit.script(nn.Linear(3, 2)).save(str(tmp_path / "w.pt"))
    with pytest.raises(ModelError, match="TorchScript archive"):
        check_weights_contents(tmp_path / "w.pt")
    np.savez(tmp_path / "w.npz", a=np.ones(3))
    with pytest.raises(ModelError, match=r"NumPy arrays \(\.npz\)"):
        check_weights_contents(tmp_path / "w.npz")


@pytest.mark.parametrize("old", [False, True])
@pytest.mark.parametrize("write", [torch.save, lambda thing, path, **_: path.write_bytes(pickle.dumps(thing))])
def test_code_is_found_and_not_run(tmp_path: Path, write: Callable[..., object], old: bool) -> None:
    thing = {"state_dict": {}, "other": Runs(tmp_path / "made")}
    write(thing, tmp_path / "w.pt", _use_new_zipfile_serialization=not old)
    with pytest.raises(ModelError, match=r"holds code: .*mkdir. Nothing was executed"):
        check_weights_contents(tmp_path / "w.pt")
    assert not (tmp_path / "made").exists()


def test_shards_are_checked_each(tmp_path: Path) -> None:
    index = shards(tmp_path)
    (tmp_path / "1.safetensors").write_bytes(b"version https://git-lfs")
    with pytest.raises(ModelError, match=r"1\.safetensors is a Git LFS pointer"):
        check_weights_contents(index)


def test_torch_is_not_asked(tmp_path: Path) -> None:
    paths = [str(saved(tmp_path / "w.pth")), str(safetensors(tmp_path / "w.safetensors"))]
    code = (
        "import sys; from pathlib import Path\n"
        "from reportgen.spec.weights_contents import check_weights_contents\n"
        f"[check_weights_contents(Path(path)) for path in {paths!r}]\n"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_checksum_that_was_left_out_is_not_missed(tmp_path: Path) -> None:
    before = torch.serialization.get_crc32_options()
    torch.serialization.set_crc32_options(False)
    try:
        check_weights_contents(saved(tmp_path / "w.pth"))
    finally:
        torch.serialization.set_crc32_options(before)


def test_what_begins_as_a_zip_may_be_packed(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    torch.save(STATE, buffer)
    with zipfile.ZipFile(buffer) as archive, zipfile.ZipFile(tmp_path / "w.pt", "w", zipfile.ZIP_DEFLATED) as packed:
        for name in archive.namelist():
            packed.writestr(name, archive.read(name))
    check_weights_contents(tmp_path / "w.pt")


def test_an_archive_that_unpacks_to_far_more_than_it_has_is_not_unpacked(tmp_path: Path) -> None:
    padded(tmp_path / "w.pt", {})
    data = (tmp_path / "w.pt").read_bytes()
    with zipfile.ZipFile(tmp_path / "w.pt") as archive:
        crc = archive.getinfo("w/data/0").CRC.to_bytes(4, "little")
    (tmp_path / "w.pt").write_bytes(data.replace(crc, b"\1\2\3\4"))
    check_weights_contents(tmp_path / "w.pt")


def padded(path: Path, thing: object) -> None:
    """An archive whose values are packed closely."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("w/data.pkl", pickle.dumps(thing))
        packed.writestr("w/data/0", bytes(1_000_000))


def test_padding_hides_no_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    padded(tmp_path / "w.pt", Runs(tmp_path / "made"))
    with pytest.raises(ModelError, match="holds code"):
        check_weights_contents(tmp_path / "w.pt")
    monkeypatch.setattr("reportgen.spec.weights_contents.MOST_PICKLE", 10)
    with pytest.raises(ModelError, match=r"can't be checked for code: its w/data\.pkl unpacks to [0-9]+ bytes"):
        check_weights_contents(tmp_path / "w.pt")


def test_a_pickle_that_is_too_long_is_not_called_damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reportgen.spec.inert_pickle.MOST_INSTRUCTIONS", 10)
    with pytest.raises(ModelError, match="is not read to its end: its pickle has more than 10 instructions, which is"):
        check_weights_contents(saved(tmp_path / "w.pt"))


@pytest.mark.parametrize("compression", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2, zipfile.ZIP_DEFLATED])
def test_damage_anywhere_in_an_archive_is_said_so(tmp_path: Path, compression: int) -> None:
    path, noise = tmp_path / "w.pt", random.Random(5)
    with zipfile.ZipFile(path, "w", compression) as packed:
        packed.writestr("w/data.pkl", pickle.dumps({"a": [1, 2, 3]}))
    whole = path.read_bytes()
    for _ in range(200):
        data = bytearray(whole)
        data[noise.randrange(4, len(data))] = noise.randrange(256)
        path.write_bytes(data)
        with suppress(ModelError):
            check_weights_contents(path)


def test_an_archive_of_a_later_version_is_damaged(tmp_path: Path) -> None:
    padded(tmp_path / "w.pt", {})
    data = bytearray((tmp_path / "w.pt").read_bytes())
    data[data.index(b"PK\x01\x02") + 6] = 99
    (tmp_path / "w.pt").write_bytes(data)
    with pytest.raises(ModelError, match=r"is damaged or cut short .*zip file version"):
        check_weights_contents(tmp_path / "w.pt")


def test_zeros_at_the_beginning(tmp_path: Path) -> None:
    (tmp_path / "w.pt").write_bytes(bytes(2000) + b"more")
    with pytest.raises(ModelError, match="it begins with zeros, as an interrupted"):
        check_weights_contents(tmp_path / "w.pt")
