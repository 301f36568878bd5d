"""What one image costs of a pass of several, for models that take no single image."""

from __future__ import annotations

from reportgen.experiment.trace.drafts import Recording
from reportgen.record.trace import Shape

TOGETHER = 2
"""Images of the pass that is shared out, where the model takes two; the other pass, which tells which axes are theirs,
has twice as many."""


def share(several: Recording, double: Recording | None, number: int = TOGETHER) -> None:
    """Make of a recording of `number` images that of one: operations and bytes and the axes of the images divided.

    `double`: the same of twice as many, by which these axes are known; where there is none, or it ran otherwise, it is
    the first axis of a tensor that has `number` places there.
    """
    if double is not None and not is_alike(several, double):
        double = None
    for index, call in enumerate(several.calls):
        other = double.calls[index] if double else None
        call.input_shapes = share_shapes(call.input_shapes, other.input_shapes if other else None, number)
        call.output_shapes = share_shapes(call.output_shapes, other.output_shapes if other else None, number)
        call.own_macs //= number
        call.saved_bytes //= number
        call.moved_bytes //= number
    for index, operator in enumerate(several.operators):
        more = double.operators[index] if double else None
        operator.output_shapes = share_shapes(operator.output_shapes, more.output_shapes if more else None, number)
        sources = [shape for _maker, shape in operator.sources]
        shared = share_shapes(sources, [shape for _maker, shape in more.sources] if more else None, number)
        operator.sources = tuple(zip([maker for maker, _shape in operator.sources], shared, strict=True))
        operator.macs //= number


def is_alike(one: Recording, other: Recording) -> bool:
    """Whether two passes called the same modules and operators with as many tensors."""
    calls = [
        [(call.path, len(call.input_shapes), len(call.output_shapes)) for call in each.calls] for each in (one, other)
    ]
    operators = [
        [(operator.name, len(operator.output_shapes), len(operator.sources)) for operator in each.operators]
        for each in (one, other)
    ]
    return calls[0] == calls[1] and operators[0] == operators[1]


def share_shapes(
    several: tuple[Shape, ...] | list[Shape], double: tuple[Shape, ...] | list[Shape] | None, number: int = TOGETHER
) -> tuple[Shape, ...]:
    """The shapes for one image of those for `number`, and where they are known, for twice as many."""
    known = double is not None and len(double) == len(several)
    others: list[Shape | None] = list(double or ()) if known else [None] * len(several)
    return tuple(share_shape(one, other, number) for one, other in zip(several, others, strict=True))


def share_shape(several: Shape, double: Shape | None, number: int) -> Shape:
    """The shape for one image."""
    if double is None or len(double) != len(several):
        return (1, *several[1:]) if several[:1] == (number,) else several
    sides = zip(several, double, strict=True)
    return tuple(side if side == more else max(1, side // number) for side, more in sides)
