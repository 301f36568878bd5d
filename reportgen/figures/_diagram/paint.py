"""Cards and lines on the canvas."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from reportgen.figures._diagram.cards import FOLLOW, LEAVES_APART, PAD, PILL, ROW, SMALL, TEXT, Card, Leaf, Row, Scheme
from reportgen.figures._diagram.routes import Placed, Point
from reportgen.figures._diagram.text import cut_beginning, shorten
from reportgen.report.canvas import Canvas, number
from reportgen.report.style import ACCENT, INK, MUTED, PAPER, SOFT
from reportgen.text.widths import text_width

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
    drawing: Canvas
    links: tuple[Link, ...]
    width: float
    height: float
    scheme: Scheme
    ids: str = "dg"
    """Beginning of its id and of those it links to."""


def paint(parent: Canvas, scheme: Scheme, placed: Placed, known: Collection[str]) -> tuple[Link, ...]:
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


def draw_line(parent: Canvas, points: Sequence[Point], colour: str, *, dashed: bool, bold: bool) -> None:
    """A line with rounded corners and an arrow head."""
    (x1, y1), (x2, y2) = points[-2:]
    length = max(abs(x2 - x1) + abs(y2 - y1), 0.001)
    dx, dy = (x2 - x1) / length, (y2 - y1) / length
    neck = (x2 - 4 * dx, y2 - 4 * dy)
    parent.add(
        "path",
        d=rounded([*points[:-1], neck]),
        fill="none",
        stroke=colour,
        stroke_width=1.6 if bold else 1.2,
        stroke_dasharray="3 2" if dashed else None,
    )
    base = (x2 - 5 * dx, y2 - 5 * dy)
    head = [(x2, y2), (base[0] - 3 * dy, base[1] + 3 * dx), (base[0] + 3 * dy, base[1] - 3 * dx)]
    parent.add("polygon", points=" ".join(f"{number(x)},{number(y)}" for x, y in head), fill=colour)


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


def draw_card(parent: Canvas, card: Card, corner: Point, known: Collection[str]) -> list[Link]:
    """One node."""
    x, y = corner
    group = parent.add("g")
    group.add("title").element.text = " / ".join(dict.fromkeys(row.full for row in card.rows))
    if card.kind == "join":
        return draw_join(group, card, corner)
    if card.kind != "card":
        return draw_note(group, card, corner)
    block = card.rows[0].target is not None
    draw_box(group, card, corner, 4, TINT if block else PAPER, ACCENT if block else SOFT, 1)
    if card.times:
        end = x + card.width - PAD
        group.text(card.times, end, y + card.height / 2 + 4, "end", bold=True, size=TEXT)
    links: list[Link] = []
    top = y + 3 + card.head
    if card.heading:
        group.note(card.heading, x + PAD, y + 13, size=SMALL)
    draw_leaves(group, card, x + PAD, top)
    right = x + card.width - PAD - card.badge
    for row in card.rows:
        draw_row(group, row, x + PAD, right, top)
        if row.target in known and row.target is not None:
            links.append(Link(row.target, x, top, card.width, row.height, row.full))
        top += row.height
    return links


def draw_box(
    group: Canvas, card: Card, corner: Point, radius: float, fill: str, stroke: str, stroke_width: float
) -> None:
    """The outline of a card, its corners rounded."""
    x, y = corner
    size = {"width": card.width, "height": card.height}
    group.add("rect", x=x, y=y, **size, rx=radius, fill=fill, stroke=stroke, stroke_width=stroke_width)


def draw_join(group: Canvas, card: Card, corner: Point) -> list[Link]:
    """A pill with the sign of an operation that joins several inputs."""
    x, y = corner
    draw_box(group, card, corner, card.height / 2, PAPER, INK, 1.2)
    sign = card.rows[0].text
    size = 14.0 if len(sign) == 1 else SMALL
    group.text(sign, x + card.width / 2, y + card.height / 2 + size * 0.34, "middle", size=size)
    return []


def draw_leaves(parent: Canvas, card: Card, left: float, top: float) -> None:
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
        parent.add("path", d="".join(stalks), stroke=SOFT)


def draw_leaf(parent: Canvas, leaf: Leaf, x: float, y: float) -> None:
    """A pill: filled where gradients are added up, dashed where the parameter is frozen."""
    look = {"fill": "none", "stroke": SOFT, "stroke_dasharray": "3 2"} if leaf.frozen else {"fill": LEAF}
    parent.add("rect", x=x, y=y, width=leaf.width, height=ROW - 3, rx=(ROW - 3) / 2, **look)
    parent.text(leaf.text, x + PILL / 2, y + 12, colour=MUTED if leaf.frozen else None, size=SMALL)


def draw_row(parent: Canvas, row: Row, left: float, right: float, top: float) -> None:
    """One row of a card."""
    words = f"{row.text} " if row.letter else row.text
    line = parent.text(words, left, top + 14, bold=bool(row.target), size=TEXT)
    if row.letter and line is not None:
        line.add("tspan", fill=ACCENT).element.text = row.letter
    for place, follow in enumerate(row.follow):
        parent.note(follow, left, top + ROW + 7.5 + FOLLOW * place, size=SMALL)
    parent.note(row.shape, right, top + 14, "end", SMALL)


def draw_note(parent: Canvas, card: Card, corner: Point) -> list[Link]:
    """An input, an output, a constant or off-path operators: small grey text."""
    row = card.rows[0]
    words = f"{row.text}  {row.shape}" if row.shape else row.text
    parent.note(words, corner[0] + card.width / 2, corner[1] + 12, "middle", SMALL)
    return []


def panel(
    digest: str, title: str, note: str, scheme: Scheme, placed: Placed, known: Collection[str], ids: str = "dg"
) -> Panel:
    """A drawing with its heading."""
    drawing = Canvas()
    drawing.element.set("id", f"{ids}-{digest or 'overview'}")
    named = any(row.path for card in scheme.cards for row in card.rows)
    left = PATHS if not digest and named and scheme.in_one_column() else 0
    limit = max(placed.width + left, LEAST)
    heading, below = shorten(title, limit, TITLE, bold=True), shorten(note, limit, SMALL)
    drawing.text(heading, 0, 12, bold=True, size=TITLE)
    drawing.note(below, 0, 27, size=SMALL)
    head = 38.0 if below else 24.0
    body = drawing.group(left, head)
    links = paint(body, scheme, placed, known)
    if left:
        draw_paths(body, scheme, placed)
    moved = tuple(replace(link, x=link.x + left, y=link.y + head) for link in links)
    width = max(placed.width + left, text_width(heading, TITLE, bold=True), text_width(below, SMALL))
    return Panel(digest, title, drawing, moved, width, placed.height + head, scheme, ids)


def draw_paths(parent: Canvas, scheme: Scheme, placed: Placed) -> None:
    """The dotted names of the rows, to the left of the cards."""
    for card, (x, y) in zip(scheme.cards, placed.corners, strict=True):
        top = y + 3
        for row in card.rows:
            if row.path and card.kind == "card":
                words = cut_beginning(row.path, PATHS + x - 10, SMALL)
                parent.note(words, x - 8, top + 14, "end", SMALL)
            top += row.height
