"""The autograd graph of the loss, from the outputs back to named parameters."""

from __future__ import annotations

import re
from typing import NamedTuple

from reportgen.record.message import Note
from reportgen.record.probes.sampling import Sampled
from reportgen.record.trace import Shape
from reportgen.spec.frozen import Frozen

LEAF = "AccumulateGrad"
"""What autograd calls the node that adds a gradient to a parameter."""
ENDING = re.compile(r"Backward\d*$")
HUMPS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])(?<!\d(?=D))|(?<=\dD)(?=[A-Z])")
"""Where a name made of capitalised words is parted; "2D" stays together with the word before it."""
BACKENDS = re.compile(
    r"^(native|cudnn|miopen|mkldnn|mps|unsafe|efficient)_|_(for_cpu|overrideable)$|_overrideable(?=_)"
)
"""Parts of a name that tell how an operator is computed, not which it is."""


class GraphCall(Frozen):
    """One call of one module in the forward pass that built the graph; index 0 is the model itself."""

    path: str
    """Dotted name, "" for the model."""
    kind: str
    """Class name."""
    call: int = 0
    """0 for the first call of this module, k when it is reused."""
    parent: int | None
    """Index of the calling GraphCall."""
    shape: Shape = ()
    """Of its first output, batch dimension included."""


class GraphNode(Frozen):
    """One node of the graph, that is, one operator's backward pass or one parameter's gradient."""

    name: str
    """As autograd calls it: "ConvolutionBackward0"; "AccumulateGrad" for a leaf."""
    call: int = 0
    """Index of the GraphCall that made it; the loss itself belongs to the model."""
    parameter: int | None = None
    """Index of the GraphParameter that a leaf adds to; None for operators and for tensors that have no name."""
    shape: Shape = ()
    """Of the gradient that comes in: the shape of the operator's first output."""
    saved: tuple[Shape, ...] = ()
    """Of the tensors that the node keeps, parameters left out."""
    next: tuple[int, ...] = ()
    """The nodes it hands gradients to, one for each of autograd's `next_functions` that is there."""

    @property
    def is_leaf(self) -> bool:
        """True for a node that adds to a parameter's gradient."""
        return self.name == LEAF

    @property
    def operator(self) -> str:
        """The operator as people write it: `MaxPool2DWithIndicesBackward0` is "max_pool2d_with_indices"."""
        return readable(self.name)


class GraphParameter(Frozen):
    """One parameter of the model and whether the loss reaches it."""

    names: tuple[str, ...]
    """Every dotted name it has; several where modules share it."""
    shape: Shape
    trainable: bool
    reached: bool
    """True where a leaf of the graph is this parameter."""
    gradient: bool
    """True where autograd itself gave a gradient for it, zero or not."""

    @property
    def elements(self) -> int:
        """Numbers in it."""
        total = 1
        for size in self.shape:
            total *= size
        return total


class Farthest(NamedTuple):
    """A parameter and how many operators lie between it and the loss."""

    parameter: GraphParameter
    shortest: int
    longest: int


class AutogradFacts(Frozen):
    """What the probe `autograd` found: the graph that the loss of a few training images leaves behind."""

    sampled: Sampled | None = None
    """The images it looked at; None where it needs none."""
    loss: Note = None
    """As `Training.loss` names it."""
    calls: tuple[GraphCall, ...] = ()
    nodes: tuple[GraphNode, ...] = ()
    """In the order of the forward pass: leaves first, then operators; the loss is the last. Edges lead backwards."""
    parameters: tuple[GraphParameter, ...] = ()

    @property
    def edges(self) -> int:
        """Every gradient that one node hands to another."""
        return sum(len(node.next) for node in self.nodes)

    @property
    def leaves(self) -> int:
        """Nodes that add to a parameter."""
        return sum(node.is_leaf for node in self.nodes)

    def missing(self) -> tuple[GraphParameter, ...]:
        """Trainable parameters to which autograd gives no gradient."""
        return tuple(found for found in self.parameters if found.trainable and not found.gradient)

    def farthest(self) -> Farthest | None:
        """The parameter with the longest path back from the loss; None where the graph has no named one.

        Ways are counted in the nodes on them, the loss's own included and the leaf not; of equally long ones that whose
        shortest way is longer counts.
        """
        shortest, longest = {len(self.nodes) - 1: 1}, {len(self.nodes) - 1: 1}
        ends: list[tuple[int, int, int]] = []
        for index in range(len(self.nodes) - 1, -1, -1):
            node = self.nodes[index]
            if index in shortest and node.parameter is not None:
                ends.append((longest[index] - 1, shortest[index] - 1, -node.parameter))
            for target in node.next if index in shortest else ():
                shortest[target] = min(shortest.get(target, shortest[index] + 1), shortest[index] + 1)
                longest[target] = max(longest.get(target, 0), longest[index] + 1)
        far = max(ends, default=None)
        return None if far is None else Farthest(self.parameters[-far[2]], far[1], far[0])


def readable(name: str) -> str:
    """What a node of autograd is the backward pass of, in the words of torch: "native_layer_norm" is "layer_norm"."""
    words = HUMPS.sub("_", ENDING.sub("", name.rpartition("::")[2].rpartition(".")[2])).lower().strip("_")
    return BACKENDS.sub("", words) or name
