"""What the report claims of single predictions."""

from __future__ import annotations

from reportgen.report.claims import ESTIMATE, FACT, UNDECIDED, Claim, ErrorRate
from reportgen.report.model import Level

NONE_SURE = Claim("predictions.none_sure", FACT)
NONE_WRONG = Claim("predictions.none_wrong", ESTIMATE)
SURELY_WRONG = Claim(
    "predictions.surely_wrong",
    "every confidence is the probability of being right",
    ErrorRate(0.017, 1000, "calibrated"),
    level=Level.USE,
)
SELDOM_WRONG = Claim(
    "predictions.seldom_wrong",
    "every confidence is the probability of being right",
    ErrorRate(0.014, 1000, "calibrated"),
)
SURE_ERRORS = Claim("predictions.sure_errors", UNDECIDED)
CLOSE = Claim("predictions.close", ESTIMATE, always=True)
LABEL_ERRORS = Claim("predictions.label_errors", UNDECIDED, always=True)
LABEL_EXCESS = Claim(
    "predictions.label_excess",
    "every label is right and every scaled confidence the probability of being right",
    ErrorRate(0.033, 1000, "right_labels"),
    level=Level.NEXT,
)
