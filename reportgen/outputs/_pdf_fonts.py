"""Fonts inside the PDF without the empty places that WeasyPrint leaves in them.

WeasyPrint numbers the glyphs of a subset as those of the whole font, which costs nothing in a TrueType font, whose
empty places compress away, and 150 to 190 kB in each weight of a CID-keyed one, as the usual fonts of Chinese are: 60
thousand outlines and their offsets, classes and names. Such a font says itself which character identifier each of its
glyphs has (ISO 32000-1, 9.7.4.2), so it can hold the used ones alone, as bare CFF, while texts, widths and the map to
Unicode stay as they are.
"""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from reportgen.outputs._pdf_claims import reference_of

KEPT_TABLES = frozenset({"GlyphOrder", "CFF ", "head", "hhea", "hmtx", "maxp"})
"""What fontTools needs to make a subset of outlines."""


def shrink_fonts(pdf: Any) -> None:
    """Replace each CID-keyed OpenType font of a document by one of the glyphs that it uses.

    `pdf` is the document with its objects, before it is written. A font that is not as expected stays as it is.
    """
    fonts = [thing for thing in pdf.objects if isinstance(thing, dict) and thing.get("Subtype") == "/CIDFontType0"]
    if not fonts:
        return
    objects = {reference: thing for thing in pdf.objects if (reference := reference_of(thing))}
    users = defaultdict[bytes, list[Any]](list)
    for font in fonts:
        users[objects[font["FontDescriptor"]].get("FontFile3")].append(font)
    for reference, sharing in users.items():
        file = objects.get(reference)
        if file is not None and file.extra.get("Subtype") == "/OpenType":
            shrink_font(file, sharing)


def shrink_font(file: Any, fonts: Iterable[Any]) -> None:
    """Replace what a stream holds by the glyphs that these fonts use of it, or leave all as it was."""
    try:
        outlines = keep_used(b"".join(file.stream), {cid for font in fonts for cid in used_by(font["W"])})
    except Exception:  # whatever a font has that fontTools does not expect
        return
    if outlines is None:
        return
    file.stream = [outlines]
    file.extra["Subtype"] = "/CIDFontType0C"
    for font in fonts:
        font.pop("CIDToGIDMap", None)  # of TrueType fonts alone; a reader that follows it here would find other glyphs


def used_by(widths: Iterable[Any]) -> Iterator[int]:
    """The character identifiers in an array of widths, as WeasyPrint writes it: the first and the widths from there."""
    first = 0
    for value in widths:
        if isinstance(value, list):
            yield from range(first, first + len(value))
        else:
            first = value


def keep_used(data: bytes, used: set[int]) -> bytes | None:
    """The table of outlines (CFF) of an OpenType font with .notdef and these glyphs, which keep their identifiers.

    None where glyphs are not found by identifier, or by others than their places in this font, which is how WeasyPrint
    names them. Raises what fontTools does with a broken font.
    """
    from fontTools.subset import Options, Subsetter
    from fontTools.ttLib import TTFont

    font = TTFont(io.BytesIO(data), lazy=True, recalcBBoxes=False)  # some readers place glyphs by the box of all
    top = font["CFF "].cff[0]
    places = sorted(place for place in used | {0} if place < len(top.charset))  # beyond are characters without a glyph
    names = [".notdef", *(f"cid{place:05d}" for place in places[1:])]
    if not hasattr(top, "ROS") or [top.charset[place] for place in places] != names:
        return None
    for table in set(font.keys()) - KEPT_TABLES:
        del font[table]
    subset = Subsetter(Options(notdef_outline=True, hinting=True))
    subset.populate(gids=places)
    subset.subset(font)
    outlines = bytes(font.getTableData("CFF "))
    return outlines if len(outlines) < len(data) else None
