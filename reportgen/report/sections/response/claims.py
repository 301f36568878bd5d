"""What the report claims of the characteristic curves."""

from __future__ import annotations

from reportgen.report.claims import ESTIMATE, FACT, Claim, ErrorRate
from reportgen.report.model import Level

SATURATED = Claim(
    "response.saturated",
    "every layer answers in proportion to its input, gain 1",
    ErrorRate(0, 1000, "proportional_layers"),
    level=Level.NEXT,
)
NO_DEAD = Claim("response.no_dead", FACT)
DEAD = Claim("response.dead", FACT, level=Level.NEXT)
STRAIGHT = Claim("response.straight", FACT, level=Level.NEXT)
GAINS = Claim("response.gains", ESTIMATE, always=True)
CHANGED_GAIN = Claim(
    "response.changed_gain", "training left every gain as it was", ErrorRate(0.028, 1000, "proportional_layers")
)
OVERSURE = Claim(
    "response.oversure",
    "confidence falls as accuracy does at every exposure",
    ErrorRate(0.02, 1000, "honest_exposures"),
    level=Level.USE,
)
STOPS = Claim("response.stops", ESTIMATE, level=Level.USE)
BLACK = Claim("response.black", FACT, level=Level.USE, always=True)
SURE_OF_BLACK = Claim("response.sure_of_black", FACT, level=Level.USE)
