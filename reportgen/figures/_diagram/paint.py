"""Cards and lines as SVG elements: attributes only, no style sheet, no script, nothing from outside."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from xml.etree import ElementTree as ET

from reportgen.figures._diagram.cards import FOLLOW, LEAVES_APART, PAD, PILL, ROW, SMALL, TEXT, Card, Leaf, Row, Scheme
from reportgen.figures._diagram.routes import Placed, Point
from reportgen.figures._diagram.text import FONT, shorten, tail, text_width
from reportgen.figures._style import ACCENT, INK, MUTED, PAPER, SOFT

SVG = "http://www.w3.org/2000/svg"
LINE = "#868d98"
"""Edges, between the muted ink and the soft one so that arrow heads show."""
TINT = "#eaf4f3"
"""Accent on paper at about 8 %: cards that are drawn in full elsewhere."""
LEAF = "#edf0f3"
"""Parameters: the hairlines' hue, lighter."""
CORNER = 5
TITLE = 13.0
LEAST = 300.0
"""A heading may be this wide even above a narrower drawing, pixels."""
PATHS = 104
"""Room for dotted names beside an overview, pixels."""


@dataclass(frozen=True)
class Link:
    """A place in a drawing that leads to another drawing."""

    target: str
    """Digest of the structure."""
    x: float
    y: float
    width: float
    height: float
    label: str


@dataclass(frozen=True)
class Panel:
    """One finished drawing, origin at its left top."""

    digest: str
    """Of the structure; "" for the overview."""
    title: str
    element: ET.Element
    links: tuple[Link, ...]
    width: float
    height: float
    scheme: Scheme
    ids: str = "dg"
    """Beginning of its id and of those it links to."""


def number(value: float) -> str:
    """Pixels with one decimal, no trailing zero."""
    return f"{value:.1f}".removesuffix(".0")


def text(parent: ET.Element, x: float, y: float, words: str, size: float, **look: str) -> ET.Element:
    """One line of text with its baseline at y."""
    given = {"x": number(x), "y": number(y), "font-size": number(size), "fill": look.pop("fill", INK)}
    element = ET.SubElement(parent, "text", given | {key.replace("_", "-"): value for key, value in look.items()})
    element.text = words
    return element


def paint(parent: ET.Element, scheme: Scheme, placed: Placed, known: Collection[str]) -> tuple[Link, ...]:
    """Draw lines, then cards over them; the rows whose structure is in `known` become links."""
    for edge, points in zip(scheme.edges, placed.lines, strict=True):
        accented = edge in scheme.skips
        source = scheme.cards[edge[0]].kind
        loose = source in {"side", "const"}
        draw_line(parent, points, ACCENT if accented else SOFT if loose else LINE, dashed=loose, bold=accented)
    links: list[Link] = []
    for card, corner in zip(scheme.cards, placed.corners, strict=True):
        links += draw_card(parent, card, corner, known)
    return tuple(links)


def draw_line(parent: ET.Element, points: Sequence[Point], colour: str, *, dashed: bool, bold: bool) -> None:
    """A line with rounded corners and an arrow head."""
    (x1, y1), (x2, y2) = points[-2:]
    length = max(abs(x2 - x1) + abs(y2 - y1), 0.001)
    dx, dy = (x2 - x1) / length, (y2 - y1) / length
    neck = (x2 - 4 * dx, y2 - 4 * dy)
    path = rounded([*points[:-1], neck])
    look = {"fill": "none", "stroke": colour, "stroke-width": "1.6" if bold else "1.2"}
    ET.SubElement(parent, "path", {"d": path} | look | ({"stroke-dasharray": "3 2"} if dashed else {}))
    base = (x2 - 5 * dx, y2 - 5 * dy)
    head = [(x2, y2), (base[0] - 3 * dy, base[1] + 3 * dx), (base[0] + 3 * dy, base[1] - 3 * dx)]
    ET.SubElement(parent, "polygon", {"points": " ".join(f"{number(x)},{number(y)}" for x, y in head), "fill": colour})


def rounded(points: Sequence[Point]) -> str:
    """Path data through the points with rounded corners."""
    words = [f"M{number(points[0][0])} {number(points[0][1])}"]
    for before, here, after in zip(points, points[1:], points[2:], strict=False):
        start, end = towards(here, before), towards(here, after)
        words.append(f"L{number(start[0])} {number(start[1])}")
        words.append(f"Q{number(here[0])} {number(here[1])} {number(end[0])} {number(end[1])}")
    words.append(f"L{number(points[-1][0])} {number(points[-1][1])}")
    return "".join(words)


def towards(here: Point, there: Point) -> Point:
    """The point where a corner's rounding begins."""
    dx, dy = there[0] - here[0], there[1] - here[1]
    length = abs(dx) + abs(dy)
    step = min(CORNER, length / 2) / length if length else 0.0
    return here[0] + dx * step, here[1] + dy * step


