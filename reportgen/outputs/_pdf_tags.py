"""The structure tree of the PDF (ISO 32000-1, 14.7 and 14.8), made from the page's HTML.

WeasyPrint makes a tree of its boxes, page by page: a list, table or paragraph that goes on over a page is two there,
what `dl` holds stands outside of lists, and heads and feet of pages are content. Here every HTML element is one element
of the structure, wherever its pieces were set; what only repeats or adorns is an artifact (ISO 14289-1, 7.1).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, NamedTuple

HEADINGS = {f"h{level}": f"H{level}" for level in range(1, 7)}
PARAGRAPHS = {"p": "P", "pre": "P", "summary": "P", "address": "P", **HEADINGS}
LISTS = frozenset({"ul", "ol"})
PARTS = {"section": "Sect", "article": "Art", "blockquote": "BlockQuote", "figure": "Div"}
ROWS = {"thead": "THead", "tbody": "TBody", "tfoot": "TFoot", "tr": "TR"}
CELLS = {"th": "TH", "td": "TD"}
SVG = "{http://www.w3.org/2000/svg}"
WORDS_INSIDE = frozenset({"Span", "Link", "Code"})
"""Structure types that stand among words (14.8.4.4), not beside paragraphs."""
TYPED = {
    **dict.fromkeys(PARAGRAPHS, "paragraph"),
    **dict.fromkeys(PARTS, "part"),
    **dict.fromkeys(LISTS, "items"),
    **dict.fromkeys(("table", *ROWS), "rows"),
    **dict.fromkeys(("caption", "figcaption"), "caption"),
    "dl": "terms",
    "nav": "contents",
}
"""HTML element -> the method of `Builder` that makes an element of it."""
BOXES = frozenset({"aside", "body", "dd", "details", "div", "dt", "footer", "form", "header", "html", "li", "main"})
"""What is set as a box of its own and means nothing more."""
SCOPES = {"col": "Column", "colgroup": "Column", "row": "Row", "rowgroup": "Row"}


class Mark(NamedTuple):
    """A marked-content sequence: the number of its page, from 0, and its MCID there."""

    page: int
    number: int


class Area(NamedTuple):
    """A link annotation: the number of its page, the object, and its rectangle in points."""

    page: int
    annotation: Any
    rectangle: tuple[float, float, float, float]


@dataclass(frozen=True)
class Piece:
    """Something that was set on a page."""

    element: Any
    """The HTML element it belongs to; None for heads and feet of pages."""
    pseudo: str = ""
    """The name of the element's pseudo-element, such as "marker" or "after"."""
    mark: Mark | None = None
    area: Area | None = None
    text: str = ""
    rectangle: tuple[float, float, float, float] | None = None
    """Of an image: left, bottom, right, top in points."""
    adorns: bool = False
    """Dots that lead to a page's number."""


@dataclass(eq=False)
class Node:
    """An element of the structure."""

    role: str
    kids: list[Any]
    """Of type Node, Mark or Area, in the order in which they are read."""
    attributes: dict[str, str | int | Sequence[float]] = field(default_factory=dict)
    """Of the one owner that its type has: Table, List or Layout."""
    alternative: str = ""
    language: str = ""

    def marks(self) -> Iterator[Mark]:
        """What is set of it and all below, in reading order."""
        for kid in self.kids:
            if isinstance(kid, Mark):
                yield kid
            elif isinstance(kid, Node):
                yield from kid.marks()


@dataclass(frozen=True)
class Structure:
    """What a document consists of."""

    root: Node
    artifacts: frozenset[Mark]
    links: tuple[tuple[Node, str], ...]
    """Every link with the words that say where it goes."""
    dropped: tuple[Area, ...]
    """Areas of links inside another area of the same link."""


@dataclass(eq=False)
class Raw:
    """An HTML element with what was set of it."""

    element: Any
    kids: list[Any] = field(default_factory=list)
    labels: list[Mark] = field(default_factory=list)
    """Markers of a list's item."""
    text: list[str] = field(default_factory=list)
    rectangle: tuple[float, float, float, float] | None = None

    @property
    def tag(self) -> str:
        """Its name in HTML."""
        return str(self.element.tag)

    def raws(self, *tags: str) -> Iterator[Raw]:
        """Those of these names right below, through elements that only group."""
        for kid in self.kids:
            if isinstance(kid, Raw):
                if kid.tag in tags:
                    yield kid
                elif kid.tag == "div":
                    yield from kid.raws(*tags)


def make_structure(root: Any, pieces: Iterable[Piece]) -> Structure:
    """The structure of a document from its root element and what was set, in reading order."""
    builder = Builder(root)
    for piece in pieces:
        builder.add(piece)
    return builder.finish()


class Builder:
    """Puts pieces into their elements, then gives the elements their types."""

    def __init__(self, root: Any) -> None:
        self.root = Raw(root)
        self.parents = {id(child): parent for parent in root.iter() for child in parent}
        self.raws: dict[int, Raw] = {id(root): self.root}
        self.first_pages: dict[int, int] = {}
        self.language = root.get("lang", "")
        self.artifacts: set[Mark] = set()
        self.words_of: dict[Mark, str] = {}
        self.links: list[tuple[Node, str]] = []
        self.dropped: list[Area] = []

    # What was set

    def add(self, piece: Piece) -> None:
        """One more piece, where it belongs."""
        if piece.element is None or piece.adorns or self.is_repeated(piece) or self.is_hidden(piece.element):
            if piece.mark:
                self.artifacts.add(piece.mark)
            return
        raw = self.raw(piece.element)
        raw.rectangle = piece.rectangle or raw.rectangle
        if piece.area:
            raw.kids.append(piece.area)
        if piece.mark is None:
            return
        self.words_of[piece.mark] = piece.text if piece.rectangle is None else "image"
        if piece.pseudo == "marker" or (piece.pseudo == "before" and raw.tag == "li"):
            raw.labels.append(piece.mark)
        else:
            raw.kids.append(piece.mark)
        if not piece.pseudo:
            raw.text.append(piece.text)

    def raw(self, element: Any) -> Raw:
        """An element's place in the tree, made when it is first asked for."""
        found = self.raws.get(id(element))
        if found is None:
            found = self.raws[id(element)] = Raw(element)
            self.raw(self.parents[id(element)]).kids.append(found)
        return found

    def above(self, element: Any) -> Iterator[Any]:
        """An element and all that it stands in."""
        while element is not None:
            yield element
            element = self.parents.get(id(element))

    def is_repeated(self, piece: Piece) -> bool:
        """Whether it is of a table's head that stands on an earlier page already."""
        page = (piece.mark or piece.area or Mark(-1, 0)).page
        heads = (one for one in self.above(piece.element) if one.tag == "thead")
        return page >= 0 and any(page > self.first_pages.setdefault(id(head), page) for head in heads)

    def is_hidden(self, element: Any) -> bool:
        """Whether the page hides it from readers that listen; the title of contents is none of those here."""
        return any(one.get("aria-hidden") == "true" for one in self.above(element)) and not any(
            one.tag == "nav" for one in self.above(element)
        )

    # What it is

    def finish(self) -> Structure:
        """The structure of all that was added; raises ValueError where words would be in none of its elements."""
        root = Node("Document", self.blocks(self.root))
        lost = set(self.words_of) - set(root.marks()) - self.artifacts
        if words := [self.words_of[mark] for mark in sorted(lost) if self.words_of[mark].strip()]:
            raise ValueError(f"no place for {words[0][:40]!r}")
        self.artifacts |= lost
        return Structure(root, frozenset(self.artifacts), tuple(self.links), tuple(self.dropped))

    def blocks(self, raw: Raw) -> list[Any]:
        """What an element holds, words that stand beside paragraphs in a paragraph of their own."""
        return in_paragraphs(self.words(raw))

    def words(self, raw: Raw) -> list[Any]:
        """What an element holds, as it is."""
        found: list[Any] = []
        for kid in raw.kids:
            found += self.convert(kid) if isinstance(kid, Raw) else [kid]
        return found

    def convert(self, raw: Raw) -> list[Any]:
        """The elements of the structure that an HTML element becomes; none where there is nothing in it."""
        nodes = self.typed(raw)
        language = raw.element.get("lang", "")
        if not nodes or not language or language == self.language:
            return nodes
        if len(nodes) == 1 and isinstance(nodes[0], Node):
            nodes[0].language = language
            return nodes
        return [Node("Span" if all(map(is_word, nodes)) else "Div", nodes, language=language)]

    def typed(self, raw: Raw) -> list[Any]:
        """The same without its language."""
        tag = raw.tag
        if tag in ("a", "code"):
            return self.span(raw)
        if tag in ("img", f"{SVG}svg"):
            return self.figure(raw)
        if tag in CELLS:
            return [self.cell(raw)]
        if tag in TYPED:
            node: Node = getattr(self, TYPED[tag])(raw)
            kept = set(node.marks()) if tag in LISTS | {"dl", "nav"} else None
            is_whole = kept is None or all(mark in kept for mark in self.said(raw))
            return filled(node if is_whole else Node("Div", self.blocks(raw)))
        if tag in BOXES:
            return self.blocks(raw)
        return self.words(raw)

    def said(self, raw: Raw) -> Iterator[Mark]:
        """The marks of an element that are more than space."""
        for kid in (*raw.labels, *raw.kids):
            if isinstance(kid, Raw):
                yield from self.said(kid)
            elif isinstance(kid, Mark) and self.words_of[kid].strip() and kid not in self.artifacts:
                yield kid

    def paragraph(self, raw: Raw) -> Node:
        """A paragraph or a heading."""
        return Node(PARAGRAPHS[raw.tag], self.words(raw))

    def part(self, raw: Raw) -> Node:
        """A part of the document that is no mere box."""
        return Node(PARTS[raw.tag], self.blocks(raw))

    def caption(self, raw: Raw) -> Node:
        """What a table or a figure is called."""
        return Node("Caption", plain(self.blocks(raw)))

    def span(self, raw: Raw) -> list[Any]:
        """A link or code, or nothing that needs an element of its own."""
        words = self.words(raw)
        if raw.tag == "a" and any(isinstance(word, Area) for word in words):
            return [self.link(raw, words)]
        if raw.tag == "code" and words:
            return [Node("Code", words)]
        return words

    def link(self, raw: Raw, words: list[Any]) -> Node:
        """A link: its words and where on the pages they can be pressed."""
        areas = [word for word in words if isinstance(word, Area)]
        needless = [area for area in areas if any(holds(other, area) for other in areas if other is not area)]
        self.dropped += needless
        kept = [word for word in words if not any(word is area for area in needless)]
        node = Node("Link", kept)
        self.links.append((node, " ".join("".join(all_text(raw)).split())))
        return node

    def figure(self, raw: Raw) -> list[Any]:
        """An image with its alternative text, or an artifact where the page says that it has none."""
        words = self.words(raw)
        title = raw.element.find(f"{SVG}title")
        alternative = raw.element.get("alt") or (title.text if title is not None else "") or ""
        if not alternative.strip():
            self.artifacts.update(word for word in words if isinstance(word, Mark))
            return []
        box = {"BBox": raw.rectangle} if raw.rectangle else {}
        areas, drawn = split_areas(words)  # of a link that the image stands in, whose element holds the areas
        return [*areas, *filled(Node("Figure", drawn, dict(box), alternative=alternative))]

    def items(self, raw: Raw) -> Node:
        """A list of items."""
        items = [self.item(kid.labels, self.blocks(kid)) for kid in raw.raws("li")]
        items = [item for item in items if item.kids]
        labelled = any(item.kids[0].role == "Lbl" for item in items)
        numbering = ("Decimal" if raw.tag == "ol" else "Disc") if labelled else "None"
        return Node("L", items, {"ListNumbering": numbering})

    def terms(self, raw: Raw) -> Node:
        """A list of terms with what they mean: one item for a term."""
        items: list[Node] = []
        pairs = [(kid.tag, kid) for kid in raw.raws("dt", "dd")]
        label: list[Any] = []
        for tag, group in groupby(pairs, lambda pair: pair[0]):
            if tag == "dt":
                label = [word for _, kid in group for word in plain(self.blocks(kid))]
            else:
                items.append(self.item(label, [word for _, kid in group for word in in_paragraphs(self.words(kid))]))
                label = []
        if label:
            items.append(self.item([], in_paragraphs(label)))
        return Node("L", [item for item in items if item.kids], {"ListNumbering": "None"})

    def item(self, label: Sequence[Any], body: list[Any]) -> Node:
        """An item of a list."""
        return Node("LI", [*filled(Node("Lbl", list(label))), *([Node("LBody", plain(body))] if body or label else [])])

    def contents(self, raw: Raw) -> Node:
        """A table of contents: the title of the list, and an entry for each item."""
        titles = [word for kid in raw.raws("p") for word in self.words(kid)]
        entries = [
            Node("TOCI", [Node("Reference", self.words(item))]) for kid in raw.raws(*LISTS) for item in kid.raws("li")
        ]
        return Node("TOC", [*filled(Node("Caption", titles)), *entries])

    def rows(self, raw: Raw) -> Node:
        """A table, a group of its rows, or a row."""
        inside = [kid for kid in raw.kids if isinstance(kid, Raw)]
        nodes = sorted((node for kid in inside for node in self.convert(kid)), key=lambda node: node.role != "Caption")
        if raw.tag == "table":
            without_needless_heads(nodes)
        return Node(ROWS.get(raw.tag, "Table"), nodes)

    def cell(self, raw: Raw) -> Node:
        """A cell; of a head, with what it is the head of."""
        get = raw.element.get
        attributes: dict[str, str | int | Sequence[float]] = {}
        if raw.tag == "th":
            in_head = any(one.tag == "thead" for one in self.above(raw.element))
            attributes["Scope"] = SCOPES.get(get("scope", ""), "Column" if in_head else "Row")
        for name, key in (("colspan", "ColSpan"), ("rowspan", "RowSpan")):
            if get(name, "1").isdigit() and int(get(name, "1")) > 1:
                attributes[key] = int(get(name))
        return Node(CELLS[raw.tag], plain(self.blocks(raw)), attributes)


