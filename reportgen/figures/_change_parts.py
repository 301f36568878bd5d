"""The pieces of the drawing of a change: cards with their symbol and colour, and how high they are."""

from __future__ import annotations

from dataclasses import dataclass, replace

from reportgen.figures._diagram.text import shorten
from reportgen.record.architecture import PartChange, PartStatus
from reportgen.report.architecture_wording import (
    count_parts,
    format_costs,
    format_form,
    list_changes,
    list_costs,
    name_ends,
    name_kinds,
    name_path,
)
from reportgen.report.canvas import Canvas
from reportgen.report.style import HAIRLINE, INK, MUTED, PAPER, RIGHT, SOFT, WRONG
from reportgen.text.i18n import join_terms, ngettext, with_label
from reportgen.text.shorten import ELLIPSIS
from reportgen.text.widths import text_width

TEXT, SMALL = 12.0, 11.0
"""Type sizes, pixels."""
LINE, SMALL_LINE = 17.0, 15.0
PAD = 7.0
BADGE = 17.0
"""Diameter of the symbol."""
GUTTER = 30.0
"""From a card's left edge to its text."""
INDENT = 18.0
"""Of what is inside a block."""
MOST_INNER = 8
"""Rows of a changed block."""


@dataclass(frozen=True)
class Look:
    """How one status is drawn."""

    stroke: str
    fill: str
    dash: str | None = None
    width: float = 1.2


STYLES: dict[PartStatus, Look] = {
    "added": Look(RIGHT, "#e2eef8", width=1.6),
    "removed": Look(WRONG, "#fbe9dc", "5 3", 1.6),
    "changed": Look(INK, "#fff3c2", width=1.4),
    "moved": Look(MUTED, "#eff1f4"),
    "renamed": Look(MUTED, "#eff1f4"),
    "resized": Look(SOFT, PAPER),
    "same": Look(HAIRLINE, PAPER),
}
"""Blue, orange and a yellow under black, which the colour-blind tell apart, and never colour alone."""


@dataclass(frozen=True)
class Words:
    """One line of a card."""

    text: str
    size: float = SMALL
    colour: str = MUTED
    bold: bool = False
    indent: float = 0.0
    symbol: PartStatus | None = None
    """Drawn small before an inner line."""
    right: str = ""
    """At the right end, where there is room."""

    @property
    def height(self) -> float:
        """Pixels."""
        return LINE if self.size == TEXT else SMALL_LINE


@dataclass(frozen=True)
class ChangeCard:
    """One part as a card of some width."""

    status: PartStatus
    lines: tuple[Words, ...]
    width: float
    full: str
    """For the tooltip."""
    part: int = -1
    """Which part it is of, by position; -1: of several that there is no room for."""

    @property
    def height(self) -> float:
        """Pixels."""
        return sum(line.height for line in self.lines) + 2 * PAD - 2

    def draw(self, canvas: Canvas, x: float, y: float) -> None:
        """The card with its left top there."""
        look = STYLES[self.status]
        group = canvas.group(x, y)
        group.add("title").element.text = self.full
        group.add(
            "rect",
            width=self.width,
            height=self.height,
            rx=5.0,
            fill=look.fill,
            stroke=look.stroke,
            stroke_width=look.width,
            stroke_dasharray=look.dash,
        )
        draw_symbol(group, self.status, GUTTER / 2 + 1, PAD + LINE / 2 - 1, BADGE)
        down = PAD - 1
        for line in self.lines:
            self.draw_line(group, line, down)
            down += line.height

    def draw_line(self, group: Canvas, line: Words, top: float) -> None:
        """One line of it, cut where there is no room."""
        left, base = GUTTER + line.indent, top + line.height - 4.5
        if line.symbol is not None:
            draw_symbol(group, line.symbol, left - 10, base - 4, 11)
        room = self.width - left - PAD
        text = shorten(line.text, room, line.size, line.bold)
        group.text(text, left, base, colour=line.colour, bold=line.bold, size=line.size)
        free = room - text_width(text, line.size, line.bold) - 12
        if line.right and free > 40:
            group.text(shorten(line.right, free, SMALL), self.width - PAD - 1, base, "end", MUTED, size=SMALL)


def draw_symbol(canvas: Canvas, status: PartStatus, x: float, y: float, size: float) -> None:
    """The sign of a status in a disc, its middle there; drawn, so that no font need have it."""
    look = STYLES[status]
    quiet = status in ("same", "resized")
    colour = SOFT if quiet else look.stroke
    canvas.add("circle", cx=x, cy=y, r=size / 2, fill=PAPER if quiet else colour, stroke=colour, stroke_width=1.0)
    canvas.add(
        "path",
        d=sign_path(status, x, y, size * 0.27),
        fill="none",
        stroke=MUTED if quiet else PAPER,
        stroke_width=max(1.3, size / 9),
        stroke_linecap="round",
        stroke_linejoin="round",
    )


