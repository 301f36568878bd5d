"""The device: which, how many threads, which precision it really supports. The only place that names an accelerator."""

from __future__ import annotations

import contextlib
import os
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Literal

import torch

from reportgen.errors import ModelError, SpecError
from reportgen.record.message import N_, Message
from reportgen.record.run import Device
from reportgen.spec.types import PrecisionRequest
from reportgen.system.machine import count_cores, has_bfloat16, processor_name

Precision = Literal["float32", "float64", "bfloat16", "float16"]
Kind = Literal["cpu", "cuda", "mps"]
WIDER = {torch.float32: torch.float64, torch.complex64: torch.complex128}


@dataclass(frozen=True)
class ComputeDevice:
    """A device as a run uses it."""

    kind: Kind
    torch_device: torch.device
    facts: Device

    @property
    def name(self) -> str:
        """The maker's name of it."""
        return self.facts.name

    @property
    def channels_last(self) -> bool:
        """Whether images and convolutions stand channels last in memory."""
        return self.facts.channels_last

    @property
    def dtype(self) -> torch.dtype:
        """Of parameters and images; lower precisions are autocast."""
        return torch.float64 if self.facts.precision == "float64" else torch.float32

    @property
    def evaluation_precision(self) -> Precision:
        """Of forward passes in evaluation: a lower one only when the spec asked for it by name."""
        chosen = self.facts.precision
        return "float32" if chosen in ("bfloat16", "float16") and self.facts.precision_reason else chosen

    @property
    def evaluation_dtype(self) -> torch.dtype:
        """The same as torch's type."""
        dtype: torch.dtype = getattr(torch, self.evaluation_precision)
        return dtype

    def autocast(self, evaluating: bool = False) -> AbstractContextManager[object]:
        """Lower precision where operators allow it; in evaluation only when the spec asked for it by name."""
        chosen = self.evaluation_precision if evaluating else self.facts.precision
        if chosen not in ("bfloat16", "float16"):
            return contextlib.nullcontext()
        return torch.autocast(self.kind, dtype=getattr(torch, chosen))

    def synchronise(self) -> None:
        """Wait until everything queued is done."""
        if self.kind == "cuda":
            torch.cuda.synchronize(self.torch_device)
        elif self.kind == "mps":
            torch.mps.synchronize()

    def scaler(self) -> torch.amp.GradScaler:
        """Scales losses so that float16 gradients don't vanish; does nothing for other precisions."""
        return torch.amp.GradScaler(self.kind, enabled=self.facts.precision == "float16" and self.kind == "cuda")

    def place(self, module: torch.nn.Module) -> torch.nn.Module:
        """The model on this device and in its memory format.

        Every tensor keeps the type that the model made it in, a complex one above all; but float32 becomes float64, and
        complex64 complex128, where the run is computed in float64.
        """
        module.to(self.torch_device)
        for tensor in (*module.parameters(), *module.buffers()):
            if tensor.layout == torch.strided and not tensor.is_quantized:
                placed = self.arrange(tensor.data.to(self.type_of(tensor)))
                if placed is not tensor.data:
                    tensor.data = placed
        return module

    def type_of(self, tensor: torch.Tensor) -> torch.dtype:
        """The type of a parameter or buffer on this device."""
        if self.dtype == torch.float64:
            return WIDER.get(tensor.dtype, tensor.dtype)
        narrow = self.kind == "mps" and tensor.dtype == torch.float64  # which it has not
        return torch.float32 if narrow else tensor.dtype

    def arrange(self, tensor: torch.Tensor) -> torch.Tensor:
        """Images, or filters (four axes), in the memory format of the run; anything else as it is.

        Filters of 1×1 are contiguous in both formats by torch's word, and still make convolutions answer in one of
        them: their strides have to be the plain ones too.
        """
        if tensor.dim() != 4:
            return tensor
        if self.channels_last:
            return tensor.contiguous(memory_format=torch.channels_last)
        plain = torch.empty(tensor.shape, device="meta").stride()
        return tensor if tensor.stride() == plain else tensor.clone(memory_format=torch.contiguous_format)


def resolve_device(
    request: str, precision: PrecisionRequest, threads: int | None, training: bool = True
) -> ComputeDevice:
    """The device of a run; sets the number of threads of this process.

    Raises SpecError for a device that is not here, ModelError for a precision that it can't compute.
    """
    torch.set_num_threads(threads or usable_cores())
    kind, device = find_device(request)
    if kind == "mps" and precision == "float64":
        raise ModelError("run.precision: mps has no float64", "Use float32, or run.device: cpu.")
    if kind == "cpu" and precision == "float16":
        raise ModelError(
            "run.precision: float16 can't be trained on a CPU", "Use auto, float32 or bfloat16, or a CUDA device."
        )
    chosen, reason = (precision, None) if precision != "auto" else choose_precision(kind, device, training)
    facts = Device(
        kind=kind,
        name=device_name(kind, device),
        threads=torch.get_num_threads(),
        precision=chosen,
        precision_reason=reason,
        channels_last=kind != "mps",
        requested=request,
    )
    return ComputeDevice(kind, device, facts)


def usable_cores() -> int:
    """Cores this process may run on, physical ones where hyperthreads can be told apart by torch."""
    allowed = count_cores()
    return max(1, min(allowed, torch.get_num_threads() if "OMP_NUM_THREADS" in os.environ else allowed))


def find_device(request: str) -> tuple[Kind, torch.device]:
    """`auto` is the best there is; a device asked for by name has to be there; raises SpecError."""
    present: dict[Kind, int] = {"cpu": 1}
    if torch.cuda.is_available():
        present["cuda"] = torch.cuda.device_count()
    if torch.backends.mps.is_available():
        present["mps"] = 1
    if request == "auto":
        kind: Kind = "cuda" if "cuda" in present else "mps" if "mps" in present else "cpu"
        return kind, torch.device(kind)
    name, _, number = request.partition(":")
    for found, many in present.items():
        if found == name and int(number or 0) < many:
            return found, torch.device(request)
    here = ", ".join(f"{found} ({many})" if found == "cuda" else found for found, many in present.items())
    raise SpecError(
        f"run.device: {request} is not on this machine, which has {here}", "Use run.device: auto, or --device cpu."
    )


def device_name(kind: Kind, device: torch.device) -> str:
    """What its maker calls it."""
    if kind == "cuda":
        return str(torch.cuda.get_device_name(device))
    return "Apple GPU" if kind == "mps" else processor_name()


def choose_precision(kind: Kind, device: torch.device, training: bool) -> tuple[Precision, Message]:
    """The precision that the device computes natively, and why; evaluation always gets float32.

    Decided by what the device has and never by how fast a trial is, so that the same spec computes the same on the same
    machine, however busy it is.
    """
    if not training:
        return "float32", N_("evaluation is computed in float32")
    if kind == "cuda":
        if torch.cuda.get_device_capability(device) >= (8, 0):
            return "bfloat16", N_("this GPU has bfloat16 arithmetic (compute capability 8 or newer)")
        return "float32", N_("this GPU has no bfloat16 arithmetic")
    if kind == "mps":
        return "float32", N_("autocast is not used on this device")
    if not has_bfloat16():
        return "float32", N_("this processor has no bfloat16 arithmetic")
    return "bfloat16", N_("this processor has bfloat16 arithmetic")