def without_needless_heads(groups: Sequence[Node]) -> None:
    """Where columns have heads and a small table has more heads than cells, what its rows begin with are cells: the
    next one is right beside it, and so many heads are taken for one that fell apart."""
    rows = [row for group in groups for row in ([group] if group.role == "TR" else group.kids) if isinstance(row, Node)]
    cells = [cell for row in rows for cell in row.kids if isinstance(cell, Node)]
    if any(cell.attributes.get("Scope") == "Column" for cell in cells):
        number = sum(cell.role == "TH" for cell in cells)
        for cell in cells:
            if 2 * number > len(cells) and cell.attributes.get("Scope") == "Row":
                cell.role = "TD"
                del cell.attributes["Scope"]


def split_areas(kids: Iterable[Any]) -> tuple[list[Any], list[Any]]:
    """The areas of links, and all else."""
    found = list(kids)
    return [kid for kid in found if isinstance(kid, Area)], [kid for kid in found if not isinstance(kid, Area)]


def is_word(kid: Any) -> bool:
    """Whether it stands among words."""
    return not isinstance(kid, Node) or kid.role in WORDS_INSIDE


def in_paragraphs(kids: Iterable[Any]) -> list[Any]:
    """The same, each run of words as a paragraph."""
    found: list[Any] = []
    for among_words, group in groupby(kids, is_word):
        same = list(group)
        found += [Node("P", same)] if among_words else same
    return found


