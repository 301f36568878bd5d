"""What the report claims of the comparison."""

from __future__ import annotations

from reportgen.report.claims import ESTIMATE, FACT, UNDECIDED, Claim, ErrorRate
from reportgen.report.model import Level

NEEDED = Claim("baseline.needed", ESTIMATE, level=Level.DECISION, calm=Level.DECISION)
DETECTABLE = Claim("baseline.detectable", ESTIMATE)
SEED_SCATTER = Claim("baseline.seed_scatter", ESTIMATE, level=Level.NEXT)
TRAINED_ONCE = Claim("baseline.trained_once", FACT, always=True)
CHANCE_COUNTED = Claim("baseline.chance_counted", FACT, level=Level.DECISION, calm=Level.DECISION)
NO_SCORE = Claim("baseline.no_score", UNDECIDED)
SCORES = Claim(
    "baseline.scores",
    "both models are equally good by every score",
    ErrorRate(0.02, 1000, "equal_scores"),
    level=Level.DECISION,
    calm=Level.DECISION,
)
NO_CLASS = Claim("baseline.no_class", UNDECIDED, level=Level.DECISION, calm=Level.DECISION)
CLASSES = Claim(
    "baseline.classes",
    "each class is called right equally often by both models",
    ErrorRate(0.007, 1000, "equal_models"),
    level=Level.DECISION,
    calm=Level.DECISION,
)
ANY_CHANGE = ErrorRate(0.038, 1000, "equal_comparison")
"""Of BETTER, WORSE, SCORES and CLASSES together, where both models are equally good."""
COST = Claim("baseline.cost", FACT, level=Level.DECISION, calm=Level.DECISION)
OF_LATENCY = ErrorRate(0.049, 5000, "equal_latencies")
LATENCY = Claim(
    "baseline.latency",
    "both models take equally long",
    OF_LATENCY,
    level=Level.DECISION,
    calm=Level.DECISION,
)
NOTHING_DIFFERS = Claim("baseline.nothing_differs", FACT)
UNEXPLAINED = Claim("baseline.unexplained", FACT, level=Level.DECISION)
DIFFERENCES = Claim("baseline.differences", FACT, level=Level.NEXT)
RANKING = Claim(
    "baseline.ranking",
    "all models are right equally often",
    ErrorRate(0.023, 1000, "equal_ranking"),
    level=Level.DECISION,
    calm=Level.DECISION,
)
RANKING_OPEN = Claim("baseline.ranking_open", UNDECIDED, level=Level.DECISION, calm=Level.DECISION)
