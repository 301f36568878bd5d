"""The pages of one model: what the overview opens, which structures follow, how much detail fits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from reportgen.figures._diagram import labels
from reportgen.figures._diagram.cards import SMALL, Scheme, Style
from reportgen.figures._diagram.compose import compose
from reportgen.figures._diagram.graph_items import Graph
from reportgen.figures._diagram.labels import series, shape_text
from reportgen.figures._diagram.layout import Box
from reportgen.figures._diagram.pages import HEIGHT, WIDTH, Page, paginate
from reportgen.figures._diagram.paint import LEAST, PATHS, Panel, panel
from reportgen.figures._diagram.routes import Placed, place
from reportgen.figures._diagram.structure import Structures
from reportgen.figures._diagram.text import clean, shorten
from reportgen.figures._diagram.tree import build_tree
from reportgen.figures._diagram.writer import NAME_LIMIT, Writer
from reportgen.record.trace import ModelTrace
from reportgen.report.model import Skipped
from reportgen.text.i18n import _
from reportgen.text.widths import text_width

NARROW = 312.0
"""Panels of at most this width stand side by side, two in a row."""
OVERVIEW_ITEMS = (40, 24, 14, 8)
"""How many items the overview may open into; the first that fits on a page is taken."""
LARGEST = 90
"""Structures with more cards are not drawn."""
MOST_COLUMNS = 6
"""So many cards stand side by side at most; what is higher than as many pages is not laid out."""
HEADING = 50
"""Room for a drawing's heading, pixels."""
DENSEST = 3
"""Nor are those with more edges a card: nobody could follow them."""
FIGURES_OF_BLOCKS = 2


@dataclass(frozen=True)
class Drawing:
    """All pages of one model and what they leave out."""

    pages: tuple[Page, ...]
    left_out: int
    """Structures that are too large, or for which there is no page."""


@dataclass(frozen=True)
class Overview:
    """The drawing of the model as a whole."""

    graph: Graph
    scheme: Scheme
    placed: Placed


def boxes(scheme: Scheme) -> list[Box]:
    """The cards as the layout sees them."""
    late = {"side", "const"}
    return [Box(card.width, card.height, card.kind == "join", card.kind in late) for card in scheme.cards]


@lru_cache(maxsize=1)
def drawing(trace: ModelTrace) -> Drawing | Skipped:
    """The whole diagram of a model; kept, because three figures show it."""
    structures = Structures(build_tree(trace)) if trace.modules else None
    if structures is None or not structures.graph(0).body():
        return Skipped("diagram", _("Architecture"), _("The trace holds no operator between input and output."))
    made = Draft(structures).drawing()
    if made is not None:
        return made
    parts = len(structures.graph(0).body())
    reason = _("The model has {count} parallel parts, too many for one page.", count=parts)
    return Skipped("diagram", _("Architecture"), reason)


