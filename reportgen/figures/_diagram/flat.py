"""A graph drawn whole, operator by operator, in columns: cut where a single edge goes on."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from reportgen.figures._diagram import labels
from reportgen.figures._diagram.cards import Card, Row, Scheme, Style
from reportgen.figures._diagram.compose import aligned
from reportgen.figures._diagram.drawing import HEADING, Draft, boxes
from reportgen.figures._diagram.graph_items import build_graph
from reportgen.figures._diagram.pages import HEIGHT, WIDTH, Page, paginate
from reportgen.figures._diagram.paint import Panel, panel
from reportgen.figures._diagram.routes import GAP, Placed, place
from reportgen.text.i18n import _

MOST_PARTS = 4
MOST_PAGES = 2
FEW = 14
"""Up to so many operators have a card each."""


def flat_pages(draft: Draft, name: str, beside: Sequence[Panel]) -> tuple[Page, ...] | None:
    """The whole graph and what stands beside it, branches side by side or, where that takes more pages, below each
    other; None where it needs more pages than there may be."""
    drawn = (flat_panels(draft, name, narrow) for narrow in (False, True))
    found = [paginate([*panels, *beside]) for panels in drawn if panels]
    return min((pages for pages in found if len(pages) <= MOST_PAGES), key=len, default=None)


def flat_panels(draft: Draft, name: str, narrow: bool) -> list[Panel] | None:
    """The whole graph as a few panels of at most a page's height; None where it can't be cut into so few."""
    tree = draft.structures.tree
    graph = build_graph(tree, 0, frozenset(range(len(tree.trace.modules))))
    style = Style(labels.RANGES, shapes=False, apart=len(graph.body()) <= FEW)
    scheme = draft.scheme((0,), (graph,), style)
    pieces = [cut(scheme, first, last) for first, last in pairwise([0, *cuts(scheme), len(scheme.cards)])]
    heights = [place(boxes(piece), piece.edges, one_each=narrow).height + GAP for piece in pieces]
    ends = partition(heights, HEIGHT - HEADING - 4 * GAP)
    if ends is None:
        return None
    starts = [0]
    for piece in pieces:
        starts.append(starts[-1] + len(piece.cards))
    borders = [starts[end] for end in (0, *ends)]
    drawn = [ported(scheme, borders, number) for number in range(len(ends))]
    if narrow:
        drawn = [aligned(part) for part in drawn]
    placed = [place(boxes(part), part.edges, one_each=narrow) for part in drawn]
    if any(too_large(found) for found in placed):
        return None
    titles = (
        [
            _("{name}, part {number} of {count}", name=name, number=number + 1, count=len(drawn))
            for number in range(len(drawn))
        ]
        if len(drawn) > 1
        else [name]
    )
    return [
        panel("" if number == 0 else f"part{number + 1}", title, "", part, found, (), draft.ids)
        for number, (title, part, found) in enumerate(zip(titles, drawn, placed, strict=True))
    ]


def too_large(placed: Placed) -> bool:
    """True for a drawing that fits on no page."""
    return placed.width > WIDTH - 4 or placed.height > HEIGHT - HEADING


def cuts(scheme: Scheme) -> list[int]:
    """Where the drawing can be cut: before cards into whose side of the drawing a single edge leads."""
    crossing = [0] * (len(scheme.cards) + 1)
    for a, b in scheme.edges:
        for position in range(a + 1, b + 1):
            crossing[position] += 1
    return [position for position in range(1, len(scheme.cards)) if crossing[position] == 1]


def cut(scheme: Scheme, first: int, last: int) -> Scheme:
    """The cards from `first` to before `last` and what joins them."""
    inner = [(a, b) for a, b in scheme.edges if first <= a and b < last]
    skips = frozenset((a - first, b - first) for a, b in scheme.skips if first <= a and b < last)
    return Scheme(scheme.cards[first:last], tuple((a - first, b - first) for a, b in inner), skips)


def partition(heights: Sequence[float], page: float) -> list[int] | None:
    """Where parts end so that they are few, no higher than a page, and the highest as low as can be; None for too
    many."""
    for count in range(1, MOST_PARTS + 1):
        low, high = max(heights), page
        if low > page or len(filled(heights, page)) > count:
            continue
        while high - low > 1:
            middle = (low + high) / 2
            low, high = (low, middle) if len(filled(heights, middle)) <= count else (middle, high)
        return filled(heights, high)
    return None


def filled(heights: Sequence[float], most: float) -> list[int]:
    """Where parts end that are filled one after the other up to a height."""
    ends, used = [], 0.0
    for number, height in enumerate(heights):
        if used and used + height > most:
            ends.append(number)
            used = 0.0
        used += height
    return [*ends, len(heights)]


def ported(scheme: Scheme, ends: Sequence[int], number: int) -> Scheme:
    """Part `number` of the drawing between two of the `ends`, with where it comes from and where it goes on."""
    first, last = ends[number], ends[number + 1]
    part = cut(scheme, first, last)
    cards, edges, skips = part.cards, list(part.edges), part.skips
    leaving = [a - first for a, b in scheme.edges if first <= a < last <= b]
    if leaving:
        words = _("on to part {number}", number=number + 2)
        edges.append((leaving[0], len(cards)))
        cards = (*cards, Card("port", (Row(words, words),)))
    arriving = [b - first for a, b in scheme.edges if a < first <= b < last]
    if arriving:
        words = _("from part {number}", number=number)
        cards = (Card("port", (Row(words, words),)), *cards)
        edges = [(0, arriving[0] + 1)] + [(a + 1, b + 1) for a, b in edges]
        skips = frozenset((a + 1, b + 1) for a, b in skips)
    return Scheme(cards, tuple(sorted(edges)), skips)
