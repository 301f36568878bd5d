"""What the report claims of the data."""

from __future__ import annotations

from reportgen.report.claims import FACT, Claim

FALLBACK = Claim("data.fallback", FACT)
UNVERIFIED = Claim("data.unverified", FACT)
PART = Claim("data.part", FACT)
MISSING_CLASS = Claim("data.missing_class", FACT)
UNEVEN = Claim("data.uneven", FACT)
AS_THEY_ARE = Claim("data.as_they_are", FACT)
OTHER_NORMALISATION = Claim("data.other_normalisation", FACT)
DUPLICATES_ACROSS = Claim("data.duplicates_across", FACT)
DUPLICATES_INSIDE = Claim("data.duplicates_inside", FACT)
NO_DUPLICATES = Claim("data.no_duplicates", FACT)
