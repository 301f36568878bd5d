"""The digest of a model's weights, in the form that `reportgen.record.weights_digest` describes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

import torch

from reportgen.experiment.models.preparing import Scripted
from reportgen.record.message import N_, Message
from reportgen.record.weights_digest import WeightsDigest
from reportgen.text.errors import describe_error

Part = tuple[str, str, object, torch.Tensor | None]
"""(name, type, shape or value, the tensor whose bytes follow)."""
PLAIN = (type(None), bool, int, float, str, torch.dtype, torch.Size, torch.device, torch.layout, torch.memory_format)


class NoBytes(Exception):
    """An entry without bytes that mean the same everywhere."""

    def __init__(self, name: str, kind: str) -> None:
        super().__init__(name, kind)
        self.name, self.kind = name, kind

    @property
    def told(self) -> Message:
        """For readers of the report."""
        return N_(
            "The entry {name} of the state dict ({type}) has no bytes that mean the same everywhere.",
            name=self.name,
            type=self.kind,
        )


def digest_weights(module: torch.nn.Module) -> WeightsDigest:
    """The digest of a model's state dict, which is read and not changed; or why there is none."""
    try:
        with torch.no_grad():
            state = (module.model if isinstance(module, Scripted) else module).state_dict()
            return WeightsDigest(sha256=digest_state(state), entries=len(state))
    except NoBytes as error:
        return WeightsDigest(reason=error.told)
    except Exception as error:  # the model's own code may make its state dict
        return WeightsDigest(reason=N_("Reading the state dict raised {error}.", error=describe_error(error)))


def digest_state(state: Mapping[str, Any]) -> str:
    """The sha256, hexadecimal, of a state dict. Raises NoBytes."""
    digest = hashlib.sha256()
    for name in sorted(state):
        for path, kind, shape, tensor in list_parts(name, state[name]):
            digest.update(f"{json.dumps([path, kind, shape], ensure_ascii=False)}\n".encode("utf-8", "surrogatepass"))
            if tensor is not None:
                digest.update(spell_values(path, tensor))
    return digest.hexdigest()


def list_parts(name: str, value: object) -> Iterator[Part]:
    """An entry, and after it what it is made of. Raises NoBytes."""
    if isinstance(value, torch.Tensor):
        yield from list_tensor(name, value)
    elif isinstance(value, PLAIN):
        yield name, "value", str(value), None
    elif isinstance(value, Mapping):
        yield name, "mapping", [len(value)], None
        for key in sorted(value, key=str):
            yield from list_parts(f"{name}.{key}", value[key])
    elif isinstance(value, list | tuple):
        yield name, "sequence", [len(value)], None
        for place, one in enumerate(value):
            yield from list_parts(f"{name}.{place}", one)
    elif isinstance(value, torch.ScriptObject) and hasattr(value, "__getstate__"):
        yield name, "packed", [], None
        yield from list_parts(f"{name}.state", value.__getstate__())
    else:
        raise NoBytes(name, type(value).__name__)


def list_tensor(name: str, tensor: torch.Tensor) -> Iterator[Part]:
    """A tensor, and after one that is not one block of numbers what it is made of. Raises NoBytes."""
    tensor, shape = tensor.detach(), list(tensor.shape)
    if hasattr(tensor, "__tensor_flatten__"):
        names, context = tensor.__tensor_flatten__()
        yield name, type(tensor).__name__, shape, None
        for one in names:
            yield from list_parts(f"{name}.{one}", getattr(tensor, one))
        yield from list_parts(f"{name}.context", context)
    elif tensor.is_meta or tensor.is_nested:
        raise NoBytes(name, "meta" if tensor.is_meta else "nested")
    elif tensor.is_quantized:
        yield from list_quantised(name, tensor)
    elif tensor.layout != torch.strided and not tensor.is_mkldnn:
        flat = tensor.to_sparse(layout=torch.sparse_coo).coalesce()
        yield name, "sparse", shape, None
        yield from list_tensor(f"{name}.indices", flat.indices())
        yield from list_tensor(f"{name}.values", flat.values())
    else:
        dense = tensor.to_dense() if tensor.is_mkldnn else tensor
        yield name, name_type(dense), shape, dense


def list_quantised(name: str, tensor: torch.Tensor) -> Iterator[Part]:
    """A quantised tensor: its whole numbers, and what makes real ones of them."""
    scheme = str(tensor.qscheme()).removeprefix("torch.")
    yield name, f"quantized {name_type(tensor)} {scheme}", list(tensor.shape), None
    yield from list_tensor(f"{name}.int_repr", tensor.int_repr())
    if "channel" in scheme:
        yield from list_tensor(f"{name}.scales", tensor.q_per_channel_scales().double())
        yield from list_tensor(f"{name}.zero_points", tensor.q_per_channel_zero_points())
        yield from list_parts(f"{name}.axis", tensor.q_per_channel_axis())
    else:
        yield from list_tensor(f"{name}.scales", torch.tensor(tensor.q_scale(), dtype=torch.float64))
        yield from list_tensor(f"{name}.zero_points", torch.tensor(tensor.q_zero_point()))


def name_type(tensor: torch.Tensor) -> str:
    """The type of a tensor's values, such as `float32`."""
    return str(tensor.dtype).removeprefix("torch.")


def spell_values(name: str, tensor: torch.Tensor) -> bytes | memoryview:
    """The values of a dense tensor in row-major order. Raises NoBytes."""
    try:
        plain = tensor.resolve_conj().resolve_neg().cpu().contiguous().reshape(-1)
        return plain.view(torch.uint8).numpy().data
    except (RuntimeError, TypeError) as error:
        raise NoBytes(name, name_type(tensor)) from error
