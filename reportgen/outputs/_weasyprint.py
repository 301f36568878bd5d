"""Every part of WeasyPrint and of pydyf that their documentation does not promise, and whether this version has them.

Drawings reach a page only through here: as images in WeasyPrint's cache, which draw themselves on a `PageCanvas`.
`find_parts` compares what is installed with what is used before anything is drawn; where it differs, the PDF is set
by what is documented alone (`weasyprint.HTML`, `render`, `write_pdf`, `Attachment`, `URLFetcher`,
`FontConfiguration`), which takes longer and gives the same pages.
"""

from __future__ import annotations

import importlib
import inspect
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Literal

from reportgen.outputs._pdf_columns import ColumnTrials
from reportgen.outputs._pdf_drawings.drawing import Placed
from reportgen.outputs._pdf_drawings.images import COLOUR, GREY, Raster
from reportgen.outputs._pdf_drawings.paths import Affine
from reportgen.outputs._pdf_drawings.text import Font, Run
from reportgen.outputs._pdf_tags import Area, Mark, Node, Piece, Structure, make_structure

CALLS: Mapping[str, tuple[int, tuple[str, ...]]] = {
    "weasyprint.text.line_break:Layout": (1, ()),
    "weasyprint.text.line_break:Layout.set_text": (2, ()),
    "weasyprint.text.line_break:Layout.get_first_line": (1, ()),
    "weasyprint.text.line_break:line_size": (2, ()),
    "weasyprint.draw.text:draw_first_line": (5, ()),
    "weasyprint.draw.text:draw_emojis": (5, ()),
    "weasyprint.matrix:Matrix": (6, ()),
    "weasyprint.matrix:Matrix.__matmul__": (2, ()),
    "weasyprint.pdf.stream:Stream.push_state": (1, ()),
    "weasyprint.pdf.stream:Stream.pop_state": (1, ()),
    "weasyprint.pdf.stream:Stream.transform": (7, ()),
    "weasyprint.pdf.stream:Stream.rectangle": (5, ()),
    "weasyprint.pdf.stream:Stream.clip": (1, ()),
    "weasyprint.pdf.stream:Stream.end": (1, ()),
    "weasyprint.pdf.stream:Stream.begin_text": (1, ()),
    "weasyprint.pdf.stream:Stream.end_text": (1, ()),
    "weasyprint.pdf.stream:Stream.set_alpha": (2, ("stroke",)),
    "weasyprint.pdf.stream:Stream.add_image": (4, ()),
    "weasyprint.pdf.stream:Stream.draw_x_object": (2, ()),
    "weasyprint.layout.block:block_box_layout": (11, ("discard", "max_lines")),
    "pydyf:Stream": (2, ()),
    "pydyf:Dictionary": (1, ()),
    "pydyf:Array": (1, ()),
}
"""Module:name -> how many arguments by position (`self` included) it is given, and which by name."""
STYLE_NAMES = frozenset({"font_family", "font_size", "font_weight", "font_style"})
"""What is set of a style; all other properties keep their initial values."""
HEAD, TAIL = b"\nstream\n", b"\nendstream"
"""What stands around the body of a stream in its `data`."""


@dataclass(frozen=True)
class SlowWay:
    """Why the drawings were left to WeasyPrint."""

    what: Literal["missing", "changed", "failed"]
    """Not in this version; in it with other arguments or another value; raised an exception or was not used."""
    part: str
    """Its name, or the exception and where it was raised."""


@dataclass(frozen=True)
class Parts:
    """The parts of an installed WeasyPrint that drawings use."""

    layout: Callable[..., Any]
    line_size: Callable[..., Any]
    draw_first_line: Callable[..., Any]
    draw_emojis: Callable[..., Any]
    matrix: Callable[..., Any]
    initial_values: Mapping[str, Any]
    stream: Any
    dictionary: Callable[..., Any]
    array: Callable[..., Any]
    lay_out_block: Callable[..., Any]

    def compress(self, _document: Any, pdf: Any) -> None:
        """Compress the streams of a document at zlib's usual level; at the highest, which is what pydyf takes, it would
        take three times as long and be 3 % smaller."""
        for thing in pdf.objects:
            if isinstance(thing, self.stream) and thing.compress:
                thing.compress = False
                _, _, body = thing.data.partition(HEAD)
                thing.stream = [zlib.compress(body.removesuffix(TAIL))]
                thing.extra["Filter"] = "/FlateDecode"


