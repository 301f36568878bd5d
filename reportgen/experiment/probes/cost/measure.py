"""The probe `cost`: how fast, how much memory, how near the machine's limits, where a training step's time goes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch

from reportgen.experiment.latency import BATCHES, LARGEST, MOST_BYTES, REPEATS, WARM_UPS, measure_latency, powers
from reportgen.experiment.nominal import halved, nominal_seconds
from reportgen.experiment.probes.context import Allowance, Probe, ProbeContext, ProbeResult, lets_no_gradient
from reportgen.experiment.probes.cost.energy import find_meter, measure_energy
from reportgen.experiment.probes.cost.machine_limits import measure_roofs
from reportgen.experiment.probes.cost.memory import inference_peak, process_peak
from reportgen.experiment.probes.cost.training_step import LEAST, MOST, time_steps
from reportgen.experiment.train import plan_steps
from reportgen.record.latency import Latency
from reportgen.record.message import N_, Message
from reportgen.record.probes.cost import CostFacts, Energy, PeakMemory, StepTime
from reportgen.system.memory import is_memory_error

SHARES = {"roofs": 0.2, "latency": 0.4, "energy": 0.05}
"""Of the allowance; the training step gets what they leave."""
MOST_SECONDS = {"roofs": 2.0, "batch": 3.0, "energy": 1.0}
"""Where there is no limit."""
FEWEST = 2
"""Images of a training step: normalisation over the batch needs two."""
STEP_COST = 3.2
"""Time of a training step per time of a forward pass of the same images, before one has been timed."""
Stopped = Literal["time", "memory", "largest"]


@dataclass(frozen=True)
class Batches:
    """Latencies by batch size, and why there are no larger ones."""

    latency: tuple[Latency, ...]
    stopped_by: Stopped


def run(context: ProbeContext, allowance: Allowance) -> ProbeResult:
    """Measure everything that the device allows; what isn't available says why."""
    roofs = measure_roofs(context.device, within(allowance, "roofs"))
    batches = time_batches(context, allowance)
    memory = list(inference_peaks(context, batches))
    energy, energy_missing = energy_of(context, batches, within(allowance, "energy"))
    step, step_missing = step_of(context, batches, allowance, memory)
    facts = CostFacts(
        latency=batches.latency,
        stopped_by=batches.stopped_by,
        roofs=roofs,
        memory=tuple(memory),
        memory_missing=None if memory else uncounted_reason(),
        process_bytes=process_peak(),
        step=step,
        step_missing=step_missing,
        energy=energy,
        energy_missing=energy_missing,
    )
    return ProbeResult(facts)


def within(allowance: Allowance, part: str) -> float:
    """Seconds that the spec gives to a part, whatever is left of the time for all."""
    return min(MOST_SECONDS[part], SHARES[part] * allowance.nominal)


def time_batches(context: ProbeContext, allowance: Allowance) -> Batches:
    """Latency of 2, 4, 8 … images, but for the sizes that every run times, while time and memory last."""
    end = allowance.spent + SHARES["latency"] * allowance.seconds
    planned = SHARES["latency"] * allowance.nominal
    sizes = [size for size in powers(LARGEST[allowance.full]) if size not in BATCHES]
    found: list[Latency] = []
    each = try_pass(context)
    for size in sizes:
        left = end - allowance.spent
        if (REPEATS[0] + WARM_UPS) * size * each > left:
            return Batches(tuple(found), "time")
        if size * context.trace.activation_bytes_inference > MOST_BYTES[context.device.kind]:
            return Batches(tuple(found), "memory")
        seconds = min(MOST_SECONDS["batch"], planned / len(sizes))
        try:
            nominal = nominal_seconds(context.trace)
            found += measure_latency(context.module, shape_of(context), context.device, (size,), seconds, nominal)
        except (RuntimeError, MemoryError) as error:
            if not is_memory_error(error):
                raise
            return Batches(tuple(found), "memory")
        each = found[-1].p50_seconds / size
    return Batches(tuple(found), "largest")


