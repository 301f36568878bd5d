"""How much memory is needed at once: asked of the allocator where it tells, counted tensor by tensor where not."""

from __future__ import annotations

import sys
import weakref
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from reportgen.experiment.device import ComputeDevice
from reportgen.experiment.trace.tensors import storage_bytes, storage_id
from reportgen.record.probes.cost import PeakMemory


class TensorMeter(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch leaves __init_subclass__ untyped
    """Adds up the storages that operators make while they are alive; those that were there before don't count."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.now = 0
        self.peak = 0
        self._alive: dict[int, tuple[int, weakref.ref[Any]]] = {}
        """Storage -> bytes that count, and what tells of its end."""

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Run an operator and look at what came out of it."""
        self._see(tensors((args, kwargs)), counts=False)
        output = func(*args, **(kwargs or {}))
        self._see(tensors(output), counts=True)
        return output

    def _see(self, found: Iterable[torch.Tensor], counts: bool) -> None:
        for tensor in found:
            key = storage_id(tensor)
            if key in self._alive or key < 0:
                continue
            size = storage_bytes(tensor) if counts else 0
            self._alive[key] = (size, weakref.ref(tensor.untyped_storage(), self._forget(key)))
            self.now += size
            self.peak = max(self.peak, self.now)

    def _forget(self, key: int) -> Callable[[object], None]:
        def forget(_storage: object) -> None:
            size, _ = self._alive.pop(key)
            self.now -= size

        return forget


def tensors(values: Any) -> list[torch.Tensor]:
    """Every tensor in nested arguments or results."""
    return [leaf for leaf in tree_leaves(values) if isinstance(leaf, torch.Tensor)]


def measure_peak(work: Callable[[], object], device: ComputeDevice) -> tuple[int, str]:
    """Bytes alive at once while `work` runs, beyond what was there before, and how that was found (`PeakMemory.how`).

    On a CPU a lower bound of what the process asks for: the workspaces inside operators are not seen.
    """
    if device.kind == "cuda":
        device.synchronise()
        torch.cuda.reset_peak_memory_stats(device.torch_device)
        before = torch.cuda.memory_allocated(device.torch_device)
        work()
        device.synchronise()
        return torch.cuda.max_memory_allocated(device.torch_device) - before, "allocator"
    if device.kind == "mps":
        torch.mps.empty_cache()
        before = torch.mps.driver_allocated_memory()
        work()
        device.synchronise()
        return max(torch.mps.driver_allocated_memory() - before, 0), "driver"
    with TensorMeter() as meter:
        work()
    return meter.peak, "tensors"


def inference_peak(module: torch.nn.Module, images: torch.Tensor, device: ComputeDevice) -> PeakMemory:
    """The most memory of a forward pass of these images without gradients, beyond the model and the images."""
    with torch.no_grad(), device.autocast(evaluating=True):  # inference mode would hide what composites make inside
        peak, how = measure_peak(lambda: module(images), device)
    return PeakMemory.model_validate(
        {"what": "inference", "batch_size": len(images), "peak_bytes": peak, "how": how}
    )  # fmt: skip


def process_peak() -> int | None:
    """Most resident memory of this process so far, in bytes; None where the system does not tell."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak
