"""The receptive field of the last feature map: what convolutions and pools on the way to it add up to.

The recurrence is that of Araujo, Norris & Sim 2019, "Computing Receptive Fields of Convolutional Neural Networks":
size += (kernel - 1)·dilation·stride so far; stride so far *= stride. Gates made from a globally pooled map (squeeze and
excitation) and the statistics of normalisation are left out, as is usual.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from reportgen.experiment.trace.drafts import OperatorDraft
from reportgen.record.operators import AXES_MOVED, LOCAL, POOLED, SIZES_CHANGED, WINDOWS
from reportgen.record.trace import ReceptiveField, Shape


@dataclass(frozen=True)
class Field:
    """What a place of one tensor sees."""

    size: tuple[int, int] = (1, 1)
    stride: tuple[int, int] = (1, 1)
    axes: tuple[int, int] = (2, 3)
    """Where height and width stand."""
    extent: tuple[int, int] = (0, 0)
    windows: int = 0
    """Convolutions and pools passed."""
    before: Field | None = None
    """The map that the last operator averaged as a whole; it was the last map if nothing else follows."""


def receptive_field(operators: Sequence[OperatorDraft], on_path: Sequence[bool]) -> ReceptiveField | None:
    """Follow the field from the input along the path; None where an operator on it mixes places in another way, or
    where nothing but a fully connected layer looks at the image."""
    fields: list[Field | None] = []
    last: Field | None = None
    for operator, counted in zip(operators, on_path, strict=True):
        sources = [(fields[index], shape) for index, shape in operator.sources]
        maps = [(field, shape) for field, shape in sources if field is not None]
        if operator.name == "input":
            shape = operator.output_shapes[0]
            fields.append(Field(extent=(shape[2], shape[3])) if len(shape) == 4 else None)
        elif not maps or not counted:
            fields.append(None)
        else:
            joined, shape = join(maps)
            if ends(operator, joined):
                last = (joined.before or joined) if joined.windows else last
                fields.append(None)
                continue
            passed = step(operator, joined, shape)
            if passed is None:
                return None
            fields.append(passed)
    if last is None and fields and operators[-1].output_shapes and fields[-1] is not None:
        last = fields[-1].before or fields[-1]
    if last is None or not last.windows:
        return None
    return ReceptiveField(size=max(last.size), stride=max(last.stride), feature_map=last.extent)


def join(maps: list[tuple[Field, Shape]]) -> tuple[Field, Shape]:
    """The field of several inputs together: the largest extent decides, its sizes' maximum holds."""
    largest, shape = max(maps, key=lambda item: (item[0].extent, item[0].windows))
    same = [field for field, _ in maps if field.extent == largest.extent]
    size = (max(field.size[0] for field in same), max(field.size[1] for field in same))
    return replace(largest, size=size), shape


def ends(operator: OperatorDraft, field: Field) -> bool:
    """Whether the map of places is given up here."""
    output = operator.output_shapes[0]
    if operator.name.startswith("adaptive"):
        return not keeps_places(output, field)
    if operator.name in POOLED:
        return len(output) <= 2 or all(len(output) > axis and output[axis] == 1 for axis in field.axes)
    return operator.name in SIZES_CHANGED and len(output) <= 2


def keeps_places(output: Shape, field: Field) -> bool:
    """Whether height and width are still there, at their axes."""
    return len(output) > max(field.axes) and (output[field.axes[0]], output[field.axes[1]]) == field.extent


def step(operator: OperatorDraft, field: Field, shape: Shape) -> Field | None:
    """The field after one operator; None where it is not defined."""
    name, output = operator.name, operator.output_shapes[0]
    if name in WINDOWS:
        return window(operator, field, output)
    if name in AXES_MOVED:
        return moved(operator, field)
    if name in SIZES_CHANGED:
        tail = field.axes == (len(shape) - 2, len(shape) - 1) and output[-2:] == field.extent
        return replace(field, axes=(len(output) - 2, len(output) - 1)) if tail else None
    if name == "getitem":
        return sliced(operator, field, output)
    if name == "linear":
        return field if len(shape) - 1 not in field.axes else None
    if name in {"layer_norm", "rms_norm"}:
        return field
    if name in POOLED:
        return field if keeps_places(output, field) else None
    if name in LOCAL and len(output) > max(field.axes):
        return replace(field, extent=(output[field.axes[0]], output[field.axes[1]]))
    return None


def window(operator: OperatorDraft, field: Field, output: Shape) -> Field | None:
    """A convolution or pool slides over the map."""
    if field.axes != (2, 3) or len(output) != 4:
        return None
    conv = operator.name == "conv2d"
    kernel = pair(operator.arguments[1][2:] if conv else argument(operator, 1, "kernel_size"))
    stride = pair(argument(operator, 3 if conv else 2, "stride") or (1 if conv else kernel))
    pools_dilate = operator.name.startswith("max_pool2d")
    dilation = pair(argument(operator, 5 if conv else 4, "dilation") or 1) if conv or pools_dilate else (1, 1)
    grown = [field.size[i] + (kernel[i] - 1) * dilation[i] * field.stride[i] for i in (0, 1)]
    strides = [field.stride[i] * stride[i] for i in (0, 1)]
    whole = operator.name == "avg_pool2d" and field.extent != (1, 1) and output[2:] == (1, 1)
    return Field(
        size=(grown[0], grown[1]),
        stride=(strides[0], strides[1]),
        extent=(output[2], output[3]),
        windows=field.windows + 1,
        before=field if whole else None,
    )


def argument(operator: OperatorDraft, position: int, name: str) -> Any:
    """A positional or named argument; None where it is not given."""
    if name in operator.settings:
        return operator.settings[name]
    return operator.arguments[position] if len(operator.arguments) > position else None


def pair(value: Any) -> tuple[int, int]:
    """Height and width from a number or a pair."""
    if isinstance(value, int):
        return (value, value)
    values = tuple(int(item) for item in value)
    return (values[0], values[-1])


def moved(operator: OperatorDraft, field: Field) -> Field | None:
    """Height and width stand elsewhere after a permutation of the axes."""
    count = len(operator.output_shapes[0])
    given = operator.arguments[1:]
    dims = tuple(given[0]) if len(given) == 1 and isinstance(given[0], tuple | list) else tuple(given)
    if not dims or not all(isinstance(dim, int) for dim in dims):
        return None
    order = list(range(count))
    if operator.name == "permute":
        order = [dim % count for dim in dims]
    elif operator.name in {"transpose", "swapaxes"}:
        first, second = dims[0] % count, dims[1] % count
        order[first], order[second] = order[second], order[first]
    else:
        return None
    return replace(field, axes=(order.index(field.axes[0]), order.index(field.axes[1])))


def sliced(operator: OperatorDraft, field: Field, output: Shape) -> Field | None:
    """Indexing that keeps the axes, with or without a step, such as the option A shortcut."""
    index = operator.arguments[1]
    items = index if isinstance(index, tuple) else (index,)
    if not all(isinstance(item, slice) for item in items) or len(output) <= max(field.axes):
        return None
    steps = [items[axis].step or 1 if axis < len(items) else 1 for axis in field.axes]
    extent = (output[field.axes[0]], output[field.axes[1]])
    return replace(field, stride=(field.stride[0] * steps[0], field.stride[1] * steps[1]), extent=extent)
