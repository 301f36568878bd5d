"""Why: attribution maps with their checks, feature maps through the stages, the embedding, nearest training images."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from reportgen.experiment._torch_internals import plain_checkpoints
from reportgen.experiment.nominal import nominal_seconds
from reportgen.experiment.probes.context import (
    SLACK,
    Allowance,
    Probe,
    ProbeContext,
    ProbeRefused,
    ProbeResult,
)
from reportgen.experiment.probes.explanations.candidates import Candidate, find_candidates
from reportgen.experiment.probes.explanations.checks import ask, explain
from reportgen.experiment.probes.explanations.feature_maps import choose_stages, feature_maps
from reportgen.experiment.probes.explanations.layer_choice import choose_layer
from reportgen.experiment.probes.explanations.maps import Mapper
from reportgen.experiment.probes.explanations.nearest_images import look_up
from reportgen.experiment.probes.explanations.plan import FAST, FULL, Plan, leave_out, make_plan, seconds_each
from reportgen.experiment.probes.explanations.samples import pick_rows
from reportgen.record.message import N_
from reportgen.record.probes.explanations import EmbeddingFacts, ExplanationFacts, MapLayer, NotExplained, StageFacts
from reportgen.spec.probes import ExplanationsOptions
from reportgen.system.memory import is_memory_error

NAME = "explanations"
BACKWARD = 3
"""Nominal time of a forward and a backward pass in forward passes."""
TRIED = 2
"""Images on which layers are tried: one right and one wrong where there are both."""


@dataclass
class Findings:
    """What comes together part by part."""

    arrays: dict[str, NDArray[Any]] = field(default_factory=dict)
    gaps: list[NotExplained] = field(default_factory=list)


def run(context: ProbeContext, allowance: Allowance) -> ProbeResult:
    """Explain the surest right and wrong predictions among the images that the record keeps.

    Raises ProbeRefused where there is no prediction to explain.
    """
    labels = context.data.test_labels.numpy()
    if not len(context.shown) or not np.isfinite(context.logits).all():
        raise ProbeRefused(N_("Some of the model’s outputs are not finite numbers: no prediction can be explained."))
    with plain_checkpoints():
        return explain_predictions(context, allowance, labels)


def explain_predictions(context: ProbeContext, allowance: Allowance, labels: NDArray[np.int64]) -> ProbeResult:
    """Every part in turn, as the time allows."""
    options, found = options_of(context), Findings()
    rows = pick_rows(context.shown, context.logits, labels, FULL.explained.most)
    candidates = find_candidates(context.trace)
    layer = choose(context, candidates, rows, found)
    mapper = Mapper(context.module, layer, mean_colour(context))
    plan = measure(context, mapper, rows, allowance, options, reaches_pixels(context, mapper, rows, found))
    found.gaps += plan.gaps
    rows = pick_rows(context.shown, context.logits, labels, plan.explained)
    stages = show_stages(context, candidates, rows, found)
    embedding = measure_neighbours(context, rows, plan, options, found)
    mapped = explain(context, mapper, rows, plan)
    found.arrays |= mapped.arrays
    facts = ExplanationFacts(
        sampled=context.sample(plan.checked)[1] if plan.checked else None,
        layer=layer,
        steps=plan.steps,
        completeness=mapped.completeness,
        stages=stages,
        stage_row=int(rows[0]) if stages else None,
        embedding=embedding,
        gaps=tuple(found.gaps),
    )
    return ProbeResult(facts, {f"{NAME}.{name}": array for name, array in found.arrays.items()})


def options_of(context: ProbeContext) -> ExplanationsOptions:
    """The probe's own keys of the spec."""
    return context.spec.run.probes.explanations


def mean_colour(context: ProbeContext) -> torch.Tensor:
    """The mean colour of the training images as the model sees it, (1, C, 1, 1): what stands for "nothing there"."""
    facts = context.data.facts
    pairs = zip(facts.channel_mean, facts.normalize_mean, facts.normalize_std, strict=True)
    values = [(mean - shift) / scale for mean, shift, scale in pairs]
    return torch.tensor(values, dtype=context.device.dtype, device=context.device.torch_device).view(1, -1, 1, 1)