def plain(kids: list[Any]) -> list[Any]:
    """The same, without a paragraph that is all there is and says nothing more."""
    if len(kids) == 1 and isinstance(kids[0], Node) and kids[0].role == "P" and not kids[0].language:
        inside: list[Any] = kids[0].kids
        return inside
    return kids


def filled(node: Node) -> list[Any]:
    """The node, or nothing where there is nothing in it."""
    return [node] if node.kids else []


def holds(outer: Area, inner: Area) -> bool:
    """Whether an area covers another on its page; of two that are the same, the one that was made first."""
    if outer.page != inner.page:
        return False
    a, b = sorted_corners(outer.rectangle), sorted_corners(inner.rectangle)
    inside = a[0] <= b[0] + 0.01 and a[1] <= b[1] + 0.01 and a[2] >= b[2] - 0.01 and a[3] >= b[3] - 0.01
    return inside and (a != b or outer.annotation.number < inner.annotation.number)


def sorted_corners(box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    """The rectangle from its lower left to its upper right corner."""
    x, y, right, top = box
    return min(x, right), min(y, top), max(x, right), max(y, top)


def all_text(raw: Raw) -> Iterator[str]:
    """The words of an element and all below it."""
    yield from raw.text
    for kid in raw.kids:
        if isinstance(kid, Raw):
            yield from all_text(kid)
