"""The device: which, how many threads, which precision it really supports. The only place that names an accelerator."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch

from reportgen.errors import EnvironmentTrouble, ModelError
from reportgen.record.message import N_, Message
from reportgen.record.run import Device
from reportgen.spec.types import PrecisionRequest
from reportgen.system.machine import processor_name

Precision = Literal["float32", "float64", "bfloat16", "float16"]
Kind = Literal["cpu", "cuda", "mps"]
WORTH = 1.2
"""How many times faster bfloat16 has to be before `auto` takes it."""
TRIALS = 12
"""Enough for the best of each to be undisturbed by other work; half a second together."""
BF16_FLAGS = frozenset({"avx512_bf16", "amx_bf16", "bf16"})


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
        """The model on this device, in its type and memory format."""
        module.to(self.torch_device, self.dtype)
        if self.channels_last:
            module.to(memory_format=torch.channels_last)
        return module


def resolve_device(
    request: str, precision: PrecisionRequest, threads: int | None, training: bool = True
) -> ComputeDevice:
    """The device of a run; sets the number of threads of this process.

    Raises EnvironmentTrouble for a device that is not here, ModelError for a precision that it can't compute.
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
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(allowed, torch.get_num_threads() if "OMP_NUM_THREADS" in os.environ else allowed))


def find_device(request: str) -> tuple[Kind, torch.device]:
    """`auto` is the best there is; a device asked for by name has to be there."""
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
    raise EnvironmentTrouble(
        f"run.device: {request} is not on this machine, which has {here}", "Use run.device: auto, or --device cpu."
    )


def device_name(kind: Kind, device: torch.device) -> str:
    """What its maker calls it."""
    if kind == "cuda":
        return str(torch.cuda.get_device_name(device))
    return "Apple GPU" if kind == "mps" else processor_name()


def choose_precision(kind: Kind, device: torch.device, training: bool) -> tuple[Precision, Message]:
    """The best precision that the device really supports, and why; evaluation always gets float32."""
    if not training:
        return "float32", N_("evaluation is computed in float32")
    if kind == "cuda":
        if torch.cuda.get_device_capability(device) >= (8, 0):
            return "bfloat16", N_("this GPU has bfloat16 arithmetic (compute capability 8 or newer)")
        return "float32", N_("this GPU has no bfloat16 arithmetic")
    if kind == "mps":
        return "float32", N_("autocast is not worth it on this device")
    if not cpu_flags() & BF16_FLAGS:
        return "float32", N_("this processor has no bfloat16 arithmetic")
    faster = bfloat16_gain()
    if faster < WORTH:
        return "float32", N_("bfloat16 arithmetic is no faster here")
    return "bfloat16", N_(
        "this processor has bfloat16 arithmetic, at least {times} times as fast in a trial", times=WORTH
    )


def cpu_flags(cpuinfo: Path = Path("/proc/cpuinfo")) -> frozenset[str]:
    """What the processor says it can do; empty where the system does not tell."""
    try:
        text = cpuinfo.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return frozenset()
    lines = (line.partition(":") for line in text.splitlines())
    return next(
        (frozenset(rest.split()) for key, _, rest in lines if key.strip() in ("flags", "Features")), frozenset()
    )


def bfloat16_gain() -> float:
    """How many times faster a small convolution trains in bfloat16 than in float32, the best of TRIALS each."""
    with kept_random_state():
        layer = torch.nn.Conv2d(32, 32, 3, padding=1).to(memory_format=torch.channels_last)
        images = torch.randn(32, 32, 32, 32).contiguous(memory_format=torch.channels_last).requires_grad_()

    def step(context: Callable[[], AbstractContextManager[object]]) -> float:
        start = time.perf_counter()
        with context():
            output = layer(images)
        output.float().square().mean().backward()
        return time.perf_counter() - start

    def lower() -> AbstractContextManager[object]:
        return torch.autocast("cpu", dtype=torch.bfloat16)

    step(contextlib.nullcontext), step(lower)
    pairs = [(step(contextlib.nullcontext), step(lower)) for _ in range(TRIALS)]
    return min(full for full, _ in pairs) / min(low for _, low in pairs)


@contextlib.contextmanager
def kept_random_state() -> Iterator[None]:
    """Leave the global random numbers as they were."""
    state = torch.random.get_rng_state()
    try:
        yield
    finally:
        torch.random.set_rng_state(state)
