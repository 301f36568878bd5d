"""Two records in, a paired verdict out. numpy and scipy only."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reportgen.comparison.numbers import SectionNumbers
    from reportgen.record.run import RunRecord

RESAMPLES = 1000
MARGIN = 0.005
"""Of accuracy: half a point."""


def compare_with(
    candidate: RunRecord,
    baseline: RunRecord,
    digest: str,
    numbers: SectionNumbers | None = None,
    *,
    margin: float = MARGIN,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> RunRecord:
    """The candidate's record with its comparison, or the refusal of one, in the place of any it had before.

    `digest` is that of the baseline's record.json; `numbers` are those that the sections make of
    either; `margin` is the change of accuracy that does not matter.
    """
    from reportgen.comparison.compare import compare
    from reportgen.comparison.numbers import SectionNumbers

    of_sections = numbers or SectionNumbers()
    judgement, arrays = compare(
        candidate, baseline, of_sections, digest=digest, margin=margin, resamples=resamples, seed=seed
    )  # fmt: skip
    return uncompared(candidate).model_copy(
        update={"comparison": judgement, "arrays": uncompared(candidate).arrays.merged(arrays)}
    )


def uncompared(record: RunRecord) -> RunRecord:
    """The record without a comparison and without a ranking."""
    from reportgen.record.arrays import Arrays

    kept = {name: array for name, array in record.arrays.items() if not name.startswith("comparison.")}
    if record.comparison is None and record.ranking is None and len(kept) == len(record.arrays):
        return record
    return record.model_copy(update={"comparison": None, "ranking": None, "arrays": Arrays(kept)})
