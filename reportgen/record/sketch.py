"""A sketch of the weights: so few numbers a layer that every record can hold them, and enough to tell how far the same
layer of another record lies away.

A layer's parameters, one after another, are a vector w. Each of its values goes with a random sign into one of
SKETCH_SIZE sums, the same sign and sum for the same place in every layer of every model (a count sketch: Charikar, Chen
and Farach-Colton 2002). Sums are linear in w, so that the squared length of the difference of two sketches is an
estimate of ‖w − w₀‖² without bias; its standard error is at most √(2 / SKETCH_SIZE) of it (Thorup and Zhang 2004), that
of the length half as much. A layer of no more values than sums is held whole, and its differences are exact.
"""

from __future__ import annotations

from reportgen.record.trace import Shape
from reportgen.spec.frozen import Frozen

SKETCH_SIZE = 256
SKETCH_ARRAY = "sketch.values"
"""float32 (layers, SKETCH_SIZE): the sums of each layer, or its values and zeros where it is held whole."""


class SketchedLayer(Frozen):
    """One module that holds a weight of two or more dimensions."""

    path: str
    """Its dotted name; the first where it has several."""
    shapes: tuple[Shape, ...]
    """Of its own parameters in their order, each tensor at the first module that holds it."""
    norm: float | None
    """‖w‖ of all of them together; None where one is not finite."""

    @property
    def values(self) -> int:
        """How many numbers it holds."""
        total = 0
        for shape in self.shapes:
            size = 1
            for side in shape:
                size *= side
            total += size
        return total


class WeightSketch(Frozen):
    """The layers that were sketched, in the order of the model; their numbers are in the array SKETCH_ARRAY."""

    layers: tuple[SketchedLayer, ...] = ()
