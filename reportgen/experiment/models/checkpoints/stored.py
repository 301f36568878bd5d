"""Tensors as a file holds them: shape and type at once, the values when they are asked for."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from reportgen.experiment._torch_internals import quantised_tensor
from reportgen.spec.inert_pickle import Made, Name, Reference, entries_of, find_dotted_name

STORAGES = {
    "FloatStorage": torch.float32,
    "DoubleStorage": torch.float64,
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
    "ShortStorage": torch.int16,
    "CharStorage": torch.int8,
    "ByteStorage": torch.uint8,
    "BoolStorage": torch.bool,
    "ComplexFloatStorage": torch.complex64,
    "ComplexDoubleStorage": torch.complex128,
    "UntypedStorage": torch.uint8,
    "QInt8Storage": torch.int8,
    "QUInt8Storage": torch.uint8,
    "QInt32Storage": torch.int32,
}
"""What torch calls a storage in a pickle, on whatever device it lay."""
QUANTISED = "a quantised tensor"
META = "a tensor on the meta device, which has a shape and no values"
NESTED = "a nested tensor"
WRAPPED = "a tensor of a class of its own, such as a distributed one"
SPARSE = "a sparse tensor"
OTHERS = {
    "_rebuild_meta_tensor_no_storage": META,
    "_rebuild_nested_tensor": NESTED,
    "_rebuild_wrapper_subclass": WRAPPED,
}
"""Kinds of tensors whose values can't be copied into a parameter."""
QUANTISED_TYPES = {torch.int8: torch.qint8, torch.uint8: torch.quint8, torch.int32: torch.qint32}
AFFINE = "torch.per_tensor_affine"
MOST_DIMENSIONS = 64


class Damaged(ValueError):
    """A file whose parts contradict each other."""


class Source(Protocol):
    """Where the bytes of storages lie."""

    big_endian: bool

    def read(self, key: str, start: int, count: int) -> bytes | bytearray:
        """`count` bytes of a storage from byte `start` on; raises Damaged where it holds fewer."""

    def nested(self, data: bytes) -> tuple[Any, Source]:
        """The storage that a file within the file refers to, and where its bytes lie; raises Damaged."""


@dataclass(frozen=True)
class Stored:
    """One tensor of a file."""

    shape: tuple[int, ...]
    dtype: torch.dtype
    load: Callable[[], Tensor]
    """Its values, on the CPU; raises Damaged."""
    odd: str = ""
    """What it is where its values can't be copied into a parameter, such as "a quantised tensor"."""


def stored_tensor(thing: Any, source: Source) -> Stored | None:
    """The tensor that a part of a pickle stands for; None for anything else. Raises Damaged."""
    if not isinstance(thing, Made):
        return None
    name = thing.name
    if name.startswith("torch._utils."):
        return rebuilt(name.removeprefix("torch._utils."), thing.args, source)
    if name == "torch._tensor._rebuild_from_type_v2" and len(thing.args) >= 3 and isinstance(thing.args[2], tuple):
        return whole_of(thing, source) or stored_tensor(Made(thing.args[0], thing.args[2]), source)
    if name in ("torch.nn.parameter.Parameter", "torch.nn.parameter.Buffer") and thing.args:
        return stored_tensor(thing.args[0], source)
    if name in ("numpy.core.multiarray._reconstruct", "numpy._core.multiarray._reconstruct"):
        return numpy_array(thing.state)
    if name in ("numpy.core.numeric._frombuffer", "numpy._core.numeric._frombuffer") and len(thing.args) == 4:
        data, dtype, shape, order = thing.args  # as protocol 5 writes them
        return numpy_array((1, shape, dtype, order == "F", bytes(data) if isinstance(data, bytearray) else data))
    return None


def whole_of(thing: Made, source: Source) -> Stored | None:
    """The tensor that a distributed one holds here, where that is all of it; None for a part, or anything else."""
    state = thing.args[3] if len(thing.args) > 3 else None
    parts = state[1] if isinstance(state, tuple) and len(state) == 2 and isinstance(state[1], dict) else {}
    spec = entries_of(parts.get("_spec")) or {}
    placements = spec.get("placements")
    shape = next((found for part in thing.args[2] if (found := sizes(part)) is not None), None)
    if not isinstance(placements, tuple) or not all(is_plain_placement(one) for one in placements):
        return None
    local = stored_tensor(parts.get("_local_tensor"), source)
    return local if local is not None and local.shape == shape else None


def is_plain_placement(thing: Any) -> bool:
    """Whether a distributed tensor lies there as it is, whole or cut, and not as a summand."""
    return isinstance(thing, Made) and thing.name.rpartition(".")[2] in ("Replicate", "Shard")


