"""What the figures of section 3 share: names and numbers of the matrices, the two moments, images on one scale."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from numpy.typing import NDArray

from reportgen.figures._style import Sheet, squeeze
from reportgen.record.probes import why_missing
from reportgen.record.probes.weights import IMAGE_SPREADS, MatrixNumbers, WeightFacts, WeightMatrix
from reportgen.record.run import RunRecord
from reportgen.report.model import Skipped
from reportgen.report.style import ACCENT, PAPER, SOFT
from reportgen.text import numerals
from reportgen.text.i18n import _, ngettext

NEGATIVE = "#8a3a7d"
SIGNED = LinearSegmentedColormap.from_list("signed", (NEGATIVE, "#d9b8d3", PAPER, "#a9cfcb", ACCENT), N=255)
"""Negative, zero, positive: zero is paper."""
LEVELS = 15
"""Colours of an image; odd, so that one of them is zero. Few, because noise in many would weigh too much."""
BEFORE, AFTER = SOFT, ACCENT
Grid = NDArray[np.float64]


def find_weights(record: RunRecord, name: str, title: str) -> WeightFacts | Skipped:
    """What the probe found, or why there is nothing to draw."""
    facts = record.probes.weights if record.probes is not None else None
    if facts is None:
        return Skipped(name, title, why_missing(record.probes, "weights"))
    return facts


def find_finite(record: RunRecord, name: str, title: str) -> WeightFacts | Skipped:
    """What the probe found, or why there is nothing to draw; a training that diverged can leave no number at all."""
    facts = find_weights(record, name, title)
    if isinstance(facts, WeightFacts) and all(matrix.final is None for matrix in facts.matrices):
        return Skipped(name, title, _("Every matrix holds values that are not finite."))
    return facts


def label(facts: WeightFacts, place: int, most: int) -> str:
    """Number and name of a matrix; with a number of one digit the name has at most `most` characters."""
    number = str(place + 1)
    name = squeeze(plain_name(facts.matrices[place]), most + 1 - len(number), plain_names(facts))
    return f"{number}\u2002{name}"


def plain_names(facts: WeightFacts) -> tuple[str, ...]:
    """Those of all matrices."""
    return tuple(plain_name(matrix) for matrix in facts.matrices)


def plain_name(matrix: WeightMatrix) -> str:
    """The parameter's name without the last part that nearly all have."""
    return matrix.name.removesuffix(".weight") or matrix.name


def series(
    facts: WeightFacts, places: Sequence[int], value: Callable[[MatrixNumbers, WeightMatrix], float | None]
) -> dict[str, Grid]:
    """A number of each matrix at each moment, not a number where it is not known; shape (places,) by moment."""
    found: dict[str, Grid] = {}
    for moment in facts.moments:
        rows = []
        for place in places:
            matrix = facts.matrices[place]
            numbers = matrix.initial if moment == "initial" else matrix.final
            known = value(numbers, matrix) if numbers is not None else None
            rows.append(np.nan if known is None else known)
        found[moment] = np.array(rows, dtype=np.float64)
    return found


def colour_of(moment: str) -> str:
    """Grey before, accent after training."""
    return BEFORE if moment == "initial" else AFTER


def count_matrices(n: int) -> str:
    """So many matrices, inside a sentence."""
    return ngettext("{count} matrix", "{count} matrices", n)


def moments_text(facts: WeightFacts) -> str:
    """What the two colours are, or that there is only one."""
    if facts.trained:
        return _("Grey: initial weights; colour: after training.")
    return _("Nothing was trained in this run, so there are no initial weights.")


def thinned_text(facts: WeightFacts) -> str:
    """How many of the matrices are shown and which; empty where all are."""
    if len(facts.shown) == len(facts.matrices):
        return ""
    return _(
        "{shown} of {count} matrices are shown: the first, the last, and the largest of every run of neighbours.",
        shown=numerals.count(len(facts.shown)),
        count=numerals.count(len(facts.matrices)),
    )


def scale_of(images: NDArray[np.int8]) -> float:
    """Spreads at the end of the colour scale: a whole number that at most one value in fifty lies beyond."""
    beyond = np.quantile(np.abs(images.astype(np.float64)), 0.98) / 127 * IMAGE_SPREADS
    return float(min(max(2.0, np.ceil(beyond)), IMAGE_SPREADS))


def paint(images: NDArray[np.int8], scale: float, step: float = IMAGE_SPREADS / 127) -> NDArray[np.uint8]:
    """Signed images (…, H, W) as colours (…, H, W, 3) in LEVELS steps from −scale to scale; `step` is one unit."""
    half = LEVELS // 2
    level = np.clip(np.round(images.astype(np.float64) * step / scale * half), -half, half).astype(int) + half
    table = (SIGNED(np.linspace(0, 1, LEVELS))[:, :3] * 255).round().astype(np.uint8)
    painted: NDArray[np.uint8] = table[level]
    return painted


def place_panels(paper: Sheet, count: int, columns: int, left: int, below: int, foot: int = 0) -> list[Axes]:
    """Axes in rows of so many, each with `left` CSS pixels for its labels and `below` for its ticks, and `foot` under
    the last row; left to itself matplotlib takes longer to find them a place than to draw them."""
    rows, head, gap = -(-count // columns), 20, 14
    wide = paper.width / columns
    tall = (paper.height - foot) / rows
    found = []
    for index in range(count):
        row, column = divmod(index, columns)
        bottom = paper.height - (row + 1) * tall + below
        box = (column * wide + left, bottom, wide - left - gap, tall - below - head)
        shares = (box[0] / paper.width, box[1] / paper.height, box[2] / paper.width, box[3] / paper.height)
        found.append(paper.figure.add_axes(shares))
    return found
