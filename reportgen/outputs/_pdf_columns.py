"""Columns of equal height, found with few layouts.

To balance columns, WeasyPrint lays them out a little higher again and again until everything fits, mostly to find that
no block more did. Here a height between two others in which a column held the same is not laid out: it holds the same.
And a block that was whole in one trial is not laid out in the next where it is whole again. Only what is tried is
shortened; the columns that stay are WeasyPrint's own work.

Called as `weasyprint.layout.block.block_box_layout`, whose arguments `_weasyprint.CALLS` checks.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

STEP = 8.0
"""CSS pixels that a column is tried higher where it held the same in two heights that are less apart, doubled as long
as it still does."""
FARTHEST = 2.0**14
"""Pixels, beyond which nothing higher is tried: several pages."""
LEAST_STEP = 1.0
"""CSS pixels by which WeasyPrint makes columns higher where it knows no better."""
DEPTH = 3
"""Levels of blocks below a column that are remembered: a part of a card, its list, and one fact of that."""
SLACK = 0.01
"""CSS pixels that a block must be clear of the end of its column to count as whole."""


@dataclass(frozen=True, order=True)
class Sample:
    """What a column held in one height."""

    height: float
    """Relative: the negative space below the column, in CSS pixels."""
    result: Any = field(compare=False)


@dataclass(frozen=True)
class Whole:
    """A block that was laid out unbroken."""

    result: Sequence[Any]
    top: float
    """Where it was to begin, in CSS pixels."""
    depth: float
    """From there to its lowest edge, or that of what it holds, with the space that it needs below."""
    box: Any
    """Kept, so that no other has its identity."""


class ColumnTrials:
    """Lays out blocks as WeasyPrint does, and of columns on trial only those whose content is not known.

    A column that held the same in two heights close to each other is also tried in much greater ones, to find how far
    that goes.
    """

    def __init__(self, lay_out: Callable[..., Any]) -> None:
        self.lay_out = lay_out
        self.column: Any = None
        self.samples: dict[str, list[Sample]] = {}
        """By the place that the column begins at, lowest first."""
        self.blocks = Blocks(lay_out)

    def __call__(self, context: Any, box: Any, *values: Any, **named: Any) -> Any:
        """As `weasyprint.layout.block.block_box_layout`."""
        if not box.is_column:
            return self.blocks.lay_out_block(context, box, values, named)
        is_trial = values[6] == []  # with None for margins it is the column that stays
        if not is_trial or context.footnotes or context.broken_out_of_flow:
            return self.blocks.lay_out_all(context, box, values, named)
        if box is not self.column:
            self.column, self.samples = box, {}
            self.blocks.known.clear()
        height, start, page_is_empty = -values[0], values[1], values[3]
        samples = self.samples.setdefault(f"{start} {page_is_empty}", [])
        lower, higher = neighbours(samples, height)
        if lower is not None and higher is not None and (lower is higher or hold_the_same(lower.result, higher.result)):
            return lower.result
        result = self.blocks.lay_out_column(context, box, values, named)
        if context.broken_out_of_flow:  # goes on in the next column, which has to be laid out for it
            return result
        insort(samples, Sample(height, result))
        if lower is not None and height - lower.height < STEP and hold_the_same(lower.result, result):
            self.look_ahead(samples, Sample(height, result), higher, context, box, values, named)
        return result

    def look_ahead(
        self,
        samples: list[Sample],
        known: Sample,
        higher: Sample | None,
        context: Any,
        box: Any,
        values: Sequence[Any],
        named: Mapping[str, Any],
    ) -> None:
        """Find out how far above a known height the column holds the same; in `higher` it is known not to."""
        step = STEP
        while True:
            step = step if higher is None else min(step, (higher.height - known.height) / 2)
            if step < LEAST_STEP or step > FARTHEST:
                return
            height = known.height + step
            further = Sample(height, self.blocks.lay_out_column(context, box, (-height, *values[1:]), named))
            context.broken_out_of_flow.clear()  # of what was only tried
            insort(samples, further)
            if hold_the_same(known.result, further.result):
                known, step = further, 2 * step
            else:
                higher = further


class Blocks:
    """The blocks of one column on trial, with those that were laid out unbroken in an earlier trial."""

    def __init__(self, lay_out: Callable[..., Any]) -> None:
        self.lay_out = lay_out
        self.known: dict[Hashable, Whole] = {}
        self.inner: list[frozenset[int]] = []
        """Identities of the blocks in the column that is tried, and in each block around the present one."""

    def lay_out_all(self, context: Any, box: Any, values: Sequence[Any], named: Mapping[str, Any]) -> Any:
        """A column that stays: all of it is laid out."""
        outer, self.inner = self.inner, []
        try:
            return self.lay_out(context, box, *values, **named)
        finally:
            self.inner = outer

    def lay_out_column(self, context: Any, box: Any, values: Sequence[Any], named: Mapping[str, Any]) -> Any:
        """A column that is tried."""
        outer, self.inner = self.inner, [frozenset(map(id, box.children))]
        try:
            return self.lay_out(context, box, *values, **named)
        finally:
            self.inner = outer

    def lay_out_block(self, context: Any, box: Any, values: Sequence[Any], named: Mapping[str, Any]) -> Any:
        """Any other block: laid out, unless it is one of a column on trial that is known and whole here too.

        What stands in a cell or a line is none of these: where that is aligned depends on what it holds.
        """
        if not self.inner or len(self.inner) > DEPTH or id(box) not in self.inner[-1]:
            return self.lay_out(context, box, *values, **named)
        key, top, end = self.key_of(context, box, values), box.position_y, context.page_bottom - values[0] - SLACK
        known = self.known.get(key)
        if known is not None and top + known.depth < end:
            return moved(known, top)
        self.inner.append(frozenset(map(id, box.children)))
        try:
            result = self.lay_out(context, box, *values, **named)
        finally:
            self.inner.pop()
        if key is not None and is_whole(context, result) and (edge := lowest_edge(result[0])) < end:
            self.known[key] = Whole(copied(result), top, edge - top, box)
        return result

    def key_of(self, context: Any, box: Any, values: Sequence[Any]) -> Hashable:
        """What the layout of a block depends on beside its place in the column; None where it depends on more."""
        _below, start, around, page_is_empty, _absolute, _fixed, margins, letter, line, discard, lines = values
        if start or context.excluded_shapes or context.footnotes or context.broken_out_of_flow:
            return None
        if letter is not None or line is not None or discard or lines is not None:
            return None
        return id(box), around.width, box.position_x, page_is_empty, tuple(margins), box.margin_top, box.clearance


def is_whole(context: Any, result: Sequence[Any]) -> bool:
    """Whether a block was laid out to its end, and left nothing around itself that others have to give way to."""
    box, resume_at, _next, _margins, collapsing, lines = result
    left = context.excluded_shapes or context.footnotes or context.broken_out_of_flow
    return box is not None and resume_at is None and not collapsing and lines is None and not left


def lowest_edge(box: Any) -> float:
    """The lowest edge of a block and of all that it holds, and below it once more what each of the boxes around that
    edge has there: WeasyPrint asks for so much at most."""
    below = box.padding_bottom + box.border_bottom_width + max(0, box.margin_bottom)
    edges = (lowest_edge(one) for one in getattr(box, "children", ()))
    return float(max((box.position_y + box.margin_height(), *edges)) + below)


def copied(result: Sequence[Any]) -> Sequence[Any]:
    """A result whose lists and names the caller may change."""
    box, resume_at, next_page, margins, collapsing, lines = result
    return box.copy(), resume_at, dict(next_page), list(margins), collapsing, lines


def moved(known: Whole, top: float) -> Sequence[Any]:
    """What was known, beginning elsewhere; its own place is right, and nobody asks for that of what it holds."""
    result = copied(known.result)
    result[0].position_y += top - known.top
    return result


def neighbours(samples: Sequence[Sample], height: float) -> tuple[Sample | None, Sample | None]:
    """The highest sample that is not above a height, and the lowest that is not below it."""
    lower = next((one for one in reversed(samples) if one.height <= height), None)
    return lower, next((one for one in samples if one.height >= height), None)


def hold_the_same(one: Sequence[Any], other: Sequence[Any]) -> bool:
    """Whether two results of a layout hold the same: nothing, or the same blocks, none of them broken. A block that is
    broken has all the height that there is."""
    if one[0] is None or other[0] is None:
        return one[0] is other[0]
    return bool(one[1] == other[1]) and (one[1] is None or list(one[1].values()) == [None])
