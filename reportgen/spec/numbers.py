"""Numbers as a spec takes them: strict, finite and within limits."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

LARGEST = 10**12
"""Of any count in a spec; keeps later arithmetic in 64 bits."""
PositiveInt = Annotated[int, Field(gt=0, le=LARGEST, strict=True)]
PositiveFloat = Annotated[float, Field(gt=0, le=LARGEST, strict=True, allow_inf_nan=False)]
NonNegative = Annotated[float, Field(ge=0, le=LARGEST, strict=True, allow_inf_nan=False)]
ImageSize = Annotated[int, Field(ge=8, le=1024, strict=True)]
Share = Annotated[float, Field(ge=0, lt=1, strict=True)]
"""From 0 to below 1."""
Weight = Annotated[float, Field(ge=0, le=1, strict=True)]
"""From 0 to 1."""
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Switch = Annotated[bool, Field(strict=True)]
Seed = Annotated[int, Field(ge=0, lt=2**32, strict=True)]
