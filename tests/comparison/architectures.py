"""Models written by hand for comparisons of architectures, with what they cost."""

from __future__ import annotations

import re
from collections.abc import Sequence

from reportgen.record.calls import add_up
from reportgen.record.trace import ModelTrace
from tests.figures.traces import Bench

SHAPE = re.compile(r"(\d+), (\d+), kernel_size=\((\d+)")


def costed(trace: ModelTrace) -> ModelTrace:
    """The trace with parameters and MACs of its convolutions, linear layers and normalisations."""
    own, macs = [], []
    for call in trace.modules:
        found = SHAPE.match(call.settings)
        weights = int(found[1]) * int(found[2]) * int(found[3]) ** 2 if found else 0
        if call.kind == "Linear":
            sides = [int(text) for text in re.findall(r"_features=(\d+)", call.settings)]
            weights = sides[0] * sides[1]
        norm = call.kind == "BatchNorm2d"
        own.append(2 * int(call.settings.split(",")[0]) if norm else weights)
        size = call.output_shapes[0][2:] if call.output_shapes else ()
        macs.append(weights * (size[0] * size[1] if len(size) == 2 else 1) if call.kind != "BatchNorm2d" else 0)
    parents = [call.parent for call in trace.modules]
    totals, all_macs = add_up(parents, own), add_up(parents, macs)
    modules = tuple(
        call.model_copy(update={"own_parameters": a, "parameters": b, "trainable": b, "own_macs": c, "macs": d})
        for call, a, b, c, d in zip(trace.modules, own, totals, macs, all_macs, strict=True)
    )
    return trace.model_copy(
        update={"modules": modules, "parameters": totals[0], "trainable_parameters": totals[0], "macs": all_macs[0]}
    )


class Plan:
    """Layers in order of execution, in whatever modules are entered."""

    def __init__(self, kind: str = "Net") -> None:
        self.bench = Bench(kind)
        self.kind = kind
        self.at = self.bench.input
        self.width = 3

    def conv(self, name: str, width: int, size: int = 3, side: int = 8, stride: int = 1) -> None:
        """A convolution."""
        settings = f"{self.width}, {width}, kernel_size=({size}, {size}), stride=({stride}, {stride}), bias=False"
        self.at = self.bench.leaf("Conv2d", name, self.at, settings, (1, width, side, side))
        self.width = width

    def norm(self, name: str, side: int = 8) -> None:
        """A normalisation."""
        self.at = self.bench.leaf("BatchNorm2d", name, self.at, f"{self.width}, eps=1e-05", (1, self.width, side, side))

    def layer(self, kind: str, name: str, settings: str = "", side: int = 8) -> None:
        """A layer without parameters."""
        self.at = self.bench.leaf(kind, name, self.at, settings, (1, self.width, side, side))

    def head(self, name: str = "fc", outputs: int = 10) -> None:
        """A pooling and the classifier."""
        self.at = self.bench.leaf("AdaptiveAvgPool2d", "pool", self.at, "output_size=1", (1, self.width, 1, 1))
        settings = f"in_features={self.width}, out_features={outputs}, bias=True"
        self.at = self.bench.leaf("Linear", name, self.at, settings, (1, outputs))

    def residual(
        self,
        name: str,
        width: int,
        *,
        size: int = 3,
        act: str = "ReLU",
        kind: str = "Block",
        skip: bool = True,
        names: tuple[str, str] = ("conv", "norm"),
        squeeze: bool = False,
        from_input: bool = True,
    ) -> None:
        """conv, norm, act, conv, norm and a sum with what came in."""
        came = self.at
        with self.bench.call(kind, name, shape=(1, width, 8, 8)):
            self.conv(f"{names[0]}1", width, size)
            self.norm(f"{names[1]}1")
            first = self.at
            self.layer(act, "act")
            self.conv(f"{names[0]}2", width)
            self.norm(f"{names[1]}2")
            if squeeze:
                self.conv("squeeze", width, 1)
            if skip:
                self.at = self.bench.op("add", self.at, came if from_input else first, shape=(1, width, 8, 8))

    def inverted(self, name: str, width: int, expand: int = 6) -> None:
        """MobileNet's block: 1×1, depthwise 3×3, 1×1, each with its normalisation."""
        came, inner = self.at, self.width * expand
        with self.bench.call("InvertedResidual", name, shape=(1, width, 8, 8)):
            for number, (wide, size) in enumerate(((inner, 1), (inner, 3), (width, 1))):
                self.conv(f"conv.{number}", wide, size)
                self.norm(f"norm.{number}")
                if number < 2:
                    self.layer("ReLU6", f"act.{number}")
            self.at = self.bench.op("add", self.at, came, shape=(1, width, 8, 8))

    def trace(self) -> ModelTrace:
        """What was planned."""
        return costed(self.bench.trace(self.kind))


def residual_net(
    widths: Sequence[int] = (16, 16, 16, 16),
    *,
    stem: str = "stem",
    body: str = "body",
    head: str = "fc",
    **block: object,
) -> ModelTrace:
    """A stem, residual blocks in a Sequential, and a classifier."""
    plan = Plan("ResNet")
    plan.conv(stem, 16)
    with plan.bench.call("Sequential", body):
        for number, width in enumerate(widths):
            plan.residual(str(number), width, **block)  # type: ignore[arg-type]
    plan.head(head)
    return plan.trace()


def mobile_net(widths: Sequence[int] = (16, 16, 24, 24), expand: int = 6) -> ModelTrace:
    """A stem with another kernel and inverted residual blocks."""
    plan = Plan("MobileNet")
    plan.conv("first", 32, size=5)
    with plan.bench.call("Sequential", "features"):
        for number, width in enumerate(widths):
            plan.inverted(str(number), width, expand)
    plan.head("classifier")
    return plan.trace()