def choose(
    context: ProbeContext, candidates: list[Candidate], rows: NDArray[np.int64], found: Findings
) -> MapLayer | None:
    """The layer of Grad-CAM, tried on some of the images; why there is none is noted."""
    if not candidates:
        found.gaps.append(NotExplained(part="grad_cam", reason="no_grid"))
        return None
    few = ask(context, rows[:: max(1, len(rows) // TRIED)][:TRIED])
    try:
        layer = choose_layer(context.module, candidates, few.images, few.targets)
    except Exception as error:  # whatever a model raises that does not want to be differentiated
        if is_memory_error(error):
            raise
        found.gaps.append(NotExplained(part="grad_cam", reason="no_gradient"))
        return None
    if layer is None:
        found.gaps.append(NotExplained(part="grad_cam", reason="no_image"))
    return layer


def reaches_pixels(context: ProbeContext, mapper: Mapper, rows: NDArray[np.int64], found: Findings) -> bool:
    """Whether a gradient leads from the logits to the pixels; where none does, that is noted."""
    few = ask(context, rows[:1])
    try:
        mapper.integrated(few.images, few.targets, 2)
    except (
        Exception
    ) as error:  # backbones under no_grad, detached inputs, and whatever else a model or captum raises for it
        if is_memory_error(error):
            raise
        found.gaps.append(NotExplained(part="integrated_gradients", reason="no_gradient"))
        return False
    return True


def measure(
    context: ProbeContext,
    mapper: Mapper,
    rows: NDArray[np.int64],
    allowance: Allowance,
    options: ExplanationsOptions,
    reached: bool,
) -> Plan:
    """Plan the counts by the nominal time, and leave out parts by how long an image really takes, forward and back.

    `reached`: whether gradients lead to the pixels.
    """
    asked = ask(context, np.resize(rows, 16))

    def back(number: int) -> object:
        images, targets = asked.images[:number], asked.targets[:number]
        if mapper.layer or not reached:
            return mapper.cam(images, targets) if mapper.layer else mapper.probabilities(images, targets)
        return mapper.integrated(images[:1], targets[:1], number)

    limits, mapped = FULL if allowance.full else FAST, mapper.layer is not None
    nominal = nominal_seconds(context.trace)
    plan = make_plan(allowance.nominal, nominal, BACKWARD * nominal, limits, options.images, mapped, reached)
    if math.isinf(allowance.seconds):
        return plan
    forward = seconds_each(lambda number: mapper.probabilities(asked.images[:number], asked.targets[:number]))
    backward = seconds_each(back)
    return leave_out(plan, SLACK * max(0.0, allowance.left), forward, backward, options.images is not None)


def show_stages(
    context: ProbeContext, candidates: list[Candidate], rows: NDArray[np.int64], found: Findings
) -> tuple[StageFacts, ...]:
    """Feature maps of the first explained image."""
    stages = choose_stages(candidates)
    if not stages:
        found.gaps.append(NotExplained(part="stages", reason="no_grid"))
        return ()
    facts, shown_maps = feature_maps(context.module, stages, context.inputs(torch.from_numpy(rows[:1])))
    found.arrays |= {f"stage.{place}": image for place, image in enumerate(shown_maps)}
    return tuple(facts)


def measure_neighbours(
    context: ProbeContext, rows: NDArray[np.int64], plan: Plan, options: ExplanationsOptions, found: Findings
) -> EmbeddingFacts | None:
    """The embedding and the nearest training images, where there are images and time enough."""
    if not plan.embedded:
        return None
    if min(plan.embedded, len(context.data.test_labels), len(context.data.train_labels)) < 3:
        found.gaps.append(NotExplained(part="embedding", reason="few_images"))
        return None
    facts, arrays = look_up(context, rows, plan.embedded, options.embedding)
    found.arrays |= arrays
    return facts


PROBE = Probe(NAME, "Explanations", 50, 0.28, run)