SIGNS: dict[PartStatus, str] = {
    "added": "-1 0, 1 0; 0 -1, 0 1",
    "removed": "-1 0, 1 0",
    "changed": "0 -1, 1 0.8, -1 0.8, 0 -1",
    "moved": "-0.9 0.5, -0.5 1, -0.1 0.5; -0.5 1, -0.5 -0.9; 0.1 -0.5, 0.5 -1, 0.9 -0.5; 0.5 -1, 0.5 0.9",
    "renamed": "-0.9 -0.7, 0.9 -0.7; 0 -0.7, 0 1",
    "resized": "-1 1, 1 -1; 0.2 -1, 1 -1, 1 -0.2",
    "same": "-0.8 -0.4, 0.8 -0.4; -0.8 0.45, 0.8 0.45",
}
"""Strokes in a disc of radius 1, points by commas: plus, minus, delta, arrows up and down, a letter T, an arrow
outwards, and the sign of equality."""


def sign_path(status: PartStatus, x: float, y: float, radius: float) -> str:
    """The strokes of a sign as path data."""
    parts = []
    for stroke in SIGNS[status].split(";"):
        points = [tuple(map(float, point.split())) for point in stroke.split(",")]
        parts.append("M" + "L".join(f"{x + radius * dx:.2f} {y + radius * dy:.2f}" for dx, dy in points))
    return "".join(parts)


def make_more(status: PartStatus, more: int, width: float) -> ChangeCard:
    """A card in place of some that there is no room for."""
    text = ngettext("{count} more part", "{count} more parts", more)
    return ChangeCard(status, (Words(text, TEXT, STYLES[status].stroke, bold=True),), width, text)


def make_card(part: PartChange, width: float, *, inner: bool = True) -> ChangeCard:
    """The card of a part; `inner`: with what changed inside."""
    if part.status in ("same", "resized", "renamed"):
        return make_folded(part, width)
    look = STYLES[part.status]
    colour = INK if part.status == "changed" else look.stroke
    narrow = width < 250
    kinds = name_kinds(part)
    lines = name_lines(part, width, Words("", TEXT, colour, bold=True))
    lines[0] = replace(lines[0], right="" if narrow else kinds)
    if narrow:
        lines.append(Words(kinds))
    form = format_form(part) if part.status in ("added", "removed") else ""
    told = join_terms([text for text in (form, *list_changes(part)) if text])
    lines += [Words(text, colour=INK) for text in wrap(told, width - GUTTER - PAD)]
    costs = list_costs(part.parameters, part.macs) if narrow else [format_costs(part)]
    lines += [Words(text, colour=INK) for text in costs if text]
    if inner:
        lines += list_inner(part)
    full = " · ".join([name_path(part), kinds, told, format_costs(part)])
    return ChangeCard(part.status, tuple(lines), width, full)


def make_folded(part: PartChange, width: float) -> ChangeCard:
    """The card of what stayed, alone or many: how much, and from where to where."""
    single = part.count == 1
    title = name_path(part) if single else count_parts(part)
    changes = join_terms(list_changes(part))
    lines = [Words(title, TEXT, bold=not single, right=name_kinds(part) if single else "")]
    if not single:
        lines += name_lines(part, width, Words(""))
    lines += [Words(text) for text in wrap(changes, width - GUTTER - PAD)]
    costs = format_costs(part)
    if costs:
        lines.append(Words(costs))
    return ChangeCard(part.status, tuple(lines), width, " · ".join([title, name_path(part), changes]))


def name_lines(part: PartChange, width: float, like: Words) -> list[Words]:
    """Where a part is, in one line, or in two where the first and the last of several do not fit beside each other."""
    whole, ends = name_path(part), name_ends(part)
    if len(ends) == 1 or text_width(whole, like.size, like.bold) <= width - GUTTER - PAD:
        return [replace(like, text=whole)]
    room = width - GUTTER - PAD - text_width(f" {ELLIPSIS}", like.size, like.bold)
    return [
        replace(like, text=f"{shorten(ends[0], room, like.size, like.bold)} {ELLIPSIS}"),
        replace(like, text=ends[1]),
    ]


def list_inner(part: PartChange) -> list[Words]:
    """What changed inside of a block, each in a line; how much stayed last."""
    changed = [one for one in part.inner if one.status not in ("same", "resized")]
    if len(changed) > MOST_INNER + 1:
        shown, more = changed[:MOST_INNER], len(changed) - MOST_INNER
    else:
        shown, more = changed, 0
    lines = [Words(format_inner(one, part), indent=INDENT, symbol=one.status, colour=INK) for one in shown]
    kept = sum(one.count for one in part.inner if one.status in ("same", "resized"))
    if more:
        lines.append(Words(ngettext("{count} more change inside", "{count} more changes inside", more), indent=INDENT))
    if kept:
        text = ngettext("{count} part inside is unchanged", "{count} parts inside are unchanged", kept)
        lines.append(Words(text, indent=INDENT, symbol="same"))
    return lines


def format_inner(one: PartChange, around: PartChange) -> str:
    """A part of a block in one line: its name inside the block, and what became of it."""
    name = name_path(one)
    for side in (around.after, around.before):
        if side is not None:
            name = name.replace(f"{side.path}.", "")
    kind = name_kinds(one) if one.status in ("added", "removed") else ""
    form = format_form(one) if one.status in ("added", "removed") else ""
    told = [text for text in (kind, form, *list_changes(one)[:2]) if text] or list_costs(one.parameters, one.macs)
    return with_label(name, join_terms(told)) if told else name


def wrap(text: str, room: float) -> list[str]:
    """A text in lines of at most so many pixels, broken at its spaces."""
    lines: list[str] = []
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(longer, SMALL) <= room:
            lines[-1] = longer
        elif word:
            lines.append(word)
    return lines
