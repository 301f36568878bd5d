"""Training dynamics by layer: gradients, updates, activations before and after."""

from __future__ import annotations

from reportgen.record.message import Note
from reportgen.record.probes.sampling import Sampled
from reportgen.spec.frozen import Frozen


class Activations(Frozen):
    """The outputs of one nonlinearity over the sample, in evaluation mode."""

    mean: float
    """Over images, channels and positions."""
    spread: float
    """Standard deviation of the same."""
    dead: int
    """Channels whose output is the same for all images and positions."""


class ActivationSite(Frozen):
    """One call of a nonlinearity."""

    path: str
    """Dotted name of the module it was called in."""
    kind: str
    """The operator: "relu", "gelu"."""
    channels: int
    after: Activations
    before: Activations | None = None
    """With the initial weights."""


class DynamicsFacts(Frozen):
    """What the probe `dynamics` found.

    Recorded during training at S of the steps, for L weights of two or more dimensions (biases and the scales of
    normalisation are not among them): `dynamics.steps` int64 (S,), 1-based; float32 (S, L): `dynamics.gradient`, L2
    norm of the gradient by which the step was made; `dynamics.weight`, L2 norm ‖W‖ of the weight before the step;
    `dynamics.update`, ‖ΔW‖, L2 norm of what the step added to it.
    """

    sampled: Sampled | None = None
    """The images by which activations were taken; None where the network calls no nonlinearity that is known, and where
    showing them would have taken too long, of which `left_out` tells."""
    layers: tuple[str, ...] = ()
    """Names of the L weights in the order of execution as far as known: the module's for its `weight`, else in full."""
    order: tuple[int, ...] = ()
    """Column of the arrays that each of `layers` stands in."""
    sites: tuple[ActivationSite, ...] = ()
    left_out: int = 0
    """Nonlinearities beyond the most that are watched, left out evenly; all of them where there was no time for any."""
    why_alone: Note = None
    """Why there is no `before`; None where there is."""
