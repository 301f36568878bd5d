"""Images of one's own, good and bad."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFile

from reportgen.errors import DataError
from reportgen.spec.types import DataSpec
from tests.experiment.cases import load

FOLDER = DataSpec(name="image_folder")
COLOURS = {"blue": (0, 0, 255), "red": (255, 0, 0)}


def write(root: Path, size: tuple[int, int] = (40, 40), suffix: str = "png", number: int = 3) -> Path:
    for split in ("train", "test"):
        for name, colour in COLOURS.items():
            place = root / split / name
            place.mkdir(parents=True)
            for index in range(number):
                Image.new("RGB", size, colour).save(place / f"{index}.{suffix}")
    return root


@pytest.mark.parametrize("suffix", ["png", "bmp", "PNG"])
@pytest.mark.parametrize("size", [(40, 40), (20, 90), (32, 32)])
def test_images_are_read_class_by_class(suffix: str, size: tuple[int, int], tmp_path: Path) -> None:
    data = load(FOLDER, write(tmp_path, size, suffix))
    assert data.facts.classes == ("blue", "red")
    assert data.train_labels.tolist() == data.test_labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert tuple(data.train_images.shape) == (6, 32, 32, 3)
    for images, label in ((data.train_images, 0), (data.test_images, 5)):
        assert (images[label].numpy() == COLOURS["red" if label else "blue"]).all()


def test_an_image_of_the_right_size_is_kept_pixel_by_pixel_and_others_are_cut_to_the_middle(tmp_path: Path) -> None:
    write(tmp_path)
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "train" / "red" / "0.png")
    wide = np.zeros((32, 64, 3), np.uint8)
    wide[:, 16:48] = pixels
    Image.fromarray(wide).save(tmp_path / "train" / "red" / "1.png")
    data = load(FOLDER, tmp_path)
    assert (data.train_images[3].numpy() == pixels).all()
    assert (data.train_images[4].numpy() == pixels).all()


def test_images_are_read_in_the_size_of_the_spec_not_enlarged(tmp_path: Path) -> None:
    write(tmp_path)
    pixels = np.random.default_rng(0).integers(0, 256, (48, 48, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "train" / "red" / "0.png")
    data = load(DataSpec(name="image_folder", image_size=48), tmp_path)
    assert (data.train_images[3].numpy() == pixels).all()
    assert (data.facts.image_shape, data.facts.resized_from) == ((3, 48, 48), None)
    assert "48×48 pixels" in str(data.facts.description)


def test_grey_transparent_and_turned_images_are_understood(tmp_path: Path) -> None:
    write(tmp_path)
    place = tmp_path / "train" / "red"
    Image.new("L", (32, 32), 77).save(place / "0.png")
    Image.new("RGBA", (32, 32), (1, 2, 3, 255)).save(place / "1.png")
    half = np.zeros((32, 32, 3), np.uint8)
    half[:16] = 200
    turned = Image.fromarray(half)
    exif = turned.getexif()
    exif[0x0112] = 3  # orientation: turned by 180 degrees
    turned.save(place / "2.png", exif=exif)
    images = load(FOLDER, tmp_path).train_images.numpy()
    assert (images[3] == 77).all()
    assert (images[4] == (1, 2, 3)).all()
    assert (images[5][:16] == 0).all()
    assert (images[5][16:] == 200).all()


def test_other_files_and_hidden_folders_are_passed_over(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "train" / "red" / "notes.txt").write_text("hello")
    (tmp_path / "train" / ".cache").mkdir()
    facts = load(FOLDER, tmp_path).facts
    assert facts.classes == ("blue", "red")
    assert [str(note) for note in facts.notes] == [
        "1 hidden or system file or folder was skipped: train/.cache.",
        "1 file does not have the extension of an image and was skipped: train/red/notes.txt.",
    ]


def test_class_names_are_shown_as_they_are(tmp_path: Path) -> None:
    write(tmp_path)
    for split in ("train", "test"):
        (tmp_path / split / "red").rename(tmp_path / split / "<b>红 {{7*7}}")
    assert "<b>红 {{7*7}}" in load(FOLDER, tmp_path).facts.classes


def damage(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[: len(content) * 2 // 3])


@pytest.mark.parametrize("suffix", ["png", "jpg", "gif", "bmp", "webp"])
def test_a_damaged_image_is_named(suffix: str, tmp_path: Path) -> None:
    write(tmp_path, suffix=suffix)
    file = tmp_path / "test" / "blue" / f"1.{suffix}"
    damage(file)
    with pytest.raises(DataError, match=f"1.{suffix} can't be read as an image"):
        load(FOLDER, tmp_path)


def test_what_another_library_told_pillow_does_not_hide_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("PIL.ImageFile.LOAD_TRUNCATED_IMAGES", True)
    write(tmp_path, suffix="png")
    damage(tmp_path / "test" / "blue" / "1.png")
    with pytest.raises(DataError, match="can't be read as an image"):
        load(FOLDER, tmp_path)
    assert ImageFile.LOAD_TRUNCATED_IMAGES


def test_any_damage_to_a_png_is_a_data_error(tmp_path: Path) -> None:
    from reportgen.experiment.datasets.image_folder.decode import Unreadable, prepare_pillow, read_image

    pixels = np.random.default_rng(0).integers(0, 256, (8, 8, 3), np.uint8)
    whole, file, refused = tmp_path / "whole.png", tmp_path / "damaged.png", 0
    Image.fromarray(pixels).save(whole)
    formats = prepare_pillow()
    for place in range(8, len(whole.read_bytes())):
        content = bytearray(whole.read_bytes())
        content[place] ^= 0x5A
        file.write_bytes(content)
        try:
            assert read_image(file, 32, formats).pixels.shape == (32, 32, 3)
        except Unreadable:
            refused += 1
    assert refused > 100


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="needs a folder with train/ and test/"):
        load(FOLDER)
    (tmp_path / "train" / "red").mkdir(parents=True)
    (tmp_path / "test").mkdir()
    Image.new("RGB", (8, 8)).save(tmp_path / "train" / "red" / "0.png")
    with pytest.raises(DataError, match="test holds no images in folders of classes"):
        load(FOLDER, tmp_path)
    (tmp_path / "test" / "red").mkdir()
    with pytest.raises(DataError, match="train holds 1 class with images"):
        load(FOLDER, tmp_path)
    (tmp_path / "train" / "blue").mkdir()
    Image.new("RGB", (8, 8)).save(tmp_path / "train" / "blue" / "0.png")
    with pytest.raises(DataError, match="test holds no images"):
        load(FOLDER, tmp_path)
    (tmp_path / "test" / "red").rmdir()
    (tmp_path / "test" / "green").mkdir()
    Image.new("RGB", (8, 8)).save(tmp_path / "test" / "green" / "0.png")
    with pytest.raises(DataError, match="classes that train/ has not: green"):
        load(FOLDER, tmp_path)
