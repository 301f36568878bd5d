"""Whether gradients reach the weights: none, vanishing towards the input, exploding, not finite."""

from __future__ import annotations

import math

from reportgen.record.probes.weights import WeightFacts, WeightMatrix
from reportgen.report.model import Finding
from reportgen.report.sections.parameters import claims
from reportgen.report.wording import join_few, quote
from reportgen.text import numerals
from reportgen.text.i18n import _, ngettext

STEEP = 1e3
"""Ratio of gradient over weight between both ends of the network from which on it vanishes or explodes."""
FEWEST = 4
"""Matrices with a gradient from which on there are two ends."""


def find_gradients(facts: WeightFacts, anchor: str) -> list[Finding | None]:
    """The findings about gradients, where any were computed."""
    if facts.sampled is None:
        return []
    broken = [matrix for matrix in facts.matrices if matrix.gradient is not None and not math.isfinite(matrix.gradient)]
    if broken:
        text = _(
            "The gradient of the mean training loss ({n} images) is not finite in {names}.",
            n=numerals.count(facts.sampled.images),
            names=join_few([quote(matrix.name) for matrix in broken]),
        )
        return [claims.GRADIENT_BROKEN.finding(text, 0.9, anchor, "bad")]
    return [find_none(facts, anchor), find_slope(facts, anchor)]


def reached(matrix: WeightMatrix) -> bool:
    """Whether a gradient gets to the matrix."""
    return bool(matrix.gradient)


def find_none(facts: WeightFacts, anchor: str) -> Finding | None:
    """Trainable matrices of the final model that the loss of the sample does not pull at."""
    empty = [
        matrix
        for matrix in facts.matrices
        if matrix.trainable and matrix.finite and matrix.gradient == 0 and not matrix.still
    ]
    if not empty or facts.sampled is None:
        return None
    text = ngettext(
        "No gradient reaches {count} matrix, whatever of {n} training images is shown: {names}.",
        "No gradient reaches {count} matrices, whatever of {n} training images is shown: {names}.",
        len(empty),
        n=numerals.count(facts.sampled.images),
        names=join_few([quote(matrix.name) for matrix in empty]),
    )
    return claims.NO_GRADIENT.finding(text, 0.7, anchor, "bad")


def relative(matrix: WeightMatrix) -> float | None:
    """Root mean square of the gradient over that of the weights; None where either is zero or unknown."""
    if not matrix.gradient or matrix.final is None or not matrix.final.norm:
        return None
    return float(matrix.gradient * matrix.parameters**0.5 / matrix.final.norm)


def find_slope(facts: WeightFacts, anchor: str) -> Finding | None:
    """How gradient over weight changes from the output to the input: its median in the first and the last quarter."""
    ratios = [ratio for matrix in facts.matrices if (ratio := relative(matrix)) is not None]
    if len(ratios) < FEWEST or facts.sampled is None:
        return None
    end = max(1, len(ratios) // 4)
    first, last = middle(ratios[:end]), middle(ratios[-end:])
    values = {
        "n": numerals.count(facts.sampled.images),
        "matrices": _("first and last matrix")
        if end == 1
        else ngettext("first and last {count} matrix", "first and last {count} matrices", end),
    }
    if last > STEEP * first:
        text = _(
            "Gradients vanish towards the input: relative to the weights they are {times} times smaller there than at "
            "the output ({matrices}, mean loss of {n} training images).",
            times=numerals.significant(last / first, 2),
            matrices=values["matrices"],
            n=values["n"],
        )
        return claims.GRADIENTS_VANISH.finding(text, 0.65, anchor, "caution")
    if first > STEEP * last:
        text = _(
            "Gradients explode towards the input: relative to the weights they are {times} times larger there than at "
            "the output ({matrices}, mean loss of {n} training images).",
            times=numerals.significant(first / last, 2),
            matrices=values["matrices"],
            n=values["n"],
        )
        return claims.GRADIENTS_EXPLODE.finding(text, 0.65, anchor, "caution")
    text = _(
        "Gradients neither vanish nor explode: relative to the weights they are {times} times as large at the "
        "input as at the output ({matrices}, mean loss of {n} training images).",
        times=numerals.significant(first / last, 2),
        matrices=values["matrices"],
        n=values["n"],
    )
    return claims.GRADIENTS_EVEN.finding(text, 0.1, anchor)


def middle(values: list[float]) -> float:
    """The geometric mean of the one or two in the middle: sizes differ by factors."""
    ordered = sorted(values)
    return math.sqrt(ordered[(len(ordered) - 1) // 2] * ordered[len(ordered) // 2])