def look_up(name: str) -> Any:
    """Something by its "module:name.name"; raises ImportError or AttributeError where it is not there."""
    module, _, path = name.partition(":")
    found: Any = importlib.import_module(module)
    for step in path.split("."):
        found = getattr(found, step)
    return found


def find_parts() -> Parts | SlowWay:
    """The parts of the installed versions where all are there and take what they are given, or the first that is not.

    Takes a few milliseconds; WeasyPrint must be importable.
    """
    found: dict[str, Any] = {}
    try:
        for name, (count, names) in CALLS.items():
            found[name] = look_up(name)
            if not takes(found[name], count, names):
                return SlowWay("changed", dotted(name))
        values = look_up(name := "weasyprint.css.properties:INITIAL_VALUES")
        options = look_up(name := "weasyprint:DEFAULT_OPTIONS")
    except (ImportError, AttributeError):
        return SlowWay("missing", dotted(name))
    if not isinstance(values, Mapping) or not set(values) >= STYLE_NAMES:
        return SlowWay("changed", "weasyprint.css.properties.INITIAL_VALUES")
    if "cache" not in options:
        return SlowWay("missing", "weasyprint.DEFAULT_OPTIONS['cache']")
    if not has_known_streams(found["pydyf:Stream"]):
        return SlowWay("changed", "pydyf.Stream")
    return Parts(
        layout=found["weasyprint.text.line_break:Layout"],
        line_size=found["weasyprint.text.line_break:line_size"],
        draw_first_line=found["weasyprint.draw.text:draw_first_line"],
        draw_emojis=found["weasyprint.draw.text:draw_emojis"],
        matrix=found["weasyprint.matrix:Matrix"],
        initial_values=values,
        stream=found["pydyf:Stream"],
        dictionary=found["pydyf:Dictionary"],
        array=found["pydyf:Array"],
        lay_out_block=found["weasyprint.layout.block:block_box_layout"],
    )


def dotted(name: str) -> str:
    """A name as people write it."""
    return name.replace(":", ".")


def takes(function: Any, count: int, names: Sequence[str]) -> bool:
    """Whether something can be called with `count` arguments by position and those of these names."""
    try:
        inspect.signature(function).bind(*range(count), **dict.fromkeys(names))
    except (TypeError, ValueError):
        return False
    return True


def has_known_streams(stream: Callable[..., Any]) -> bool:
    """Whether pydyf's streams keep their parts in a list and write them as `Parts.compress` reads them."""
    try:
        one = stream([b"q"], {"Kind": "/None"})
        one.stream.append(b"Q")
        return (
            type(one.stream) is list
            and one.extra["Kind"] == "/None"
            and one.compress is False
            and one.data.partition(HEAD)[2] == b"q\nQ" + TAIL
        )
    except Exception:  # whatever another version does with this
        return False


@contextmanager
def quick_columns(parts: Parts) -> Iterator[None]:
    """Columns that are balanced in this block are laid out less often, with the same result; see `ColumnTrials`."""
    module = importlib.import_module("weasyprint.layout.block")
    module.block_box_layout = ColumnTrials(parts.lay_out_block)  # type: ignore[attr-defined]
    try:
        yield
    finally:
        module.block_box_layout = parts.lay_out_block  # type: ignore[attr-defined]


class Images(dict[str, Any]):
    """The cache that WeasyPrint takes its images from, the drawings of a page in it under their names."""

    def __init__(self, drawings: Mapping[str, Placed], parts: Parts, fonts: Any) -> None:
        typesetter = Typesetter(parts, fonts)
        self.drawings = {name: ImageOfPage(drawing, typesetter) for name, drawing in drawings.items()}
        super().__init__(self.drawings)

    def were_ignored(self) -> bool:
        """True after drawing when there are drawings that were laid out and not one was drawn."""
        laid_out = [image for image in self.drawings.values() if image.is_laid_out]
        return bool(laid_out) and not any(image.is_drawn for image in laid_out)


