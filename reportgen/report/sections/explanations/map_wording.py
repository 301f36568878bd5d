"""What the two checks of attribution maps say, by one rule for the findings and for the caption of their figure."""

from __future__ import annotations

from reportgen.metrics.explanations import LEAST_GAIN, MapCheck
from reportgen.report.sections.explanations import claims
from reportgen.text import numerals
from reportgen.text.i18n import _


def format_learnt(check: MapCheck, method: str) -> str:
    """Whether maps depend on the weights; `method`: the kind of map."""
    if check.rank is None:
        return claims.LEARNT_OPEN.says(_("With random weights every map of {method} is constant.", method=method))
    n = numerals.count(check.rank.n)
    if check.rank.low is None:
        return claims.LEARNT_OPEN.says(
            _(
                "Too few images (n\u00a0=\u00a0{n}) to tell whether {method} gives other maps with random weights.",
                method=method,
                n=n,
            )
        )
    if check.learnt is None:
        return claims.LEARNT_OPEN.says(
            _("It is not certain that {method} gives other maps with random weights.", method=method)
        )
    if check.learnt:
        return claims.LEARNT.says(_("{method} gives other maps with random weights.", method=method))
    return claims.NOT_LEARNT.says(_("{method} gives much the same maps with random weights.", method=method))


def format_gain(check: MapCheck, maps: str) -> str:
    """Whether maps find the pixels that count; `maps`: which ones, inside a sentence."""
    least = numerals.fixed(LEAST_GAIN, 2)
    if check.is_informative is None:
        return format_open(check, maps)
    if check.is_informative:
        return claims.INFORMATIVE.says(
            _(
                "Replacing the pixels highest in {maps} first lowers the probability of the class faster, by {least} "
                "or more, than a random order does.",
                maps=maps,
                least=least,
            )
        )
    return claims.MISLEADING.says(
        _(
            "Replacing the pixels highest in {maps} first lowers the probability of the class more slowly, by {least} "
            "or more, than a random order does.",
            maps=maps,
            least=least,
        )
    )


def format_open(check: MapCheck, maps: str) -> str:
    """That it can't be told whether maps find the pixels that count: too few images, or no clear difference."""
    if check.gain.low is None:
        return claims.FEW_MAPS.says(
            _(
                "Too few images (n\u00a0=\u00a0{n}) to tell whether replacing the pixels highest in {maps} first "
                "lowers the probability of the class faster than a random order does.",
                maps=maps,
                n=numerals.count(check.gain.n),
            )
        )
    return claims.GAIN_OPEN.says(
        _(
            "It is not certain that replacing the pixels highest in {maps} first lowers the probability of the class "
            "faster, by {least} or more, than a random order does.",
            maps=maps,
            least=numerals.fixed(LEAST_GAIN, 2),
        )
    )
