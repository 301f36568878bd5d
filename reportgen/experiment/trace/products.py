"""Matrix products written as broadcast products and a sum, which no formula for an operator counts."""

from __future__ import annotations

import math
from collections.abc import Sequence

from reportgen.experiment.trace.drafts import OperatorDraft
from reportgen.record.message import Message, nN_

PRODUCTS = frozenset({"mul", "multiply"})
SUMS = frozenset({"sum", "mean"})
VIEWS = frozenset({"view", "reshape", "flatten", "permute", "transpose", "movedim", "unsqueeze", "squeeze"})
"""Operators that may stand between the two."""
WORTH = 0.01
"""Of the multiply-accumulates that are counted; fewer products are not told."""


def summed_products(operators: Sequence[OperatorDraft]) -> int:
    """How many products there are in broadcasts, larger than each tensor that goes into them, that are then summed.

    Scaling a tensor by numbers, as gates and layer scales do, is none: its result has the size of the tensor.
    """
    found = set()
    for operator in operators:
        for source, _shape in operator.sources if operator.name in SUMS else ():
            maker = operators[source]
            while maker.name in VIEWS and maker.sources:
                maker = operators[maker.sources[0][0]]
            if maker.name in PRODUCTS and is_larger(maker):
                found.add(maker.index)
    return sum(elements(operators[index]) for index in found)


def elements(operator: OperatorDraft) -> int:
    """Of what an operator gives."""
    return sum(map(math.prod, operator.output_shapes))


def is_larger(operator: OperatorDraft) -> bool:
    """Whether what comes out is larger than each tensor that goes in, the model's own parameters left aside."""
    return bool(operator.sources) and all(elements(operator) > math.prod(shape) for _source, shape in operator.sources)


def product_notes(operators: Sequence[OperatorDraft], macs: int) -> list[Message]:
    """That multiply-accumulates are missing, where they would be worth counting."""
    count = summed_products(operators)
    if count <= WORTH * macs:
        return []
    return [
        nN_(
            "{count} product of broadcast tensors is summed, as a matrix product does; the MACs do not include it.",
            "{count} products of broadcast tensors are summed, as a matrix product does; the MACs do not include them.",
            count,
        )
    ]