@dataclass
class ImageOfPage:
    """A drawing as WeasyPrint asks an image: for its size, and to draw itself on a stream."""

    drawing: Placed
    typesetter: Typesetter
    is_laid_out: bool = False
    is_drawn: bool = False

    def get_intrinsic_size(self, resolution: float, _font_size: float) -> tuple[float, float, float]:
        """Width and height in CSS pixels, and their ratio."""
        self.is_laid_out = True
        width, height = self.drawing.size(resolution)
        return width, height, width / height

    def draw(self, stream: Any, width: float, height: float, style: Any) -> None:
        """Put the drawing on a stream, in a box of so many CSS pixels."""
        self.is_drawn = True
        smooth = style["image_rendering"] == "auto"
        self.drawing.draw(PageCanvas(stream, self.typesetter), width, height, smooth)


class PageCanvas:
    """A stream of WeasyPrint as the canvas of a drawing; the stream keeps account of what is in force."""

    def __init__(self, stream: Any, typesetter: Typesetter) -> None:
        self.stream = stream
        self.typesetter = typesetter
        self.write = stream.stream.append
        self.save = stream.push_state
        self.restore = stream.pop_state

    def transform(self, by: Affine) -> None:
        """Move, turn and scale what follows in this state."""
        self.stream.transform(*by)

    def clip_to(self, width: float, height: float) -> None:
        """Show nothing outside a box at the origin."""
        self.stream.rectangle(0, 0, width, height)
        self.stream.clip()
        self.stream.end()

    def set_alpha(self, fill: float, stroke: float) -> None:
        """Opacity as a graphics state of the page."""
        self.stream.set_alpha(fill)
        self.stream.set_alpha(stroke, stroke=True)

    def show_raster(self, raster: Raster, smooth: bool) -> None:
        """A raster in the unit square; once in the document, however often it is drawn."""
        image = ImageOfDocument(raster, self.typesetter.parts)
        self.stream.draw_x_object(self.stream.add_image(image, smooth, 1))

    def show_line(self, runs: Sequence[Run], x: float, y: float, anchor: str, by: Affine) -> None:
        """One line of text."""
        self.typesetter.show_line(self, runs, x, y, anchor, by)


@dataclass(frozen=True)
class ImageOfDocument:
    """A raster as WeasyPrint keeps images until it writes the document: with an `id` and `get_x_object`."""

    raster: Raster
    parts: Parts

    @property
    def id(self) -> str:
        """The same for the same image."""
        return self.raster.id

    def get_x_object(self, interpolate: bool, _ratio: float) -> Any:
        """The image as an object of PDF (ISO 32000-1, 8.9.5)."""
        raster, dictionary = self.raster, self.parts.dictionary
        space: Any = {GREY: "/DeviceGray", COLOUR: "/DeviceRGB"}.get(raster.kind)
        if space is None:
            colours = len(raster.palette) // 3
            space = self.parts.array(["/Indexed", "/DeviceRGB", colours - 1, f"<{raster.palette.hex()}>"])
        rows = {"Predictor": 15, "Columns": raster.width, "BitsPerComponent": raster.bits}
        return self.parts.stream(
            [raster.rows],
            dictionary(
                {
                    "Type": "/XObject",
                    "Subtype": "/Image",
                    "Width": raster.width,
                    "Height": raster.height,
                    "ColorSpace": space,
                    "BitsPerComponent": raster.bits,
                    "Interpolate": "true" if interpolate else "false",
                    "Filter": "/FlateDecode",
                    "DecodeParms": dictionary(rows | {"Colors": 3 if raster.kind == COLOUR else 1}),
                }
            ),
        )


class Style(dict[str, Any]):
    """A computed style that knows the fonts of its document."""

    font_config: Any


@dataclass
class MeasuredRun:
    """A run that was measured: what `draw_first_line` takes for a text box."""

    pango_layout: Any
    style: Style
    text: str
    width: float
    baseline: float = 0.0


