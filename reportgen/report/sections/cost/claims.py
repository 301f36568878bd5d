"""What the report claims of time and memory."""

from __future__ import annotations

from reportgen.report.claims import ESTIMATE, FACT, Claim, ErrorRate
from reportgen.report.model import Level

PEAK = Claim("cost.peak", ESTIMATE, always=True)
FALSE_ROOF = Claim("cost.false_roof", FACT)
LIMITS = Claim("cost.limits", ESTIMATE, always=True)
UNUSED = Claim("cost.unused", ESTIMATE)
IDLE = Claim("cost.idle", ESTIMATE)
SATURATION = Claim("cost.saturation", ESTIMATE, always=True)
UNSETTLED = Claim(
    "cost.unsettled",
    "every pass takes as long as the others to within a tenth",
    ErrorRate(0, 1000, "steady_times"),
    level=Level.NEXT,
)
WAITS = Claim("cost.waits", ESTIMATE, level=Level.NEXT)
STEP = Claim("cost.step", ESTIMATE, always=True)
MEMORY = Claim("cost.memory", FACT, always=True)
