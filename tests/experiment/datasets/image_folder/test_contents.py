"""What lies in folders as people and systems leave them."""

from __future__ import annotations

import os
import shutil
import socket
import unicodedata
from pathlib import Path

import pytest

from reportgen.errors import DataError
from reportgen.experiment.datasets.image_folder.contents import Contents, read_contents
from reportgen.spec.types import DataSpec
from tests.experiment.datasets.image_folder.cases import load, notes, write_classes, write_image, write_splits
from tests.support.permissions import shut_off

SKIP = DataSpec(name="image_folder", bad_files="skip")


def refusals(contents: Contents) -> dict[str, str]:
    return {one.name: str(one.reason) for one in contents.refused}


@pytest.mark.parametrize(
    "name",
    [
        "train/cat/._0.png",
        "train/__MACOSX/cat/._0.png",
        "train/cat/@eaDir/0.png/SYNOPHOTO_THUMB_M.jpg",
        "train/.ipynb_checkpoints/0-checkpoint.png",
        "train/cat/Thumbs.db",
        "test/dog/THUMBS.DB",
        "desktop.ini",
        ".DS_Store",
        "train/#recycle/0.png",
        "train/lost+found/0.png",
        "__MACOSX/train/cat/._0.png",
    ],
)
def test_what_systems_leave_is_no_class_and_no_image_and_is_counted(name: str, tmp_path: Path) -> None:
    write_splits(tmp_path)
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_bytes(b"\x00\x05\x16\x07" + bytes(60))
    data = load(tmp_path)
    assert data.facts.classes == ("cat", "dog")
    assert [split.n for split in data.facts.splits] == [4, 4]
    assert "1 hidden or system file or folder was skipped: " in notes(data)


def test_files_of_other_endings_and_images_outside_classes_are_named(tmp_path: Path) -> None:
    write_splits(tmp_path)
    for name in ("README.txt", "train/labels.csv", "train/cat/0.json", "train/cat/notes"):
        (tmp_path / name).write_text("x")
    write_image(tmp_path / "train" / "overview.png")
    said = notes(load(tmp_path))
    assert "4 files do not have the extension of an image" in said
    assert all(name in said for name in ("README.txt", "train/labels.csv", "train/cat/0.json", "train/cat/notes"))
    assert "1 image lies outside the folders of the classes and was skipped: train/overview.png." in said


@pytest.mark.parametrize("ending", ["jfif", "JPE", "jpeg", "Jpg", "webp", "avif", "bmp", "dib", "tif", "TIFF", "gif"])
def test_every_usual_ending_is_read(ending: str, tmp_path: Path) -> None:
    write_splits(tmp_path)
    form = {"jfif": "JPEG", "jpe": "JPEG", "jpg": "JPEG", "tif": "TIFF"}.get(ending.lower(), ending.upper())
    write_image(tmp_path / "train" / "cat" / f"more.{ending}", 9, form)
    assert load(tmp_path).facts.splits[0].counts == (3, 2)


def test_a_class_without_images_is_named(tmp_path: Path) -> None:
    write_splits(tmp_path)
    (tmp_path / "train" / "ghost").mkdir()
    (tmp_path / "train" / "ghost" / "0.svg").write_text("<svg/>")
    with pytest.raises(DataError, match=r"train holds no image of the class ghost; .* train/ghost/0.svg"):
        load(tmp_path)
    (tmp_path / "train" / "ghost2" / "deeper").mkdir(parents=True)
    with pytest.raises(DataError, match="the classes ghost, ghost2"):
        load(tmp_path)


