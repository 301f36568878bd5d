"""A logo of one's own: an image file that stands in the report itself, checked before any compute."""

from __future__ import annotations

import base64
import io
import re
import warnings
from pathlib import Path
from xml.etree import ElementTree

from reportgen.errors import SpecError
from reportgen.outputs.own_files import read_own
from reportgen.report.model import Logo
from reportgen.spec.types import LogoSpec

MOST_BYTES = 200_000
"""Of the file, which stands in the page as text a third longer."""
MOST_PIXELS = 4000
"""A side; a logo is shown about fifty high."""
FORMATS = {"PNG": "image/png", "JPEG": "image/jpeg"}
SAVE = "Save it as a PNG, a JPEG or an SVG that needs no other file."
ACTIVE = {"script", "foreignObject", "iframe", "embed", "object", "audio", "video", "handler", "listener"}
"""Elements of an SVG that do something or hold another language."""
OUTSIDE = re.compile(r"@import|url\(\s*['\"]?\s*(?!#|data:image/)", re.IGNORECASE)
"""In a style: what would be fetched."""


def read_logo(spec: LogoSpec) -> Logo:
    """The logo that a spec names.

    Raises SpecError for a file that is missing, too large, no image, or refers to anything outside itself.
    """
    path = spec.file
    advice = "A logo is shown about fifty pixels high: make it smaller, or an SVG."
    data = read_own(path, "logo", "report.logo.file", MOST_BYTES, advice)
    kind = "image/svg+xml" if looks_like_svg(data) else ""
    if kind:
        check_svg(data, path)
    media_type = kind or check_pixels(data, path)
    return Logo(f"data:{media_type};base64,{base64.b64encode(data).decode('ascii')}", spec.alt)


def logo_pixels(logo: Logo, height: int, width: int) -> tuple[bytes, int]:
    """A logo as PNG on white, twice as fine as it is shown, and how many pixels wide it is shown.

    `height` and `width`: the most that it takes. Raises ImportError for an SVG where nothing can draw one.
    """
    from PIL import Image

    data = base64.b64decode(logo.uri.partition(",")[2])
    if logo.uri.startswith("data:image/svg+xml"):
        from reportgen.outputs.figures import draw_small

        data = draw_small(data.decode("utf-8-sig"), 4 * height)
    with Image.open(io.BytesIO(data)) as image:
        whole = image.convert("RGBA")
    ground = Image.new("RGBA", whole.size, "#ffffff")
    flat = Image.alpha_composite(ground, whole).convert("RGB")
    scale = min(2 * height / flat.height, 2 * width / flat.width, 1)
    size = (max(1, round(flat.width * scale)), max(1, round(flat.height * scale)))
    small = flat.resize(size, Image.Resampling.LANCZOS) if size != flat.size else flat
    shown = max(1, round(min(height * small.width / small.height, width, small.width)))
    buffer = io.BytesIO()
    small.save(buffer, "PNG", optimize=True)
    return buffer.getvalue(), shown


def looks_like_svg(data: bytes) -> bool:
    """Whether a file is text that has an svg element near its beginning."""
    return b"<svg" in data[:4096] and b"\0" not in data[:4096]


def check_pixels(data: bytes, path: Path) -> str:
    """The media type of an image of pixels; raises SpecError for what is none, or damaged."""
    from PIL import Image, ImageFile  # only those who have a logo need it

    lenient = ImageFile.LOAD_TRUNCATED_IMAGES  # which WeasyPrint sets for the whole process
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # a decompression bomb is a warning first
            with Image.open(io.BytesIO(data), formats=list(FORMATS)) as image:
                kind, size = FORMATS[str(image.format)], image.size
                if max(size) <= MOST_PIXELS:
                    image.load()
    except Exception as error:  # Pillow raises whatever the parts of a damaged file make it raise
        raise SpecError(f"the logo {path} can't be read as an image: {error}", SAVE) from error
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = lenient
    if max(size) > MOST_PIXELS:
        message = f"the logo {path} has {size[0]}×{size[1]} pixels, and {MOST_PIXELS} a side are allowed"
        raise SpecError(message, "Make it smaller.")
    return kind


def check_svg(data: bytes, path: Path) -> None:
    """Raise SpecError for an SVG that is damaged, does something, or refers to anything outside itself."""
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data or b"<?xml-stylesheet" in data:
        raise SpecError(f"the logo {path} has a document type or a style sheet beside it", "Remove it. " + SAVE)
    try:
        root = ElementTree.fromstring(data)
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise SpecError(f"the logo {path} can't be read as an SVG: {error}", SAVE) from error
    for element in root.iter():
        name = str(element.tag).rpartition("}")[2]
        if name in ACTIVE or any(key.lower().startswith("on") for key in element.attrib):
            raise SpecError(f"the logo {path} holds more than a drawing: <{name}>", "Remove it. " + SAVE)
        if refers_outside(element):
            raise SpecError(f"the logo {path} refers to something outside itself in <{name}>", SAVE)


def refers_outside(element: ElementTree.Element) -> bool:
    """Whether an element of an SVG would fetch something."""
    for key, value in element.attrib.items():
        link = key.rpartition("}")[2] in ("href", "src")
        if link and not value.strip().startswith(("#", "data:image/")):
            return True
        if OUTSIDE.search(value):
            return True
    return str(element.tag).rpartition("}")[2] == "style" and OUTSIDE.search(element.text or "") is not None
