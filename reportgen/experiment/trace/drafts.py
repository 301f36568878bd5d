"""What the recorder writes down while the model runs; turned into a frozen ModelTrace afterwards."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from reportgen.record.trace import Shape


@dataclass
class CallDraft:
    """One call of one module under way."""

    index: int
    path: str
    module: torch.nn.Module
    call: int
    depth: int
    parent: int | None
    input_shapes: tuple[Shape, ...]
    inputs: tuple[Tensor, ...]
    output_shapes: tuple[Shape, ...] = ()
    own_macs: int = 0
    saved_bytes: int = 0
    """Kept for the backward pass by operators of this call itself."""
    moved_bytes: int = 0
    """Of the distinct input and output tensors."""


@dataclass
class OperatorDraft:
    """One operator as the author wrote it."""

    index: int
    name: str
    module: int
    output_shapes: tuple[Shape, ...]
    arguments: tuple[Any, ...] = ()
    """Positional arguments that are not tensors stay as they are; tensors become their shapes."""
    settings: dict[str, Any] = field(default_factory=dict)
    sources: tuple[tuple[int, Shape], ...] = ()
    """(operator, shape of the tensor) for every input that an operator made."""
    macs: int = 0
    uncounted: bool = False


@dataclass
class Recording:
    """Everything seen in one forward pass."""

    calls: list[CallDraft] = field(default_factory=list)
    operators: list[OperatorDraft] = field(default_factory=list)
    uncounted: set[str] = field(default_factory=set)
    used_parameters: set[int] = field(default_factory=set)
    """id() of parameters that an operator read."""
    results: set[int] = field(default_factory=set)
    """Indices of the operators that made the model's outputs."""
    output: Any = None
