"""What the report claims of the weights."""

from __future__ import annotations

from reportgen.report.claims import FACT, Claim, ErrorRate
from reportgen.report.model import Level

DEAD_ROWS = Claim("parameters.dead_rows", FACT, level=Level.NEXT)
MUTED = Claim("parameters.muted", FACT, level=Level.NEXT)
TWINS = Claim("parameters.twins", FACT, level=Level.NEXT)
SOUND = Claim("parameters.sound", FACT)
SPARSE = Claim("parameters.sparse", FACT, level=Level.NEXT)
SPARSEST = Claim(
    "parameters.sparsest",
    "each weight is zero with the same probability",
    ErrorRate(0.03, 1000, "even_zeros"),
    level=Level.NEXT,
)
GRADIENT_BROKEN = Claim("parameters.gradient_broken", FACT, level=Level.INVALID)
NO_GRADIENT = Claim("parameters.no_gradient", FACT, level=Level.INVALID)
GRADIENTS_VANISH = Claim("parameters.gradients_vanish", FACT, level=Level.NEXT)
GRADIENTS_EXPLODE = Claim("parameters.gradients_explode", FACT, level=Level.NEXT)
GRADIENTS_EVEN = Claim("parameters.gradients_even", FACT)
BROKEN = Claim("parameters.broken", FACT, level=Level.INVALID)
UNMOVED = Claim("parameters.unmoved", FACT, level=Level.INVALID)
HARDLY_MOVED = Claim("parameters.hardly_moved", FACT, level=Level.NEXT)
FROZEN = Claim("parameters.frozen", FACT, level=Level.NEXT)
NEAR_ZERO = Claim("parameters.near_zero", FACT, level=Level.NEXT)
COLLAPSED = Claim("parameters.collapsed", FACT, level=Level.NEXT)
LOWEST_RANK = Claim(
    "parameters.lowest_rank",
    "the weights are independent and normal",
    ErrorRate(0, 1000, "random_weights"),
    always=True,
)
RANKS_RANDOM = Claim("parameters.ranks_random", FACT, always=True)
RANKS_KEPT = Claim("parameters.ranks_kept", FACT)
RANK_FELL = Claim("parameters.rank_fell", FACT)
DISTANCE = Claim("parameters.distance", FACT, always=True)
