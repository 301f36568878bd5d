"""Where and how a model's numbers stand in memory: chosen by trying, and shown to change nothing that it computes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from reportgen.errors import ModelError
from reportgen.experiment.datasets.loaded import LoadedData
from reportgen.experiment.device import ComputeDevice, Precision
from reportgen.experiment.models import check_forward, logits_of
from reportgen.experiment.models.forward import evaluating
from reportgen.experiment.snapshot import preserved, restored
from reportgen.experiment.trial_step import check_step
from reportgen.record.message import N_, Message
from reportgen.spec.types import RunSpec
from reportgen.system.memory import is_memory_error, memory_trouble, needing_memory
from reportgen.system.signals import INTERRUPTIONS
from reportgen.text.errors import words_of

ROUNDING = {"cpu": 1e-3, "cuda": 2e-2, "mps": 2e-2}
"""The largest change of a logit, as a share of the largest logit, that other orders of addition make; accelerators
multiply in TF32 (10 bits of mantissa)."""
LOW_PRECISION = 0.5
"""The same where the spec asks for 16 bits by name: what the layers' roundings add up to is the precision's own."""
FEW = 2


@dataclass(frozen=True)
class Placement:
    """How a run computes with a model."""

    device: ComputeDevice
    data: LoadedData
    """The same images, in the memory format that the model takes."""
    notes: tuple[Message, ...] = ()


def place_by_trial(
    module: torch.nn.Module,
    data: LoadedData,
    run: RunSpec,
    device: ComputeDevice,
    teacher: torch.nn.Module | None = None,
) -> Placement:
    """Try the model on two images, evaluated and for training by one whole step, until a way works; it stays as it was.

    The faster way first: channels last, then contiguous; and where `precision: auto` chose a lower one that the model
    can't be trained in, float32. Raises ModelError when the shapes, the class count, the loss or the optimiser don't
    fit in any, and when the logits change by more than rounding; EnvironmentTrouble when memory is short.
    """
    with restored(module):
        check_forward(module, (FEW, *data.facts.image_shape), len(data.facts.classes))
    with needing_memory("one forward pass", "Use a smaller model."):
        expected = answer(module, data)
    refused: list[str] = []
    ways = list(list_ways(device, run))
    for place, way in enumerate(ways):
        here = replace(data, normalization=replace(data.normalization, channels_last=way.channels_last))
        try:
            with restored(module):
                compare(expected, module, here, way)
            check_step(module, here, run, way, teacher)
        except ModelError as error:
            if place == len(ways) - 1:
                raise
            refused.append(error.message)
        else:
            return Placement(way, here, tuple(describe(device, way)))
    raise AssertionError("there is always a way")


def list_ways(device: ComputeDevice, run: RunSpec) -> Iterator[ComputeDevice]:
    """The device with each memory format, in the precision of the run and, where it was not asked for, in float32."""
    facts = [device.facts]
    if run.mode == "train" and device.facts.precision_reason is not None and device.facts.precision != "float32":
        reason = N_("the model can’t be trained in {precision}", precision=device.facts.precision)
        facts.append(device.facts.model_copy(update={"precision": "float32", "precision_reason": reason}))
    for one in facts:
        for channels_last in (True, False) if one.channels_last else (False,):
            yield replace(device, facts=one.model_copy(update={"channels_last": channels_last}))


def describe(asked: ComputeDevice, way: ComputeDevice) -> Iterator[Message]:
    """What the reader must know of the way that was found."""
    if asked.channels_last and not way.channels_last:
        yield N_(
            "The model does not work with activations in the channels-last memory format (a view of the output of a "
            "convolution, for example), so everything was computed with contiguous ones, which is often slower."
        )


def answer(
    module: torch.nn.Module, data: LoadedData, device: ComputeDevice | None = None, how: Precision | None = None
) -> Tensor | None:
    """The logits (2, classes) float64 of two test images, on the CPU as the model was made or placed on `device`.

    None where they are not finite, or change when the same is asked twice.
    """
    first, second = (ask_once(module, data, device, seed, how) for seed in (0, 1))
    steady = bool(torch.isfinite(first).all()) and measure_difference(first, second) <= ROUNDING["cpu"]
    return first if steady else None


def ask_once(
    module: torch.nn.Module, data: LoadedData, device: ComputeDevice | None, seed: int, how: Precision | None
) -> Tensor:
    """The logits (2, classes) of two test images in float64 on the CPU, with the random numbers of a seed."""
    lower: AbstractContextManager[object] = nullcontext()
    with preserved(module), evaluating(module):
        torch.manual_seed(seed)
        images = data.normalization.apply(data.test_images[:FEW])
        if device is None:
            return logits_of(module(images.contiguous())).double()
        device.place(module)
        ready = data.normalization.apply(data.test_images[:FEW].to(device.torch_device), device.dtype)
        lower = device.autocast(evaluating=True) if how else lower
        with lower:
            return logits_of(module(ready)).double().cpu()


def compare(expected: Tensor | None, module: torch.nn.Module, data: LoadedData, device: ComputeDevice) -> None:
    """Raise ModelError where the placed model gives other logits than the model did before."""
    chosen = device.evaluation_precision
    low = chosen in ("bfloat16", "float16")
    for how, limit in ((None, ROUNDING[device.kind]), (chosen, LOW_PRECISION))[: 2 if low else 1]:
        try:
            found = ask_once(module, data, device, 0, how)
        except INTERRUPTIONS:
            raise
        except BaseException as error:
            if is_memory_error(error):
                raise memory_trouble(error, f"one forward pass on {device.name}", "Use a smaller model.") from error
            raise ModelError(
                f"the model can't be computed on {device.name} in {how or device.dtype}: "
                f"{type(error).__name__}: {words_of(error).splitlines()[0] if words_of(error) else ''}",
                "It runs as the factory made it; look at what its forward assumes.",
            ) from error
        if expected is None:
            continue
        moved = measure_difference(expected, found)
        if not moved <= limit:
            raise ModelError(
                f"on {device.name} in {str(how or device.dtype).removeprefix('torch.')} the model's logits differ by "
                f"{moved:.0%} from those that it gives as it was made",
                "Its forward may depend on how tensors stand in memory or on their type; a difference beyond rounding "
                "would make this the report of another model.",
            )


def measure_difference(one: Tensor, other: Tensor) -> float:
    """The largest difference of two sets of logits, as a share of the largest logit of the first."""
    return float((one - other).abs().max() / one.abs().max().clamp_min(1e-12))