@dataclass
class Typesetter:
    """Writes lines of text, shaped by Pango with the fonts of the document (`fonts`, its FontConfiguration)."""

    parts: Parts
    fonts: Any
    styles: dict[Font, Style] = field(default_factory=dict)
    layouts: dict[tuple[Font, int], Any] = field(default_factory=dict)

    def style(self, font: Font) -> Style:
        """WeasyPrint's style of a font."""
        if font not in self.styles:
            style = Style(self.parts.initial_values)
            style.font_config = self.fonts
            style |= {
                "font_family": list(font.family),
                "font_size": font.size,
                "font_weight": font.weight,
                "font_style": font.style,
            }
            self.styles[font] = style
        return self.styles[font]

    def measure(self, run: Run, place: int) -> MeasuredRun:
        """The run as one line, with its width in the units of the drawing; good until another is measured at its place.

        Making a layout takes as long as setting a word.
        """
        style = self.style(run.font)
        layout = self.layouts.get((run.font, place))
        if layout is None:
            layout = self.layouts[run.font, place] = self.parts.layout(style)
        layout.set_text(run.text)
        line, _ = layout.get_first_line()
        return MeasuredRun(layout, style, run.text, self.parts.line_size(line, style)[0])

    def show_line(self, canvas: PageCanvas, runs: Sequence[Run], x: float, y: float, anchor: str, by: Affine) -> None:
        """Put the runs side by side, set by Pango as a whole, so that they are spaced as browsers space them."""
        matrix, stream = self.parts.matrix, canvas.stream
        measured = [self.measure(run, place) for place, run in enumerate(runs)]
        x -= sum(one.width for one in measured) * {"start": 0.0, "middle": 0.5, "end": 1.0}[anchor]
        for run, one in zip(runs, measured, strict=True):
            canvas.write(f"{run.colour} rg".encode("ascii"))
            stream.begin_text()
            place = matrix(1, 0, 0, -1, x, y) @ matrix(*by)
            emojis = self.parts.draw_first_line(stream, one, "none", "none", place)
            stream.end_text()
            if emojis:
                canvas.save()
                canvas.transform(by)
                self.parts.draw_emojis(stream, one.style, x, y, emojis)
                canvas.restore()
            x += one.width


TAG_CALLS: Mapping[str, tuple[int, tuple[str, ...]]] = {
    "weasyprint.pdf:add_tags": (4, ()),
    "pydyf:Dictionary": (1, ()),
    "pydyf:Array": (1, ()),
    "pydyf:String": (1, ()),
}
"""As `CALLS`, of what the structure of a document is written with."""
BOX_CLASSES = {
    "text": "weasyprint.formatting_structure.boxes:TextBox",
    "image": "weasyprint.formatting_structure.boxes:ReplacedBox",
    "margin": "weasyprint.formatting_structure.boxes:MarginBox",
    "absolute": "weasyprint.layout.absolute:AbsolutePlaceholder",
}
POINTS = 0.75
"""In a CSS pixel."""
OWNERS = {"Table": "/Table", "TH": "/Table", "TD": "/Table", "L": "/List", "Figure": "/Layout"}
"""Whose attributes an element of a type has (ISO 32000-1, 14.8.5)."""
PRINTED = 4
"""The flag of an annotation that is printed with its page."""


@dataclass(frozen=True)
class TagParts:
    """The parts of an installed WeasyPrint that the structure of a document is made with."""

    dictionary: Callable[..., Any]
    array: Callable[..., Any]
    string: Callable[..., Any]
    add_tags: Callable[..., Any]
    boxes: Mapping[str, type]


def find_tag_parts() -> TagParts | SlowWay:
    """The parts that structure is made with, or the first that the installed versions lack."""
    found: dict[str, Any] = {}
    boxes: dict[str, type] = {}
    try:
        for name, (count, names) in TAG_CALLS.items():
            found[name] = look_up(name)
            if not takes(found[name], count, names):
                return SlowWay("changed", dotted(name))
        for kind, name in BOX_CLASSES.items():
            boxes[kind] = look_up(name)
            if not isinstance(boxes[kind], type):
                return SlowWay("changed", dotted(name))
    except (ImportError, AttributeError):
        return SlowWay("missing", dotted(name))
    return TagParts(
        dictionary=found["pydyf:Dictionary"],
        array=found["pydyf:Array"],
        string=found["pydyf:String"],
        add_tags=found["weasyprint.pdf:add_tags"],
        boxes=boxes,
    )


