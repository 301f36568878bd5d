"""Panels on pages: the overview first, each structure where there is room, links and anchors between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reportgen.figures._diagram.paint import Panel
from reportgen.figures._diagram.text import FONT
from reportgen.report.canvas import Canvas, open_canvas
from reportgen.report.model import NARROW, FigureFile
from reportgen.report.style import PAPER, families

WIDTH, HEIGHT = 680.0, 860.0
"""A page of the report with room left for a caption, CSS pixels."""
BETWEEN, UNDER = 28.0, 26.0
"""Between panels, sideways and downwards."""


@dataclass(frozen=True)
class Page:
    """Panels with their places."""

    panels: tuple[tuple[Panel, float, float], ...]

    @property
    def height(self) -> float:
        """Pixels, down to the lowest panel."""
        return max((y + panel.height for panel, _, y in self.panels), default=0.0) + 2

    @property
    def width(self) -> float:
        """Pixels: to the right end of the last panel where another figure has room beside it, else the text's."""
        right = max((x + panel.width for panel, x, _ in self.panels), default=WIDTH) + 2
        return right if right <= NARROW else WIDTH


def paginate(panels: Sequence[Panel]) -> tuple[Page, ...]:
    """Put the panels, in order, on as few pages as a simple filling finds."""
    pages: list[list[tuple[Panel, float, float]]] = []
    for panel in panels:
        for page in pages:
            spot = room(page, panel)
            if spot is not None:
                page.append((panel, *spot))
                break
        else:
            pages.append([(panel, 0.0, 0.0)])
    return tuple(Page(tuple(page)) for page in pages)


def room(page: Sequence[tuple[Panel, float, float]], panel: Panel) -> tuple[float, float] | None:
    """The highest, then leftmost free place on a page; None when it is full."""
    half = {(WIDTH + BETWEEN) / 2} if panel.width <= (WIDTH - BETWEEN) / 2 else set()
    lefts = sorted({0.0, *half, *(x + other.width + BETWEEN for other, x, _ in page)})
    tops = sorted({0.0, *(y + other.height + UNDER for other, _, y in page)})
    for y in tops:
        for x in lefts:
            if x + panel.width <= WIDTH - 2 and y + panel.height <= HEIGHT and free(page, panel, x, y):
                return x, y
    return None


def free(page: Sequence[tuple[Panel, float, float]], panel: Panel, x: float, y: float) -> bool:
    """True when the panel, with its margins, touches no other."""
    return all(
        x >= ox + other.width + BETWEEN - 1
        or ox >= x + panel.width + BETWEEN - 1
        or y >= oy + other.height + UNDER - 1
        or oy >= y + panel.height + UNDER - 1
        for other, ox, oy in page
    )


def draw_page(page: Page) -> Canvas:
    """The page as a drawing; links are transparent areas above it."""
    canvas = open_canvas(page.height, page.width, families(FONT))
    canvas.add("rect", width=page.width, height=page.height, fill=PAPER)
    for panel, x, y in page.panels:
        holder = canvas.group(x, y)
        holder.put(panel.drawing)
        for link in panel.links:
            anchor = holder.add("a", href=f"#{panel.ids}-{link.target}", aria_label=link.label)
            anchor.add(
                "rect", x=link.x, y=link.y, width=link.width, height=link.height, fill="none", pointer_events="all"
            )
    return canvas


def page_figure(page: Page, name: str, title: str, caption: str, alt: str) -> FigureFile:
    """The page as a figure that stands in the report itself, so that its links work."""
    return draw_page(page).figure(name, (title, caption, alt))
