"""What the report claims of the weights."""

from __future__ import annotations

from reportgen.report.claims import FACT, Claim

DEAD_ROWS = Claim("parameters.dead_rows", FACT)
MUTED = Claim("parameters.muted", FACT)
TWINS = Claim("parameters.twins", FACT)
SOUND = Claim("parameters.sound", FACT)
SPARSE = Claim("parameters.sparse", FACT)
GRADIENT_BROKEN = Claim("parameters.gradient_broken", FACT)
NO_GRADIENT = Claim("parameters.no_gradient", FACT)
GRADIENTS_VANISH = Claim("parameters.gradients_vanish", FACT)
GRADIENTS_EXPLODE = Claim("parameters.gradients_explode", FACT)
GRADIENTS_EVEN = Claim("parameters.gradients_even", FACT)
BROKEN = Claim("parameters.broken", FACT)
UNMOVED = Claim("parameters.unmoved", FACT)
HARDLY_MOVED = Claim("parameters.hardly_moved", FACT)
FROZEN = Claim("parameters.frozen", FACT)
NEAR_ZERO = Claim("parameters.near_zero", FACT)
COLLAPSED = Claim("parameters.collapsed", FACT)
LOWEST_RANK = Claim("parameters.lowest_rank", FACT, always=True)
RANKS_KEPT = Claim("parameters.ranks_kept", FACT)
RANK_FELL = Claim("parameters.rank_fell", FACT)
DISTANCE = Claim("parameters.distance", FACT, always=True)
