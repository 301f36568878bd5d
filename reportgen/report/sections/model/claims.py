"""What the report claims of the model as it was traced."""

from __future__ import annotations

from reportgen.report.claims import ESTIMATE, FACT, Claim
from reportgen.report.model import Level

NO_GRADIENT = Claim("model.no_gradient", FACT, level=Level.NEXT)
REACH = Claim("model.reach", FACT, always=True)
MADE_FOR_LARGER = Claim("model.made_for_larger", FACT, level=Level.NEXT)
STRETCHED = Claim("model.stretched", FACT, level=Level.NEXT)
CONCENTRATION = Claim("model.concentration", FACT, always=True)
WORK = Claim("model.work", FACT, always=True)
TIME_FOLLOWS = Claim("model.time_follows", ESTIMATE, always=True)
TIME_APART = Claim("model.time_apart", ESTIMATE)
MEMORY = Claim("model.memory", FACT, always=True)
FROZEN = Claim("model.frozen", FACT, level=Level.NEXT)
TIED = Claim("model.tied", FACT, level=Level.NEXT)
UNUSED = Claim("model.unused", FACT, level=Level.NEXT)
UNCOUNTED = Claim("model.uncounted", FACT, level=Level.NEXT)
