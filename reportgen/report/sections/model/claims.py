"""What the report claims of the model as it was traced."""

from __future__ import annotations

from reportgen.report.claims import ESTIMATE, FACT, Claim

NO_GRADIENT = Claim("model.no_gradient", FACT)
REACH = Claim("model.reach", FACT)
MADE_FOR_LARGER = Claim("model.made_for_larger", FACT)
STRETCHED = Claim("model.stretched", FACT)
CONCENTRATION = Claim("model.concentration", FACT, always=True)
WORK = Claim("model.work", FACT)
TIME_FOLLOWS = Claim("model.time_follows", ESTIMATE)
TIME_APART = Claim("model.time_apart", ESTIMATE)
MEMORY = Claim("model.memory", FACT, always=True)
FROZEN = Claim("model.frozen", FACT)
TIED = Claim("model.tied", FACT)
UNUSED = Claim("model.unused", FACT)
UNCOUNTED = Claim("model.uncounted", FACT)
