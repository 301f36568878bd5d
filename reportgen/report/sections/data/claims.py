"""What the report claims of the data."""

from __future__ import annotations

from reportgen.report.claims import FACT, Claim
from reportgen.report.model import Level

FALLBACK = Claim("data.fallback", FACT, level=Level.INVALID)
UNVERIFIED = Claim("data.unverified", FACT, level=Level.NEXT)
PART = Claim("data.part", FACT, level=Level.NEXT)
MISSING_CLASS = Claim("data.missing_class", FACT, level=Level.DECISION)
UNEVEN = Claim("data.uneven", FACT, level=Level.NEXT)
AS_THEY_ARE = Claim("data.as_they_are", FACT, level=Level.NEXT)
OTHER_NORMALISATION = Claim("data.other_normalisation", FACT, level=Level.NEXT)
DUPLICATES_ACROSS = Claim("data.duplicates_across", FACT, level=Level.INVALID)
DUPLICATES_INSIDE = Claim("data.duplicates_inside", FACT, level=Level.NEXT)
NO_DUPLICATES = Claim("data.no_duplicates", FACT)