@contextmanager
def own_structure(parts: TagParts | SlowWay, root: Any, failures: list[Exception]) -> Iterator[None]:
    """Documents written in this block have the structure of the HTML below `root`.

    Where it can't be made, its exception is added to `failures`, and the document has WeasyPrint's own; so has it
    where a part is missing.
    """
    if isinstance(parts, SlowWay):
        yield
        return
    module = importlib.import_module("weasyprint.pdf")

    def add(pdf: Any, document: Any, version: Any, streams: Sequence[Any]) -> None:
        try:
            pages = [read_page(number, page, streams, parts) for number, page in enumerate(document.pages)]
            StructureWriter(pdf, parts, streams).write(make_structure(root, chain.from_iterable(pages)))
        except MemoryError:
            raise
        except Exception as error:  # whatever another version does with what it does not promise
            failures.append(error)
            parts.add_tags(pdf, document, version, streams)  # what was begun, nothing in the document refers to

    module.add_tags = add  # type: ignore[attr-defined]
    try:
        yield
    finally:
        module.add_tags = parts.add_tags  # type: ignore[attr-defined]


def read_page(number: int, page: Any, streams: Sequence[Any], parts: TagParts) -> list[Piece]:
    """What was set on a page, in the order of its boxes, heads and feet among it."""
    marks = {box: Mark(number, tag["mcid"]) for box, tag in streams[number]._tags.items()}
    boxes, height, found = parts.boxes, page.height, list[Piece]()

    def visit(box: Any, in_margin: bool, is_leader: bool) -> None:
        if isinstance(box, boxes["absolute"]):
            box = getattr(box, "_box")  # noqa: B009
        in_margin = in_margin or isinstance(box, boxes["margin"])
        is_leader = is_leader or box.is_leader
        element = None if in_margin else box.element
        pseudo = (box.element_tag or "").partition("::")[2]
        area = None
        if box.link_annotation:
            area = Area(number, box.link_annotation, tuple(box.link_annotation["Rect"]))
            found.append(Piece(element, pseudo, area=area))
        if box in marks:
            is_text = isinstance(box, boxes["text"])
            rectangle = None if is_text else rectangle_of(box, height)
            text = box.text if is_text else ""
            found.append(Piece(element, pseudo, marks.pop(box), None, text, rectangle, is_leader))
        elif element is not None and element.tag in ("td", "th"):
            found.append(Piece(element))
        for child in getattr(box, "children", ()):
            visit(child, in_margin, is_leader)

    visit(page._page_box, False, False)
    return found + [Piece(None, mark=mark) for mark in marks.values()]


def rectangle_of(box: Any, page_height: float) -> tuple[float, float, float, float]:
    """Where on its page an image stands, in points from the lower left corner."""
    left, top = box.content_box_x(), box.content_box_y()
    right, bottom = left + box.width, top + box.height
    return left * POINTS, (page_height - bottom) * POINTS, right * POINTS, (page_height - top) * POINTS


