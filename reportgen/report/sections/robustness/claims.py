"""What the report claims of changed images."""

from __future__ import annotations

from reportgen.report.claims import ESTIMATE, FACT, UNDECIDED, Claim, ErrorRate
from reportgen.report.model import Level

NO_CORRUPTION = Claim("robustness.no_corruption", UNDECIDED)
WORST = Claim(
    "robustness.worst",
    "two kinds of corruption cost the same",
    ErrorRate(0.029, 1000, "equal_corruptions"),
    level=Level.USE,
)
LOSS = Claim(
    "robustness.loss",
    "no corruption changes the accuracy",
    ErrorRate(0.003, 1000, "harmless_corruptions"),
    level=Level.USE,
)
MEAN = Claim("robustness.mean", ESTIMATE)
HALF_KEPT = Claim("robustness.half_kept", ESTIMATE)
HALF_LOST = Claim(
    "robustness.half_lost",
    "every corruption leaves half of the accuracy",
    ErrorRate(0.033, 1000, "halving_corruptions"),
)
HALF_OPEN = Claim("robustness.half_open", UNDECIDED)
SHIFT = Claim("robustness.shift", ESTIMATE, level=Level.USE)
MIRROR = Claim("robustness.mirror", ESTIMATE, level=Level.USE, always=True)
TURN = Claim("robustness.turn", ESTIMATE, level=Level.USE, always=True)
ATTACK_LEFT = Claim("robustness.attack_left", ESTIMATE)
ATTACK_BELOW = Claim(
    "robustness.attack_below", "every attack leaves the accuracy at chance", ErrorRate(0.029, 1000, "attacks_to_chance")
)
FLAT_GRADIENT = Claim("robustness.flat_gradient", FACT, level=Level.USE)
MASKING = Claim(
    "robustness.masking",
    "one step of an attack does as much harm as many",
    ErrorRate(0.012, 1000, "equal_attacks"),
    level=Level.USE,
)
WRONG_PREPARATION = Claim(
    "robustness.wrong_preparation",
    "every way to preprocess the images is as good as the spec’s",
    ErrorRate(0.001, 1000, "equal_preparations"),
    level=Level.INVALID,
)
LEARNED_HERE = Claim(
    "robustness.learned_here",
    "every way to preprocess the images is as good as the spec’s",
    ErrorRate(0.014, 1000, "equal_preparations"),
)
BETTER_PREPARATION = Claim(
    "robustness.better_preparation",
    "every way to preprocess the images is as good as the spec’s",
    ErrorRate(0.017, 1000, "equal_preparations"),
    level=Level.NEXT,
)
CLEARED = Claim("robustness.cleared", "one other way is better by two points", ErrorRate(0, 1000, "better_preparation"))
NOT_CLEARED = Claim("robustness.not_cleared", UNDECIDED, level=Level.NEXT)
