"""The architecture diagram: an overview of the model, and every distinct block drawn once.

`diagram` holds the overview and as many blocks as fit beside it; `diagram_blocks` and `diagram_blocks_2` the others.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from reportgen.figures._diagram import labels
from reportgen.figures._diagram.cards import Card, Scheme, Style
from reportgen.figures._diagram.compose import compose
from reportgen.figures._diagram.labels import series, shape_text
from reportgen.figures._diagram.layout import Box
from reportgen.figures._diagram.lift import Graph
from reportgen.figures._diagram.pages import HEIGHT, WIDTH, Page, paginate, svg
from reportgen.figures._diagram.paint import PATHS, Panel, panel
from reportgen.figures._diagram.routes import Placed, place
from reportgen.figures._diagram.structure import Structures
from reportgen.figures._diagram.tree import plant
from reportgen.figures._diagram.writer import Writer
from reportgen.kinds import FigureKind
from reportgen.report import FigureFile, Skipped
from reportgen.trace import ModelTrace
from reportgen.words import say, say_count

NARROW = 318.0
"""Panels of at most this width stand two abreast."""
OVERVIEW_ITEMS = (40, 24, 14, 8)
"""How many items the overview may open into; the first that fits on a page is taken."""
LARGEST = 90
"""Structures with more cards are not drawn."""
FIGURES_OF_BLOCKS = 2


@dataclass(frozen=True)
class Drawing:
    """All pages of one model and what they leave out."""

    pages: tuple[Page, ...]
    left_out: int
    """Structures that are too large, or for which there is no page."""


def boxes(scheme: Scheme) -> list[Box]:
    """The cards as the layout sees them."""
    late = {"side", "const"}
    return [Box(card.width, card.height, card.kind == "join", card.kind in late) for card in scheme.cards]


def fitted(
    structures: Structures, calls: Sequence[int], graphs: Sequence[Graph], room: float
) -> tuple[Scheme, Placed] | None:
    """The structure with as much detail as fits, narrow if that costs only shapes and lists; None if nothing fits."""
    full, ranges = Style(labels.FULL_LISTS, shapes=True), Style(labels.RANGES, shapes=True)
    tries = [(min(NARROW, room), full), (min(NARROW, room), ranges), (room, full), (room, ranges)]
    tries += [(room, Style(detail, shapes=False)) for detail in (labels.FULL_LISTS, labels.RANGES)]
    tries += [(room, Style(detail, shapes=False, wrap=True)) for detail in range(labels.RANGES, labels.KIND_ONLY + 1)]
    for width, style in tries:
        scheme = compose(Writer(structures, tuple(calls), tuple(graphs), replace(style, stages=calls[0] == 0)))
        if len(scheme.cards) > LARGEST:
            return None
        placed = place(boxes(scheme), scheme.edges)
        if placed.width <= width and placed.height <= HEIGHT - 60:
            return scheme, placed
    return None


@lru_cache(maxsize=1)
def drawing(trace: ModelTrace) -> Drawing | Skipped:
    """The whole diagram of a model; kept, because three figures show it."""
    structures = Structures(plant(trace))
    top = overview(structures)
    if top is None:
        parts = len(structures.graph(0).items)
        reason = say("The model calls {count} parts one beside the other, too many to draw on one page.", count=parts)
        return Skipped("diagram", say("Architecture"), reason)
    blocks, too_large = blocks_below(structures, top[0])
    pages: tuple[Page, ...] = ()
    known = frozenset(blocks)
    for _ in range(2):  # the second time without links to what found no page
        panels = [panel("", trace.name, "", *top, known)]
        panels += [block_panel(structures, digest, blocks[digest], known) for digest in blocks if digest in known]
        pages = paginate(panels)[: 1 + FIGURES_OF_BLOCKS]
        known = frozenset(placed.digest for page in pages for placed, _, _ in page.panels)
    return Drawing(pages, too_large + len(blocks) - len(known - {""}))


def overview(structures: Structures) -> tuple[Scheme, Placed] | None:
    """The model itself, opened as far as a page allows."""
    for limit in OVERVIEW_ITEMS:
        found = fitted(structures, (0,), (structures.overview(limit),), WIDTH - PATHS - 4)
        if found:
            return found
    return None


def blocks_below(structures: Structures, top: Scheme) -> tuple[dict[str, tuple[Scheme, Placed]], int]:
    """Every structure that the overview or another structure names, in order of appearance; how many are too large."""
    found: dict[str, tuple[Scheme, Placed]] = {}
    too_large: set[str] = set()
    waiting = targets(top)
    while waiting:
        digest = waiting.pop(0)
        if digest in found or digest in too_large:
            continue
        calls = structures.calls(digest)
        drawn = fitted(structures, calls, [structures.graph(call) for call in calls], WIDTH - 4)
        if drawn is None:
            too_large.add(digest)
        else:
            found[digest] = drawn
            waiting += targets(drawn[0])
    return found, len(too_large)


def targets(scheme: Scheme) -> list[str]:
    """The structures that a drawing names."""
    return [row.target for card in scheme.cards for row in card.rows if row.target is not None]


def block_panel(structures: Structures, digest: str, drawn: tuple[Scheme, Placed], known: frozenset[str]) -> Panel:
    """One structure with its heading: class, how often, at which output shapes."""
    calls = [structures.tree.call(index) for index in structures.calls(digest)]
    name = f"{calls[0].kind} {structures.letter(digest)}".rstrip()
    title = name + (f" ×{len(calls)}" if len(calls) > 1 else "")
    shapes = Counter(shape_text(call.output_shapes[0]) for call in calls if call.output_shapes)
    many = len(shapes) > 1
    listed = (f"{shape} (×{count})" if count > 1 else shape for shape, count in shapes.items())
    note = series(listed, between=" · ") if many else ""
    return panel(digest, title, note, *drawn, known)


def figure(trace: ModelTrace, number: int, name: str) -> FigureFile | Skipped:
    """Page `number` of the drawing."""
    made = drawing(trace)
    title = say("Architecture") if number == 0 else say("Architecture: blocks")
    if isinstance(made, Skipped):
        return Skipped(name, title, made.reason)
    if number >= len(made.pages):
        return Skipped(name, title, say("Every block is already drawn."))
    page = made.pages[number]
    words = caption(trace, made, number)
    return FigureFile(
        name=name,
        media_type="image/svg+xml",
        data=svg(page, title),
        width=round(WIDTH),
        height=math.ceil(page.height),
        title=title,
        caption=words,
        alt=alternative(trace, page),
        inline=True,
    )


def caption(trace: ModelTrace, made: Drawing, number: int) -> str:
    """What to see, then how to read it."""
    page = made.pages[number]
    blocks = [panel.title for panel, _, _ in page.panels if panel.digest]
    said = []
    if number == 0:
        said.append(summary(trace, page))
    elif blocks:
        said.append(say("Inside the blocks: {names}.", names=", ".join(blocks)))
    skips = sum(len(panel.scheme.skips) for panel, _, _ in page.panels)
    if skips:
        said.append(say_count("The coloured line is an edge that bypasses what stands beside it.",
                              "The {count} coloured lines are edges that bypass what stands beside them.", skips))  # fmt: skip
    if number == 0 and len(blocks) + len(made.pages) > 1:
        said.append(say("Coloured boxes are drawn once each; ×n: so often in a row or, in a heading, in the whole model; "
                        "a·b: settings of one occurrence after the other."))  # fmt: skip
    if made.left_out and number == len(made.pages) - 1:
        said.append(say_count("One further structure is too large to be drawn.",
                              "{count} further structures are not drawn.", made.left_out))  # fmt: skip
    return " ".join(said)


def summary(trace: ModelTrace, page: Page) -> str:
    """The model in one sentence: from which input through which blocks to which output."""
    top = next(panel for panel, _, _ in page.panels if not panel.digest)
    blocks: Counter[str] = Counter()
    for card in top.scheme.cards:
        for row in card.rows:
            if row.target:
                blocks[row.text] += int(card.times.removeprefix("×") or 1)
    shape, output = shape_text(trace.input_shape), ", ".join(shape_text(found) for found in trace.output_shapes[:3])
    if not blocks:
        return say("{model}, from a {shape} input to an output of {output}.",
                   model=labels.clean(trace.name), shape=shape, output=output)  # fmt: skip
    names = ", ".join(f"{name} ×{count}" if count > 1 else name for name, count in blocks.items())
    return say("{model}, from a {shape} input through {blocks} to an output of {output}.",
               model=labels.clean(trace.name), shape=shape, blocks=names, output=output)  # fmt: skip


def alternative(trace: ModelTrace, page: Page) -> str:
    """Every panel in words, row by row."""
    said = []
    for panel_, _, _ in page.panels:
        rows = [words(card) for card in panel_.scheme.cards if card.kind in {"card", "join"}]
        skips = len(panel_.scheme.skips)
        bypass = say_count("; one edge bypasses parts", "; {count} edges bypass parts", skips) if skips else ""
        heading = panel_.title if panel_.digest else say("{model} as a whole", model=labels.clean(trace.name))
        said.append(say("{heading}: {rows}{bypass}.", heading=heading, rows=", then ".join(rows), bypass=bypass))
    return " ".join(said)


def words(card: Card) -> str:
    """A card as a phrase."""
    rows = [" ".join(filter(None, (row.text, f"({row.shape})" if row.shape else ""))) for row in card.rows]
    return " ".join(filter(None, (", ".join(rows), card.times)))


FIGURES = (
    FigureKind("diagram", lambda record: figure(record.trace, 0, "diagram")),
    FigureKind("diagram_blocks", lambda record: figure(record.trace, 1, "diagram_blocks")),
    FigureKind("diagram_blocks_2", lambda record: figure(record.trace, 2, "diagram_blocks_2")),
)
