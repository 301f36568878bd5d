"""Which parameters of a model are matrices, and how each is read as one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import UnionType

import torch
from torch import nn

from reportgen.experiment.layer_types import Convolution, TransposedConvolution
from reportgen.experiment.trace.kinds import kind_of as kind_name
from reportgen.record.probes.weights import MatrixKind
from reportgen.record.trace import ModelTrace

PARAMETRISED = ".parametrizations."
"""In the path of what a parametrisation makes a tensor of: behind its layer, before the tensor's name."""

NORMS = frozenset({"batch_norm", "instance_norm", "group_norm"})
"""Operators that give every channel a scale of its own."""


@dataclass(frozen=True)
class Matrix:
    """One parameter that is a matrix."""

    name: str
    also: tuple[str, ...]
    kind: MatrixKind
    module: str
    """Class name of the module that holds it."""
    parameter: nn.Parameter
    rows: int
    columns: int
    groups: int
    transposed: bool
    """True for transposed convolutions, whose tensors have inputs before outputs."""
    scale: nn.Parameter | None
    """(rows,) of the normalisation that alone takes what the layer gives; None where there is none."""

    @property
    def is_filters(self) -> bool:
        """Whether a row is what one output of a layer sums with."""
        return self.kind in ("convolution", "linear", "attention")

    def read(self, tensor: torch.Tensor) -> torch.Tensor:
        """The parameter, or its initial state, as (rows, columns) on the CPU, in float32 or float64."""
        turned = turn(tensor.detach(), self.groups) if self.transposed else tensor.detach()
        flat = turned.reshape(self.rows, self.columns).cpu()
        return flat if flat.dtype == torch.float64 else flat.float()


