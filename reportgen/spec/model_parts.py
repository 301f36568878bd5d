"""What `model:` names in another's words: a tensor among what a model returns, and weights that a library knows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from reportgen.spec.shorthand import Written

FARTHEST = 1000
"""Of an index, from either end."""


def as_key(given: int | str | None) -> str | None:
    """A name, or an index as people write it."""
    return None if given is None else str(given)


def write_key(key: str | None) -> int | str | None:
    """As YAML has it: an index is a number."""
    return int(key) if key is not None and re.fullmatch(r"-?\d{1,4}", key) and abs(int(key)) <= FARTHEST else key


@dataclass(frozen=True)
class KnownWeights:
    """Weights that a library knows of a model."""

    name: str | None = None
    """None: those that the library takes when it is not told."""


def as_weights(given: bool | str | None) -> KnownWeights | None:
    """What is asked for; None where nothing is."""
    if isinstance(given, str):
        return KnownWeights(given) if given else None
    return KnownWeights() if given else None


def write_weights(asked: KnownWeights | None) -> bool | str | None:
    """As YAML has it: true for those that the library takes."""
    return None if asked is None else True if asked.name is None else asked.name


Index = Annotated[int, Field(ge=-FARTHEST, le=FARTHEST, strict=True)]
Name = Annotated[str, Field(min_length=1)]
OutputKey = Annotated[str | None, Written(Index | Name | None, as_key, write_key)]
WeightsRequest = Annotated[KnownWeights | None, Written(bool | str | None, as_weights, write_weights, KnownWeights)]