def rebuilt(function: str, args: tuple[Any, ...], source: Source) -> Stored | None:
    """What one of torch's own functions would rebuild; the form of its arguments is that of `torch._utils`."""
    if function in OTHERS:
        return odd_tensor(OTHERS[function], args)
    if function in ("_rebuild_parameter", "_rebuild_parameter_with_state") and args:
        return stored_tensor(args[0], source)
    if function in (
        "_rebuild_device_tensor_from_numpy",
        "_rebuild_xla_tensor",
        "_rebuild_device_tensor_from_cpu_tensor",
    ):
        return stored_tensor(args[0], source) if args else None
    if function == "_rebuild_qtensor" and len(args) >= 5:
        return quantised(args, source)
    if function == "_rebuild_sparse_tensor" and len(args) == 2:
        return sparse_tensor(args, source)
    if function == "_rebuild_tensor_v3" and len(args) >= 7:
        return strided(args, source, args[7] if len(args) > 7 else None, dtype_named(args[6]))
    if function in ("_rebuild_tensor", "_rebuild_tensor_v2") and len(args) >= 4:
        return strided(args, source, args[6] if len(args) > 6 else None)
    return None


def odd_tensor(what: str, args: tuple[Any, ...]) -> Stored:
    """A tensor of a kind whose values can't be copied into a parameter."""
    shape = next((sizes(part) for part in args if sizes(part) is not None), None)

    def refuse() -> Tensor:
        raise Damaged(f"it holds {what}")

    return Stored(shape or (), torch.uint8, refuse, what)


def strided(args: tuple[Any, ...], source: Source, marks: Any, dtype: torch.dtype | None = None) -> Stored:
    """A plain tensor: a view of a storage by offset, sizes and strides; raises Damaged where it reaches beyond."""
    if isinstance(args[0], Made) and args[0].name == "torch.storage._load_from_bytes":
        data = args[0].args[0] if args[0].args else None
        if not isinstance(data, bytes):
            raise Damaged("a storage without bytes")
        inner, source = source.nested(data)
        return strided((inner, *args[1:]), source, marks, dtype)
    key, held, base, numel = storage_of(args[0])
    offset, shape, strides = args[1], sizes(args[2]), sizes(args[3])
    dtype = dtype or held
    if not is_count(offset) or shape is None or strides is None or len(shape) != len(strides):
        raise Damaged("a tensor's shape is not one")
    width = torch.empty(0, dtype=dtype).element_size()
    reach = sum((size - 1) * stride for size, stride in zip(shape, strides, strict=True)) + 1 if math.prod(shape) else 0
    available = numel * torch.empty(0, dtype=held).element_size()
    if (offset + reach) * width > available:
        raise Damaged(f"a tensor of {shape} reaches beyond its storage of {available:,} bytes")
    flags = entries_of(marks) or {}

    def load() -> Tensor:
        data = source.read(key, base + offset * width, reach * width)
        flat = from_bytes(data, dtype, source.big_endian)
        tensor = flat.as_strided(shape, strides) if reach else torch.empty(shape, dtype=dtype)
        tensor = tensor.conj() if flags.get("conj") else tensor
        return tensor.neg() if flags.get("neg") else tensor

    return Stored(shape, dtype, load)


def storage_of(thing: Any) -> tuple[str, torch.dtype, int, int]:
    """Key, type, first byte and number of values of the storage that a pickle refers to; raises Damaged."""
    parts = thing.id if isinstance(thing, Reference) else None
    if not isinstance(parts, tuple) or len(parts) not in (5, 6) or parts[0] != "storage":
        raise Damaged("a tensor without a storage")
    dtype = STORAGES.get(find_dotted_name(parts[1]).rpartition(".")[2])
    if dtype is None or not is_count(parts[4]):
        raise Damaged(f"a storage of the type {find_dotted_name(parts[1]) or '?'}, which is not known")
    view = parts[5] if len(parts) == 6 else None
    if view is None:
        return str(parts[2]), dtype, 0, parts[4]
    if not isinstance(view, tuple) or len(view) != 3 or not is_count(view[1]) or not is_count(view[2]):
        raise Damaged("a view of a storage is not one")
    return str(parts[2]), dtype, view[1] * torch.empty(0, dtype=dtype).element_size(), view[2]


def from_bytes(data: bytes | bytearray, dtype: torch.dtype, big_endian: bool) -> Tensor:
    """A tensor (values,) of these bytes."""
    if big_endian != (sys.byteorder == "big"):
        unit = torch.empty(0, dtype=dtype).element_size() // (2 if dtype.is_complex else 1)
        data = np.frombuffer(data, f"u{unit}").byteswap().tobytes()
    if not data:
        return torch.empty(0, dtype=dtype)
    return torch.frombuffer(data if isinstance(data, bytearray) else bytearray(data), dtype=dtype)


