"""Characteristic curves: how each layer answers to the drive of its input, the volt-ampere plot of a network.

Two drives, one response.

Exposure. The same images with every pixel value (0 to 1) multiplied by e, from dark (e = 0) to beyond saturation:
unclipped, min(e·p, ∞), and as a camera would store it, min(e·p, 1); normalised afterwards as the spec says. For e ≤ 1
the two are the same.

Own drive. The first argument of a unit, as it is when the network sees an image, multiplied by a; nothing else of the
network changes. a = 1 is the nominal drive, a = 3 three times its root mean square, a = −1 the reverse.

Response. The root mean square of a unit's output over n images, channels and positions, R. It is drawn relative to
the response to the images as they are, R(a)/R(1); for a channel, over images and positions, relative to its own.

A unit is what lies between the input of one weight layer, or of one block of at most ten, and the input of the next:
a convolution alone is linear in its own drive, with the nonlinearity behind it it is not.
"""

from __future__ import annotations

from reportgen.record.message import Note
from reportgen.record.probes.sampling import Sampled
from reportgen.spec.frozen import Frozen

TRAINED, INITIAL = 0, 1
"""Places along the first axis of the arrays."""
CLIPPED, UNCLIPPED = 0, 1
NARROW = (0.1, 0.5, 0.9)
"""Quantiles over channels that are kept."""


class ResponseUnit(Frozen):
    """A stretch of the network that is driven and answers as one."""

    path: str
    """Dotted name of the block, or of the weight layer that the stretch begins with."""
    kind: str
    """Class name of the block, or the operators of the stretch: "conv2d + relu + max_pool2d"."""
    channels: int
    """Of its output."""
    bends: bool
    """Whether an operator in it is not linear; without one the curve is a straight line whatever the weights."""
    normalises: bool
    """Whether it divides its input by the input's own size (layer, group, instance or RMS normalisation)."""
    dead: int
    """Channels of the trained weights whose output is the same for all images, positions and drives from 0 up."""
    dead_before: int | None = None
    """The same of the initial weights; None where they were not measured."""


class BlackAnswer(Frozen):
    """What the network says when there is nothing to see: every pixel 0."""

    label: int
    """Index of the class."""
    confidence: float


class ResponseFacts(Frozen):
    """What the probe `response` found.

    Arrays, float32 unless said; V = 1 or 2 sets of weights (trained, initial), E exposures, D drives, U units:
    `response.exposures` (E,); `response.drives` (D,), rising, 1 among them; `response.layers` (V, 2, E, U), response R
    to each exposure, clipped and unclipped; `response.right` uint8 (2, E, n) and `response.confidence` (2, E, n),
    whether the trained network is right and its largest probability, clipped and unclipped; `response.rms` (V, D, U),
    R of each unit by its own drive; `response.channels` (V, D, 3, U), quantiles 0.1, 0.5 and 0.9 over the channels of
    their responses relative to their own at drive 1; `response.power` (V, 3, U, m), mean square of the output by image
    at the drives next to 1 and at 1; `response.bend` (V, U), |y(1) + y(−1) − 2·y(0)| / |y(1) − y(−1)| of the output y
    to the drives 1, −1 and 0: 0 for what is linear with an offset, 1 for an ideal rectifier.
    """

    sampled: Sampled
    """The n images by which confidence and accuracy were taken."""
    by_layer: Sampled
    """The m images by which the responses of the units were taken, the first of the n."""
    units: tuple[ResponseUnit, ...]
    """In the order of execution."""
    left_out: int = 0
    """Units beyond the most that are measured, left out evenly."""
    unmeasured: tuple[str, ...] = ()
    """Paths of units that could not be driven alone."""
    why_alone: Note = None
    """Why the initial weights are not among the curves; None where they are."""
    black: BlackAnswer
