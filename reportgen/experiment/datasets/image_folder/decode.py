"""One image file as 8-bit colour, by a rule for each kind of pixel: converted and said, or refused with the reason."""

from __future__ import annotations

import importlib
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from reportgen.experiment.datasets.image_folder.contents import unreadable
from reportgen.experiment.datasets.raw import ImageArray
from reportgen.record.message import N_, Message
from reportgen.text.visible import visible

if TYPE_CHECKING:
    from PIL import Image

FORMATS = ("PNG", "JPEG", "BMP", "DIB", "GIF", "WEBP", "TIFF", "PPM", "AVIF", "HEIF")
"""That a file may have, by its content: whatever a name says, no other decoder is started, Ghostscript least of all."""
Conversion = Literal["16_bit", "12_bit", "float", "1_bit", "palette", "colour_space", "alpha", "turned", "frames"]
CONVERSIONS: tuple[Conversion, ...] = (
    "16_bit",
    "12_bit",
    "float",
    "1_bit",
    "palette",
    "colour_space",
    "alpha",
    "turned",
    "frames",
)
UPRIGHT = 1
ORIENTATION, PHOTOMETRIC = 0x0112, 0x0106
"""Tags of EXIF and TIFF."""
DEEP = re.compile(r"(?!BGR).*;16[LBN]?")
"""How Pillow calls stored pixels of 16 bits a channel; "BGR;16" has 16 bits for all three."""
SIXTEEN_BITS, TWELVE_BITS = 65535, 4095
OTHER_CONTENT = (
    (b"%!PS", "PostScript"),
    (b"\xc5\xd0\xd3\xc6", "PostScript"),
    (b"%PDF", "PDF"),
    (b"version https://git-lfs", "a pointer of Git LFS; fetch the file with git lfs pull"),
    (b"<svg", "SVG"),
    (b"<?xml", "XML"),
    (b"<!doctype html", "HTML"),
    (b"<html", "HTML"),
    (b"8BPS", "Photoshop"),
    (b"PK\x03\x04", "a zip"),
    (b"\x00\x05\x16\x07", "AppleDouble"),
)
"""How files begin that are often named like images."""


