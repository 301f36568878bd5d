"""What the weights say as matrices: which are broken, unmoved, near zero or collapsed, and how far training went."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reportgen.record.probes.weights import WeightFacts, WeightMatrix
from reportgen.report.components import Figures
from reportgen.report.model import Finding
from reportgen.report.sections.parameters import claims
from reportgen.report.sections.parameters.filter_findings import find_filters
from reportgen.report.sections.parameters.gradient_findings import find_gradients, reached
from reportgen.report.wording import evidence, join_few, quote
from reportgen.text import numerals
from reportgen.text.i18n import _, join_sentences, ngettext

NAME = "parameters"
SMALL_GAIN = 0.01
"""Root mean square × √inputs, what a layer makes of inputs of unit size: below this it is near zero."""
LOW_RANK = 0.1
"""Of the possible; an effective rank below it has collapsed."""
LOST_RANK = 0.25
"""Of the initial one; an effective rank below it has collapsed."""
LEAST_RANK = 20
"""The smaller side from which on a rank can collapse; that of a classifier of few classes can't."""
CHANGED_RANK = 0.05
"""A change of the effective rank worth a sentence."""
BELOW_RANDOM = 0.1
"""Of the effective rank that independent normal weights of the shape have; less than that below it says nothing: the
smallest of a hundred random matrices of 20 rows and columns lies six hundredths below."""
HARDLY = 0.01
"""Of the median way; a matrix that moved less stood still."""
POINTS = 2000
"""Of the integral over singular values."""
FEWEST = 3
"""Matrices from which on a median of them means something."""


def find_parameters(facts: WeightFacts, figures: Figures) -> list[Finding]:
    """The findings of this section, in the order of the text."""
    images, lines = evidence(figures, "weights_matrices", NAME), evidence(figures, "weights_layers", NAME)
    collapsed = find_collapse(facts, lines)
    found = [
        find_broken(facts, images),
        find_unmoved(facts, lines),
        find_small(facts, lines),
        collapsed,
        *find_gradients(facts, evidence(figures, "weights_gradient", NAME)),
        *find_filters(facts, images),
        find_way(facts, lines),
        None if collapsed else find_rank(facts, lines),
    ]
    return [finding for finding in found if finding is not None]


def list_matrices(matrices: Sequence[WeightMatrix]) -> str:
    """A few matrices by their names, and how many more there are."""
    return join_few([quote(matrix.name) for matrix in matrices])


def median(values: Sequence[float]) -> float:
    """The middle one, or the mean of the two in the middle."""
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def find_broken(facts: WeightFacts, anchor: str) -> Finding | None:
    """Matrices that hold values which are no numbers."""
    broken = [matrix for matrix in facts.matrices if not matrix.finite]
    if not broken:
        return None
    text = ngettext(
        "{count} matrix holds values that are not finite, and no other number of it is known: {names}.",
        "{count} matrices hold values that are not finite, and no other number of them is known: {names}.",
        len(broken),
        names=list_matrices(broken),
    )
    return claims.BROKEN.finding(text, 0.95, anchor, "bad")


def find_unmoved(facts: WeightFacts, anchor: str) -> Finding | None:
    """Matrices that training left where they were: trainable and yet as before, or nearly so, or frozen."""
    able = [matrix for matrix in facts.matrices if matrix.trainable and matrix.initial is not None]
    still = [matrix for matrix in able if matrix.still]
    if still and len(still) == len(able):
        return claims.UNMOVED.finding(
            _("Training changed none of the matrices: all are exactly as they were."), 0.9, anchor, "bad"
        )
    if still:
        text = ngettext(
            "{count} trainable matrix is exactly as it was before training: {names}.",
            "{count} trainable matrices are exactly as they were before training: {names}.",
            len(still),
            names=list_matrices(still),
        )
        if facts.sampled is not None and not any(map(reached, still)):
            text = join_sentences([text, _("No gradient reaches any of them.")])
        return claims.UNMOVED.finding(text, 0.8, anchor, "bad")
    return find_hardly(able, anchor) or find_frozen(facts, anchor)


