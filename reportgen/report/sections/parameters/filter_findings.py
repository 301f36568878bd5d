"""What the rows of the weights say, each a filter or a unit: dead, switched off, there twice; and exact zeros."""

from __future__ import annotations

from collections.abc import Callable
from statistics import NormalDist

from reportgen.record.probes.weights import DEAD, LEAST_COLUMNS, TWIN, WeightFacts, WeightMatrix
from reportgen.report.model import Finding
from reportgen.report.sections.parameters import claims
from reportgen.report.wording import join_few, quote
from reportgen.text import numerals
from reportgen.text.i18n import _, ngettext

SPARSE = 0.01
"""Share of exact zeros worth a sentence."""
SIGNIFICANT = 0.05
MANY = 0.1
"""Of all rows; from such a share on a fault of the rows is as heavy as it gets."""
Count = Callable[[WeightMatrix], int | None]


def find_filters(facts: WeightFacts, anchor: str) -> list[Finding | None]:
    """The findings about rows; one sentence when there is nothing wrong with them."""
    found = [find_dead(facts, anchor), find_muted(facts, anchor), find_twins(facts, anchor)]
    sound = find_sound(facts, anchor) if not any(found) else None
    return [*found, sound, find_sparse(facts, anchor)]


def rows_with(facts: WeightFacts, count: Count) -> tuple[int, int, str]:
    """Rows that have a fault, rows that were looked at, and where most of them are."""
    able = [(number, matrix) for matrix in facts.matrices if (number := count(matrix)) is not None]
    worst = sorted((item for item in able if item[0]), key=lambda item: -item[0] / item[1].rows)
    told = [
        _(
            "{name} ({some} of {all})",
            name=quote(matrix.name),
            some=numerals.count(number),
            all=numerals.count(matrix.rows),
        )
        for number, matrix in worst
    ]
    return sum(number for number, _unused in able), sum(matrix.rows for _unused, matrix in able), join_few(told)


def weigh(some: int, of: int) -> float:
    """Importance of a fault of so many rows."""
    return 0.35 + 0.4 * min(1.0, some / (MANY * of))


def find_dead(facts: WeightFacts, anchor: str) -> Finding | None:
    """Rows that are near zero; a matrix that is zero as a whole is told of elsewhere."""
    some, of, where = rows_with(facts, lambda matrix: None if matrix.dead == matrix.rows else matrix.dead)
    if not some:
        return None
    text = ngettext(
        "{count} of {of} filters and units is near zero, its norm at most {limit} of the larger ones’: {where}.",
        "{count} of {of} filters and units are near zero, their norms at most {limit} of the larger ones’: {where}.",
        some,
        of=numerals.count(of),
        limit=numerals.percent(DEAD),
        where=where,
    )
    return claims.DEAD_ROWS.finding(text, weigh(some, of), anchor, "caution")


def find_muted(facts: WeightFacts, anchor: str) -> Finding | None:
    """Rows whose output the normalisation behind them takes to zero."""
    some, of, where = rows_with(facts, lambda matrix: matrix.muted)
    if not some:
        return None
    text = ngettext(
        "{count} of {of} normalised outputs is switched off, its scale at most {limit} of the larger ones’: {where}.",
        "{count} of {of} normalised outputs are switched off, their scales at most {limit} of the larger ones’: "
        "{where}.",
        some,
        of=numerals.count(of),
        limit=numerals.percent(DEAD),
        where=where,
    )
    return claims.MUTED.finding(text, weigh(some, of), anchor, "caution")


def find_twins(facts: WeightFacts, anchor: str) -> Finding | None:
    """Rows that point as another row of their matrix does."""
    some, of, where = rows_with(facts, lambda matrix: matrix.twins)
    if not some:
        return None
    text = ngettext(
        "{count} of {of} filters and units points in the same direction as another of its layer (|cosine| above "
        "{limit}): {where}.",
        "{count} of {of} filters and units point in the same direction as another of their layer (|cosine| above "
        "{limit}): {where}.",
        some,
        of=numerals.count(of),
        limit=numerals.general(TWIN),
        where=where,
    )
    return claims.TWINS.finding(text, weigh(some, of), anchor, "caution")


def find_sound(facts: WeightFacts, anchor: str) -> Finding | None:
    """That nothing is dead or doubled, and among how many."""
    of = sum(matrix.rows for matrix in facts.matrices if matrix.dead is not None)
    compared = sum(matrix.rows for matrix in facts.matrices if matrix.twins is not None)
    if not of:
        return None
    text = _(
        "None of {of} filters and units is near zero or switched off; none of the {compared} with {least} inputs or "
        "more points in the same direction as another of its layer.",
        of=numerals.count(of),
        compared=numerals.count(compared),
        least=LEAST_COLUMNS,
    )
    return claims.SOUND.finding(text, 0.1, anchor)


def find_sparse(facts: WeightFacts, anchor: str) -> Finding | None:
    """How many of the weights are exactly zero, where it is a share worth a sentence that training did not begin with;
    where most of them are, unless chance alone spreads them so."""
    able = [(matrix, matrix.final.zeros) for matrix in facts.matrices if matrix.final is not None]
    whole = max(1, sum(matrix.parameters for matrix, _share in able))
    share = sum(zeros * matrix.parameters for matrix, zeros in able) / whole
    begun = sum(matrix.initial.zeros * matrix.parameters for matrix, _share in able if matrix.initial is not None)
    if share - begun / whole < SPARSE:
        return None
    most, largest = max(able, key=lambda pair: pair[1])
    if not stands_out(largest, most.parameters, share, len(able)):
        text = _(
            "{share} of the weights are exactly zero, distributed over the matrices as evenly as by chance.",
            share=numerals.percent(share),
        )
        return claims.SPARSE.finding(text, 0.3, anchor)
    text = _(
        "{share} of the weights are exactly zero, the largest share of them in {name} ({there}).",
        share=numerals.percent(share),
        name=quote(most.name),
        there=numerals.percent(largest),
    )
    return claims.SPARSEST.finding(text, 0.3, anchor)


def stands_out(largest: float, size: int, share: float, matrices: int) -> bool:
    """Whether the largest of some matrices' shares of zeros is above what the share of all makes likely (binomial test
    by the normal distribution, with half a count taken off and Bonferroni's correction)."""
    if share >= 1:
        return False
    excess = (largest - share) * size - 0.5
    z = excess / (size * share * (1 - share)) ** 0.5
    return matrices * NormalDist().cdf(-z) <= SIGNIFICANT