class StructureWriter:
    """Writes a structure into a document that WeasyPrint has drawn, in the place of its own."""

    def __init__(self, pdf: Any, parts: TagParts, streams: Sequence[Any]) -> None:
        self.pdf = pdf
        self.parts = parts
        self.streams = streams
        self.pages = pdf.page_references
        self.owners: dict[Mark, bytes] = {}
        self.annotations: list[tuple[Any, bytes]] = []
        self.references: dict[int, bytes] = {}

    def write(self, structure: Structure) -> None:
        """Put it into the document, and what else a tagged document says of itself."""
        root = self.add({"Type": "/StructTreeRoot"})
        root["K"] = self.parts.array([self.write_node(structure.root, root)])
        self.number_parents(root)
        self.mark_artifacts(structure.artifacts)
        self.finish_links(structure)
        catalog = self.pdf.catalog
        catalog["StructTreeRoot"] = root.reference
        catalog["ViewerPreferences"] = self.parts.dictionary({"DisplayDocTitle": "true"})
        catalog["MarkInfo"] = self.parts.dictionary({"Marked": "true"})
        catalog.setdefault("Lang", self.parts.string(""))

    def add(self, values: Mapping[str, Any]) -> Any:
        """A dictionary that is an object of the document."""
        thing = self.parts.dictionary(dict(values))
        self.pdf.add_object(thing)
        return thing

    def write_node(self, node: Node, parent: Any) -> bytes:
        """An element and all below it; returns its reference."""
        element = self.add({"Type": "/StructElem", "S": f"/{node.role}", "P": parent.reference})
        page = next((kid.page for kid in node.kids if not isinstance(kid, Node)), None)
        if page is not None:
            element["Pg"] = self.pages[page]
        self.references[id(node)] = element.reference
        kids = [self.write_kid(kid, element, page) for kid in node.kids]
        if kids:
            element["K"] = kids[0] if len(kids) == 1 else self.parts.array(kids)
        if node.attributes:
            element["A"] = self.parts.dictionary({"O": OWNERS[node.role], **self.written(node.attributes)})
        if node.alternative:
            element["Alt"] = self.parts.string(node.alternative)
        if node.language:
            element["Lang"] = self.parts.string(node.language)
        reference: bytes = element.reference
        return reference

    def written(self, attributes: Mapping[str, Any]) -> dict[str, Any]:
        """Attributes as values of PDF: words are names."""
        return {
            name: value
            if isinstance(value, int)
            else f"/{value}"
            if isinstance(value, str)
            else self.parts.array(value)
            for name, value in attributes.items()
        }

    def write_kid(self, kid: Node | Mark | Area, element: Any, page: int | None) -> Any:
        """One of what an element of this page holds."""
        if isinstance(kid, Node):
            return self.write_node(kid, element)
        if isinstance(kid, Area):
            self.annotations.append((kid.annotation, element.reference))
            values = {"Type": "/OBJR", "Pg": self.pages[kid.page], "Obj": kid.annotation.reference}
            return self.parts.dictionary(values)
        self.owners[kid] = element.reference
        if kid.page == page:
            return kid.number
        return self.parts.dictionary({"Type": "/MCR", "Pg": self.pages[kid.page], "MCID": kid.number})

    def number_parents(self, root: Any) -> None:
        """The tree from marks and annotations to the elements that hold them (14.7.4.4)."""
        numbers = self.parts.array([])
        for page, stream in enumerate(self.streams):
            marks = (Mark(page, number) for number in range(len(stream._tags)))
            numbers += [page, self.parts.array([self.owners.get(mark, b"null") for mark in marks])]
        for key, (annotation, reference) in enumerate(self.annotations, len(self.streams)):
            annotation["StructParent"] = key
            numbers += [key, reference]
        root["ParentTree"] = self.add({"Nums": numbers}).reference
        root["ParentTreeNextKey"] = len(self.streams) + len(self.annotations)

    def mark_artifacts(self, artifacts: frozenset[Mark]) -> None:
        """Have the pages say that these marks are no content."""
        for page, stream in enumerate(self.streams):
            numbers = {mark.number for mark in artifacts if mark.page == page}
            items = stream.stream
            for place in [place for place, item in enumerate(items) if item == b"BDC"]:
                properties = items[place - 1]
                if isinstance(properties, Mapping) and properties.get("MCID") in numbers:
                    items[place - 2], items[place - 1] = "/Artifact", b"<</Type /Pagination>>"

    def finish_links(self, structure: Structure) -> None:
        """What is pressed is printed, and said in words; what covers nothing more is no link of its own."""
        for node, words in structure.links:
            for area in node.kids:
                if isinstance(area, Area) and words:
                    area.annotation["Contents"] = self.parts.string(words)
        dropped = {area.annotation.reference for area in structure.dropped}
        for thing in self.pdf.objects:
            if isinstance(thing, Mapping) and thing.get("Type") == "/Page" and "Annots" in thing:
                thing["Annots"][:] = [reference for reference in thing["Annots"] if reference not in dropped]
            elif isinstance(thing, Mapping) and thing.get("Type") == "/Annot":
                thing["F"] = PRINTED  # type: ignore[index]