def find_hardly(able: Sequence[WeightMatrix], anchor: str) -> Finding | None:
    """Matrices whose way is a small share of the median way."""
    ways = [matrix.moved for matrix in able if matrix.moved is not None]
    middle = median(ways) if len(ways) >= FEWEST else 0.0
    slow = [matrix for matrix in able if matrix.moved is not None and matrix.moved < HARDLY * middle]
    if not slow:
        return None
    text = ngettext(
        "{count} trainable matrix hardly moved in training, less than {share} of the median distance ({middle} of "
        "the initial norm): {names}.",
        "{count} trainable matrices hardly moved in training, less than {share} of the median distance ({middle} of "
        "the initial norm): {names}.",
        len(slow),
        share=numerals.percent(HARDLY),
        middle=numerals.percent(middle),
        names=list_matrices(slow),
    )
    return claims.HARDLY_MOVED.finding(text, 0.55, anchor, "caution")


def find_frozen(facts: WeightFacts, anchor: str) -> Finding | None:
    """Frozen matrices, which are as they were because they were meant to be."""
    frozen = [matrix for matrix in facts.matrices if not matrix.trainable and matrix.still]
    if not frozen:
        return None
    text = ngettext(
        "{count} frozen matrix did not move: {names}.",
        "{count} frozen matrices did not move: {names}.",
        len(frozen),
        names=list_matrices(frozen),
    )
    return claims.FROZEN.finding(text, 0.15, anchor)


def compute_gain(matrix: WeightMatrix) -> float | None:
    """Size of what a row gives for inputs of unit size: root mean square × √columns."""
    return None if matrix.final is None else matrix.final.norm / matrix.rows**0.5


def find_small(facts: WeightFacts, anchor: str) -> Finding | None:
    """Layers that give next to nothing: all zero, or of a small gain that no normalisation after them makes up for."""
    small = []
    for matrix in facts.matrices:
        size = compute_gain(matrix)
        if matrix.dead is not None and size is not None and (size == 0 or (matrix.muted is None and size < SMALL_GAIN)):
            small.append((size, matrix))
    if not small:
        return None
    least, which = min(small, key=lambda item: item[0])
    text = ngettext(
        "{count} layer is near zero: {names}; {which} scales inputs of unit size to {least} (below {limit} counts).",
        "{count} layers are near zero: {names}; {which} scales inputs of unit size to {least} (below {limit} counts).",
        len(small),
        names=list_matrices([matrix for _unused, matrix in small]),
        which=quote(which.name),
        least=numerals.significant(least, 2),
        limit=numerals.general(SMALL_GAIN),
    )
    if len(small) == 1:
        text = _(
            "One layer is near zero: {name} scales inputs of unit size to {least} (below {limit} counts).",
            name=quote(which.name),
            least=numerals.significant(least, 2),
            limit=numerals.general(SMALL_GAIN),
        )
    return claims.NEAR_ZERO.finding(text, 0.6, anchor, "caution")


def find_collapse(facts: WeightFacts, anchor: str) -> Finding | None:
    """Matrices whose effective rank is far below the initial or the possible one."""
    collapsed = [matrix for matrix in facts.matrices if has_collapsed(matrix)]
    if not collapsed:
        return None
    worst = min(collapsed, key=lambda matrix: (rank_of(matrix) or 0.0) / matrix.least_side)
    text = ngettext(
        "The rank of {count} matrix has collapsed: {worst}.",
        "The rank of {count} matrices has collapsed; lowest is {worst}.",
        len(collapsed),
        worst=rank_text(worst),
    )
    return claims.COLLAPSED.finding(text, 0.6, anchor, "caution")


def rank_of(matrix: WeightMatrix) -> float | None:
    """The effective rank of the final weights; None where it was not computed or they are all zero."""
    return matrix.final.effective_rank or None if matrix.final is not None else None


def initial_rank(matrix: WeightMatrix) -> float | None:
    """That of the initial weights."""
    return matrix.initial.effective_rank or None if matrix.initial is not None else None


def has_collapsed(matrix: WeightMatrix) -> bool:
    """Whether few directions are left of a matrix that could have many."""
    now, before = rank_of(matrix), initial_rank(matrix)
    if now is None or matrix.least_side < LEAST_RANK:
        return False
    return now < LOW_RANK * matrix.least_side or (before is not None and now < LOST_RANK * before)


def rank_text(matrix: WeightMatrix) -> str:
    """The effective rank of a matrix against the initial and the possible one."""
    now, before = numerals.significant(rank_of(matrix), 3), initial_rank(matrix)
    values = {"name": quote(matrix.name), "now": now, "most": numerals.count(matrix.least_side)}
    if before is None:
        return _(
            "{name} with an effective rank of {now} of {most}",
            name=values["name"],
            now=values["now"],
            most=values["most"],
        )
    start = numerals.significant(before, 3)
    return _(
        "{name} with an effective rank of {now} of {most}, from {start} initially",
        start=start,
        name=values["name"],
        now=values["now"],
        most=values["most"],
    )