def test_names_in_either_form_of_unicode_are_one(tmp_path: Path) -> None:
    composed, taken_apart = (unicodedata.normalize(form, "café") for form in ("NFC", "NFD"))
    write_classes(tmp_path / "train", (composed, "thé"))
    write_classes(tmp_path / "test", (taken_apart, unicodedata.normalize("NFD", "thé")), seed=9)
    write_image(tmp_path / "test" / taken_apart / f"{taken_apart}.png", 77)
    data = load(tmp_path)
    assert data.facts.classes == (composed, "thé")
    assert f"test/{composed}/{composed}.png" in data.facts.test_files
    write_classes(tmp_path / "train", (taken_apart,), 1, seed=55)  # both forms side by side
    assert load(tmp_path).facts.splits[0].counts == (3, 2)


def test_links_are_followed_once(tmp_path: Path) -> None:
    write_splits(tmp_path / "data", ("cat", "dog"))
    write_classes(tmp_path / "elsewhere", ("owl",), 3)
    for split in ("train", "test"):
        (tmp_path / "data" / split / "owl").symlink_to(tmp_path / "elsewhere" / "owl")
    (tmp_path / "data" / "train" / "cat" / "file.png").symlink_to(write_image(tmp_path / "elsewhere" / "one.png"))
    data = load(tmp_path / "data")
    assert data.facts.classes == ("cat", "dog", "owl")
    assert data.facts.splits[0].counts == (3, 2, 3)


def test_folders_that_hold_nothing_but_links_to_classes_are_read(tmp_path: Path) -> None:
    write_splits(tmp_path / "source", ("cat", "dog"), 3)
    for split in ("train", "test"):
        for name in ("cat", "dog"):
            link = tmp_path / "data" / split / name
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(Path("../../source") / split / name)
    data = load(tmp_path / "data")
    assert [split.counts for split in data.facts.splits] == [(3, 3), (3, 3)]


@pytest.mark.parametrize(
    ("link", "target", "reason"),
    [
        ("loop", ".", "it is a link to a folder that contains it"),
        ("cat/up", "..", "it is a link to a folder that contains it"),
        ("cat/root", "../..", "it is a link to a folder that contains it"),
        ("alias", "cat", "it is a link to “cat”, which is read already"),
        ("dog/again", "../cat", "it is a link to “cat”, which is read already"),
        ("cat/gone.png", "nowhere.png", "it is a link to something that is not there"),
        ("gone", "nowhere", "it is a link to something that is not there"),
        ("cat/self.png", "self.png", "the system says: Too many levels of symbolic links"),
    ],
)
def test_loops_and_broken_links_are_named_and_hold_nobody_up(
    link: str, target: str, reason: str, tmp_path: Path
) -> None:
    write_splits(tmp_path)
    (tmp_path / "train" / link).symlink_to(target)
    assert refusals(read_contents(tmp_path / "train", "")) == {link: reason}
    with pytest.raises(DataError, match=f"train/{link} can't be read as an image"):
        load(tmp_path)
    data = load(tmp_path, SKIP)
    assert data.facts.classes == ("cat", "dog")
    assert [file.name for file in data.facts.left_out] == [f"train/{link}"]


def test_pipes_sockets_and_devices_are_refused_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_splits(tmp_path)
    place = tmp_path / "train" / "cat"
    os.mkfifo(place / "pipe.png")
    (place / "zero.jpg").symlink_to("/dev/zero")
    monkeypatch.chdir(place)  # the name of a socket is short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("s.png")
        assert refusals(read_contents(tmp_path / "train", "")) == {
            "cat/pipe.png": "it is not a regular file but a named pipe",
            "cat/s.png": "it is not a regular file but a socket",
            "cat/zero.jpg": "it is not a regular file but a device",
        }
        with pytest.raises(DataError, match=r"3 files in .* can't be read as images"):
            load(tmp_path)