def draw_card(parent: ET.Element, card: Card, corner: Point, known: Collection[str]) -> list[Link]:
    """One node."""
    x, y = corner
    group = ET.SubElement(parent, "g")
    full = " / ".join(dict.fromkeys(row.full for row in card.rows))
    ET.SubElement(group, "title").text = full
    if card.kind == "join":
        frame = {"x": x, "y": y, "width": card.width, "height": card.height, "rx": card.height / 2}
        look = {"fill": PAPER, "stroke": INK, "stroke-width": "1.2"}
        ET.SubElement(group, "rect", {key: number(value) for key, value in frame.items()} | look)
        sign = card.rows[0].text
        size = 14.0 if len(sign) == 1 else SMALL
        text(group, x + card.width / 2, y + card.height / 2 + size * 0.34, sign, size, text_anchor="middle")
        return []
    if card.kind != "card":
        return draw_note(group, card, corner)
    block = card.rows[0].target is not None
    frame = {"x": x, "y": y, "width": card.width, "height": card.height, "rx": 4.0}
    look = {"fill": TINT if block else PAPER, "stroke": ACCENT if block else SOFT, "stroke-width": "1"}
    ET.SubElement(group, "rect", {key: number(value) for key, value in frame.items()} | look)
    if card.times:
        end = x + card.width - PAD
        text(group, end, y + card.height / 2 + 4, card.times, TEXT, text_anchor="end", font_weight="bold")
    links: list[Link] = []
    top = y + 3 + card.head
    if card.heading:
        text(group, x + PAD, y + 13, card.heading, SMALL, fill=MUTED)
    draw_leaves(group, card, x + PAD, top)
    right = x + card.width - PAD - card.badge
    for row in card.rows:
        draw_row(group, row, x + PAD, right, top)
        if row.target in known and row.target is not None:
            links.append(Link(row.target, x, top, card.width, row.height, row.full))
        top += row.height
    return links


def draw_leaves(parent: ET.Element, card: Card, left: float, top: float) -> None:
    """The parameters beside the rows that read them, with a line from each row to its own."""
    stalks = []
    for row in card.rows:
        if row.leaves:
            stalks.append(f"M{number(left + row.width(TEXT) + 3)} {number(top + 10)}H{number(left + card.leaves_left)}")
        for place, line in enumerate(row.lines):
            x, y = left + card.leaves_left, top + 2 + (ROW - 1) * place
            for leaf in line:
                draw_leaf(parent, leaf, x, y)
                x += leaf.width + LEAVES_APART
        top += row.height
    if stalks:
        ET.SubElement(parent, "path", {"d": "".join(stalks), "stroke": SOFT})


def draw_leaf(parent: ET.Element, leaf: Leaf, x: float, y: float) -> None:
    """A pill: filled where gradients are added up, dashed where the parameter is frozen."""
    look = {"fill": "none", "stroke": SOFT, "stroke-dasharray": "3 2"} if leaf.frozen else {"fill": LEAF}
    frame = {"x": x, "y": y, "width": leaf.width, "height": ROW - 3, "rx": (ROW - 3) / 2}
    ET.SubElement(parent, "rect", {key: number(value) for key, value in frame.items()} | look)
    text(parent, x + PILL / 2, y + 12, leaf.text, SMALL, fill=MUTED if leaf.frozen else INK)


def draw_row(parent: ET.Element, row: Row, left: float, right: float, top: float) -> None:
    """One row of a card."""
    bold = {"font_weight": "bold"} if row.target else {}
    line = text(parent, left, top + 14, row.text, TEXT, **bold)
    if row.letter:
        line.text = f"{row.text} "
        ET.SubElement(line, "tspan", {"fill": ACCENT}).text = row.letter
    for number_, words in enumerate(row.follow):
        text(parent, left, top + ROW + 7.5 + FOLLOW * number_, words, SMALL, fill=MUTED)
    if row.shape:
        text(parent, right, top + 14, row.shape, SMALL, fill=MUTED, text_anchor="end")


def draw_note(parent: ET.Element, card: Card, corner: Point) -> list[Link]:
    """An input, an output, a constant or off-path operators: small grey text."""
    row = card.rows[0]
    words = f"{row.text}  {row.shape}" if row.shape else row.text
    text(parent, corner[0] + card.width / 2, corner[1] + 12, words, SMALL, fill=MUTED, text_anchor="middle")
    return []


def panel(
    digest: str, title: str, note: str, scheme: Scheme, placed: Placed, known: Collection[str], ids: str = "dg"
) -> Panel:
    """A drawing with its heading."""
    element = ET.Element("g", {"id": f"{ids}-{digest or 'overview'}"})
    named = any(row.path for card in scheme.cards for row in card.rows)
    left = PATHS if not digest and named and scheme.in_one_column() else 0
    limit = max(placed.width + left, LEAST)
    heading, below = shorten(title, limit, TITLE, bold=True), shorten(note, limit, SMALL)
    text(element, 0, 12, heading, TITLE, font_weight="bold")
    if below:
        text(element, 0, 27, below, SMALL, fill=MUTED)
    head = 38.0 if below else 24.0
    body = ET.SubElement(element, "g", {"transform": f"translate({number(left)} {number(head)})"})
    links = paint(body, scheme, placed, known)
    if left:
        draw_paths(body, scheme, placed)
    moved = tuple(replace(link, x=link.x + left, y=link.y + head) for link in links)
    width = max(placed.width + left, text_width(heading, TITLE, bold=True), text_width(below, SMALL))
    return Panel(digest, title, element, moved, width, placed.height + head, scheme, ids)


def draw_paths(parent: ET.Element, scheme: Scheme, placed: Placed) -> None:
    """The dotted names of the rows, to the left of the cards."""
    for card, (x, y) in zip(scheme.cards, placed.corners, strict=True):
        top = y + 3
        for row in card.rows:
            if row.path and card.kind == "card":
                words = tail(row.path, PATHS + x - 10, SMALL)
                text(parent, x - 8, top + 14, words, SMALL, fill=MUTED, text_anchor="end")
            top += row.height


def document(width: float, height: float) -> ET.Element:
    """An empty drawing of that size; its alternative text stands with the figure."""
    size = {"width": number(width), "height": number(height), "viewBox": f"0 0 {number(width)} {number(height)}"}
    root = ET.Element("svg", {"xmlns": SVG} | size | {"font-family": FONT})
    ET.SubElement(root, "rect", {"width": number(width), "height": number(height), "fill": PAPER})
    return root