OTHER_FORMATS = (
    (b"\x00\x00\x00\x0cjP  ", "JPEG 2000"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
    (b"\x00\x00\x00\x0cJXL ", "JPEG XL"),
    (b"\xff\x0a", "JPEG XL"),
    (b"\x00\x00\x01\x00", "ICO"),
    (b"#?RADIANCE", "Radiance HDR"),
    (b"\x76\x2f\x31\x01", "OpenEXR"),
    (b"\x93NUMPY", "an array of NumPy"),
)
"""How images begin of formats that are not read."""


class Unreadable(Exception):
    """A file that can't be read as an image, or not without losing something in silence."""

    def __init__(self, reason: Message) -> None:
        super().__init__(str(reason))
        self.reason = reason


@dataclass(frozen=True)
class Decoded:
    """One image and how it became one."""

    pixels: ImageArray
    """(side, side, 3)."""
    size: tuple[int, int]
    """Width and height in the file."""
    conversions: frozenset[Conversion]
    highest: int = 0
    """No value of 16 bits is above it; 0 where it has none of these."""


@contextmanager
def strict_pillow() -> Iterator[None]:
    """Pillow refuses cut-off files and bombs inside, whatever a library has told it.

    WeasyPrint makes it fill what is cut off with grey; by itself it only warns of a bomb below twice its limit.
    """
    from PIL import Image, ImageFile

    before = ImageFile.LOAD_TRUNCATED_IMAGES
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = before


def prepare_pillow() -> tuple[str, ...]:
    """The formats that Pillow reads here; HEIF where pillow-heif is installed."""
    from PIL import Image

    with suppress(ImportError):
        importlib.import_module("pillow_heif").register_heif_opener()
    Image.init()
    return tuple(name for name in FORMATS if name in Image.OPEN)


def read_image(file: Path, side: int, formats: tuple[str, ...]) -> Decoded:
    """One image, cut to its middle square and scaled to `side`. Raises Unreadable with the reason."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with file.open("rb") as opened, strict_pillow(), Image.open(opened, formats=formats) as image:
            colour, conversions, highest = to_colour(image)
            fitted = ImageOps.fit(colour, (side, side), Image.Resampling.BILINEAR)
            return Decoded(np.asarray(fitted, np.uint8), image.size, conversions, highest)
    except Unreadable:
        raise
    except (PermissionError, FileNotFoundError) as error:
        raise Unreadable(unreadable(error)) from error
    except UnidentifiedImageError as error:
        raise Unreadable(unidentified(file, formats)) from error
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        most = Image.MAX_IMAGE_PIXELS or 0
        raise Unreadable(N_("it has more than {most} pixels, as a decompression bomb has", most=most)) from error
    except MemoryError as error:
        raise Unreadable(N_("there is too little memory to decode it")) from error
    except Exception as error:  # decoders raise whatever comes: SyntaxError for a broken PNG
        raise Unreadable(damaged(error)) from error


def damaged(error: Exception) -> Message:
    """What a decoder said."""
    text = visible(str(error) or type(error).__name__)
    if "truncated" in text.lower():
        return N_("it is truncated")
    return N_("it is damaged: {error}", error=text[:120])


def unidentified(file: Path, formats: tuple[str, ...]) -> Message:
    """What a file is instead of an image, by its first bytes."""
    with file.open("rb") as opened:
        head = opened.read(64)
    if not head:
        return N_("it is empty")
    brand = head[4:12]
    if brand[:4] == b"ftyp" and brand[4:] in (b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"heim", b"heis"):
        if "HEIF" not in formats:
            return N_("it is HEIF, which Pillow reads with pillow-heif: pip install pillow-heif")
    elif brand in (b"ftypavif", b"ftypavis") and "AVIF" not in formats:
        return N_("it is AVIF, which this Pillow does not read: pip install -U pillow")
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    for begin, name in OTHER_CONTENT:
        if start.startswith(begin.lower()) or head.startswith(begin):
            return N_("it is not an image but {what}", what=name)
    for begin, name in OTHER_FORMATS:
        if head.startswith(begin):
            return N_("it is {format}, which is not read; save it as PNG or JPEG", format=name)
    if not head.strip(b"\0"):
        return N_("it holds zeros where an image begins, as an interrupted copy leaves them")
    return N_("it is in no supported format, or damaged")


def to_colour(image: Image.Image) -> tuple[Image.Image, frozenset[Conversion], int]:
    """The first frame, upright, as 8-bit RGB, what had to be done for it, and what no value of 16 bits is above.

    Raises Unreadable for pixels whose scale is not known.
    """
    from PIL import ImageOps

    done = set[Conversion]()
    if getattr(image, "is_animated", False):
        done.add("frames")
        image.seek(0)
    stored = raw_mode(image)
    image.load()
    if image.mode.startswith("I;16") or DEEP.fullmatch(stored) or (image.mode == "I" and image.format == "PPM"):
        done.add("12_bit" if stored == "I;12" else "16_bit")
    highest = highest_value(image) if "16_bit" in done else 0
    turned = orientation(image) != UPRIGHT
    upright = image
    if turned:
        done.add("turned")
        upright = ImageOps.exif_transpose(image)
    if upright.mode in ("I", "F") or upright.mode.startswith("I;"):
        levels = TWELVE_BITS if stored == "I;12" else SIXTEEN_BITS
        upright = from_numbers(upright, done, levels, inverted=shows_white_as_zero(image))
    return flatten(upright, done), frozenset(done), highest


def highest_value(image: Image.Image) -> int:
    """What no value of an image of 16 bits a channel is above, alpha aside; of colours the upper 8 bits are known."""
    if shows_white_as_zero(image):
        return SIXTEEN_BITS
    values = np.asarray(image)
    if values.ndim == 2 and image.mode != "L":
        return int(values.max())
    colours = values[..., :-1] if image.mode.endswith("A") else values
    return int(colours.max()) * 256 + 255


def orientation(image: Image.Image) -> int:
    """EXIF's orientation, 1 to 8; 1 where there is none that can be read."""
    try:
        found = image.getexif().get(ORIENTATION, UPRIGHT)
    except Exception:  # damaged EXIF raises whatever comes, and the pixels are whole
        return UPRIGHT
    return found if found in range(2, 9) else UPRIGHT


def shows_white_as_zero(image: Image.Image) -> bool:
    """Whether 0 is white, which Pillow heeds in 8-bit TIFF alone."""
    return image.format == "TIFF" and getattr(image, "tag_v2", {}).get(PHOTOMETRIC) == 0


def raw_mode(image: Image.Image) -> str:
    """How the pixels are stored in the file, such as "RGB;16B"; empty where it does not say."""
    tiles = getattr(image, "tile", None) or []
    arguments = tiles[0][3] if tiles and len(tiles[0]) > 3 else ""
    first = arguments[0] if isinstance(arguments, tuple) and arguments else arguments
    return first if isinstance(first, str) else ""


def from_numbers(image: Image.Image, done: set[Conversion], levels: int, *, inverted: bool) -> Image.Image:
    """Pixels of more than eight bits as 8-bit grey: 16 bits divided by 257, fractions from 0 to 1 times 255.

    `levels`: the largest whole number that the file's kind of pixel can hold. Raises Unreadable for numbers whose scale
    is not known.
    """
    from PIL import Image

    values = np.asarray(image)
    if image.mode == "F":
        if not np.isfinite(values).all():
            raise Unreadable(N_("it holds pixels that are not finite numbers"))
        low, high = float(values.min()), float(values.max())
        if low < 0 or high > 1:
            raise Unreadable(
                N_(
                    "its pixels are floating-point numbers from {low} to {high}; only 0 to 1 has a known scale",
                    low=low,
                    high=high,
                )
            )
        done.add("float")
        grey = np.rint(values * 255)
    elif done & {"16_bit", "12_bit"}:
        grey = np.rint(values.astype(np.float64) * (255 / levels))
    else:
        raise Unreadable(N_("its pixels are whole numbers of 32 bits, whose scale is not known; save it with 8 or 16"))
    if grey.min() < 0 or grey.max() > 255:
        raise Unreadable(N_("its pixels lie outside the range of 16 bits"))
    return Image.fromarray((255 - grey if inverted else grey).astype(np.uint8))


def flatten(image: Image.Image, done: set[Conversion]) -> Image.Image:
    """Any other pixels as RGB; what is transparent is laid on white."""
    from PIL import Image

    if image.mode == "1":
        done.add("1_bit")
    elif image.mode in ("P", "PA"):
        done.add("palette")
    elif image.mode in ("CMYK", "YCbCr", "LAB", "HSV"):
        done.add("colour_space")
    if "transparency" not in image.info and not image.mode.endswith(("A", "a")):
        return image.convert("RGB")
    full = image.convert("RGBA")
    alpha = full.getchannel("A")
    if alpha.getextrema() == (255, 255):
        return full.convert("RGB")
    done.add("alpha")
    white = Image.new("RGBA", full.size, (255, 255, 255, 255))
    return Image.alpha_composite(white, full).convert("RGB")
