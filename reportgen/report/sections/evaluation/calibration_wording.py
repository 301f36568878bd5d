"""What bins and mean together say of confidence, by one rule for the finding and for the caption of the diagram."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reportgen.metrics.differences import confidence_gap
from reportgen.metrics.predictions import Predictions
from reportgen.metrics.reliability import find_differing
from reportgen.record.measurements import Bin
from reportgen.report.sections.evaluation import claims
from reportgen.text import numerals
from reportgen.text.i18n import _, ngettext


@dataclass(frozen=True)
class Agreement:
    """Where confidence differs significantly from the share correct."""

    side: int
    """Of the means over all images: 1 where the model is over-confident, −1 where under-confident, 0 where neither."""
    over: int
    """Bins that are over-confident, at 5 % over all bins together."""
    under: int


def side_of_mean(gap: tuple[float, float, float] | None) -> int:
    """1, −1 or 0 for the mean confidence less accuracy with its interval, as `confidence_gap` gives it."""
    return 0 if gap is None else int(gap[1] > 0) - int(gap[2] < 0)


def find_agreement(predictions: Predictions, bins: Sequence[Bin]) -> Agreement:
    """The mean of the images whose outputs are finite, and the bins made of the same."""
    seen = predictions.predicted >= 0
    differing = find_differing(bins)
    return Agreement(
        side_of_mean(confidence_gap(predictions.confidence[seen], predictions.correct[seen])),
        sum(off > 0 for off in differing),
        sum(off < 0 for off in differing),
    )


def format_agreement(found: Agreement, bins: Sequence[Bin]) -> str:
    """Over-confident, under-confident or neither, on average and bin by bin, in one sentence."""
    if found.over or found.under:
        return claims.BINS_DIFFER.says(format_bins(found, bins))
    if found.side > 0:
        return claims.OVER_CONFIDENT.says(
            _("Over-confident on average; no single bin differs significantly after correction for the number of bins.")
        )
    if found.side < 0:
        return claims.UNDER_CONFIDENT.says(
            _(
                "Under-confident on average; no single bin differs significantly after correction for the number of "
                "bins."
            )
        )
    return claims.SURE_AS_RIGHT.says(
        _("The share correct differs significantly from the confidence neither on average nor in any bin.")
    )


def format_bins(found: Agreement, bins: Sequence[Bin]) -> str:
    """Of bins of which some differ."""
    if found.side > 0:
        return claims.OVER_CONFIDENT.says(format_over(found, bins))
    if found.side < 0:
        return claims.UNDER_CONFIDENT.says(format_under(found))
    if found.over and found.under:
        return _(
            "Not significantly over- or under-confident on average, but significantly over-confident in {over} of the "
            "bins and under-confident in {under}.",
            over=found.over,
            under=found.under,
        )
    if found.over:
        return ngettext(
            "Not significantly over-confident on average, but in {count} of the bins: there the share correct lies "
            "below the confidence.",
            "Not significantly over-confident on average, but in {count} of the bins: there the share correct lies "
            "below the confidence.",
            found.over,
        )
    return ngettext(
        "Not significantly under-confident on average, but in {count} of the bins: there the share correct lies above "
        "the confidence.",
        "Not significantly under-confident on average, but in {count} of the bins: there the share correct lies above "
        "the confidence.",
        found.under,
    )


def format_over(found: Agreement, bins: Sequence[Bin]) -> str:
    """Of a model that is over-confident on average, and in which some bin differs."""
    if found.under:
        return _(
            "Over-confident on average; significantly over-confident in {over} of the bins and under-confident in "
            "{under}.",
            over=found.over,
            under=found.under,
        )
    known = list(zip(bins, find_differing(bins), strict=True))
    first = next(item.low for item, off in known if off > 0)
    if all(off > 0 for item, off in known if item.n and item.low >= first):
        return _(
            "Significantly over-confident above {low}: the share correct lies below the confidence.",
            low=numerals.significant(first, 2),
        )
    return ngettext(
        "Over-confident on average, and significantly in {count} of the bins: the share correct lies below the "
        "confidence.",
        "Over-confident on average, and significantly in {count} of the bins: the share correct lies below the "
        "confidence.",
        found.over,
    )


def format_under(found: Agreement) -> str:
    """Of a model that is under-confident on average, and in which some bin differs."""
    if found.over:
        return _(
            "Under-confident on average; significantly over-confident in {over} of the bins and under-confident in "
            "{under}.",
            over=found.over,
            under=found.under,
        )
    return ngettext(
        "Under-confident on average, and significantly in {count} of the bins: the share correct lies above the "
        "confidence.",
        "Under-confident on average, and significantly in {count} of the bins: the share correct lies above the "
        "confidence.",
        found.under,
    )
