"""What the report claims of the evaluation."""

from __future__ import annotations

from reportgen.report.claims import ESTIMATE, FACT, UNDECIDED, Claim, ErrorRate
from reportgen.report.model import Level

PERFECT = Claim("evaluation.perfect", ESTIMATE)
ORDER = Claim(
    "evaluation.order",
    "the order of the outputs is that of the labels, and wrong answers are spread evenly",
    ErrorRate(0, 1000, "equal_classes"),
    level=Level.INVALID,
)
LOWEST_RECALL = Claim("evaluation.lowest_recall", UNDECIDED)
WEAKEST = Claim(
    "evaluation.weakest", "all classes have the same recall", ErrorRate(0.014, 1000, "equal_classes"), level=Level.USE
)
STRONGEST = Claim("evaluation.strongest", "all classes have the same recall", ErrorRate(0, 1000, "equal_classes"))
HIGHEST_RECALL = Claim(
    "evaluation.highest_recall", "all classes have the same recall", ErrorRate(0.014, 1000, "equal_classes")
)
UNTESTED = Claim("evaluation.untested", UNDECIDED)
DIFFER = Claim("evaluation.differ", "all classes have the same recall", ErrorRate(0.037, 1000, "equal_classes"))
ALIKE = Claim("evaluation.alike", UNDECIDED)
PAIR = Claim(
    "evaluation.pair",
    "two pairs of classes are confused equally often",
    ErrorRate(0.013, 1000, "equal_pairs"),
    level=Level.NEXT,
)
PAIR_OPEN = Claim("evaluation.pair_open", UNDECIDED)
NEVER_PREDICTED = Claim("evaluation.never_predicted", FACT, level=Level.DECISION)
ABSENT = Claim("evaluation.absent", FACT, level=Level.DECISION)
BROKEN = Claim("evaluation.broken", FACT, level=Level.INVALID)
ABOVE_CHANCE = Claim(
    "evaluation.above_chance", "the predictions have nothing to do with the labels", ErrorRate(0.028, 1000, "guesses")
)
BELOW_CHANCE = Claim(
    "evaluation.below_chance",
    "the predictions have nothing to do with the labels",
    ErrorRate(0.02, 1000, "guesses"),
    level=Level.INVALID,
)
AT_CHANCE = Claim("evaluation.at_chance", UNDECIDED, level=Level.INVALID)
FEW_IMAGES = Claim("evaluation.few_images", ESTIMATE, level=Level.DECISION)
SECOND_GUESS = Claim("evaluation.second_guess", ESTIMATE, always=True)
WITHIN_GROUPS = Claim(
    "evaluation.within_groups",
    "a wrong prediction is any of the other classes alike",
    ErrorRate(0.013, 1000, "errors_alike"),
)
ACROSS_GROUPS = Claim(
    "evaluation.across_groups",
    "a wrong prediction is any of the other classes alike",
    ErrorRate(0.016, 1000, "errors_alike"),
)
GROUPS = Claim("evaluation.groups", UNDECIDED)
OVER_CONFIDENT = Claim(
    "evaluation.over_confident",
    "every confidence is the probability of being right",
    ErrorRate(0.036, 1000, "calibrated"),
    level=Level.USE,
)
UNDER_CONFIDENT = Claim(
    "evaluation.under_confident",
    "every confidence is the probability of being right",
    ErrorRate(0.019, 1000, "calibrated"),
    level=Level.NEXT,
)
BINS_DIFFER = Claim(
    "evaluation.bins_differ",
    "every confidence is the probability of being right",
    ErrorRate(0.027, 1000, "calibrated"),
)
SURE_AS_RIGHT = Claim("evaluation.sure_as_right", UNDECIDED)
SCALING = Claim("evaluation.scaling", ESTIMATE)
CONFIDENCE_SEPARATES = Claim(
    "evaluation.confidence_separates",
    "confidence has nothing to do with being right",
    ErrorRate(0.024, 1000, "blind_confidence"),
)
CONFIDENCE_OPEN = Claim("evaluation.confidence_open", UNDECIDED, level=Level.USE, calm=Level.DESCRIPTION)
