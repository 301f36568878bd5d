"""Which images a probe looked at."""

from __future__ import annotations

from typing import Literal

from reportgen.frozen import Frozen


class Sampled(Frozen):
    """A sample of a split's images, the classes in equal shares, known by its seed."""

    images: int
    split: Literal["train", "test"]
    seed: int
