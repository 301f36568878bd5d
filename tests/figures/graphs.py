"""Autograd graphs written by hand: operators on earlier results, in calls, with parameters of their own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from reportgen.record.probes import Probes
from reportgen.record.probes.autograd import LEAF, AutogradFacts, GraphCall, GraphNode, GraphParameter
from reportgen.record.probes.sampling import Sampled
from reportgen.record.run import RunRecord
from reportgen.record.trace import Shape


class Back:
    """Collects calls, operators and parameters in the order of the forward pass."""

    def __init__(self, kind: str = "Net") -> None:
        self.calls = [GraphCall(path="", kind=kind, parent=None)]
        self.operators: list[tuple[GraphNode, tuple[int, ...], tuple[int, ...]]] = []
        self.parameters: list[GraphParameter] = []
        self.around = [0]

    def parameter(self, name: str, shape: Shape, trainable: bool = True, reached: bool = True) -> int:
        """A parameter of the current call; its place among all."""
        path = self.calls[self.around[-1]].path
        found = GraphParameter(
            names=(f"{path}.{name}".lstrip("."),),
            shape=shape,
            trainable=trainable,
            reached=reached and trainable,
            gradient=reached and trainable,
        )
        self.parameters.append(found)
        return len(self.parameters) - 1

    def op(self, name: str, *sources: int, parameters: tuple[int, ...] = ()) -> int:
        """An operator of the current call."""
        node = GraphNode(name=f"{name}Backward0", call=self.around[-1], shape=(2, 16, 8, 8))
        self.operators.append((node, sources, parameters))
        return len(self.operators) - 1

    @contextmanager
    def call(self, kind: str, name: str) -> Iterator[None]:
        """A module call around the operators inside the block."""
        parent = self.around[-1]
        path = f"{self.calls[parent].path}.{name}".lstrip(".")
        self.calls.append(GraphCall(path=path, kind=kind, parent=parent, shape=(2, 16, 8, 8)))
        self.around.append(len(self.calls) - 1)
        yield
        self.around.pop()

    def conv(self, name: str, *sources: int, width: int = 16) -> int:
        """A convolution with weight and bias."""
        with self.call("Conv2d", name):
            own = (self.parameter("weight", (width, width, 3, 3)), self.parameter("bias", (width,)))
            return self.op("Convolution", *sources, parameters=own)

    def facts(self) -> AutogradFacts:
        """What was collected, with a loss at its end."""
        last = self.op("NllLoss", self.op("LogSoftmax", len(self.operators) - 1))
        used = sorted({place for _, _, own in self.operators for place in own})
        leaf = {place: number for number, place in enumerate(used)}
        nodes = [GraphNode(name=LEAF, parameter=place) for place in used]
        for node, sources, own in self.operators[: last + 1]:
            after = (*(len(used) + source for source in sources), *(leaf[place] for place in own))
            nodes.append(node.model_copy(update={"next": after}))
        sampled = Sampled(images=2, split="train", seed=0)
        return AutogradFacts(
            sampled=sampled,
            loss="cross entropy",
            calls=tuple(self.calls),
            nodes=tuple(nodes),
            parameters=tuple(self.parameters),
        )


def block(back: Back, name: str, *sources: int, kind: str = "Block", down: bool = False) -> int:
    """Two convolutions and an edge past them, through a convolution of its own where `down`."""
    with back.call(kind, name):
        x = back.op("Relu", back.conv("conv1", *sources))
        side = back.conv("down", *sources) if down else sources[0]
        return back.op("Relu", back.op("Add", back.conv("conv2", x), side))


def residual_net(blocks: int) -> AutogradFacts:
    """A stem and so many blocks, the second and every third after it with a convolution on the edge past it."""
    back = Back()
    x = back.conv("stem")
    for number in range(blocks):
        x = block(back, f"block{number}", x, down=number % 3 == 1)
    with back.call("Linear", "fc"):
        own = (back.parameter("weight", (10, 16)), back.parameter("bias", (10,)))
        back.op("Addmm", back.op("View", x), parameters=own)
    return back.facts()


def with_graph(record: RunRecord, facts: AutogradFacts) -> RunRecord:
    """The record with this graph probed."""
    return record.model_copy(update={"probes": Probes(level="fast", budget_seconds=20.0, autograd=facts)})
