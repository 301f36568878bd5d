"""Layout: nothing overlaps, lines are square and meet their cards, positions are the best under the order."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.isotonic import IsotonicRegression

from reportgen.figures._diagram.cards import Scheme
from reportgen.figures._diagram.layout import Box, crossings, layered, settled
from reportgen.figures._diagram.pages import BETWEEN, HEIGHT, UNDER, WIDTH, paginate
from reportgen.figures._diagram.paint import Panel
from reportgen.figures._diagram.routes import place
from reportgen.report.canvas import Canvas

Graph = tuple[list[Box], list[tuple[int, int]]]


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Connected graphs with edges from lower to higher index, and cards of many sizes."""
    count = draw(st.integers(2, 10))
    boxes = [
        Box(draw(st.integers(18, 200)), draw(st.integers(18, 90)), joins=draw(st.booleans())) for _ in range(count)
    ]
    edges = {(draw(st.integers(0, b - 1)), b) for b in range(1, count)}
    edges |= {pair for pair in combinations(range(count), 2) if draw(st.integers(0, 5)) == 0}
    return boxes, sorted(edges)


@pytest.mark.slow
@given(graphs())
@settings(max_examples=150, deadline=None)
def test_cards_never_overlap_and_lie_inside(graph: Graph) -> None:
    boxes, edges = graph
    placed = place(boxes, edges)
    frames = [(x, y, x + box.width, y + box.height) for box, (x, y) in zip(boxes, placed.corners, strict=True)]
    for a, b in combinations(frames, 2):
        assert a[2] <= b[0] + 1e-6 or b[2] <= a[0] + 1e-6 or a[3] <= b[1] + 1e-6 or b[3] <= a[1] + 1e-6
    assert min(frame[0] for frame in frames) >= -1e-6
    assert max(frame[2] for frame in frames) <= placed.width + 1e-6
    assert max(frame[3] for frame in frames) <= placed.height + 1e-6


@pytest.mark.slow
@given(graphs())
@settings(max_examples=150, deadline=None)
def test_every_edge_has_a_line_from_card_to_card(graph: Graph) -> None:
    boxes, edges = graph
    placed = place(boxes, edges)
    assert len(placed.lines) == len(edges)
    for (a, b), points in zip(edges, placed.lines, strict=True):
        (ax, ay), (bx, by) = placed.corners[a], placed.corners[b]
        assert points[0] == pytest.approx((ax + boxes[a].width / 2, ay + boxes[a].height))
        end_x, end_y = points[-1]
        top = end_y == pytest.approx(by) and end_x == pytest.approx(bx + boxes[b].width / 2)
        side = boxes[b].joins and end_y == pytest.approx(by + boxes[b].height / 2)
        assert top or (side and (end_x == pytest.approx(bx) or end_x == pytest.approx(bx + boxes[b].width)))
        for one, other in pairwise(points):
            assert min(abs(one[0] - other[0]), abs(one[1] - other[1])) < 0.7
            assert other[1] >= one[1] - 1e-6


@pytest.mark.slow
@given(graphs())
@settings(max_examples=150, deadline=None)
def test_no_line_runs_through_a_card(graph: Graph) -> None:
    boxes, edges = graph
    placed = place(boxes, edges)
    for (a, b), points in zip(edges, placed.lines, strict=True):
        for node, (x, y) in enumerate(placed.corners):
            if node in {a, b}:
                continue
            for one, other in pairwise(points):
                left, right = sorted((one[0], other[0]))
                outside = right <= x + 1 or left >= x + boxes[node].width - 1
                assert outside or other[1] <= y + 1 or one[1] >= y + boxes[node].height - 1


@given(graphs())
@settings(max_examples=60, deadline=None)
def test_layers_follow_the_edges(graph: Graph) -> None:
    boxes, edges = graph
    found = layered(boxes, edges)
    assert all(found.level[a] < found.level[b] for a, b in edges)
    assert all(found.level[b] == found.level[a] + 1 for a, b in found.links)
    assert sorted(n for layer in found.layers for n in layer) == list(range(len(found.level)))


@given(st.lists(st.tuples(st.floats(-200, 200), st.floats(0.1, 50), st.floats(0, 80)), min_size=1, max_size=9))
def test_positions_are_the_weighted_isotonic_regression(rows: list[tuple[float, float, float]]) -> None:
    wanted, pulls = [row[0] for row in rows], [row[1] for row in rows]
    spaces = [row[2] for row in rows[1:]]
    offsets = np.concatenate([[0.0], np.cumsum(spaces)])
    target = np.array(wanted) - offsets
    reference = IsotonicRegression().fit_transform(np.arange(len(rows)), target, sample_weight=pulls) + offsets
    assert settled(wanted, pulls, spaces) == pytest.approx(list(reference), abs=1e-6)


def test_crossings_are_counted_pair_by_pair() -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        links = [(int(a), 10 + int(b)) for a, b in rng.integers(0, 6, (8, 2))]
        below = {n: [b for a, b in links if a == n] for n in range(16)}
        expected = sum((a[0] - b[0]) * (a[1] - b[1]) < 0 for a, b in combinations(links, 2))
        assert crossings([range(6), range(10, 16)], below) == expected


def test_a_chain_with_a_skip_is_straight_and_the_skip_passes_at_the_side() -> None:
    boxes = [Box(20, 10), Box(120, 60), Box(18, 18, joins=True), Box(20, 10)]
    placed = place(boxes, [(0, 1), (0, 2), (1, 2), (2, 3)])
    middles = {x + box.width / 2 for box, (x, _) in zip(boxes, placed.corners, strict=True)}
    assert max(middles) - min(middles) < 1e-6
    assert max(x for x, _ in placed.lines[1]) > placed.corners[1][0] + 120


@given(st.lists(st.tuples(st.floats(40, 676), st.floats(40, 800)), min_size=1, max_size=12))
def test_panels_stand_apart_on_their_pages(sizes: list[tuple[float, float]]) -> None:
    panels = [Panel(str(i), "", Canvas(), (), w, h, Scheme((), ())) for i, (w, h) in enumerate(sizes)]
    pages = paginate(panels)
    assert sorted(panel.digest for page in pages for panel, _, _ in page.panels) == sorted(p.digest for p in panels)
    for page in pages:
        for panel, x, y in page.panels:
            assert 0 <= x <= WIDTH - panel.width
            assert 0 <= y <= HEIGHT - panel.height
        for (a, ax, ay), (b, bx, by) in combinations(page.panels, 2):
            beside = ax + a.width + BETWEEN <= bx + 1.1 or bx + b.width + BETWEEN <= ax + 1.1
            assert beside or ay + a.height + UNDER <= by + 1.1 or by + b.height + UNDER <= ay + 1.1