def quantised(args: tuple[Any, ...], source: Source) -> Stored:
    """A quantised tensor: whole numbers with one scale, or one for each row of an axis. Raises Damaged where its
    parts don't fit."""
    whole, scheme = strided(args[:4], source, None), args[4] if isinstance(args[4], tuple) else ()
    kind = QUANTISED_TYPES.get(whole.dtype)
    per_row = find_dotted_name(scheme[0]) == "torch.per_channel_affine" if scheme else False
    rows = [stored_tensor(part, source) for part in scheme[1:3]] if per_row else []
    plain = len(scheme) == 3 and isinstance(scheme[1], float | int) and isinstance(scheme[2], int)
    if kind is None or not (
        (per_row and len(scheme) == 4 and all(rows)) or (find_dotted_name(scheme[0]) == AFFINE and plain)
    ):
        return odd_tensor(QUANTISED, args[2:3])

    def load() -> Tensor:
        try:
            scale, zero_point = [part.load() for part in rows if part is not None] if per_row else scheme[1:3]
            return quantised_tensor(whole.load(), scale, zero_point, scheme[3] if per_row else None)
        except (RuntimeError, TypeError) as error:
            raise Damaged(f"a quantised tensor whose scales don't fit ({error})") from error

    return Stored(whole.shape, kind, load, QUANTISED)


def sparse_tensor(args: tuple[Any, ...], source: Source) -> Stored | None:
    """A sparse tensor in coordinate form, filled up with zeros; of other forms only what they are.

    Raises Damaged where its parts don't fit.
    """
    layout = args[0].args[0] if isinstance(args[0], Made) and args[0].args else None
    parts = args[1] if isinstance(args[1], tuple) else ()
    shape = sizes(parts[2]) if len(parts) >= 3 else None
    if layout != "torch.sparse_coo" or shape is None:
        return odd_tensor(SPARSE, parts)
    indices, values = stored_tensor(parts[0], source), stored_tensor(parts[1], source)
    if indices is None or values is None:
        raise Damaged("a sparse tensor without values")

    def load() -> Tensor:
        try:
            found = torch.sparse_coo_tensor(indices.load(), values.load(), shape, check_invariants=True)
        except RuntimeError as error:
            raise Damaged(f"a sparse tensor whose parts don't fit ({error})") from error
        return found.to_dense()

    return Stored(shape, values.dtype, load)


def numpy_array(state: Any) -> Stored | None:
    """An array of NumPy; None for one of anything but numbers. Its state is (version, shape, type, order, bytes).

    Raises Damaged for bytes that don't fit the shape.
    """
    if not isinstance(state, tuple) or len(state) != 5 or not isinstance(state[4], bytes):
        return None
    shape, dtype = sizes(state[1]), numpy_type(state[2])
    if shape is None or dtype is None:
        return None
    if math.prod(shape) * dtype.itemsize != len(state[4]):
        raise Damaged("an array whose bytes don't fit its shape")
    array = np.frombuffer(state[4], dtype).reshape(shape, order="F" if state[3] else "C")
    native = array.astype(dtype.newbyteorder("="))
    try:
        kind = torch.from_numpy(native[..., :0].copy() if native.ndim else native.copy()).dtype
    except TypeError:
        return None
    return Stored(shape, kind, lambda: torch.from_numpy(np.ascontiguousarray(native).copy().reshape(shape)))


def numpy_type(thing: Any) -> np.dtype[Any] | None:
    """A type of numbers; None for anything else, so that nothing but plain numbers is ever read as an array."""
    if not isinstance(thing, Made) or thing.name != "numpy.dtype" or not thing.args:
        return None
    code = thing.args[0] if isinstance(thing.args[0], str) else ""
    if len(code) not in (2, 3) or code[0] not in "fiubc" or not code[1:].isdigit():
        return None
    order = thing.state[1] if isinstance(thing.state, tuple) and len(thing.state) > 1 else "="
    try:
        return np.dtype(f"{order}{code}" if order in ("<", ">") else code)
    except (TypeError, ValueError):
        return None


def dtype_named(thing: Any) -> torch.dtype:
    """The type that a pickle names, such as torch.uint16; raises Damaged."""
    found = getattr(torch, thing.name, None) if isinstance(thing, Name) and thing.module == "torch" else None
    if not isinstance(found, torch.dtype):
        raise Damaged(f"numbers of the type {find_dotted_name(thing) or '?'}, which is not known")
    return found


def sizes(thing: Any) -> tuple[int, ...] | None:
    """A shape or strides; None for anything else."""
    if isinstance(thing, Made) and thing.name == "torch.Size" and thing.args:
        thing = thing.args[0]
    if not isinstance(thing, Sequence) or isinstance(thing, str | bytes) or len(thing) > MOST_DIMENSIONS:
        return None
    return tuple(thing) if all(is_count(size) for size in thing) else None


def is_count(thing: Any) -> bool:
    """Whether this is a whole number that a size can be."""
    return isinstance(thing, int) and not isinstance(thing, bool) and 0 <= thing < 1 << 62
