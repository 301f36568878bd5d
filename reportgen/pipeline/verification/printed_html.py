"""What a page of HTML prints: its text, its alternative texts, the text in its figures; the rest as shapes."""

from __future__ import annotations

import re
from base64 import b64decode
from html.parser import HTMLParser
from urllib.parse import unquote_to_bytes

from reportgen.pipeline.verification.printed import GENERATOR, Piece, Printed

INLINE = {"a", "abbr", "b", "cite", "code", "em", "i", "kbd", "mark", "q", "small", "strong", "sub", "sup", "time"}
INLINE |= {"var", "wbr", "span", "tspan"}
READ = ("alt", "aria-label", "title", "content", "datetime", "value", "label", "summary", "aria-description")
"""Attributes that a reader meets."""
SHAPES = ("style", "script")
SPACES = re.compile(r"[ \t\n\r\f]+")
START = "the head of the page"


def read_html(text: str, elements: int = 0) -> Printed:
    """What a page prints; of a drawing that stands alone, so many `elements` at a time are one part of its shapes."""
    reader = Reader(elements)
    reader.feed(text)
    reader.close()
    return reader.finish()


def decode_drawing(address: str) -> str | None:
    """The SVG that a `data:` address holds; None where it holds something else, or nothing that can be decoded."""
    head, comma, content = address.partition(",")
    if not comma or not head.startswith("data:image/svg+xml"):
        return None
    try:
        data = unquote_to_bytes(content)
        return (b64decode(data, validate=True) if head.endswith(";base64") else data).decode("utf-8")
    except ValueError:
        return None


class Reader(HTMLParser):
    """Goes through a page once."""

    def __init__(self, elements: int = 0) -> None:
        super().__init__(convert_charrefs=True)
        self.elements = elements
        self.printed = Printed()
        self.buffer: list[str] = []
        self.markup: list[str] = []
        self.titles: dict[str, str] = {}
        self.section = START
        self.inside: list[str] = []
        """Open elements that matter: figures, headings, styles."""
        self.depth = 0
        """Of sections."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element begins."""
        given = {name: value or "" for name, value in attrs}
        if tag not in INLINE:
            self.flush()
        elif tag in ("span", "tspan"):
            self.buffer.append(" ")
        if tag == "section":
            self.end_part()
            self.depth += 1
            if given.get("id"):
                self.section = given["id"]
        if tag == "svg":
            self.end_part()
        if tag in ("svg", "h2", "figcaption", *SHAPES):
            self.inside.append(tag)
        self.take_attributes(tag, given)

    def take_attributes(self, tag: str, given: dict[str, str]) -> None:
        """What is read of an element's attributes, and what is seen of them."""
        if tag == "meta" and given.get("name") == "generator":
            found = GENERATOR.search(given.get("content", ""))
            self.printed.version = found[1] if found else ""
        for name in READ:
            if given.get(name):
                what = "alternative text" if name in ("alt", "aria-label") else f"{tag} {given.get('name', name)}"
                self.printed.add(f"{self.place()}, {what}", SPACES.sub(" ", given[name]))
        for name in ("src", "href", "xlink:href"):
            if given.get(name, "").startswith("data:"):
                self.take_image(given.pop(name))
        seen = {name: value for name, value in given.items() if name not in READ}
        self.markup.append(f"<{tag} {seen}>")
        if self.elements and len(self.markup) >= self.elements:
            self.end_part("figure")

    def take_image(self, address: str) -> None:
        """An image that stands in the page itself: the text of a drawing and its shapes, else its bytes."""
        place, drawing = f"{self.place()}, image", decode_drawing(address)
        if drawing is None:
            self.printed.draw(place, address.encode("utf-8", "surrogatepass"))
            return
        inner = read_html(drawing)
        self.printed.pieces += [Piece(place, piece.text) for piece in inner.pieces]
        self.printed.draw(place, "".join(inner.parts.values()).encode())

    def handle_endtag(self, tag: str) -> None:
        """An element ends."""
        if tag not in INLINE:
            heading = SPACES.sub(" ", "".join(self.buffer)).strip()
            if tag == "h2" and heading and self.depth:
                self.titles.setdefault(self.section, heading)
            self.flush()
        elif tag in ("span", "tspan"):
            self.buffer.append(" ")
        self.markup.append(f"</{tag}>")
        if tag in self.inside:
            while self.inside.pop() != tag:
                pass
        if tag == "svg":
            self.end_part("figure")
        if tag == "section":
            self.end_part()
            self.depth -= 1

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element without content, as SVG writes it."""
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_data(self, data: str) -> None:
        """Text."""
        (self.markup if self.inside and self.inside[-1] in SHAPES else self.buffer).append(data)

    def handle_comment(self, data: str) -> None:
        """A remark, which nobody sees."""
        self.markup.append(f"<!--{data}-->")

    def place(self) -> str:
        """Where the reader is."""
        within = f"section {self.section}" if self.section != START else START
        return f"{within}, figure" if "svg" in self.inside else within

    def flush(self) -> None:
        """Take in the text that has come together."""
        text = SPACES.sub(" ", "".join(self.buffer)).strip(" ")
        self.buffer = []
        if text:
            self.printed.pieces.append(Piece(self.place(), text))

    def end_part(self, what: str = "layout") -> None:
        """Take in the shapes that have come together."""
        if self.markup:
            self.printed.draw(f"{self.place()}, {what}", "".join(self.markup).encode("utf-8", "surrogatepass"))
        self.markup = []

    def finish(self) -> Printed:
        """Everything, sections under their titles."""
        self.flush()
        self.end_part()
        self.printed.pieces = [Piece(self.named(piece.place), piece.text) for piece in self.printed.pieces]
        self.printed.parts = {self.named(place): digest for place, digest in self.printed.parts.items()}
        return self.printed

    def named(self, place: str) -> str:
        """A place with the title of its section instead of its anchor."""
        words = place.split(",", 1)
        anchor = words[0].removeprefix("section ")
        title = self.titles.get(anchor)
        return ",".join([f"section {title}", *words[1:]]) if title else place
