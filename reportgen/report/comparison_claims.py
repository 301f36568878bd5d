"""What a report claims of a comparison as a whole, in the verdict, on tiles and in the section."""

from __future__ import annotations

from reportgen.record.comparison import Comparison, Verdict
from reportgen.report.claims import FACT, UNDECIDED, Claim, ErrorRate
from reportgen.report.model import Level

BETTER = Claim(
    "baseline.better",
    "both models are right equally often",
    ErrorRate(0.024, 1000, "equal_models"),
    level=Level.DECISION,
    calm=Level.DECISION,
)
WORSE = Claim(
    "baseline.worse",
    "both models are right equally often",
    ErrorRate(0.026, 1000, "equal_models"),
    level=Level.DECISION,
    calm=Level.DECISION,
)
EQUIVALENT = Claim(
    "baseline.equivalent",
    "the change is as large as the margin",
    ErrorRate(0.02, 1000, "change_at_margin"),
    level=Level.DECISION,
    calm=Level.DECISION,
)
UNDECIDED_CHANGE = Claim("baseline.undecided_change", UNDECIDED, level=Level.DECISION, calm=Level.DECISION)
IDENTICAL = Claim("baseline.identical", FACT, level=Level.DECISION, calm=Level.DECISION)
VERDICTS: dict[Verdict, Claim] = {
    "worse": WORSE,
    "better": BETTER,
    "undecided": UNDECIDED_CHANGE,
    "equivalent": EQUIVALENT,
}


def claim_of(comparison: Comparison) -> Claim:
    """What the verdict claims."""
    return IDENTICAL if comparison.identical else VERDICTS[comparison.verdict]