def shape_of(context: ProbeContext) -> tuple[int, int, int]:
    """Channels, height and width of an image as the model sees it."""
    return context.data.facts.image_shape


def make_images(context: ProbeContext, size: int) -> torch.Tensor:
    """Grey images (size, C, H, W) on the device."""
    device = context.device
    return device.arrange(torch.zeros(size, *shape_of(context), dtype=device.dtype, device=device.torch_device))


def try_pass(context: ProbeContext) -> float:
    """Seconds for one image, by the second of two passes of two images."""
    images = make_images(context, 2)
    with torch.no_grad(), context.device.autocast(evaluating=True):
        for _unused in range(2):
            context.device.synchronise()
            start = time.perf_counter()
            context.module(images)
            context.device.synchronise()
    return (time.perf_counter() - start) / 2


def inference_peaks(context: ProbeContext, batches: Batches) -> Iterator[PeakMemory]:
    """Memory of a forward pass of one image, and of the largest batch that was timed."""
    for size in dict.fromkeys((1, max((latency.batch_size for latency in batches.latency), default=1))):
        peak = inference_peak(context.module, make_images(context, size), context.device)
        if peak is not None:
            yield peak


def energy_of(context: ProbeContext, batches: Batches, seconds: float) -> tuple[Energy | None, Message | None]:
    """Energy of forward passes of the batch size that was fastest an image, or why it is not known."""
    meter = find_meter(context.device)
    if isinstance(meter, Message):
        return None, meter
    fastest = max(batches.latency, key=lambda latency: latency.images_per_second, default=None)
    images = make_images(context, fastest.batch_size if fastest else 1)
    with torch.no_grad(), context.device.autocast(evaluating=True):
        found = measure_energy(lambda: context.module(images), len(images), context.device, meter, seconds)
    return found, None if found else N_("The energy counter did not move.")


def step_of(
    context: ProbeContext, batches: Batches, allowance: Allowance, memory: list[PeakMemory]
) -> tuple[StepTime | None, Message | None]:
    """A training step in parts, its memory added to `memory`; or why there is none."""
    run = context.spec.run
    if run.mode != "train":
        return None, N_("The model was evaluated as it is; this run trained nothing.")
    planned = plan_steps(run, len(context.data.train_labels)).batch
    each = guess_step(context, planned, batches)
    size, number = plan_timing(nominal_seconds(context.trace), planned, allowance)
    if not allowance.fits((number + 1) * each * size / planned):
        return None, N_(
            "A training step of {size} images takes too long here; run.probes.cost: full measures it.", size=size
        )
    try:
        step, peak = time_steps(context, size, planned, number)
    except RuntimeError as error:
        if not lets_no_gradient(error):
            raise
        return None, N_("No gradient flows through the model.")
    if peak is not None:
        memory.append(peak)
    return step, None


def plan_timing(nominal: float, planned: int, allowance: Allowance) -> tuple[int, int]:
    """Images of the training step that is timed, and how often, by the nominal time of a forward pass of one image."""
    each, share = STEP_COST * nominal, 1 - sum(SHARES.values())
    size = halved(planned, FEWEST, allowance.plans((LEAST + 1) * each, share)) or min(planned, FEWEST)
    return size, max(LEAST, min(MOST, allowance.plans(each * size, share) - 1))


def uncounted_reason() -> Message:
    """Why no memory was counted."""
    return N_(
        "Not measured: torch {version} has no way of tracing operators that reportgen supports.",
        version=torch.__version__,
    )


def guess_step(context: ProbeContext, batch: int, batches: Batches) -> float:
    """Seconds of a training step, by those of the run, else by a forward pass."""
    ends = context.history.get("train.seconds", np.empty(0))
    if len(ends) > 1:
        return float(np.median(np.diff(ends)))
    each = min((latency.p50_seconds / latency.batch_size for latency in batches.latency), default=0.0)
    return STEP_COST * batch * (each or try_pass(context))


PROBE = Probe("cost", "Cost", 60, 0.12, run)
