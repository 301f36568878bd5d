"""Latency and throughput by batch size, memory, energy, a training step in parts, and the machine's limits."""

from __future__ import annotations

from typing import Literal

from reportgen.record.latency import Latency
from reportgen.record.message import Note
from reportgen.spec.frozen import Frozen


class Roofs(Frozen):
    """The machine's limits, each measured on this machine just before it was used."""

    precision: Literal["float32", "float64", "bfloat16", "float16"]
    """Of the products, the one that the model is evaluated in."""
    element_bytes: int
    """Of one number in that precision."""
    flops_per_second: float
    """Of the fastest product of two square matrices; a multiply-accumulate is two operations."""
    matrix_size: int
    """Rows of those matrices."""
    largest_size: int | None = None
    """Rows of the largest product that was tried; None in earlier records."""
    bytes_per_second: float
    """Read and written by the fastest copy of `buffer_bytes` to another place in memory."""
    buffer_bytes: int
    flops_low: float | None = None
    flops_high: float | None = None
    """Of the median of `rounds` measurements of that product, each the better of two: between the two least and the two
    most, in records of before the least and the most; None in earlier ones."""
    bytes_low: float | None = None
    bytes_high: float | None = None
    """The same of the copy."""
    rounds: int = 1
    """Measurements of each; `flops_per_second` and `bytes_per_second` are their medians where there are several."""
    call_seconds: float
    """Median time of a module call with next to nothing to do (one ReLU of one number), by the same clock that times
    the modules."""
    call_repeats: int


class PeakMemory(Frozen):
    """The most memory that is needed at once, beyond the model's parameters and buffers."""

    what: Literal["inference", "training"]
    batch_size: int
    peak_bytes: int
    """Of everything made during the pass or step, at the moment when most of it is alive."""
    optimizer_bytes: int = 0
    """Of the optimiser's own state, which stays between steps and is not in `peak_bytes`."""
    how: Literal["allocator", "driver", "tensors"]
    """CUDA's allocator; the growth of what the driver holds (MPS); the tensors alive at once (CPU), which leaves out
    the workspaces that operators use inside."""


class StepTime(Frozen):
    """A training step on a copy of the model, in parts, each synchronised; medians of the timed steps, seconds."""

    batch_size: int
    planned_batch: int
    """The run's own; `batch_size` is smaller where such a step would not fit into the probe's time."""
    n: int
    """Timed steps."""
    data: float
    """Picking the images, augmentation, normalisation."""
    forward: float
    """The model and the loss."""
    backward: float
    optimizer: float
    """The gradient's norm, the update and the clearing of gradients."""
    p50_seconds: float
    """Of whole steps."""
    p50_low: float | None = None
    p50_high: float | None = None
    """Interval of that median (`reportgen.record.latency.median_interval`)."""
    share_intervals: tuple[tuple[float, float], ...] = ()
    """Of the median share of each part in a step, in the order of `parts`; empty where there are too few steps."""

    @property
    def parts(self) -> tuple[float, float, float, float]:
        """Data, forward, backward, optimiser."""
        return self.data, self.forward, self.backward, self.optimizer

    @property
    def shares(self) -> tuple[float, ...]:
        """Of each part in the sum of the parts."""
        whole = sum(self.parts)
        return tuple(part / whole if whole else 0.0 for part in self.parts)


class Energy(Frozen):
    """Energy of forward passes, the device's whole use while they ran, idle power included."""

    source: Literal["nvml", "rapl"]
    """The GPU's power by NVML; the processor packages' counters by RAPL, other processes included."""
    batch_size: int
    n: int
    """Passes."""
    seconds: float
    joules: float

    @property
    def joules_per_image(self) -> float:
        """Of one image."""
        return self.joules / (self.n * self.batch_size)


class CostFacts(Frozen):
    """What the probe `cost` found."""

    latency: tuple[Latency, ...] = ()
    """Of the batch sizes that the record's own `latency` does not have."""
    stopped_by: Literal["time", "memory", "largest"] = "largest"
    """Why no larger batch size was timed."""
    roofs: Roofs | None = None
    memory: tuple[PeakMemory, ...] = ()
    memory_missing: Note = None
    """Why there is no `memory`, one sentence."""
    process_bytes: int | None = None
    """Most resident memory of the whole process up to here, data set and libraries included; None where unknown."""
    step: StepTime | None = None
    step_missing: Note = None
    """Why there is no `step`, one sentence."""
    energy: Energy | None = None
    energy_missing: Note = None
    """Why there is no `energy`, one sentence."""
