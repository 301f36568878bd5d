"""The features before the last layer in two dimensions: a point an image, coloured by class, errors by shape.

By matplotlib, a path a class: seaborn's scatter plot is an element for each of 1,200 points, five times the bytes.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from numpy.typing import NDArray

from reportgen.figures._style import bare, sheet, shorten
from reportgen.figures._table import write_csv
from reportgen.plugins import FigureKind
from reportgen.record.probes import why_missing
from reportgen.record.probes.explanations import Embedding, EmbeddingFacts
from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.report.model import FigureFile, Skipped
from reportgen.report.style import CLASSES, INK, PAPER, SOFT
from reportgen.text import numerals
from reportgen.text.i18n import _, join_sentences, ngettext

NAME = "embedding"
MOST = 1200
"""Images drawn: the first of the sample, in which the classes take turns."""
MARGIN = 0.03
MIDDLE, BEYOND = (2, 98), 0.5
"""Percentiles between which the drawing lies, and the share of their distance that it goes beyond them."""
DOT = (((0.0, 0.0), (0.1, 0.0)),)
CROSS = (((-2.2, -2.2), (2.2, 2.2)), ((-2.2, 2.2), (2.2, -2.2)))
"""Strokes of a mark, points from its middle; round ends make a dot of the shortest."""
APART = (0.14, 0.07)
"""Shares of the width and height of the drawing between two names that would otherwise cover each other."""
ROUND = re.compile(rb'<path d="[^"]*"[^>]*stroke-linecap: round[^>]*>')
"""The marks; nothing else here has round ends."""
STROKE = re.compile(rb"M ([0-9.-]+) ([0-9.-]+) L ([0-9.-]+) ([0-9.-]+) ?")
Points = NDArray[np.float32]
Labels = NDArray[np.int64]


def method_name(method: Embedding) -> str:
    """What people call a way to two dimensions."""
    return {"pca": _("Principal components"), "tsne": "t-SNE", "umap": "UMAP"}[method]


def draw(subject: Subject) -> FigureFile | Skipped:
    """The embedding that was asked for, and the principal components beside it when that is another."""
    record = subject.record
    title = _("Features in two dimensions")
    facts = record.probes.explanations.embedding if record.probes and record.probes.explanations else None
    if facts is None:
        missing = record.probes is None or record.probes.explanations is None
        reason = why_missing(record.probes, "explanations") if missing else _("The features were not projected.")
        return Skipped(NAME, title, reason)
    arrays = record.arrays
    rows = arrays["explanations.embedding.rows"][:MOST]
    labels = arrays["eval.labels"][rows]
    right = arrays["eval.logits"][rows].argmax(1) == labels
    panels = [(facts.method, arrays["explanations.embedding.xy"][:MOST])]
    panels += [("pca", arrays["explanations.embedding.pca"][:MOST])] if facts.method != "pca" else []
    panels = [(method, pull_in(points)) for method, points in panels]
    moved = int((panels[0][1] != arrays["explanations.embedding.xy"][:MOST]).any(1).sum())
    coloured = choose_classes(labels, right, len(record.data.classes))
    with sheet(NAME, 400 if len(panels) == 1 else 330) as paper:
        for axes, (method, points) in zip(paper.figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
            scatter(axes, points, labels, right, coloured)
            name_classes(axes, points, labels, coloured, record.data.classes)
            if len(panels) > 1 or method != "pca":
                axes.set_title(method_name(method))
            if method == "pca":
                axes.set_xlabel(_("first component, {share} of variance", share=numerals.percent(facts.explained[0])))
                axes.set_ylabel(_("second, {share}", share=numerals.percent(facts.explained[1])))
        told = caption(facts, right, len(coloured), len(record.data.classes), moved)
        data = tabulate(record, panels)
        figure = paper.svg(title, told, describe(facts, right), data)
    return replace(figure, data=ROUND.sub(lambda path: STROKE.sub(short, path[0]), figure.data))


def tabulate(record: RunRecord, panels: list[tuple[Embedding, Points]]) -> str:
    """Every point of each panel where it is drawn, with its image, its class and what it was called."""
    rows = record.arrays["explanations.embedding.rows"][:MOST]
    names, arrays = record.data.classes, record.arrays
    called, labels = arrays["eval.logits"][rows].argmax(1), arrays["eval.labels"][rows]
    ids = arrays["eval.ids"][rows]
    found = [
        (method, ids[place], names[int(labels[place])], names[int(called[place])], *points[place])
        for method, points in panels
        for place in range(len(points))
    ]
    return write_csv(("method", "test image", "class", "called", "x", "y"), found)


def pull_in(points: Points) -> Points:
    """The points (n, 2), those far outside moved to the edge: a few of them would press all others together."""
    low, high = np.percentile(points, MIDDLE, axis=0)
    beyond = BEYOND * (high - low)
    inside: Points = np.clip(points, low - beyond, high + beyond).astype(np.float32)
    return inside


def choose_classes(labels: Labels, right: NDArray[np.bool_], classes: int) -> list[int]:
    """The classes that get a colour, in their order: all, or those with most errors where there are too many."""
    if classes <= len(CLASSES):
        return list(range(classes))
    errors = np.bincount(labels[~right], minlength=classes)
    return sorted(int(label) for label in np.argsort(-errors, kind="stable")[: len(CLASSES)])


def scatter(axes: Axes, points: Points, labels: Labels, right: NDArray[np.bool_], coloured: list[int]) -> None:
    """Dots for right predictions, crosses for wrong ones, in the colour of the true class; a path a class and mark."""
    low, high = points.min(0), points.max(0)
    room = np.maximum(high - low, 1e-9)
    axes.set_xlim(low[0] - MARGIN * room[0], high[0] + MARGIN * room[0])
    axes.set_ylim(low[1] - MARGIN * room[1], high[1] + MARGIN * room[1])
    box = axes.get_window_extent()
    pixel = np.array([room[0] / box.width, room[1] / box.height])
    others = ~np.isin(labels, coloured)
    groups = [(others, SOFT)] + [(labels == label, CLASSES[place]) for place, label in enumerate(coloured)]
    for wanted, strokes, width in ((right, DOT, 3.0), (~right, CROSS, 1.1)):
        for members, colour in groups:
            here = points[members & wanted]
            if len(here):
                path = marks(here, np.array(strokes) * pixel)
                alpha = 0.75 if strokes is DOT else 1.0
                axes.add_patch(
                    PathPatch(path, fill=False, edgecolor=colour, linewidth=width, capstyle="round", alpha=alpha)
                )
    bare(axes)
    axes.set_xticks([])
    axes.set_yticks([])


def short(stroke: re.Match[bytes]) -> bytes:
    """A stroke with a digit after the point and its end told from its beginning: a third of the bytes."""
    left, top, right, bottom = (float(number) for number in stroke.groups())
    if abs(bottom - top) < 0.05:
        return b"M%.1f %.1fh.1" % (left, top)
    return b"M%.1f %.1fl%.1f %.1f" % (left, top, right - left, bottom - top)


def marks(points: Points, strokes: NDArray[np.float64]) -> Path:
    """One path of the same strokes (s, 2, 2), from and to, at each of the points (n, 2)."""
    vertices = points[:, None, None] + strokes[None]
    codes = np.tile([Path.MOVETO, Path.LINETO], vertices.size // 4)
    return Path(vertices.reshape(-1, 2), codes)


def name_classes(axes: Axes, points: Points, labels: Labels, coloured: list[int], names: tuple[str, ...]) -> None:
    """Each coloured class, framed in its colour, at the middle of its points, or below it where another name stands."""
    colours = dict(zip(coloured, CLASSES, strict=False))
    centres = {label: np.median(points[labels == label], axis=0) for label in coloured if (labels == label).any()}
    low, high = points.min(0), points.max(0)
    taken: list[tuple[float, float]] = []
    for label, centre in sorted(centres.items(), key=lambda item: -float(item[1][1])):
        x, y = (float(value) for value in (centre - low) / np.maximum(high - low, 1e-9))
        while any(abs(x - other) < APART[0] and abs(y - line) < APART[1] for other, line in taken):
            y -= APART[1] / 4
        taken.append((x, y))
        text, place = shorten(names[label], 14, names), low + np.array([x, y]) * (high - low)
        background = {"facecolor": PAPER, "alpha": 0.85, "edgecolor": colours[label], "linewidth": 1.5, "pad": 1.5}
        axes.text(place[0], place[1], text, color=INK, ha="center", va="center", bbox=background)


def caption(facts: EmbeddingFacts, right: NDArray[np.bool_], coloured: int, classes: int, moved: int) -> str:
    """How much the image keeps, then what the marks are."""
    both = sum(facts.explained)
    told = [
        _(
            "The first two principal components keep {share} of the variance of {dimensions} features.",
            share=numerals.percent(both),
            dimensions=numerals.count(facts.dimensions),
        )
    ]
    if facts.method != "pca":
        told.append(
            _("{method} preserves neighbourhoods, not distances or cluster sizes.", method=method_name(facts.method))
        )
    told.append(
        _(
            "A point is one of {n} test images before the last layer, coloured by its class; crosses: those that are "
            "misclassified ({wrong}); names: at the middle of each class, in its colour.",
            n=numerals.count(len(right)),
            wrong=numerals.count(int((~right).sum())),
        )
    )
    if moved:
        told.append(
            ngettext(
                "{count} lies farther out and is drawn at the edge.",
                "{count} lie farther out and are drawn at the edge.",
                moved,
            )
        )
    if coloured < classes:
        told.append(_("In colour the {count} classes with most errors; grey the others.", count=coloured))
    return join_sentences(told)


def describe(facts: EmbeddingFacts, right: NDArray[Any]) -> str:
    """What is drawn and how many points."""
    return _(
        "Scatter of {n} test images in two dimensions ({method}), {wrong} of them misclassified; the first two "
        "principal components explain {one} and {two} of the variance.",
        n=numerals.count(len(right)),
        method=method_name(facts.method),
        wrong=numerals.count(int((~right).sum())),
        one=numerals.percent(facts.explained[0]),
        two=numerals.percent(facts.explained[1]),
    )


FIGURE = FigureKind(NAME, draw)
