"""Characteristic curves: the network driven from dark to beyond saturation, and each of its layers alone.

What is measured, and how each quantity is defined: `reportgen.record.probes.response`.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from reportgen.experiment.nominal import halved, nominal_seconds
from reportgen.experiment.probes.context import PROBE_SEED, Allowance, Probe, ProbeContext, ProbeRefused, ProbeResult
from reportgen.experiment.probes.initial_model import initial_model
from reportgen.experiment.probes.response.drive import drive_alone, respond
from reportgen.experiment.probes.response.exposure import Judged
from reportgen.experiment.probes.response.statistics import Answered
from reportgen.experiment.probes.response.units import Unit, find_units, thin_evenly
from reportgen.record.message import N_, Message
from reportgen.record.probes.response import NARROW, BlackAnswer, ResponseFacts, ResponseUnit
from reportgen.record.probes.sampling import Sampled
from reportgen.text import numerals

MOST_UNITS, LEAN_UNITS = 60, 6
IMAGES, FULL_IMAGES = 500, 2000
"""By which accuracy and confidence are taken, at most."""
BY_LAYER = 64
"""Images by which the layers' responses are taken; each is a mean over thousands of values as it is."""
LAYER_SHARE = 0.7
"""Of the time, for the responses of the layers; the rest is for accuracy and confidence."""
TRIALS, TRIAL_SHARE = (2, 8, 16), 0.25
"""Images of the passes that tell how long one takes, and the share of the time beyond which there is no further one."""
DRAFT = 2.0
"""How many times its nominal time a finer plan may take."""
OVERDRAFT = 4.0
"""How many times its allowance the sample may take; beyond, the probe refuses."""
NEAR = (0.9, 1.0, 1.1)
"""Drives whose responses are kept by image: those that give the local gain at the nominal drive."""


@dataclass(frozen=True)
class Plan:
    """How finely and how often the network is driven."""

    exposures: tuple[float, ...]
    drives: tuple[float, ...]
    units: int
    """At most."""
    sets: int
    """Of weights: the trained ones, and the initial ones."""
    images: int
    """By which the responses of the layers are taken: a count, so that what counts as dead does not depend on how busy
    the machine is."""

    @property
    def passes(self) -> int:
        """Forward passes over the exposures: those above 1 twice, clipped and unclipped, that to 0 on one image."""
        return sum(1 + (exposure > 1) for exposure in self.exposures if exposure > 0)

    def cost(self, found: Sequence[Unit]) -> float:
        """Forward passes over each image by layer; a stretch is driven where it stands, behind half of the network."""
        units = thin_evenly(tuple(found), self.units)
        stretches = sum(not unit.whole for unit in units)
        return self.sets * (self.passes + len(self.drives) * len(units) / len(found) + stretches / 2)


STOPS = (0.0, 0.125, 0.25, 0.5, 0.5**0.5, 1.0, 2**0.5, 2.0, 4.0, 8.0)
FINE = (-1.0, -0.5, 0.0, 0.25, 0.5, 0.75, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0, 2.5, 3.0)
COARSE = (-1.0, 0.0, 0.5, 0.9, 1.0, 1.1, 2.0, 3.0)
PLANS = (
    Plan(STOPS, FINE, MOST_UNITS, 2, BY_LAYER),
    Plan((0.0, 0.125, 0.5, 1.0, 2.0, 8.0), COARSE, MOST_UNITS, 2, BY_LAYER),
    Plan((0.0, 0.125, 0.5, 1.0, 2.0, 8.0), COARSE, LEAN_UNITS, 1, 4),
)
"""From the finest to what is done at the least."""


def run(context: ProbeContext, allowance: Allowance) -> ProbeResult:
    """The characteristic curves of the trained and the initial weights.

    Raises ProbeRefused for a model in which no module multiplies a matrix, outputs that are not finite, and a network
    so slow that the least sample takes four times the allowance.
    """
    found = find_units(context.trace)
    if not found:
        raise ProbeRefused(N_("No layer of this model could be isolated, so none could be tested on its own."))
    rows, _unused = context.sample(most_images(context, allowance))
    seconds, nominal = time_image(context, found, rows, allowance), nominal_seconds(context.trace)
    plan, images = choose_plan(allowance, found, nominal, len(rows), context.initial is not None)
    each_set = seconds * images * plan.cost(found) / plan.sets
    refuse_slow(each_set, allowance.seconds)
    units = thin_evenly(found, plan.units)
    trained = measure(context, context.module, rows[:images], units, plan)
    why: Message | None = N_("The time budget did not allow measuring the initial weights as well.")
    initial = None
    if context.initial is None or (plan.sets == 2 and allowance.fits(each_set)):
        before, why = initial_model(context, context.inputs(rows[:images]))
        initial = measure(context, before, rows[:images], units, plan) if before is not None else None
    judged = trained.judged
    more = halved(len(rows) - images, 1, allowance.plans(nominal * plan.passes, 1 - LAYER_SHARE))
    if allowance.fits(more * seconds * plan.passes):
        judged.show_more(context, rows[images : images + more])
    sets = [trained] if initial is None else [trained, initial]
    kept = [unit for unit in units if all(unit.path in found.alone for found in sets)]
    if not kept:
        raise ProbeRefused(N_("No layer of this model could be tested on its own."))
    facts = ResponseFacts(
        sampled=Sampled(images=judged.images, split="test", seed=PROBE_SEED),
        by_layer=Sampled(images=images, split="test", seed=PROBE_SEED),
        units=tuple(describe_unit(unit, sets) for unit in kept),
        left_out=len(found) - len(units),
        unmeasured=tuple(unit.path for unit in units if unit not in kept),
        why_alone=why if initial is None else None,
        black=BlackAnswer(label=judged.black[0], confidence=judged.black[1]),
    )
    arrays = gather(sets, kept, plan)
    arrays["response.right"] = np.concatenate(judged.right, 2)
    arrays["response.confidence"] = np.concatenate(judged.confidence, 2)
    return ProbeResult(facts, arrays)


