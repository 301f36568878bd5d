"""Accuracy under corruptions, shifts, attacks and other preprocessing."""

from __future__ import annotations

from typing import Literal, get_args

from reportgen.record.message import Message
from reportgen.record.probes.sampling import Sampled
from reportgen.spec.frozen import Frozen
from reportgen.spec.probes import CorruptionName

Family = Literal["noise", "blur", "weather", "digital", "move", "attack"]
CORRUPTED = ("noise", "blur", "weather", "digital")
"""The families of common corruptions."""
KINDS = (*get_args(CorruptionName), "shift", "rotation", "flip_horizontal", "flip_vertical", "fgsm", "pgd")
"""Everything that is done to images, in the order in which it is shown."""


class Condition(Frozen):
    """One way in which the images were changed."""

    family: Family
    kind: str
    """A corruption's name; `shift`, `rotation`, `flip_horizontal`, `flip_vertical`; `fgsm`, `pgd`."""
    level: float
    """Severity 1 to 5; pixels; degrees; ε in steps of 1/255; 0 where there is only one."""
    images: int
    """The first so many of the sample."""


class Preparation(Frozen):
    """One other way to make numbers of images, and what the same weights make of them."""

    name: Literal["cifar10", "imagenet", "none", "half", "centred", "bytes", "centred_bytes", "own", "spec"]
    """`half`: mean and deviation 0.5; `centred`: less 0.5 alone; `bytes`: 0 to 255; `centred_bytes`: 0 to 255, less
    ImageNet's mean; `own`: of the training images; `spec`: the spec's."""
    order: Literal["rgb", "bgr"]
    layout: Literal[
        "same", "grey", "transposed", "mirrored", "cropped", "upside_down", "half_turn", "left_turn", "right_turn"
    ] = "same"
    """What else is done to the image: its luminance in every channel, height and width exchanged, left and right, top
    and bottom; turned by 180° or by 90°, a left turn being counter-clockwise."""
    mean: tuple[float, ...]
    std: tuple[float, ...]
    images: int
    """The first so many of the sample."""
    right: int
    gained: int
    """Images right under this one and wrong under the spec's."""
    lost: int
    """Images wrong under this one and right under the spec's."""
    loss: float | None = None
    """Mean negative log-likelihood on training images; of those that accuracy can't tell apart."""

    @property
    def own_right(self) -> int:
        """Of the same images, those right under the spec's."""
        return self.right - self.gained + self.lost


class PreparationCheck(Frozen):
    """The same weights on the same images under other normalisations and channel orders."""

    images: int
    """The first so many of the sample; those that looked better were tried on more."""
    right: int
    """Under the spec's own."""
    others: tuple[Preparation, ...]
    stages: int = 1
    """How many times it was decided which ways to go on with on more images."""
    complete: bool = False
    """Whether every usual way was tried."""
    loss_images: int = 0
    """Training images that `loss` is measured on."""
    learned_here: bool
    """True where this run trained the weights from scratch, so that they know no other preparation."""


class AttackSettings(Frozen):
    """How the attacks were made, in the pixels before normalisation, clipped to what pixels can be."""

    steps: int
    """Of PGD."""
    restarts: int
    step_share: float
    """PGD's step size as a share of ε."""
    flat: int
    """Images whose gradient is zero at every pixel."""


class RobustnessFacts(Frozen):
    """What the probe `robustness` found.

    Arrays: `robustness.rows` int64 (n,), positions of the sample in the evaluation set; `robustness.predicted` uint16
    (conditions, n), the predicted class, UNMEASURED beyond a condition's images; `robustness.examples` uint8
    (k, H, W, C), one test image as it is and under each of `examples`.
    """

    sampled: Sampled | None = None
    """The images it looked at; None where it needs none."""
    preparation: PreparationCheck | None = None
    conditions: tuple[Condition, ...] = ()
    attack: AttackSettings | None = None
    left_out: int = 0
    """Conditions that there was no time for."""
    constants_side: int = 32
    """Side in pixels of the images that the constants of the corruptions are for."""
    conditions_left_out: tuple[Condition, ...] = ()
    """Which they are, with no images; empty in earlier records, which only count them."""
    kinds_left_out: tuple[str, ...] = ()
    """Kinds of which conditions planned at this level were left out for want of time."""
    mean_kinds: tuple[str, ...] = ()
    """Kinds of corruption that enter the mean over corruptions; empty: all that were measured, in earlier records."""
    gaps: tuple[Message, ...] = ()
    """What else was not measured and why, one sentence each."""
    examples: tuple[str, ...] = ()
    """Corruptions at severity 3 of the image shown."""
    example_id: int | None = None
    """Its index in the data set's test split."""


UNMEASURED = 2**16 - 1
