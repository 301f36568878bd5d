"""Probe `weights`: every weight of the model read as a matrix, before and after training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from reportgen.experiment.losses import describe_loss
from reportgen.experiment.probes.context import (
    Allowance,
    Probe,
    ProbeContext,
    ProbeRefused,
    ProbeResult,
)
from reportgen.experiment.probes.weights.gradients import (
    batch_size,
    count_images,
    guess_seconds,
    loss_spec,
    mean_gradient,
    ready,
    state_of,
)
from reportgen.experiment.probes.weights.images import (
    LARGE,
    SMALL,
    choose_enlarged,
    choose_filters,
    choose_shown,
    filter_images,
    shrink,
)
from reportgen.experiment.probes.weights.matrices import Matrix, find_matrices
from reportgen.experiment.probes.weights.statistics import Measured, measure_matrix, measure_spectra, read_moments
from reportgen.record.message import N_, Message
from reportgen.record.probes.sampling import Sampled
from reportgen.record.probes.weights import HISTOGRAM_BINS, WeightFacts
from reportgen.system.memory import is_memory_error

Arrays = dict[str, NDArray[Any]]


def run(context: ProbeContext, allowance: Allowance) -> ProbeResult:
    """Values of every matrix, then gradients, then as many spectra as there is time for.

    Raises ProbeRefused for a model without a matrix.
    """
    matrices = find_matrices(context.module, context.trace)
    if not matrices:
        raise ProbeRefused(N_("No parameter of the model is a matrix."))
    measured = [measure_matrix(matrix, context.initial, allowance.full) for matrix in matrices]
    sampled, why = measure_gradients(context, matrices, measured, allowance)
    unmeasured = measure_spectra(matrices, measured, context.initial, allowance)
    facts = WeightFacts(
        sampled=sampled,
        why_no_gradient=why,
        loss=describe_loss(loss_spec(context)) if sampled else None,
        matrices=tuple(one.facts for one in measured),
        vectors=count_parameters(context.module) - sum(matrix.parameter.numel() for matrix in matrices),
        trained=context.initial is not None,
        shown=choose_shown([one.facts.parameters for one in measured]),
        enlarged=choose_enlarged([one.facts.parameters for one in measured]),
        unmeasured=tuple(unmeasured),
    )
    facts, filters = make_filter_images(context, matrices, facts)
    return ProbeResult(facts, make_matrix_images(context, matrices, measured, facts) | filters)


def count_parameters(module: torch.nn.Module) -> int:
    """Elements of all parameters, each tensor once."""
    return sum(parameter.numel() for parameter in module.parameters())


def measure_gradients(
    context: ProbeContext, matrices: Sequence[Matrix], measured: list[Measured], allowance: Allowance
) -> tuple[Sampled | None, Message | None]:
    """Fill in the size of the gradients at final and initial weights; the images they are of, or why there are none."""
    states = [("gradient", None), *([("initial_gradient", context.initial)] if context.initial is not None else [])]
    images = count_images(context.trace, allowance, len(states))
    if not all(one.facts.finite for one in measured):
        return None, N_("some weights are not finite numbers")
    if images == 0:
        return None, N_("by the model’s arithmetic they take longer than the spec allows; run.probes.weights: full")
    if not allowance.fits(guess_seconds(context.trace, len(states) * images)):
        return None, N_("left out: they would have taken longer than the time that was left")
    rows, sampled = context.sample(images, "train")
    parameters = [matrix.parameter for matrix in matrices]
    for field, state in states:
        try:
            with state_of(context.module, state or {}), ready(context.module):
                gradient = mean_gradient(context, parameters, rows, batch_size(context.trace))
        except Exception as error:  # whatever a model raises that evaluates without gradients only
            if is_memory_error(error):
                raise
            return None, N_("the model has none in evaluation mode: {error}", error=type(error).__name__)
        rows = rows[: gradient.images]
        for place, size in enumerate(map(root_mean_square, gradient.by_parameter)):
            measured[place] = replace(measured[place], facts=measured[place].facts.model_copy(update={field: size}))
    if not len(rows):
        return None, N_("no gradient flows through the model")
    return sampled.model_copy(update={"images": len(rows)}), None


def root_mean_square(gradient: torch.Tensor | None) -> float | None:
    """Of all values; None where there is no gradient."""
    if gradient is None:
        return None
    return float(torch.linalg.vector_norm(gradient.float()) / gradient.numel() ** 0.5)


def make_matrix_images(
    context: ProbeContext, matrices: Sequence[Matrix], measured: Sequence[Measured], facts: WeightFacts
) -> Arrays:
    """Images and histograms of the matrices that figures show; see WeightFacts."""
    many = len(facts.moments)

    def shrunk(places: Sequence[int], size: tuple[int, int]) -> NDArray[np.int8]:
        found = np.zeros((len(places), many, *size), np.int8)
        for row, place in enumerate(places):
            spreads = measured[place].spreads
            tensors = read_moments(matrices[place], context.initial)[-len(spreads) :] if spreads else []
            for back, (tensor, spread) in enumerate(zip(reversed(tensors), reversed(spreads), strict=True), start=1):
                found[row, many - back] = shrink(tensor, spread, size)
        return found

    histograms = np.zeros((len(facts.shown), many, HISTOGRAM_BINS), np.int64)
    for row, place in enumerate(facts.shown):
        for back, counts in enumerate(reversed(measured[place].histograms), start=1):
            histograms[row, many - back] = counts
    return {
        "weights.matrices": shrunk(facts.shown, SMALL),
        "weights.enlarged": shrunk(facts.enlarged, LARGE),
        "weights.histograms": histograms,
        "weights.ranges": np.array([measured[place].end for place in facts.shown], np.float64),
    }


def make_filter_images(
    context: ProbeContext, matrices: Sequence[Matrix], facts: WeightFacts
) -> tuple[WeightFacts, Arrays]:
    """The facts and arrays of the first convolution's filters, where they have one or three input channels."""
    channels = context.data.facts.image_shape[0]
    place = next((place for place, matrix in enumerate(matrices) if matrix.kind == "convolution"), None)
    if place is None or not is_image(matrices[place], channels) or not facts.matrices[place].finite:
        return facts, {}
    parameter = matrices[place].parameter
    before = context.initial.get(matrices[place].name) if context.initial is not None else None
    if context.initial is not None and before is None:
        return facts, {}
    rows = choose_filters(parameter.shape[0], parameter.shape[2], channels)
    shrunk, scale = filter_images([*([before] if before is not None else []), parameter], rows)
    update = {"filters": place, "filter_rows": tuple(rows.tolist()), "filter_scale": scale}
    return facts.model_copy(update=update), {"weights.filters": shrunk}


def is_image(matrix: Matrix, channels: int) -> bool:
    """Whether the filters of a convolution are images in grey or colour."""
    shape = tuple(matrix.parameter.shape)
    plain = not matrix.transposed and matrix.groups == 1 and len(shape) == 4 and shape[2] == shape[3] > 1
    return plain and channels in (1, 3) and shape[1] == channels


PROBE = Probe("weights", "Parameters as matrices", 10, 0.12, run)
