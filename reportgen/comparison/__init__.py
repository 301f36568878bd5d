"""Two records in, a paired verdict out. numpy and scipy only."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reportgen.comparison.numbers import SectionNumbers
    from reportgen.record.judgement import Judgement
    from reportgen.record.run import RunRecord
    from reportgen.record.subject import Subject

MARGIN = 0.005
"""Of accuracy: half a point."""


def compare_with(
    candidate: RunRecord,
    baseline: Subject,
    digest: str,
    numbers: SectionNumbers | None = None,
    *,
    margin: float = MARGIN,
) -> Judgement:
    """The candidate's judgement: its comparison with the baseline, or the refusal of one, and the arrays of it.

    `digest` is that of the baseline's record.json; `numbers` are those that the sections make of
    either; `margin` is the change of accuracy that does not matter.
    """
    from reportgen.comparison.compare import compare
    from reportgen.comparison.numbers import SectionNumbers

    of_sections = numbers or SectionNumbers()
    return compare(candidate, baseline, of_sections, digest=digest, margin=margin)