def find_rank(facts: WeightFacts, anchor: str) -> Finding | None:
    """Where training lowered the effective rank most; without training, where it is lowest against the possible."""
    able = [matrix for matrix in facts.matrices if rank_of(matrix) and matrix.least_side >= LEAST_RANK]
    if not able:
        return None
    if not facts.trained:
        return find_lowest(able, anchor)
    falls = [((rank_of(matrix) or 0.0) / before, matrix) for matrix in able if (before := initial_rank(matrix))]
    if not falls:
        return None
    share, most = min(falls, key=lambda item: item[0])
    if share > 1 - CHANGED_RANK:
        text = _(
            "No rank has collapsed: of the {known} with at least {least} rows and columns none has an effective rank "
            "more than {some} below its initial one.",
            known=count_known([matrix for _share, matrix in falls]),
            least=LEAST_RANK,
            some=numerals.percent(CHANGED_RANK),
        )
        return claims.RANKS_KEPT.finding(text, 0.1, anchor)
    text = _(
        "Of the {known} with at least {least} rows and columns, training lowered the effective rank of {name} most: to "
        "{now} of {most}, from {start} initially.",
        known=count_known([matrix for _share, matrix in falls]),
        least=LEAST_RANK,
        name=quote(most.name),
        now=numerals.significant(rank_of(most) or 0.0, 3),
        most=numerals.count(most.least_side),
        start=numerals.significant(initial_rank(most) or 0.0, 3),
    )
    return claims.RANK_FELL.finding(text, 0.2, anchor)


def find_lowest(able: Sequence[WeightMatrix], anchor: str) -> Finding:
    """The effective rank that is lowest against that of random weights, where it is below what these have."""
    ratios = [((rank_of(matrix) or 0.0) / random_rank(matrix), matrix) for matrix in able]
    share, lowest = min(ratios, key=lambda item: item[0])
    if share > 1 - BELOW_RANDOM:
        text = _(
            "No rank has collapsed: of the {known} with at least {least} rows and columns none has an effective rank "
            "more than {some} below that of independent normal weights of its shape.",
            known=count_known(able),
            least=LEAST_RANK,
            some=numerals.percent(BELOW_RANDOM),
        )
        return claims.RANKS_RANDOM.finding(text, 0.1, anchor)
    text = _(
        "No rank has collapsed; of the {known} with at least {least} rows and columns, the lowest relative to "
        "independent normal weights of the same shape is {worst}, where random ones have {random}.",
        known=count_known(able),
        least=LEAST_RANK,
        worst=rank_text(lowest),
        random=numerals.significant(random_rank(lowest), 3),
    )
    return claims.LOWEST_RANK.finding(text, 0.1, anchor)


def random_rank(matrix: WeightMatrix) -> float:
    """The effective rank of independent normal weights of a matrix's shape, by the distribution of their singular
    values (Marchenko and Pastur 1967), to a hundredth from 20 rows and columns on."""
    share = min(matrix.rows, matrix.columns) / max(matrix.rows, matrix.columns)
    angles = (np.arange(POINTS) + 0.5) * np.pi / POINTS
    eigenvalues = 1 + share - 2 * share**0.5 * np.cos(angles)
    values, weights = np.sqrt(eigenvalues), np.sin(angles) ** 2 / eigenvalues
    weights /= weights.sum()
    parts = values / (weights * values).sum()
    return float(matrix.least_side * np.exp(-(weights * parts * np.log(parts)).sum()))


def count_known(matrices: Sequence[WeightMatrix]) -> str:
    """How many matrices a sentence on ranks is about: those whose singular values were computed."""
    return ngettext("{count} matrix of known rank", "{count} matrices of known rank", len(matrices))


def find_way(facts: WeightFacts, anchor: str) -> Finding | None:
    """How far training moved the matrices, and which one most."""
    ways = [(matrix.moved, matrix) for matrix in facts.matrices if matrix.moved]
    if len(ways) < FEWEST:
        return None
    far, most = max(ways, key=lambda item: item[0])
    near, least = min(ways, key=lambda item: item[0])
    text = _(
        "In training the matrices moved by {middle} of their initial norm in the median, {most} most "
        "({far}) and {least} least ({near}).",
        middle=numerals.percent(median([way for way, _name in ways])),
        most=quote(most.name),
        far=numerals.percent(far),
        least=quote(least.name),
        near=numerals.percent(near),
    )
    return claims.DISTANCE.finding(text, 0.2, anchor)
