"""What the report claims of time and memory."""

from __future__ import annotations

from reportgen.report.claims import ESTIMATE, FACT, Claim, ErrorRate

PEAK = Claim("cost.peak", ESTIMATE, always=True)
LIMITS = Claim("cost.limits", ESTIMATE)
IDLE = Claim("cost.idle", ESTIMATE)
SATURATION = Claim("cost.saturation", ESTIMATE)
UNSETTLED = Claim(
    "cost.unsettled", "every pass takes as long as the others to within a tenth", ErrorRate(0, 1000, "steady_times")
)
WAITS = Claim("cost.waits", ESTIMATE)
STEP = Claim("cost.step", ESTIMATE, always=True)
MEMORY = Claim("cost.memory", FACT, always=True)
