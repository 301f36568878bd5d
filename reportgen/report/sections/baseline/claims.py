"""What the report claims of the comparison."""

from __future__ import annotations

from reportgen.report.claims import ESTIMATE, FACT, UNDECIDED, Claim, ErrorRate

BETTER = Claim("baseline.better", "both models are right equally often", ErrorRate(0.024, 1000, "equal_models"))
WORSE = Claim("baseline.worse", "both models are right equally often", ErrorRate(0.026, 1000, "equal_models"))
EQUIVALENT = Claim(
    "baseline.equivalent", "the change is as large as the margin", ErrorRate(0.02, 1000, "change_at_margin")
)
UNDECIDED_CHANGE = Claim("baseline.undecided_change", UNDECIDED)
IDENTICAL = Claim("baseline.identical", FACT)
NEEDED = Claim("baseline.needed", ESTIMATE)
DETECTABLE = Claim("baseline.detectable", ESTIMATE)
SEED_SCATTER = Claim("baseline.seed_scatter", ESTIMATE)
TRAINED_ONCE = Claim("baseline.trained_once", FACT)
CHANCE_COUNTED = Claim("baseline.chance_counted", FACT)
NO_SCORE = Claim("baseline.no_score", UNDECIDED)
SCORES = Claim("baseline.scores", "both models are equally good by every score", ErrorRate(0.045, 1000, "equal_scores"))
NO_CLASS = Claim("baseline.no_class", UNDECIDED)
CLASSES = Claim(
    "baseline.classes",
    "each class is called right equally often by both models",
    ErrorRate(0.025, 1000, "equal_models"),
)
COST = Claim("baseline.cost", FACT)
NOTHING_DIFFERS = Claim("baseline.nothing_differs", FACT)
UNEXPLAINED = Claim("baseline.unexplained", FACT)
DIFFERENCES = Claim("baseline.differences", FACT)
RANKING = Claim("baseline.ranking", "all models are right equally often", ErrorRate(0.023, 1000, "equal_ranking"))
RANKING_OPEN = Claim("baseline.ranking_open", UNDECIDED)
