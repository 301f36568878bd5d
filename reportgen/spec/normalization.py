"""`data.normalize`: the numbers that an image's channels are made of, by name or written out."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from reportgen.spec.frozen import Frozen
from reportgen.spec.numbers import Number, PositiveFloat
from reportgen.spec.shorthand import Shorthand

IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
CIFAR10 = ((0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616))
CIFAR100 = ((0.5071, 0.4865, 0.4409), (0.2673, 0.2564, 0.2762))
"""Per-channel mean and deviation of the training images, 0-to-1 scale, as published."""
NAMED = {"cifar10": CIFAR10, "cifar100": CIFAR100, "imagenet": IMAGENET, "none": ((0.0,), (1.0,))}


class Normalization(Frozen):
    """Per-channel mean and deviation on the 0-to-1 scale."""

    mean: Annotated[tuple[Number, ...], Field(min_length=1)]
    std: Annotated[tuple[PositiveFloat, ...], Field(min_length=1)]

    @property
    def name(self) -> str:
        """What people call these numbers: `cifar10`, `cifar100`, `imagenet`, `none`, or `custom` for any others."""
        return next((name for name, numbers in NAMED.items() if numbers == (self.mean, self.std)), "custom")


def find_normalization(name: str) -> Normalization:
    """The numbers of a name."""
    mean, std = NAMED[name]
    return Normalization(mean=mean, std=std)


UNCHANGED = find_normalization("none")
"""The 0-to-1 scale itself, for any number of channels."""
Normalize = Annotated[Normalization, Shorthand(Literal["cifar10", "cifar100", "imagenet", "none"], find_normalization)]
