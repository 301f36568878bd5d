"""Traces written by hand: enter a module, run operators on earlier results, leave it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from reportgen.record.trace import Edge, ModelTrace, ModuleCall, Operator, Shape
from tests.support.records import module


class Bench:
    """Collects calls, operators and edges in order of execution."""

    def __init__(self, kind: str = "Net", shape: Shape = (1, 3, 32, 32)) -> None:
        self.modules: list[ModuleCall] = [module(0, "", kind, None, 0, is_leaf=False, input_shapes=(shape,))]
        self.operators: list[Operator] = []
        self.edges: list[Edge] = []
        self.around = [0]
        self.input = self.op("input", shape=shape)

    def op(self, name: str, *sources: int, shape: Shape = (1, 16, 8, 8), on_path: bool = True) -> int:
        """One operator in the current module; returns its index."""
        index = len(self.operators)
        self.operators.append(
            Operator(index=index, name=name, module=self.around[-1], output_shapes=(shape,), macs=0, on_path=on_path)
        )
        self.edges += [Edge(source=s, target=index, shape=self.operators[s].output_shapes[0]) for s in sources]
        return index

    @contextmanager
    def call(self, kind: str, name: str, settings: str = "", shape: Shape = (1, 16, 8, 8)) -> Iterator[None]:
        """A module call around the operators inside the block."""
        parent = self.around[-1]
        path = f"{self.modules[parent].path}.{name}".lstrip(".")
        index = len(self.modules)
        self.modules[parent] = self.modules[parent].model_copy(update={"is_leaf": False})
        self.modules.append(
            module(
                index,
                path,
                kind,
                parent,
                len(self.around),
                settings=settings,
                input_shapes=(shape,),
                output_shapes=(shape,),
            )
        )
        self.around.append(index)
        yield
        self.around.pop()

    def leaf(self, kind: str, name: str, source: int, settings: str = "", shape: Shape = (1, 16, 8, 8)) -> int:
        """A module that runs one operator."""
        with self.call(kind, name, settings, shape):
            return self.op(kind.lower(), source, shape=shape)

    def conv(self, name: str, source: int, width: int = 16, size: int = 3, stride: int = 1) -> int:
        """A convolution."""
        settings = f"16, {width}, kernel_size=({size}, {size}), stride=({stride}, {stride}), bias=False"
        return self.leaf("Conv2d", name, source, settings, (1, width, 8, 8))

    def trace(self, name: str = "Net") -> ModelTrace:
        """What was collected."""
        last = self.operators[-1].output_shapes
        return ModelTrace(
            name=name,
            source="builtin:net",
            input_shape=self.operators[0].output_shapes[0],
            output_shapes=last,
            modules=tuple(self.modules),
            operators=tuple(self.operators),
            edges=tuple(self.edges),
            parameters=0,
            trainable_parameters=0,
            buffers=0,
            parameter_bytes=0,
            macs=0,
            activation_bytes_training=0,
            activation_bytes_inference=0,
        )


def residual(bench: Bench, name: str, x: int, width: int = 16, down: bool = False, kind: str = "Block") -> int:
    """Two convolutions and a skip edge, through a convolution of its own where `down`."""
    with bench.call(kind, name, shape=(1, width, 8, 8)):
        y = bench.conv("conv1", x, width, stride=2 if down else 1)
        y = bench.leaf("ReLU", "relu", y, shape=(1, width, 8, 8))
        y = bench.conv("conv2", y, width)
        side = bench.conv("down", x, width, size=1, stride=2) if down else x
        return bench.op("add", y, side, shape=(1, width, 8, 8))
