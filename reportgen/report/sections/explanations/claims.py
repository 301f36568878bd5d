"""What the report claims of maps and features."""

from __future__ import annotations

from reportgen.report.claims import ESTIMATE, FACT, UNDECIDED, Claim, ErrorRate
from reportgen.report.model import Level

NO_MAP = Claim("explanations.no_map", FACT)
SMALL_MAP = Claim("explanations.small_map", FACT, level=Level.NEXT)
NOT_LEARNT = Claim(
    "explanations.not_learnt",
    "maps of random weights are half alike, rank correlation 0.5",
    ErrorRate(0.036, 1000, "maps_half_alike"),
    level=Level.NEXT,
)
MISLEADING = Claim(
    "explanations.misleading",
    "the pixels a map points at matter as much as any",
    ErrorRate(0, 1000, "maps_by_chance"),
    level=Level.NEXT,
)
LEARNT = Claim(
    "explanations.learnt",
    "maps of random weights are half alike, rank correlation 0.5",
    ErrorRate(0.034, 1000, "maps_half_alike"),
)
LEARNT_OPEN = Claim("explanations.learnt_open", UNDECIDED)
INFORMATIVE = Claim(
    "explanations.informative",
    "the pixels a map points at matter as much as any",
    ErrorRate(0.003, 1000, "maps_by_chance"),
)
GAIN_OPEN = Claim("explanations.gain_open", UNDECIDED)
FEW_MAPS = Claim("explanations.few_maps", UNDECIDED)
MAPS_PASS = Claim(
    "explanations.maps_pass", "the pixels a map points at matter as much as any", ErrorRate(0, 1000, "maps_by_chance")
)
RANK_OPEN = Claim(
    "explanations.rank_open",
    "the pixels a map points at matter as much as any",
    ErrorRate(0.004, 1000, "maps_by_chance"),
)
FEATURES_MORE = Claim(
    "explanations.features_more",
    "neighbours and model are right equally often",
    ErrorRate(0.028, 1000, "votes_as_good"),
    level=Level.NEXT,
)
SEPARATION = Claim("explanations.separation", ESTIMATE)
FEATURES_ALONE = Claim(
    "explanations.features_alone",
    "neighbours are right half a point less often than the model",
    ErrorRate(0.021, 1000, "votes_at_margin"),
)
OVERLAP = Claim(
    "explanations.overlap", "votes are wrong evenly among all classes", ErrorRate(0.025, 1000, "random_votes")
)
OWN_SIDE = Claim(
    "explanations.own_side",
    "an error lies as often among its label as among what it is called",
    ErrorRate(0.04, 1000, "neighbours_by_chance"),
    level=Level.NEXT,
)