def test_a_file_of_more_than_a_gibibyte_is_not_read(tmp_path: Path) -> None:
    write_splits(tmp_path)
    with (tmp_path / "train" / "cat" / "huge.png").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(DataError, match=r"huge.png can't be read as an image: it has 1,099,511,627,776 bytes"):
        load(tmp_path)


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX's")
def test_a_folder_that_may_not_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_splits(tmp_path)
    closed, scandir = tmp_path / "train" / "cat" / "closed", os.scandir
    closed.mkdir()

    def guarded(path: Path) -> object:  # root may read everything
        if Path(path) == closed:
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", guarded)
    assert refusals(read_contents(tmp_path / "train", "")) == {"cat/closed": "there is no permission to read it"}


def test_images_that_the_system_says_nothing_of_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_splits(tmp_path)
    (tmp_path / "train" / "cat" / "notes.txt").touch()
    shut_off(monkeypatch, tmp_path / "train" / "cat")
    found = read_contents(tmp_path / "train", "")
    assert set(refusals(found).values()) == {"there is no permission to read it"}
    assert all(name.startswith("cat/") for name in refusals(found))
    assert found.others == ["cat/notes.txt"]


def test_names_that_no_page_can_show_are_written_out(tmp_path: Path) -> None:
    names = ("a\x07b", "x\n::set-output name=v::better", "##[set-output name=v]better", "::error::no")
    write_splits(tmp_path, names)
    odd = tmp_path / "train" / os.fsdecode(b"caf\xe9")
    shutil.copytree(tmp_path / "train" / names[0], odd)
    shutil.copy(odd / "0.png", odd / os.fsdecode(b"\xff\n.png"))
    data = load(tmp_path)
    assert data.facts.classes == (
        r"#\u{23}[set-output name=v]better",
        r"\u{3a}:error::no",
        r"a\u{7}b",
        r"caf\xe9",
        r"x\n::set-output name=v::better",
    )
    assert data.facts.model_dump_json()  # half a surrogate pair would stop it
    train = [image.name for image in read_contents(tmp_path, "train").images]
    assert r"train/caf\xe9/\xff\n.png" in train


def test_the_order_of_a_disk_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_splits(tmp_path, ("cat", "dog", "a-b", "a"), 3)
    before = load(tmp_path)
    scandir = os.scandir

    class Backwards:
        def __init__(self, path: Path) -> None:
            self.entries = list(scandir(path))[::-1]

        def __enter__(self) -> object:
            return iter(self.entries)

        def __exit__(self, *_: object) -> None:
            return None

    monkeypatch.setattr("reportgen.experiment.datasets.image_folder.contents.os.scandir", Backwards)
    after = load(tmp_path)
    assert after.facts == before.facts
    assert (after.train_images == before.train_images).all()


def test_images_in_folders_inside_those_of_classes_are_counted_and_told(tmp_path: Path) -> None:
    write_splits(tmp_path)
    write_image(tmp_path / "train/cat/tabby/2019/x.png", 7)
    write_image(tmp_path / "test/dog/train/y.png", 8)
    said = notes(load(tmp_path))
    assert "2 images lie in folders inside those of their classes" in said
    assert "train/cat/tabby/2019" in said
    assert "test/dog/train" in said


def test_a_folder_of_data_sets_is_not_taken_for_classes_without_a_word(tmp_path: Path) -> None:
    for name in ("pets", "birds"):
        write_classes(tmp_path / name, seed=len(name))
    assert "8 images lie in folders inside" in notes(load(tmp_path))


def test_archives_that_hold_a_folder_of_their_own_name_are_no_inner_folders(tmp_path: Path) -> None:
    write_classes(tmp_path / "train/train", seed=1)
    write_classes(tmp_path / "test/test", seed=500)
    assert "inside" not in notes(load(tmp_path))


def test_classes_that_differ_in_case_alone_are_told(tmp_path: Path) -> None:
    write_splits(tmp_path, ("Cat", "cat", "dog"))
    assert "differ in upper and lower case alone and are kept apart: Cat and cat." in notes(load(tmp_path))
    write_splits(tmp_path / "plain")
    assert "case alone" not in notes(load(tmp_path / "plain"))
