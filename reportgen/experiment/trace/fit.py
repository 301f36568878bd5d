"""Whether an image is large enough for a model: what its stem leaves of it, and what would be left otherwise."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import nn

from reportgen.errors import ReportgenError
from reportgen.experiment.models.stems import adapt_stem, find_stem
from reportgen.experiment.random_numbers import kept_random_numbers
from reportgen.experiment.snapshot import copied
from reportgen.experiment.trace.model import trace_model
from reportgen.record.trace import AdaptedFit, InputFit, ModelTrace, ModuleCall, Shape

SMALL_MAP = 4
"""Places of a side; a last map with fewer is worth a trial of the adapted stem."""


def with_fit(trace: ModelTrace, module: nn.Module, example: torch.Tensor, adapts: bool) -> ModelTrace:
    """The trace with how the model and the size of `example` (1, C, H, W) go together.

    Where little is left of the image and `adapts`, a copy of the model with an adapted stem is traced too.
    """
    fit = measure_fit(trace, module)
    if adapts and fit.shrinks > 1 and fit.last_map is not None and max(fit.last_map) < SMALL_MAP:
        fit = fit.model_copy(update={"adapted": try_adapted(module, example, trace.source)})
    return trace.model_copy(update={"fit": fit})


def measure_fit(trace: ModelTrace, module: nn.Module) -> InputFit:
    """What the traced pass says of the image's size."""
    stem, field = find_stem(module), trace.receptive_field
    last = field.feature_map if field is not None else last_map(trace.modules)
    if stem is None:
        return InputFit(last_map=last)
    return InputFit(
        stem=stem.conv_path,
        kernel=tuple(stem.conv.kernel_size),
        shrinks=stem.factor,
        attends=stem.is_patches and field is None,
        last_map=last,
        idle=idle_weights(trace.modules, module),
    )


def last_map(calls: Iterable[ModuleCall]) -> Shape | None:
    """Height and width of the last map that a layer with parameters of its own gives, channels first or last."""
    found = None
    for call in calls:
        shape = call.output_shapes[0] if call.output_shapes else ()
        if call.is_leaf and call.parameters and len(shape) == 4:
            found = shape[2:] if shape[2] == shape[3] else shape[1:3]
    return found


def idle_weights(calls: Iterable[ModuleCall], module: nn.Module) -> int:
    """Weights of convolutions that meet nothing but padding in every call: on a 1×1 map, all but one of a window."""
    idle: dict[int, int] = {}
    named = dict(module.named_modules())
    for call in calls:
        layer = named[call.path]
        if not isinstance(layer, nn.Conv2d) or not call.input_shapes:
            continue
        alone = call.input_shapes[0][-2:] == (1, 1)
        window = layer.kernel_size[0] * layer.kernel_size[1]
        weights = layer.weight.numel() // window * (window - 1) if alone else 0
        idle[id(layer)] = min(idle.get(id(layer), weights), weights)
    return sum(idle.values())


def try_adapted(module: nn.Module, example: torch.Tensor, source: str) -> AdaptedFit | None:
    """The same model with its stem adapted to small images; None where that does not work out."""
    try:
        with kept_random_numbers():
            other = copied(module)
            adapt_stem(other)
            trace = trace_model(other, example, source)
    except (ReportgenError, RuntimeError, TypeError):  # a stem that can't be adapted, a model that can't be copied
        return None
    fit = measure_fit(trace, other)
    return AdaptedFit(macs=trace.macs, last_map=fit.last_map, idle=fit.idle)
