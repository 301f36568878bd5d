"""Names of operators, shapes of tensors and the memory they stand in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from torch import Tensor

from reportgen.record.operators import plain_name
from reportgen.record.trace import Shape

IN_PLACE = frozenset(
    {"setitem"}
    | {
        f"i{name}"
        for name in (
            "add",
            "sub",
            "mul",
            "matmul",
            "div",
            "truediv",
            "floordiv",
            "mod",
            "pow",
            "and",
            "or",
            "xor",
            "lshift",
            "rshift",
        )
    }
)
"""Operators that Python writes as `x[…] =`, `+=` and the like, without their underscores."""


def name_of(func: Callable[..., Any]) -> str:
    """The operator's name as people write it: "add" for add_, __iadd__ and __radd__."""
    return plain_name(getattr(func, "__name__", type(func).__name__))


def writes_in_place(func: Callable[..., Any], kwargs: Mapping[str, Any]) -> bool:
    """Whether a call changes one of its inputs, by torch's naming: `add_`, `__iadd__`, `inplace=True`, `out=`."""
    name = getattr(func, "__name__", "")
    by_name = name.strip("_") in IN_PLACE if name.endswith("__") else name.endswith("_")
    return by_name or bool(kwargs.get("inplace")) or kwargs.get("out") is not None


def plain(values: Iterable[Any]) -> tuple[Any, ...]:
    """Arguments without their tensors: each becomes its shape."""
    return tuple(tuple(value.shape) if isinstance(value, Tensor) else value for value in values)


def shapes_of(tensors: Iterable[Tensor]) -> tuple[Shape, ...]:
    """Their shapes."""
    return tuple(tuple(tensor.shape) for tensor in tensors)


def storage_bytes(tensor: Tensor) -> int:
    """Bytes of the memory a tensor is a view of."""
    try:
        return tensor.untyped_storage().nbytes()
    except (NotImplementedError, RuntimeError):
        return tensor.numel() * tensor.element_size()
