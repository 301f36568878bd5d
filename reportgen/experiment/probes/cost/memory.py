"""How much memory is needed at once: asked of the allocator where it tells, counted tensor by tensor where not."""

from __future__ import annotations

import sys
import weakref
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from typing import Any

import torch

from reportgen.experiment._torch_internals import dispatch_mode, mode_type, storage_key
from reportgen.experiment.device import ComputeDevice
from reportgen.experiment.models import tensors_in
from reportgen.experiment.trace.tensors import storage_bytes
from reportgen.record.probes.cost import PeakMemory


class TensorMeter:
    """Adds up the storages that operators make while they are alive; those that were there before don't count.

    A context; entering it raises RuntimeError where torch does not let operators be watched.
    """

    def __init__(self) -> None:
        self.now = 0
        self.peak = 0
        self._alive: dict[int, tuple[int, weakref.ref[Any]]] = {}
        """Storage -> bytes that count, and what tells of its end."""
        self._watching = ExitStack()

    def __enter__(self) -> TensorMeter:
        mode = dispatch_mode(self._run)
        if mode is None:
            raise RuntimeError("this version of torch does not let operators be watched")
        self._watching.enter_context(mode)
        return self

    def __exit__(self, *_error: object) -> None:
        self._watching.close()

    def _run(self, operator: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run an operator and look at its output."""
        self._see(tensors_in((args, kwargs)), counts=False)
        output = operator(*args, **kwargs)
        self._see(tensors_in(output), counts=True)
        return output

    def _see(self, found: Iterable[torch.Tensor], counts: bool) -> None:
        for tensor in found:
            key = storage_key(tensor)
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


def measure_peak(work: Callable[[], object], device: ComputeDevice) -> tuple[int, str] | None:
    """Bytes alive at once while `work` runs, beyond what was there before, and how that was found (`PeakMemory.how`).

    On a CPU a lower bound of what the process asks for: the workspaces inside operators are not seen. None where
    neither an allocator nor operators can be asked; `work` is done all the same.
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
    if mode_type() is None:
        work()
        return None
    with TensorMeter() as meter:
        work()
    return meter.peak, "tensors"


def inference_peak(module: torch.nn.Module, images: torch.Tensor, device: ComputeDevice) -> PeakMemory | None:
    """The most memory of a forward pass of these images without gradients, beyond the model and the images; None where
    it can't be known."""
    with torch.no_grad(), device.autocast(evaluating=True):  # inference mode would hide what composites make inside
        found = measure_peak(lambda: module(images), device)
    return None if found is None else peak_of("inference", len(images), found)


def peak_of(what: str, batch_size: int, found: tuple[int, str], optimizer_bytes: int = 0) -> PeakMemory:
    """What `measure_peak` found, as the record keeps it."""
    return PeakMemory.model_validate(
        {
            "what": what,
            "batch_size": batch_size,
            "peak_bytes": found[0],
            "optimizer_bytes": optimizer_bytes,
            "how": found[1],
        }
    )


def process_peak() -> int | None:
    """Most resident memory of this process so far, in bytes; None where the system does not tell."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak
