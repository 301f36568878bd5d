"""Baseline and candidate as one architecture: what was added, removed and changed, what stayed folded.

One column as wide as a phone, two where it would be higher than a page; where parts were replaced by others, the old
ones stand left and the new ones right.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from itertools import accumulate, groupby

from reportgen.figures._change_parts import SMALL, STYLES, TEXT, ChangeCard, Look, draw_symbol, make_card, make_more
from reportgen.figures._change_skips import Spot, draw_skips
from reportgen.figures._diagram.text import FONT, shorten
from reportgen.plugins import FigureKind
from reportgen.record.architecture import ArchitectureChange, PartChange, PartStatus
from reportgen.record.subject import Subject
from reportgen.report.architecture_wording import (
    ORDER,
    count_statuses,
    describe_all,
    format_totals,
    name_status,
    summarize,
)
from reportgen.report.canvas import Canvas, number, open_canvas
from reportgen.report.model import FigureFile, Skipped
from reportgen.report.style import MUTED, PAPER, SOFT, families
from reportgen.text.i18n import _, join_sentences, ngettext
from reportgen.text.widths import text_width

NAME = "baseline_architecture"
COLUMN = 326.0
"""CSS pixels: two columns and what is between them are as wide as the text."""
BETWEEN = 26.0
WIDE = 2 * COLUMN + BETWEEN
IN_LANES = (100, 11, 9, 7, 5)
"""How many cards there may be of what was removed, or added, in one place; the first that fits is taken."""
SIDE = 28.0
"""Beside each column, for connections that pass parts by, where there are any."""
LANES = 10.0
"""Between what was removed and what came in its place."""
EDGE = 1.0
GAP = 18.0
"""Between two cards, with the arrow."""
TURN = 10.0
"""Below the first of two columns, for the line to the second."""
TALLEST = 640.0
"""Of a column: with its head and legend it stands on a page without being made smaller."""
HIGHEST = 768.0
"""Where nothing else helps; on paper it is made smaller by an eighth."""
HEAD = 54.0
ARROW = Look(SOFT, PAPER)
"""Between parts that stand one after the other in both models, or in one."""
LEGEND_LINE = 20.0


@dataclass(frozen=True)
class Step:
    """What stands side by side in one place of a column: one card, or removed ones beside added ones."""

    lanes: tuple[tuple[ChangeCard, ...], ...]

    @property
    def height(self) -> float:
        """Pixels, the gap below included."""
        return max(sum(card.height + GAP for card in lane) for lane in self.lanes)


@dataclass(frozen=True)
class Layout:
    """All steps in their columns."""

    columns: tuple[tuple[Step, ...], ...]
    width: float
    """Of a column."""
    side: float = 0.0
    """Beside a column, for what passes parts by."""
    left_out: int = 0
    """Parts for which there is no room."""

    @property
    def height(self) -> float:
        """Of the highest column, pixels."""
        return max((sum(step.height for step in column) for column in self.columns), default=0.0)

    @property
    def drawn_height(self) -> float:
        """The same with the line from the first of two columns to the second."""
        turned = sum(step.height for step in self.columns[0]) + TURN if len(self.columns) > 1 else 0.0
        return max(self.height, turned)

    @property
    def whole_width(self) -> float:
        """Pixels."""
        return (self.width + self.side) * len(self.columns) + BETWEEN * (len(self.columns) - 1)

    @property
    def lefts(self) -> list[float]:
        """Where each column begins; what passes parts by has the room right of the first one, left of the second."""
        return [EDGE, EDGE + self.width + 2 * self.side + BETWEEN][: len(self.columns)]

    @property
    def turn(self) -> float:
        """Between two columns, the x of the line from one to the next."""
        return EDGE + self.width + 2 * self.side + BETWEEN / 2


def draw(subject: Subject) -> FigureFile | Skipped:
    """The figure of a report that has a comparison."""
    title = _("What changed in the architecture")
    compared = subject.judgement.compared
    change = compared.architecture if compared is not None else None
    if change is None:
        return Skipped(NAME, title, _("The architectures were not compared."))
    if change.is_same:
        return Skipped(NAME, title, summarize(change))
    return draw_change(change)


def draw_change(change: ArchitectureChange) -> FigureFile:
    """Two architectures as one drawing."""
    layout = arrange(change.parts, SIDE if change.skips else 0.0)
    width = layout.whole_width + 2 * EDGE
    statuses = [status for status in ORDER if status in count_statuses(change.parts)]
    rows = legend_rows([name_status(status) for status in statuses], layout.whole_width)
    top = HEAD + LEGEND_LINE * len(rows) + 8
    height = top + layout.drawn_height - GAP + EDGE
    canvas = open_canvas(height, width, families(FONT))
    canvas.add("rect", width=width, height=height, fill=PAPER)
    draw_head(canvas, change, width)
    for line, names in enumerate(rows):
        draw_legend(canvas, [(statuses[index], place) for index, place in names], HEAD + LEGEND_LINE * line)
    for left, column in zip(layout.lefts, layout.columns, strict=True):
        draw_column(canvas, column, left, top, layout.width, frozenset(change.beside))
    if len(layout.columns) > 1 and layout.columns[1][0].lanes[0][0].part not in change.beside:
        draw_turn(canvas, layout, top)
    edge = EDGE + layout.width
    draw_skips(canvas, change.skips, find_spots(layout, top), (edge, edge + layout.side * len(layout.columns)))
    texts = (_("What changed in the architecture"), caption(change, layout.left_out), describe_all(change))
    return replace(canvas.figure(NAME, texts), inline=False)


def caption(change: ArchitectureChange, left_out: int) -> str:
    """What to see, then how to read it."""
    told = [
        summarize(change),
        _(
            "Data flows downwards, in order of execution. Parts are matched by structure, names and shapes; numbers of "
            "parameters and MACs are candidate − baseline, for one image."
        ),
    ]
    if any(len(step.lanes) > 1 for step in make_steps(change.parts, COLUMN, inner=False)):
        told.append(_("Where removed parts are drawn beside added ones, the added ones replaced them."))
    if change.skips:
        told.append(_("Lines at the side are residual connections, in the colours of what was added or removed."))
    if change.beside:
        told.append(_("Parts without an arrow between them are branches, which do not read each other."))
    if change.coarse:
        told.append(_("There are too many parts in a row: only equal ones are matched."))
    if left_out:
        more = ngettext("{count} more part is not drawn.", "{count} more parts are not drawn.", left_out)
        told.append(more)
    return join_sentences(told)


def arrange(parts: Sequence[PartChange], side: float = 0.0) -> Layout:
    """The steps with as much detail as there is room for: in one column, in two, or, where much was replaced, in one
    that is wide. `side`: what each column leaves for connections that pass parts by."""
    column, wide = COLUMN - side, WIDE - side
    for inner in (True, False):
        narrow = make_steps(parts, column, inner=inner, side=side)
        tries = [Layout((tuple(narrow),), column, side)]
        if any(len(step.lanes) > 1 for step in narrow):
            tries.append(Layout((tuple(make_steps(parts, wide, inner=inner, side=side)),), wide, side))
        if len(narrow) > 1:
            tries.append(Layout(halve(narrow), column, side))
        found = next((layout for layout in tries if layout.height <= TALLEST), None)
        if found is not None:
            return found
    return cut_down(parts, side)


def cut_down(parts: Sequence[PartChange], side: float) -> Layout:
    """Two columns, or a wide one, of what there is room for; a little higher than others, which makes it smaller."""
    column, wide = COLUMN - side, WIDE - side
    if any(len(step.lanes) > 1 for step in make_steps(parts, column, inner=False, side=side)):
        steps = make_steps(parts, wide, inner=False, side=side)
        for most in IN_LANES:
            cut = [cut_lanes(step, most) for step in steps]
            if sum(step.height for step in cut) <= HIGHEST:
                return Layout((tuple(cut),), wide, side)
        narrow = halve([cut_lanes(step, most) for step in make_steps(parts, column, inner=False, side=side)])
        if max(sum(step.height for step in one) for one in narrow) <= HIGHEST:
            return Layout(narrow, column, side)
        shown = fitting(cut, HIGHEST)
        return Layout((tuple(cut[:shown]),), wide, side, len(cut) - shown)
    steps = make_steps(parts, column, inner=False, side=side)
    if max(sum(step.height for step in one) for one in halve(steps)) <= HIGHEST:
        return Layout(halve(steps), column, side)
    first = fitting(steps, HIGHEST)
    second = fitting(steps[first:], HIGHEST)
    columns = (tuple(steps[:first]), tuple(steps[first : first + second]))
    return Layout(columns, column, side, len(steps) - first - second)


def fitting(steps: Sequence[Step], room: float) -> int:
    """How many steps from the first on there is room for; at least one."""
    heights = list(accumulate(step.height for step in steps))
    return max(1, sum(height <= room for height in heights))


def cut_lanes(step: Step, most: int) -> Step:
    """The step with its long lanes cut in the middle, as a card there says."""
    return Step(tuple(cut_lane(lane, most) for lane in step.lanes))


def cut_lane(lane: tuple[ChangeCard, ...], most: int) -> tuple[ChangeCard, ...]:
    """A lane of at most so many cards."""
    if len(lane) <= most:
        return lane
    first, last = most // 2, most - most // 2 - 1
    more = make_more(lane[0].status, len(lane) - first - last, lane[0].width)
    return (*lane[:first], more, *lane[len(lane) - last :])


def halve(steps: Sequence[Step]) -> tuple[tuple[Step, ...], ...]:
    """The steps in two columns of about one height."""
    heights = [step.height for step in steps]
    best = min(range(1, len(steps)), key=lambda at: max(sum(heights[:at]), sum(heights[at:])))
    return tuple(steps[:best]), tuple(steps[best:])


def make_steps(parts: Sequence[PartChange], width: float, *, inner: bool, side: float = 0.0) -> list[Step]:
    """The parts as cards; what was removed beside what was added in its place."""
    steps: list[Step] = []
    for replaced, group in groupby(enumerate(parts), lambda part: part[1].status in ("added", "removed")):
        run = list(group)
        gone = [part for part in run if part[1].status == "removed"]
        come = [part for part in run if part[1].status == "added"]
        if replaced and gone and come:
            half = (width - LANES) / 2
            lanes = (tuple(replace(make_card(part, half), part=at) for at, part in lane) for lane in (gone, come))
            steps.append(Step(tuple(lanes)))
        else:
            cards = (replace(make_card(part, COLUMN - side, inner=inner), part=at) for at, part in run)
            steps += [Step(((card,),)) for card in cards]
    return steps


def draw_head(canvas: Canvas, change: ArchitectureChange, width: float) -> None:
    """Both models by name, and what they cost."""
    before, after = change.models
    names = before if before == after else _("{before} → {after}", before=before, after=after)
    canvas.text(shorten(names, width - 8, 14, bold=True), EDGE, 16, bold=True, size=14)
    costs = format_totals(change)
    canvas.text(shorten(costs, width - 8, TEXT), EDGE, 35, colour=MUTED, size=TEXT)


def legend_rows(names: Sequence[str], room: float) -> list[list[tuple[int, float]]]:
    """Places (number, x) of the words of the legend, in as many lines as they need."""
    rows: list[list[tuple[int, float]]] = [[]]
    x = 0.0
    for place, name in enumerate(names):
        width = text_width(name, SMALL) + 32
        if rows[-1] and x + width - 12 > room:
            rows.append([])
            x = 0.0
        rows[-1].append((place, x))
        x += width
    return rows


def draw_legend(canvas: Canvas, signs: Sequence[tuple[PartStatus, float]], top: float) -> None:
    """What the symbols mean, those that there are."""
    for status, x in signs:
        draw_symbol(canvas, status, EDGE + x + 7, top + 4, 13)
        canvas.text(name_status(status), EDGE + x + 18, top + 8, colour=MUTED, size=SMALL)


def draw_column(canvas: Canvas, steps: Sequence[Step], left: float, top: float, width: float, beside: Set[int]) -> None:
    """Steps below each other, with arrows between them but to parts that read nothing of the one before (`beside`)."""
    y, ends = top, list[End]()
    for step in steps:
        forked = len(step.lanes) > 1
        lefts = lane_lefts(step, left, width)
        looks = [STYLES[lane[0].status] if forked else ARROW for lane in step.lanes]
        heads = [
            End(x + lane[0].width / 2, y, lane[0].width / 2, look, lane[0].part in beside)
            for x, lane, look in zip(lefts, step.lanes, looks, strict=True)
        ]
        join(canvas, ends, heads)
        ends = [
            draw_lane(canvas, lane, x, y, look, beside) for x, lane, look in zip(lefts, step.lanes, looks, strict=True)
        ]
        y += step.height


def lane_lefts(step: Step, left: float, width: float) -> list[float]:
    """Where each lane of a step begins in a column of that width."""
    if len(step.lanes) == 1:
        return [left + (width - step.lanes[0][0].width) / 2]
    return [left + place * (lane[0].width + LANES) for place, lane in enumerate(step.lanes)]


def find_spots(layout: Layout, top: float) -> dict[int, Spot]:
    """Where the card of each part stands, by its position."""
    found: dict[int, Spot] = {}
    for column, (left, steps) in enumerate(zip(layout.lefts, layout.columns, strict=True)):
        y = top
        for step in steps:
            nearest = 0 if column else len(step.lanes) - 1
            for place, (x, lane) in enumerate(zip(lane_lefts(step, left, layout.width), step.lanes, strict=True)):
                around = None if place == nearest else (y, y + step.height - GAP)
                down = y
                for card in lane:
                    found[card.part] = Spot(x, x + card.width, down, down + card.height, column, around)
                    down += card.height + GAP
            y += step.height
    return found


@dataclass(frozen=True)
class End:
    """Where arrows leave a card or reach it."""

    x: float
    y: float
    half: float
    """Of the card's width."""
    look: Look
    is_beside: bool = False
    """Of a card that reads nothing of the one before it."""

    def nearest(self, x: float) -> float:
        """The place on the card's edge that is nearest to an x, away from its corners."""
        room = self.half - 16
        return min(max(x, self.x - room), self.x + room)


def join(canvas: Canvas, ends: Sequence[End], heads: Sequence[End]) -> None:
    """Arrows from what ends a step to what begins the next: one to one, one to both lanes, or both to one."""
    low = max((head.y for head in heads), default=0.0)
    for end in ends:
        for head in (one for one in heads if not one.is_beside):
            look = end.look if len(ends) > 1 else head.look
            start = end.nearest(head.x) if len(heads) > 1 else end.x
            draw_arrow(canvas, (start, end.y), (head.nearest(start) if len(ends) > 1 else head.x, low), look)


def draw_lane(canvas: Canvas, lane: Sequence[ChangeCard], x: float, y: float, look: Look, beside: Set[int]) -> End:
    """Cards below each other, with an arrow from each to the next that reads it."""
    for card, after in zip(lane, (*lane[1:], None), strict=True):
        card.draw(canvas, x, y)
        y += card.height + GAP
        middle = x + card.width / 2
        if after is not None and after.part not in beside:
            draw_arrow(canvas, (middle, y - GAP), (middle, y), look)
    return End(middle, y - GAP, lane[-1].width / 2, look)


def draw_arrow(canvas: Canvas, start: tuple[float, float], end: tuple[float, float], look: Look) -> None:
    """An arrow down between two cards, with a run sideways where they do not stand below each other."""
    (x, top), (goal, bottom) = start, end
    sideways = f"V{number(bottom - 11)}H{number(goal)}" if abs(goal - x) > 1 else ""
    line = f"M{number(x)} {number(top + 1)}{sideways}V{number(bottom - 6)}"
    canvas.add("path", d=line, fill="none", stroke=look.stroke, stroke_width=1.3, stroke_dasharray=look.dash)
    draw_head_of_arrow(canvas, [(goal, bottom - 1.5), (goal - 3.5, bottom - 7), (goal + 3.5, bottom - 7)], look)


