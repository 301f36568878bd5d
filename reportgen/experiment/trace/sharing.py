"""What one image costs of a pass of two, for models that take no single image."""

from __future__ import annotations

from reportgen.experiment.trace.drafts import Recording
from reportgen.record.trace import Shape

TOGETHER = 2
"""Images of the pass that is shared out; the other pass, which tells which axes are theirs, has twice as many."""


def share(pair: Recording, double: Recording | None) -> None:
    """Make of a recording of two images that of one: half of the operations and bytes, axes of the images halved.

    `double`: the same of four images, by which these axes are known; where there is none, or it ran otherwise, it is
    the first axis of a tensor that has two places there.
    """
    if double is not None and not is_alike(pair, double):
        double = None
    for index, call in enumerate(pair.calls):
        other = double.calls[index] if double else None
        call.input_shapes = share_shapes(call.input_shapes, other.input_shapes if other else None)
        call.output_shapes = share_shapes(call.output_shapes, other.output_shapes if other else None)
        call.own_macs //= TOGETHER
        call.saved_bytes //= TOGETHER
        call.moved_bytes //= TOGETHER
    for index, operator in enumerate(pair.operators):
        more = double.operators[index] if double else None
        operator.output_shapes = share_shapes(operator.output_shapes, more.output_shapes if more else None)
        sources = [shape for _maker, shape in operator.sources]
        shared = share_shapes(sources, [shape for _maker, shape in more.sources] if more else None)
        operator.sources = tuple(zip([maker for maker, _shape in operator.sources], shared, strict=True))
        operator.macs //= TOGETHER


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
    pair: tuple[Shape, ...] | list[Shape], double: tuple[Shape, ...] | list[Shape] | None
) -> tuple[Shape, ...]:
    """The shapes for one image of those for two, and where they are known, for four."""
    known = double is not None and len(double) == len(pair)
    others: list[Shape | None] = list(double or ()) if known else [None] * len(pair)
    return tuple(share_shape(one, other) for one, other in zip(pair, others, strict=True))


def share_shape(pair: Shape, double: Shape | None) -> Shape:
    """The shape for one image."""
    if double is None or len(double) != len(pair):
        return (1, *pair[1:]) if pair[:1] == (TOGETHER,) else pair
    return tuple(side if side == more else side // TOGETHER for side, more in zip(pair, double, strict=True))