def most_images(context: ProbeContext, allowance: Allowance) -> int:
    """Images by which accuracy and confidence are taken, at most."""
    return context.spec.run.probes.response.images or (FULL_IMAGES if allowance.full else IMAGES)


def time_image(context: ProbeContext, units: Sequence[Unit], rows: Tensor, allowance: Allowance) -> float:
    """Seconds of one forward pass for one image; raises ProbeRefused where the output is not finite.

    The first pass warms up; the next ones are taken while they are quick against the time there is.
    """
    seconds = took = 0.0
    for images in TRIALS:
        if took > TRIAL_SHARE * allowance.seconds:
            break
        batch = context.inputs(rows[:images])
        context.device.synchronise()
        start = time.perf_counter()
        finite = bool(torch.isfinite(respond(context.module, batch, units)[1]).all())
        took = time.perf_counter() - start
        seconds = took / len(batch)
        if not finite:
            raise ProbeRefused(N_("The outputs of the network are not finite numbers."))
    return seconds


def choose_plan(
    allowance: Allowance, units: Sequence[Unit], seconds: float, most: int, compared: bool
) -> tuple[Plan, int]:
    """The finest plan for which there is nominal time, and on how many images; raises ProbeRefused when there is none.

    `seconds`: of one image through the network on the imagined machine.
    """
    for plan in PLANS:
        each = seconds * plan.cost(units) * (1.0 if compared else 1 / plan.sets)
        images = min(plan.images, most)
        if allowance.plans(each, DRAFT * LAYER_SHARE) >= images:
            return plan, images
    refuse_slow(each * images, allowance.nominal)
    return plan, images


def refuse_slow(needed: float, allowed: float) -> None:
    """Raise ProbeRefused where the sample of this model takes far more than the time that is allowed."""
    if needed > OVERDRAFT * allowed:
        raise ProbeRefused(
            N_(
                "Not measured: the sample of this model takes about {time}, more than the {allowed} available; "
                "run.probes.response: full measures it.",
                time=numerals.seconds_text(needed),
                allowed=numerals.seconds_text(allowed),
            )
        )


@dataclass(frozen=True)
class Measured:
    """The responses of one set of weights."""

    layers: NDArray[np.float32]
    """(2, exposures, units), by place in the list of units asked for."""
    units: tuple[Unit, ...]
    alone: dict[str, Answered]
    judged: Judged


def measure(
    context: ProbeContext, module: torch.nn.Module, rows: Tensor, units: tuple[Unit, ...], plan: Plan
) -> Measured:
    """The response of every unit to every exposure and to its own drive, on the test images of these rows."""
    layers = np.full((2, len(plan.exposures), len(units)), np.nan, np.float32)
    judged, batch = Judged(plan.exposures, context.data.normalization), context.inputs(rows)

    def predict(unclipped: int, place: int, shown: Tensor) -> Tensor:
        answers, logits = respond(module, shown, units)
        layers[unclipped:, place] = [answers.get(unit.path, np.nan) for unit in units]
        return logits

    judged.show(batch, context.data.test_labels[rows], predict)
    return Measured(layers, units, drive_alone(module, batch, units, plan.drives), judged)


def describe_unit(unit: Unit, sets: Sequence[Measured]) -> ResponseUnit:
    """A unit as the record keeps it."""
    answered = [found.alone[unit.path] for found in sets]
    return ResponseUnit(
        path=unit.path,
        kind=unit.kind,
        channels=len(answered[0].squares[1.0]),
        bends=unit.bends,
        normalises=unit.normalises,
        dead=answered[0].dead(),
        dead_before=answered[1].dead() if len(answered) > 1 else None,
    )


def gather(sets: Sequence[Measured], kept: Sequence[Unit], plan: Plan) -> dict[str, NDArray[Any]]:
    """The arrays of the units that could be measured; names and shapes as in ResponseFacts."""
    places = [sets[0].units.index(unit) for unit in kept]
    alone = [[found.alone[unit.path] for unit in kept] for found in sets]
    rms = [[[one.response(drive) for one in row] for drive in plan.drives] for row in alone]
    channels = [[np.array([one.quantiles(drive) for one in row]).T for drive in plan.drives] for row in alone]
    power = [[[one.power[drive].float().cpu().numpy() for one in row] for drive in NEAR] for row in alone]
    arrays = {
        "exposures": np.array(plan.exposures),
        "drives": np.array(plan.drives),
        "layers": np.stack([found.layers[:, :, places] for found in sets]),
        "rms": np.array(rms),
        "channels": np.array(channels).reshape(len(sets), len(plan.drives), len(NARROW), len(kept)),
        "power": np.array(power),
        "bend": np.array([[one.bend() for one in row] for row in alone]),
    }
    return {f"response.{name}": values.astype(np.float32) for name, values in arrays.items()}


PROBE = Probe("response", "Characteristic curves", 40, 0.10, run)