def draw_head_of_arrow(canvas: Canvas, points: Sequence[tuple[float, float]], look: Look) -> None:
    """The triangle at an arrow's end."""
    canvas.add("polygon", points=" ".join(f"{number(a)},{number(b)}" for a, b in points), fill=look.stroke)


def draw_turn(canvas: Canvas, layout: Layout, top: float) -> None:
    """The way from the end of one column to the beginning of the next."""
    bottom, y = top + sum(step.height for step in layout.columns[0]) - GAP, top + 14
    middle, target = EDGE + layout.width / 2, layout.lefts[1]
    step = layout.columns[1][0]
    if len(step.lanes) > 1:
        goals = [
            left + lane[0].width / 2
            for left, lane in zip(lane_lefts(step, target, layout.width), step.lanes, strict=True)
        ]
        y = top - 10
        line = f"M{number(middle)} {number(bottom + 1)}v8H{number(layout.turn)}V{number(y)}H{number(goals[-1])}"
        canvas.add("path", d=line, fill="none", stroke=SOFT, stroke_width=1.3, stroke_linejoin="round")
        for goal in goals:
            draw_arrow(canvas, (goal, y - 1), (goal, top), ARROW)
        return
    line = f"M{number(middle)} {number(bottom + 1)}v8H{number(layout.turn)}V{number(y)}H{number(target - 6)}"
    canvas.add("path", d=line, fill="none", stroke=SOFT, stroke_width=1.3, stroke_linejoin="round")
    draw_head_of_arrow(canvas, [(target - 1.5, y), (target - 7, y - 3.5), (target - 7, y + 3.5)], ARROW)


FIGURE = FigureKind(NAME, draw)
