"""Every kind of pixel: converted by a stated rule, or refused by name."""

from __future__ import annotations

import importlib.util
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reportgen.errors import DataError
from reportgen.experiment.datasets.image_folder.decode import Decoded, Unreadable, prepare_pillow, read_image
from reportgen.spec.types import DataSpec
from reportgen.text import numerals
from tests.experiment.datasets.image_folder.cases import load, notes, write_image, write_splits

SIDE = 8


def read(file: Path) -> Decoded:
    return read_image(file, SIDE, prepare_pillow())


def grey(file: Path) -> np.ndarray:
    pixels = read(file).pixels
    assert (pixels == pixels[..., :1]).all()
    return pixels[..., 0]


RAMP = np.arange(SIDE * SIDE, dtype=np.float64).reshape(SIDE, SIDE) / (SIDE * SIDE - 1)
"""From 0 to 1."""


def png_of_colours(values: np.ndarray) -> bytes:
    """A grey image (side, side) of 16 bits in the three channels of a PNG, which Pillow does not write."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    lines = b"".join(b"\0" + np.repeat(line, 3).astype(">u2").tobytes() for line in values)
    head = struct.pack(">IIBBBBB", len(values), len(values), 16, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("ending", ["png", "tif"])
def test_16_bits_are_divided_by_257(ending: str, tmp_path: Path) -> None:
    values = np.rint(RAMP * 65535).astype(np.uint16)
    Image.fromarray(values).save(tmp_path / f"x.{ending}")
    assert (grey(tmp_path / f"x.{ending}") == np.rint(values / 257)).all()
    assert read(tmp_path / f"x.{ending}").conversions == {"16_bit"}


def test_16_bits_of_a_pgm_and_of_a_colour_png_are_scaled(tmp_path: Path) -> None:
    values = np.rint(RAMP * 65535).astype(">u2")
    (tmp_path / "x.pgm").write_bytes(b"P5 8 8 65535\n" + values.tobytes())
    assert (grey(tmp_path / "x.pgm") == np.rint(values / 257)).all()
    (tmp_path / "x.png").write_bytes(png_of_colours(values))
    assert (grey(tmp_path / "x.png") == values // 256).all()
    for name in ("x.pgm", "x.png"):
        assert read(tmp_path / name).conversions == {"16_bit"}


def test_a_tiff_in_which_0_is_white_is_not_turned_into_its_negative(tmp_path: Path) -> None:
    values = np.rint(RAMP * 65535).astype(np.uint16)
    Image.fromarray(values).save(tmp_path / "x.tif", tiffinfo={262: 0})
    assert (grey(tmp_path / "x.tif") == 255 - np.rint(values / 257)).all()


def test_fractions_from_0_to_1_are_scaled(tmp_path: Path) -> None:
    Image.fromarray(RAMP.astype(np.float32)).save(tmp_path / "x.tif")
    assert (grey(tmp_path / "x.tif") == np.rint(RAMP.astype(np.float32) * 255)).all()
    assert read(tmp_path / "x.tif").conversions == {"float"}


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (RAMP.astype(np.float32) * 255, "floating-point numbers from 0 to 255"),
        (RAMP.astype(np.float32) - 0.5, "floating-point numbers from -0.5 to 0.5"),
        (np.where(RAMP < 0.5, RAMP, np.nan).astype(np.float32), "not finite numbers"),
        (np.where(RAMP < 0.5, RAMP, np.inf).astype(np.float32), "not finite numbers"),
        ((RAMP * 70000).astype(np.int32), "whole numbers of 32 bits"),
        ((RAMP * 200).astype(np.int32), "whole numbers of 32 bits"),
    ],
)
def test_pixels_without_a_known_scale_are_refused(values: np.ndarray, reason: str, tmp_path: Path) -> None:
    Image.fromarray(values).save(tmp_path / "x.tif")
    with pytest.raises(Unreadable, match=reason):
        read(tmp_path / "x.tif")


@pytest.mark.parametrize(
    ("mode", "colour", "ending", "seen", "kind"),
    [
        ("1", 1, "png", (255, 255, 255), "1_bit"),
        ("CMYK", (0, 0, 0, 0), "jpg", (255, 255, 255), "colour_space"),
        ("CMYK", (0, 255, 255, 0), "tif", (255, 0, 0), "colour_space"),
        ("LAB", (255, 128, 128), "tif", (255, 255, 255), "colour_space"),
        ("RGBA", (9, 9, 9, 0), "png", (255, 255, 255), "alpha"),
        ("RGBA", (0, 0, 0, 51), "png", (204, 204, 204), "alpha"),
        ("LA", (0, 0), "png", (255, 255, 255), "alpha"),
        ("RGBA", (9, 9, 9, 0), "webp", (255, 255, 255), "alpha"),
        ("RGBA", (9, 8, 7, 255), "png", (9, 8, 7), None),
        ("L", 77, "png", (77, 77, 77), None),
    ],
)
def test_other_colours_become_rgb(
    mode: str, colour: int | tuple[int, ...], ending: str, seen: tuple[int, ...], kind: str | None, tmp_path: Path
) -> None:
    Image.new(mode, (SIDE, SIDE), colour).save(tmp_path / f"x.{ending}")
    found = read(tmp_path / f"x.{ending}")
    assert np.abs(found.pixels.astype(int) - seen).max() <= 2
    assert found.conversions == ({kind} if kind else set())


def test_a_palette_keeps_its_colours_and_its_transparent_one_is_laid_on_white(tmp_path: Path) -> None:
    image = Image.new("P", (SIDE, SIDE), 0)
    image.putpalette([200, 10, 10, 10, 10, 200])
    image.save(tmp_path / "plain.png")
    image.save(tmp_path / "holes.png", transparency=0)
    assert (read(tmp_path / "plain.png").pixels == (200, 10, 10)).all()
    assert read(tmp_path / "plain.png").conversions == {"palette"}
    assert (read(tmp_path / "holes.png").pixels == 255).all()
    assert read(tmp_path / "holes.png").conversions == {"palette", "alpha"}


@pytest.mark.parametrize("ending", ["gif", "png", "webp", "tif"])
def test_of_several_frames_the_first_is_taken(ending: str, tmp_path: Path) -> None:
    frames = [Image.new("RGB", (SIDE, SIDE), colour) for colour in ((250, 0, 0), (0, 250, 0), (0, 0, 250))]
    extra = {"lossless": True} if ending == "webp" else {}
    frames[0].save(tmp_path / f"x.{ending}", save_all=True, append_images=frames[1:], **extra)
    found = read(tmp_path / f"x.{ending}")
    assert (found.pixels == (250, 0, 0)).all()
    assert "frames" in found.conversions


@pytest.mark.parametrize("orientation", range(1, 9))
def test_images_are_turned_upright(orientation: int, tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (SIDE, SIDE, 3), np.uint8)
    image = Image.fromarray(pixels)
    exif = image.getexif()
    exif[0x0112] = orientation
    image.save(tmp_path / "x.png", exif=exif)
    right = {
        1: pixels,
        2: pixels[:, ::-1],
        3: pixels[::-1, ::-1],
        4: pixels[::-1],
        5: pixels.transpose(1, 0, 2),
        6: np.rot90(pixels, -1),
        7: pixels[::-1, ::-1].transpose(1, 0, 2),
        8: np.rot90(pixels),
    }[orientation]
    found = read(tmp_path / "x.png")
    assert (found.pixels == right).all()
    assert found.conversions == (set() if orientation == 1 else {"turned"})


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n", "it is not an image but PostScript"),
        (b"\xc5\xd0\xd3\xc6" + bytes(40), "it is not an image but PostScript"),
        (b"%PDF-1.7\n", "it is not an image but PDF"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "it is not an image but SVG"),
        (b"<!DOCTYPE html><html>404</html>", "it is not an image but HTML"),
        (b"version https://git-lfs.github.com/spec/v1\n", "fetch the file with git lfs pull"),
        (b"", "it is empty"),
        (b"\0" * 100, "it holds zeros where an image begins"),
        (b"\x00\x00\x00\x0cjP  \r\n" + bytes(40), "it is JPEG 2000, which is not read; save it as PNG or JPEG"),
        (b"\x00\x00\x01\x00\x01" + bytes(40), "it is ICO, which is not read"),
        (b"\x93NUMPY\x01\x00" + bytes(40), "it is an array of NumPy, which is not read"),
        (b"\1" * 100, "it is in no supported format"),
    ],
)
def test_a_file_is_known_by_its_content(
    content: bytes, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("PIL.EpsImagePlugin.Ghostscript", lambda *_, **__: pytest.fail("Ghostscript was started"))
    (tmp_path / "x.png").write_bytes(content)
    with pytest.raises(Unreadable, match=reason):
        read(tmp_path / "x.png")


@pytest.mark.skipif(importlib.util.find_spec("pillow_heif") is not None, reason="pillow-heif is here")
def test_what_heif_needs_is_said(tmp_path: Path) -> None:
    write_splits(tmp_path)
    head = struct.pack(">I", 24) + b"ftypheic" + bytes(4) + b"mif1heic"
    (tmp_path / "train" / "cat" / "phone.HEIC").write_bytes(head)
    with pytest.raises(DataError, match=r"phone.HEIC can't be read as an image: .* pip install pillow-heif"):
        load(tmp_path)


def test_a_bomb_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    for side in (10_000, 60_000):
        head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
        data = zlib.compress(bytes(10**6), 9)
        png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
        (tmp_path / "x.png").write_bytes(png)
        with pytest.raises(Unreadable, match="decompression bomb"):
            read(tmp_path / "x.png")


def test_damaged_exif_costs_no_image(tmp_path: Path) -> None:
    image = Image.new("RGB", (SIDE, SIDE), (200, 100, 50))
    image.save(tmp_path / "x.jpg", exif=b"Exif\0\0II*\0\xff\xff\xff\xff garbage", quality=95)
    assert np.abs(read(tmp_path / "x.jpg").pixels.astype(int) - (200, 100, 50)).max() < 6


def test_a_file_without_permission_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_splits(tmp_path)
    opened = Path.open

    def guarded(self: Path, *args: object, **more: object) -> object:  # root may read everything
        if self.name == "1.png" and self.parent.name == "cat":
            raise PermissionError(13, "Permission denied")
        return opened(self, *args, **more)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", guarded)
    with pytest.raises(DataError, match=r"train/cat/1.png \(there is no permission to read it\)"):
        load(tmp_path)


def test_what_was_converted_is_counted(tmp_path: Path) -> None:
    write_splits(tmp_path)
    for index in range(3):
        Image.fromarray(np.full((32, 32), 7710, np.uint16)).save(tmp_path / "train" / "cat" / f"deep{index}.png")
    Image.new("RGBA", (64, 16), (0, 0, 0, 0)).save(tmp_path / "test" / "dog" / "clear.png")
    data = load(tmp_path)
    assert "3 images with 16 bits per channel were scaled to 8" in notes(data)
    assert "1 image has transparent parts and was put on a white background." in notes(data)
    assert "The 12 images have 2 sizes, from 32×32 to 64×16 pixels." in notes(data)
    assert (data.train_images[2:5] == 30).all()


@pytest.mark.parametrize(("highest", "bits"), [(1023, 10), (4095, 12), (16383, 14)])
def test_images_that_use_few_of_their_16_bits_are_told(tmp_path: Path, highest: int, bits: int) -> None:
    write_splits(tmp_path)
    for index, value in enumerate((highest // 2, highest)):
        Image.fromarray(np.full((32, 32), value, np.uint16)).save(tmp_path / "train" / "cat" / f"deep{index}.png")
    said = notes(load(tmp_path))
    assert f"is above {numerals.count(highest)}, of 65,535 that they can hold" in said
    assert f"at most {bits} of the 16 bits are used" in said


def test_one_bright_image_shows_that_all_of_the_16_bits_are_meant(tmp_path: Path) -> None:
    write_splits(tmp_path)
    for index, value in enumerate((100, 60_000)):
        Image.fromarray(np.full((32, 32), value, np.uint16)).save(tmp_path / "train" / "cat" / f"deep{index}.png")
    said = notes(load(tmp_path))
    assert "2 images with 16 bits per channel" in said
    assert "bits are used" not in said


def test_colours_of_12_bits_in_16_are_told(tmp_path: Path) -> None:
    write_splits(tmp_path)
    (tmp_path / "train" / "cat" / "deep.png").write_bytes(png_of_colours(np.full((32, 32), 4000)))
    assert "is above 4,095" in notes(load(tmp_path))


def test_all_damaged_files_are_named_at_once_or_left_out(tmp_path: Path) -> None:
    write_splits(tmp_path, number=30)
    for index in range(25):
        file = tmp_path / "train" / "cat" / f"{index}.png"
        file.write_bytes(file.read_bytes()[:300])
    with pytest.raises(DataError, match="25 files in") as caught:
        load(tmp_path)
    assert caught.value.message.count("it is truncated") == 20
    assert caught.value.message.endswith(", and 5 more")
    assert "data.bad_files: skip" in caught.value.hint
    skip = DataSpec(name="image_folder", bad_files="skip")
    data = load(tmp_path, skip)
    assert data.facts.splits[0].counts == (5, 30)
    assert (data.facts.left_out_count, len(data.facts.left_out)) == (25, 25)
    for index in range(25, 30):
        (tmp_path / "train" / "cat" / f"{index}.png").write_bytes(b"")
    with pytest.raises(DataError, match="no image of cat in"):
        load(tmp_path, skip)


def test_only_what_a_limit_keeps_is_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_splits(tmp_path, number=30)
    decoded = []
    target = "reportgen.experiment.datasets.image_folder.reading.read_image"

    def counted(file: Path, side: int, formats: tuple[str, ...]) -> Decoded:
        decoded.append(file)
        return read_image(file, side, formats)

    monkeypatch.setattr(target, counted)
    data = load(tmp_path, DataSpec(name="image_folder", train_limit=10, eval_limit=6))
    assert len(decoded) == 16
    assert [split.counts for split in data.facts.splits] == [(5, 5), (3, 3)]
    assert [(split.n, split.available) for split in data.facts.splits] == [(10, 60), (6, 60)]
    whole = load(tmp_path)
    assert (whole.train_images[data.train_ids] == data.train_images).all()
    assert [whole.facts.test_files[row] for row in data.test_ids] == list(data.facts.test_files)


def test_an_image_named_as_another_format_is_read_by_its_content(tmp_path: Path) -> None:
    write_image(tmp_path / "x.png", form="JPEG")
    assert read(tmp_path / "x.png").pixels.shape == (SIDE, SIDE, 3)
