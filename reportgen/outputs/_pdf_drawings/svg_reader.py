"""From an SVG to the marks of a drawing: every element in its order, its style and its state."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree

from reportgen.outputs._pdf_drawings import paths, styles
from reportgen.outputs._pdf_drawings.images import read_png
from reportgen.outputs._pdf_drawings.operators import Alpha, Line, Mark, Move, Operators, PlacedImage, Restore, Save
from reportgen.outputs._pdf_drawings.paths import Affine, NotDrawn
from reportgen.outputs._pdf_drawings.text import WEIGHTS, Font, Run

SVG = "{http://www.w3.org/2000/svg}"
LINK = "{http://www.w3.org/1999/xlink}href"
SPACE = re.compile(r"[ \t\r\n]+")
STILL: Affine = (1, 0, 0, 1, 0, 0)
SILENT = frozenset(
    {
        "id",
        "version",
        "type",
        "role",
        "class",
        "aria-label",
        "aria-hidden",
        "pointer-events",
        "transform",
        "style",
        "href",
        LINK,
        "width",
        "height",
        "viewBox",
        "x",
        "y",
        "rx",
        "d",
        "points",
        "preserveAspectRatio",
    }
)
"""Attributes that are no properties."""
UNDRAWN = frozenset({"defs", "title", "desc", "metadata", "style", "clipPath"})
"""Elements without an image of their own."""


@dataclass
class Walk:
    """One walk through a drawing."""

    root: ElementTree.Element
    marks: list[Mark] = field(default_factory=list)
    clip: str = ""
    """Reference of the clip that is open around the shapes of the innermost state."""
    is_set: dict[str, str] = field(default_factory=dict)
    """Operators in force, by what they set."""

    def __post_init__(self) -> None:
        self.named = {element.get("id", ""): element for element in self.root.iter() if element.get("id")}
        sheets = [element.text or "" for element in self.root.iter(f"{SVG}style")]
        self.everywhere = {name: value for text in sheets for name, value in styles.sheet(text).items()}
        self.shapes: dict[str, Callable[[ElementTree.Element], str]] = {
            "path": lambda element: paths.path(element.get("d", "")),
            "polygon": lambda element: paths.polygon(element.get("points", "")),
            "polyline": lambda element: paths.polygon(element.get("points", ""), closed=False),
            "rect": lambda element: paths.rectangle(*read_lengths(element, "x", "y", "width", "height", "rx")),
        }

    def style(self, element: ElementTree.Element, above: Mapping[str, str]) -> dict[str, str]:
        """The properties of an element inside another; raises NotDrawn for attributes that are not known."""
        found = dict(above)
        for name in styles.OWN:
            found.pop(name, None)
        for name, value in element.attrib.items():
            if name in styles.INHERITED or name in styles.OWN:
                found[name] = value
            elif name not in SILENT:
                raise NotDrawn(f"attribute {name}")
        return found | self.everywhere | styles.declarations(element.get("style", ""))

    def visit(self, element: ElementTree.Element, above: Mapping[str, str]) -> None:
        """Add the marks of an element and of those inside it."""
        tag = tag_of(element)
        if tag in UNDRAWN:
            return
        style = self.style(element, above)
        if tag in ("svg", "g", "a"):
            self.group(element, style)
        elif tag in self.shapes:
            self.shape(style, transformation(element), self.shapes[tag](element))
        elif tag == "use":
            self.use(element, style)
        elif tag == "text":
            self.text(element, style)
        elif tag == "image":
            self.image(element, style)
        else:
            raise NotDrawn(f"element {tag}")

    def group(self, element: ElementTree.Element, style: Mapping[str, str]) -> None:
        """Those inside an element, in a state of their own if it moves or clips them."""
        if style.get("opacity", "1") != "1" or (tag_of(element) == "svg" and element is not self.root):
            raise NotDrawn("a transparent group, or a drawing in the drawing")
        by, clip = transformation(element), style.get("clip-path", "")
        if by == STILL and not clip:
            for child in element:
                self.visit(child, style)
            return
        self.clip_to("")
        before = self.is_set
        self.is_set = dict(before)
        self.marks += [Save(), Move(by)] if by != STILL else [Save()]
        if clip:
            self.marks.append(self.clipping(clip))
        for child in element:
            self.visit(child, style)
        self.clip_to("")
        self.marks.append(Restore())
        self.is_set = before

    def clip_to(self, reference: str) -> None:
        """Close the clip that is open and open another."""
        if reference == self.clip:
            return
        if self.clip:
            self.marks.append(Restore())
            self.is_set = {}
        if reference:
            self.marks += [Save(), self.clipping(reference)]
        self.clip = reference

    def clipping(self, reference: str) -> Mark:
        """The operators that clip to an element by its `url(#…)`."""
        found = self.named.get(reference.strip().removeprefix("url(#").removesuffix(")"))
        if found is None or tag_of(found) != "clipPath" or len(found) != 1 or found.get("clipPathUnits"):
            raise NotDrawn("clip")
        shape = found[0]
        if shape.get("transform") or tag_of(shape) not in self.shapes:
            raise NotDrawn("clip")
        even_odd = self.style(shape, styles.INHERITED)["clip-rule"] == "evenodd"
        return Operators(f"{self.shapes[tag_of(shape)](shape)} {'W*' if even_odd else 'W'} n".encode("ascii"))

    def shape(self, style: Mapping[str, str], by: Affine, path: str) -> None:
        """One path with its paint."""
        paint = styles.paint(style)
        if not path or paint.operator == "n":
            return
        clip = style.get("clip-path", "")
        alone = by != STILL or (paint.fill_alpha, paint.stroke_alpha) != (1, 1)
        if alone and clip and by != STILL:
            raise NotDrawn("a clipped shape that is moved")
        self.clip_to(clip)
        kept = self.is_set
        if alone:
            self.is_set = dict(kept)
            self.marks += [Save(), Move(by), Alpha(paint.fill_alpha, paint.stroke_alpha)]
        setup = [operator for name, operator in paint.setup if self.is_set.get(name) != operator]
        self.is_set |= dict(paint.setup)
        self.marks.append(Operators(paths.joined([*setup, path, paint.operator])))
        if alone:
            self.marks.append(Restore())
            self.is_set = kept

    def use(self, element: ElementTree.Element, style: Mapping[str, str]) -> None:
        """A shape that is defined elsewhere, moved to where it is used."""
        found = self.named.get((element.get(LINK) or element.get("href") or "").removeprefix("#"))
        if found is None or tag_of(found) != "path" or found.get("transform") or element.get("transform"):
            raise NotDrawn("use")
        own = self.style(found, style)
        if "clip-path" in own or "opacity" in own:
            raise NotDrawn("use")
        own |= {name: style[name] for name in styles.OWN if name in style}
        self.shape(own, STILL, paths.path(found.get("d", ""), *read_lengths(element, "x", "y")))

    def text(self, element: ElementTree.Element, style: Mapping[str, str]) -> None:
        """One line of text."""
        if "clip-path" in style or style.get("opacity", "1") != "1":
            raise NotDrawn("clipped or transparent text")
        self.clip_to("")
        runs = self.runs(element, style)
        if not runs:
            return
        if style["text-anchor"] not in ("start", "middle", "end"):
            raise NotDrawn("text-anchor")
        x, y = read_lengths(element, "x", "y")
        self.marks.append(Line(runs, x, y, style["text-anchor"], transformation(element)))
        self.is_set.pop("fill", None)

    def runs(self, element: ElementTree.Element, style: Mapping[str, str]) -> tuple[Run, ...]:
        """The text of an element and of its `tspan`s, white space as SVG 1.1 collapses it."""
        pieces: list[tuple[str, Mapping[str, str]]] = [(element.text or "", style)]
        for child in element:
            if tag_of(child) != "tspan" or len(child) or {"x", "y"} & set(child.attrib):
                raise NotDrawn("text in text")
            pieces += [(child.text or "", self.style(child, style)), (child.tail or "", style)]
        runs: list[Run] = []
        before = " "
        for text, look in pieces:
            text = SPACE.sub(" ", text)
            text = text.lstrip(" ") if before.endswith(" ") else text
            colour = styles.colour(look["fill"])
            if text and colour is not None:
                runs.append(Run(text, font(look), colour))
            before = text or before
        if runs:
            runs[-1] = Run(runs[-1].text.rstrip(" "), runs[-1].font, runs[-1].colour)
        return tuple(run for run in runs if run.text)

    def image(self, element: ElementTree.Element, style: Mapping[str, str]) -> None:
        """A raster."""
        url = element.get(LINK) or element.get("href") or ""
        aspect = element.get("preserveAspectRatio", "xMidYMid")
        kind, _, data = url.partition(",")
        if kind != "data:image/png;base64" or aspect.split()[0] not in ("none", "xMidYMid"):
            raise NotDrawn("image")
        if style.get("opacity", "1") != "1" or "clip-path" in style:
            raise NotDrawn("clipped or transparent image")
        self.clip_to("")
        x, y, width, height = read_lengths(element, "x", "y", "width", "height")
        by = transformation(element)
        raster = read_png(base64.b64decode(data))
        placed = PlacedImage(raster, (x, y, width, height), aspect == "none", style["image-rendering"] == "auto")
        self.marks += [placed] if by == STILL else [Save(), Move(by), placed, Restore()]


def tag_of(element: ElementTree.Element) -> str:
    """The name of an element of SVG; raises NotDrawn for elements of other languages."""
    tag: Any = element.tag
    if not isinstance(tag, str) or not tag.startswith(SVG):
        if isinstance(tag, str) and tag.startswith("{"):
            return "metadata"
        raise NotDrawn(f"element {tag}")
    return tag.removeprefix(SVG)


def transformation(element: ElementTree.Element) -> Affine:
    """How an element is moved."""
    text = element.get("transform")
    return paths.transformation(text) if text else STILL


def read_lengths(element: ElementTree.Element, *names: str) -> list[float]:
    """Attributes that are lengths, 0 where they are not there."""
    return [styles.length(element.get(name, "0")) for name in names]


def font(style: Mapping[str, str]) -> Font:
    """The font that a style asks for. Raises NotDrawn for a weight that is no number."""
    family = tuple(name.strip().strip("'\"") for name in style["font-family"].split(","))
    weight = style["font-weight"]
    if weight not in WEIGHTS and not weight.isdigit():
        raise NotDrawn(f"font-weight {weight}")
    heavy = WEIGHTS.get(weight) or int(weight)
    return Font(family, styles.length(style["font-size"]), heavy, style["font-style"])