@dataclass(frozen=True)
class Draft:
    """A drawing of structures under way: the architecture's, or another graph's that is laid out the same way."""

    structures: Structures
    ids: str = "dg"
    """Beginning of the ids that links lead to."""
    most_pages: int = 1 + FIGURES_OF_BLOCKS

    def scheme(self, calls: Sequence[int], graphs: Sequence[Graph], style: Style) -> Scheme:
        """Cards and edges of one structure in one style."""
        return compose(Writer(self.structures, tuple(calls), tuple(graphs), style))

    def drawing(self, beside: Sequence[Panel] = ()) -> Drawing | None:
        """The overview, what stands beside it, and every block on as few pages as there may be; None where the
        overview fits on none."""
        top = self.overview()
        if top is None:
            return None
        blocks, too_large = self.blocks_below(top.graph)
        pages: tuple[Page, ...] = ()
        known = frozenset(blocks)
        name = clean(self.structures.tree.trace.name)
        for _unused in range(2):  # the second time without links to what found no page
            panels = [panel("", name, "", top.scheme, top.placed, known, self.ids), *beside]
            panels += [self.block_panel(digest, blocks[digest], known) for digest in blocks if digest in known]
            pages = paginate(panels)[: self.most_pages]
            known = frozenset(placed.digest for page in pages for placed, _unused, _unused in page.panels)
        return Drawing(pages, too_large + len(blocks) - len(known & set(blocks)))

    def overview(self) -> Overview | None:
        """The model itself, opened as far as a page allows."""
        room = WIDTH - PATHS - 4
        graphs = list(dict.fromkeys(self.structures.overview(limit) for limit in OVERVIEW_ITEMS))
        for graph in graphs:
            found = self.fitted((0,), (graph,), room)
            if found:
                return Overview(graph, *found)
        style = Style(labels.RANGES, shapes=True, elide=True)
        found = self.attempt((0,), graphs[-1:], style, room)
        return Overview(graphs[-1], *found) if found else None

    def fitted(self, calls: Sequence[int], graphs: Sequence[Graph], room: float) -> tuple[Scheme, Placed] | None:
        """The structure with as much detail as fits, narrow if that costs only shapes and lists; None if it can't."""
        full, ranges = Style(labels.FULL_LISTS, shapes=True), Style(labels.RANGES, shapes=True)
        tries = [(min(NARROW, room), full), (min(NARROW, room), ranges), (room, full), (room, ranges)]
        tries += [(room, Style(detail, shapes=False)) for detail in (labels.FULL_LISTS, labels.RANGES)]
        tries += [
            (room, Style(detail, shapes=False, wrap=True)) for detail in range(labels.RANGES, labels.KIND_ONLY + 1)
        ]
        tries.append((room, Style(labels.RANGES, shapes=True, stacked=True)))
        made = (self.attempt(calls, graphs, replace(style, stages=calls[0] == 0), width) for width, style in tries)
        return next((drawn for drawn in made if drawn), None)

    def attempt(
        self, calls: Sequence[int], graphs: Sequence[Graph], style: Style, width: float
    ) -> tuple[Scheme, Placed] | None:
        """The structure in one style; None if it is too large for a page or too dense to be followed."""
        scheme = self.scheme(calls, graphs, style)
        if len(scheme.cards) > LARGEST or len(scheme.edges) > DENSEST * len(scheme.cards):
            return None
        if sum(card.height for card in scheme.cards if card.kind == "card") > HEIGHT * MOST_COLUMNS:
            return None
        placed = place(boxes(scheme), scheme.edges, one_each=style.stacked)
        return (scheme, placed) if placed.width <= width and placed.height <= HEIGHT - HEADING else None

    def blocks_below(self, top: Graph) -> tuple[dict[str, tuple[Scheme, Placed]], int]:
        """Every structure that the overview or another structure names, in order of appearance; how many are too
        large."""
        found: dict[str, tuple[Scheme, Placed]] = {}
        too_large: set[str] = set()
        waiting = self.named(top)
        while waiting:
            digest = waiting.pop(0)
            if digest in found or digest in too_large:
                continue
            calls = self.structures.calls(digest)
            drawn = self.fitted(calls, [self.structures.graph(call) for call in calls], WIDTH - 4)
            if drawn is None:
                too_large.add(digest)
            else:
                found[digest] = drawn
                waiting += self.named(self.structures.graph(calls[0]))
        return found, len(too_large)

    def named(self, graph: Graph) -> list[str]:
        """The structures that a graph names, in order."""
        calls = [part[0] for item in graph.items if item.role == "call" for part in item.parts]
        return [self.structures.digest(call) for call in calls if not self.structures.tree.is_row(call)]

    def block_panel(self, digest: str, drawn: tuple[Scheme, Placed], known: frozenset[str]) -> Panel:
        """One structure with its heading: class, how often, at which output shapes."""
        calls = [self.structures.tree.call(index) for index in self.structures.calls(digest)]
        name = f"{shorten(calls[0].kind, NAME_LIMIT, SMALL)} {self.structures.letter(digest)}".rstrip()
        title = name + (f" ×{len(calls)}" if len(calls) > 1 else "")
        shapes = Counter(shape_text(call.output_shapes[0]) for call in calls if call.output_shapes)
        counted = [f"{shape} (×{count})" if count > 1 else shape for shape, count in shapes.items()]
        notes = [series(counted, between=" · "), series(shapes, between=" · "), series(shapes, 1)]
        note = next((note for note in notes if text_width(note, SMALL) <= LEAST), "") if len(shapes) > 1 else ""
        return panel(digest, title, note, *drawn, known, self.ids)
