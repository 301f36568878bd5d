"""How an element of an SVG is painted: attributes, the one rule of matplotlib's style sheet, and `style`, as SVG 1.1
cascades and inherits them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from reportgen.outputs._pdf_drawings.paths import NUMBERS, NotDrawn, format_numbers

INHERITED = {
    "fill": "#000000",
    "stroke": "none",
    "stroke-width": "1",
    "stroke-linecap": "butt",
    "stroke-linejoin": "miter",
    "stroke-miterlimit": "4",
    "stroke-dasharray": "none",
    "stroke-dashoffset": "0",
    "fill-opacity": "1",
    "stroke-opacity": "1",
    "fill-rule": "nonzero",
    "clip-rule": "nonzero",
    "font-family": "sans-serif",
    "font-size": "16",
    "font-weight": "normal",
    "font-style": "normal",
    "text-anchor": "start",
    "image-rendering": "auto",
}
"""The properties that are known and pass from an element to those inside it, as they are at the root."""
OWN = ("opacity", "clip-path")
"""The properties of an element alone."""
PAINTED = tuple(name for name in INHERITED if name.startswith(("fill", "stroke")))
"""Those that shapes without text are painted by."""
OPERATORS = {(True, True): "B", (True, False): "f", (False, True): "S", (False, False): "n"}
"""Of PDF, by whether a shape is filled and whether it is stroked."""
CAPS = {"butt": "0", "round": "1", "square": "2"}
JOINS = {"miter": "0", "round": "1", "bevel": "2"}
NAMED = {"black": "000000", "white": "ffffff"}
HEX = re.compile(r"#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})\Z")
EVERYWHERE = re.compile(r"\s*\*\s*\{([^{}]*)\}\s*\Z")
"""A style sheet of one rule for every element."""


@cache
def declarations(text: str) -> dict[str, str]:
    """`name: value; …` as a mapping; raises NotDrawn for properties that are not known."""
    found = {}
    for part in text.split(";"):
        name, colon, value = part.partition(":")
        if not colon:
            continue
        name = name.strip()
        if name not in INHERITED and name not in OWN:
            raise NotDrawn(f"property {name}")
        found[name] = value.strip()
    return found


def sheet(text: str) -> dict[str, str]:
    """What a style sheet says of every element; raises NotDrawn where it has other rules."""
    found = EVERYWHERE.match(text)
    if not found:
        raise NotDrawn("style sheet")
    return declarations(found[1])


@cache
def length(text: str) -> float:
    """A length in the units of the drawing; raises NotDrawn for other units."""
    text = text.strip().removesuffix("px")
    if not NUMBERS.fullmatch(text):
        raise NotDrawn(f"length {text[:20]}")
    return float(text)


@cache
def colour(text: str) -> str | None:
    """Red, green and blue as PDF takes them, or None for `none`; raises NotDrawn for other ways of saying a colour."""
    text = text.strip()
    if text == "none":
        return None
    if text in NAMED:
        digits = NAMED[text]
    elif HEX.match(text):
        digits = text[1:] if len(text) == 7 else "".join(digit * 2 for digit in text[1:])
    else:
        raise NotDrawn(f"colour {text[:20]}")
    return format_numbers(*(int(digits[start : start + 2], 16) / 255 for start in (0, 2, 4)))


@dataclass(frozen=True)
class Paint:
    """What is painted of a shape, and the operators that set it up, each with the name of what it sets."""

    operator: str
    """Of PDF: f, S, B or, where the shape is not seen, n."""
    setup: tuple[tuple[str, str], ...]
    fill_alpha: float
    stroke_alpha: float


def paint(style: Mapping[str, str]) -> Paint:
    """The paint of a shape."""
    return paint_of(tuple((name, style[name]) for name in PAINTED), float(style.get("opacity", "1")))


@cache
def paint_of(attributes: tuple[tuple[str, str], ...], opacity: float) -> Paint:
    """The paint of a shape by its properties: few paints, for many shapes."""
    style = dict(attributes)
    fill, stroke = colour(style["fill"]), colour(style["stroke"])
    width = length(style["stroke-width"])
    stroke = stroke if width else None
    setup: list[tuple[str, str]] = []
    if fill is not None:
        setup.append(("fill", f"{fill} rg"))
    if stroke is not None:
        setup += [("stroke", f"{stroke} RG"), ("width", f"{format_numbers(width)} w"), *line_setup(style)]
    operator = OPERATORS[fill is not None, stroke is not None]
    if operator in "Bf" and style["fill-rule"] == "evenodd":
        operator += "*"
    alphas = (float(style[name]) * opacity for name in ("fill-opacity", "stroke-opacity"))
    return Paint(operator, tuple(setup), *alphas)


def line_setup(style: Mapping[str, str]) -> list[tuple[str, str]]:
    """Ends, corners and dashes of a line. Raises NotDrawn for those that PDF does not have."""
    cap, join = CAPS.get(style["stroke-linecap"]), JOINS.get(style["stroke-linejoin"])
    if cap is None or join is None:
        raise NotDrawn("line ends")
    dashes = "" if style["stroke-dasharray"] == "none" else style["stroke-dasharray"]
    lengths = [length(part) for part in re.split(r"[\s,]+", dashes) if part]
    offset = length(style["stroke-dashoffset"])
    if offset < 0 or any(part < 0 for part in lengths):
        raise NotDrawn("dashes")
    dash = f"[{format_numbers(*lengths)}] {format_numbers(offset)} d" if any(lengths) else "[] 0 d"
    return [
        ("cap", f"{cap} J"),
        ("join", f"{join} j"),
        ("miter", f"{format_numbers(float(style['stroke-miterlimit']))} M"),
        ("dash", dash),
    ]