def turn(tensor: torch.Tensor, groups: int) -> torch.Tensor:
    """A transposed convolution's (in, out / groups, k, …) as (out, in / groups, k, …)."""
    inside = tensor.reshape(groups, tensor.shape[0] // groups, *tensor.shape[1:])
    return inside.transpose(1, 2).reshape(groups * tensor.shape[1], tensor.shape[0] // groups, *tensor.shape[2:])


def find_matrices(module: nn.Module, trace: ModelTrace) -> list[Matrix]:
    """Every parameter with two sides of at least two, in order of execution; a tied one once, under its first name."""
    names: dict[int, list[str]] = {}
    for name, parameter in module.named_parameters(remove_duplicate=False):
        names.setdefault(id(parameter), []).append(name)
    order = {call.path: call.index for call in reversed(trace.modules)}
    scales = find_scales(module, trace)
    found, holders = [], dict(module.named_modules(remove_duplicate=False))
    for place, (name, parameter) in enumerate(module.named_parameters()):
        path, _, last = name.rpartition(".")
        holder, last = layer_of(holders, path, last, parameter)
        sides = sides_of(holder, last, parameter)
        if sides is not None:
            matrix = make_matrix((holder, last), name, names[id(parameter)], parameter, sides, scales)
            found.append((executed(path, order), place, matrix))
    return [matrix for _, _, matrix in sorted(found, key=lambda item: item[:2])]


def executed(path: str, order: dict[str, int]) -> int:
    """When a module, or the nearest one above it that is called, runs first."""
    while path and path not in order:
        path = path.rpartition(".")[0]
    return order.get(path, 0)


def sides_of(holder: nn.Module, last: str, parameter: nn.Parameter) -> tuple[int, int] | None:
    """Rows and columns; None for vectors, and for what holds no numbers yet or is not real.

    Axes of length one before the first longer one are no rows: a position embedding (1, n, d) is n × d.
    """
    if not parameter.is_floating_point() or isinstance(parameter, nn.parameter.UninitializedParameter):
        return None
    shape = list(parameter.shape)
    if isinstance(holder, TransposedConvolution) and last == "weight":
        shape[:2] = [holder.out_channels, holder.in_channels // holder.groups]
    if not isinstance(holder, Convolution | nn.Linear):
        while len(shape) > 2 and shape[0] == 1:
            shape = shape[1:]
    rows = shape[0] if shape else 0
    columns = parameter.numel() // rows if rows else 0
    return (rows, columns) if rows > 1 and columns > 1 else None


def layer_of(holders: Mapping[str, nn.Module], path: str, last: str, parameter: nn.Parameter) -> tuple[nn.Module, str]:
    """The module that a parameter belongs to and its name there.

    One that a parametrisation makes a weight of, and that has the weight's shape, stands for the weight of its layer.
    """
    layer, inside, rest = path.partition(PARAMETRISED)
    if not inside or (not layer and path.startswith(PARAMETRISED)):
        return holders[path], last
    name = rest.partition(".")[0]
    made = getattr(holders[layer], name, None)
    if isinstance(made, torch.Tensor) and made.shape == parameter.shape:
        return holders[layer], name
    return holders[path], last


def make_matrix(
    held_as: tuple[nn.Module, str],
    name: str,
    names: list[str],
    parameter: nn.Parameter,
    sides: tuple[int, int],
    scales: dict[str, nn.Parameter],
) -> Matrix:
    """One matrix and what is known of its layer."""
    (holder, last), path = held_as, name.rpartition(".")[0].partition(PARAMETRISED)[0]
    convolution = isinstance(holder, Convolution) and last == "weight"
    scale = scales.get(path) if last == "weight" else None
    return Matrix(
        name=name,
        also=tuple(other for other in names if other != name),
        kind=kind_of(holder, last),
        module=kind_name(holder),
        parameter=parameter,
        rows=sides[0],
        columns=sides[1],
        groups=holder.groups if convolution and isinstance(holder, Convolution) else 1,
        transposed=convolution and isinstance(holder, TransposedConvolution),
        scale=scale if scale is not None and scale.numel() == sides[0] else None,
    )


def kind_of(holder: nn.Module, last: str) -> MatrixKind:
    """What a matrix does, by the class that holds it and its name there."""
    kinds: list[tuple[type[nn.Module] | UnionType, MatrixKind]] = [
        (Convolution, "convolution"),
        (nn.MultiheadAttention, "attention"),
        (nn.Linear, "linear"),
        (nn.RNNBase, "recurrent"),
        (nn.RNNCellBase, "recurrent"),
        (nn.Embedding, "embedding"),
    ]
    if "pos" in last.lower():
        return "position"
    return next((kind for known, kind in kinds if isinstance(holder, known)), "other")


def find_scales(module: nn.Module, trace: ModelTrace) -> dict[str, nn.Parameter]:
    """Path of a layer -> scale of the normalisation that takes its output and that nothing else takes."""
    takers: dict[int, set[int]] = {}
    for edge in trace.edges:
        takers.setdefault(edge.source, set()).add(edge.target)
    paths = {operator.index: trace.modules[operator.module].path for operator in trace.operators}
    found: dict[str, nn.Parameter] = {}
    for source, norm in single_takers(trace, takers):
        scale = getattr(find_module(module, paths[norm]), "weight", None)
        layer = find_module(module, paths[source])
        if isinstance(scale, nn.Parameter) and scale.dim() == 1 and isinstance(layer, Convolution | nn.Linear):
            found[paths[source]] = scale
    return found


def single_takers(trace: ModelTrace, takers: dict[int, set[int]]) -> Iterator[tuple[int, int]]:
    """(operator, the normalisation that alone takes its output)."""
    for operator in trace.operators:
        after = takers.get(operator.index, set())
        if len(after) == 1 and trace.operators[next(iter(after))].name in NORMS:
            yield operator.index, next(iter(after))


def find_module(module: nn.Module, path: str) -> nn.Module | None:
    """The module of that path, if it is (still) there."""
    return dict(module.named_modules(remove_duplicate=False)).get(path)
