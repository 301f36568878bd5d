"""Robustness: other preprocessing, common corruptions, transforms and attacks, on the same images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from reportgen.experiment.attacks import NoGradientError
from reportgen.experiment.corruptions import OPERATORS, constants_side, corrupt
from reportgen.experiment.probes.context import (
    PROBE_SEED,
    Allowance,
    Probe,
    ProbeContext,
    ProbeRefused,
    ProbeResult,
    lets_no_gradient,
)
from reportgen.experiment.probes.robustness.benchmark import (
    STEP_SHARE,
    Bench,
    Classes,
    time_forward,
    under_fgsm,
    under_pgd,
)
from reportgen.experiment.probes.robustness.conditions import FULL_IMAGES, Change, CostEstimate, Plan, make_plan
from reportgen.experiment.probes.robustness.preprocessing import STAGES, check_preparation
from reportgen.record.images import thumbnail
from reportgen.record.message import N_, Message, nN_
from reportgen.record.probes.robustness import UNMEASURED, AttackSettings, Condition, RobustnessFacts
from reportgen.spec.probes import RobustnessOptions

FEWEST = 20
"""Test images below which nothing can be said."""
STEPS, FULL_STEPS = 10, 20
"""Of PGD."""
RESTARTS, FULL_RESTARTS = 1, 2
KEPT_BACK = 0.9
"""Share of the time left that a condition may take; the rest is for what takes longer than it looked."""
SHOWN_SEVERITY = 3


@dataclass
class Measured:
    """The conditions measured so far, and what the model made of the images under each."""

    conditions: list[Condition] = field(default_factory=list)
    predicted: list[Classes] = field(default_factory=list)
    left_out: list[Change] = field(default_factory=list)
    """Conditions that there was no time for, or that this level does not measure."""
    kinds_left_out: list[str] = field(default_factory=list)
    """What they were, each once."""
    gaps: list[Message] = field(default_factory=list)

    def add(self, change: Change, predicted: Classes) -> None:
        """One condition more."""
        condition = Condition(family=change.family, kind=change.kind, level=change.level, images=len(predicted))
        self.conditions.append(condition)
        self.predicted.append(predicted)

    def leave_out(self, group: Sequence[Change]) -> None:
        """A group that there is no time for."""
        self.left_out.extend(group)
        if group[0].kind not in self.kinds_left_out:
            self.kinds_left_out.append(group[0].kind)


def run(context: ProbeContext, allowance: Allowance) -> ProbeResult:
    """The preprocessing check first, then the conditions that the spec fixes, as many as there is time for.

    Raises ProbeRefused.
    """
    options = options_of(context)
    limit = options.images or (FULL_IMAGES if allowance.full else STAGES[-1])
    rows, sampled = context.sample(limit)
    if len(rows) < FEWEST:
        raise ProbeRefused(nN_("{count} test image is too few.", "{count} test images are too few.", len(rows)))
    if not np.isfinite(context.logits).all():
        raise ProbeRefused(N_("Not all outputs of the model are finite numbers."))
    bench = Bench(context, rows)
    seconds_each = time_forward(bench)
    preparation = check_preparation(context, rows, bench.clean == bench.labels.numpy(), allowance, seconds_each)
    measured, attack = Measured(), None
    planned = make_plan(options, allowance.full, len(rows), allowance.named)
    if at_chance(context):
        gaps = N_("On the unmodified images the model is no better than chance, so there is nothing to measure.")
        measured.gaps.append(gaps)
    else:
        estimate = CostEstimate(seconds_each, FULL_STEPS if allowance.full else STEPS)
        bench.rows = rows[: planned.images]
        measured.left_out.extend(planned.beyond)
        attack = measure(bench, planned, estimate, allowance, measured)
    names, examples = make_examples(context.data.test_images[rows[:1]])
    looked = [*(other.images for other in preparation.others), *(one.images for one in measured.conditions)]
    number = max([preparation.images, *looked])
    facts = RobustnessFacts(
        sampled=sampled.model_copy(update={"images": number}),
        preparation=preparation,
        conditions=tuple(measured.conditions),
        attack=attack,
        left_out=len(measured.left_out),
        conditions_left_out=tuple(
            Condition(family=one.family, kind=one.kind, level=one.level, images=0) for one in measured.left_out
        ),
        constants_side=constants_side(context.data.test_images),
        kinds_left_out=tuple(measured.kinds_left_out),
        mean_kinds=planned.mean_kinds,
        gaps=tuple(measured.gaps),
        examples=names,
        example_id=int(context.data.test_ids[int(rows[0])]),
    )
    return ProbeResult(facts, gather(rows[:number], measured.predicted, examples))


def options_of(context: ProbeContext) -> RobustnessOptions:
    """The probe's own keys of the spec."""
    return context.spec.run.probes.robustness


def at_chance(context: ProbeContext) -> bool:
    """Whether the whole evaluation set is called right no more often than by always naming its largest class."""
    labels = context.data.test_labels.numpy()
    share = float((context.logits.argmax(1) == labels).mean())
    chance = float(np.bincount(labels).max()) / len(labels)
    return bool(share - 2 * (chance * (1 - chance) / len(labels)) ** 0.5 <= chance)


def measure(
    bench: Bench, planned: Plan, estimate: CostEstimate, allowance: Allowance, measured: Measured
) -> AttackSettings | None:
    """Measure the groups of a plan in turn, each whole or not at all; how the attacks were made, or None for none."""
    restarts = FULL_RESTARTS if allowance.full else RESTARTS
    attacked, refused = False, False
    for group in planned.groups:
        if group[0].is_attack and refused:
            continue
        if not planned.needs(group) and not allowance.affordable(
            len(bench.rows) * estimate.of_all(group), 1.0 if allowance.full else KEPT_BACK
        ):
            measured.leave_out(group)
            continue
        try:
            predicted = predict_group(bench, group, estimate.steps, restarts)
        except (NoGradientError, RuntimeError) as error:
            if not (isinstance(error, NoGradientError) or lets_no_gradient(error)):
                raise
            measured.gaps.append(N_("Not attacked: no gradient flows from the model’s outputs to the pixels."))
            refused = True
            continue
        for one, classes in zip(group, predicted, strict=True):
            measured.add(one, classes)
        attacked = attacked or group[0].is_attack
    if not attacked:
        return None
    return AttackSettings(
        steps=estimate.steps, restarts=restarts, step_share=STEP_SHARE / estimate.steps, flat=bench.flat
    )


def predict_group(bench: Bench, group: Sequence[Change], steps: int, restarts: int) -> list[Classes]:
    """What the model makes of the images under every condition of a group, which are of one kind."""
    if not group[0].is_attack:
        return [bench.predict(change.apply(bench.images, PROBE_SEED)) for change in group]
    for parameter in bench.context.module.parameters():
        parameter.requires_grad_(False)
    if group[0].kind == "fgsm":
        return under_fgsm(bench, [one.level for one in group])
    return [under_pgd(bench, change.level, steps, restarts) for change in group]


def make_examples(image: torch.Tensor) -> tuple[tuple[str, ...], NDArray[np.uint8]]:
    """Names of the corruptions, and one image (1, H, W, C) as it is and under each, (1 + k, H, W, C)."""
    small = torch.from_numpy(thumbnail(image[0].numpy()).copy())[None]
    examples = [small, *(corrupt(small, name, SHOWN_SEVERITY, PROBE_SEED) for name in OPERATORS)]
    return tuple(OPERATORS), torch.cat(examples).numpy()


def gather(rows: torch.Tensor, predicted: Sequence[Classes], examples: NDArray[np.uint8]) -> dict[str, NDArray[Any]]:
    """The arrays of the record; names and shapes as in RobustnessFacts."""
    table = np.full((len(predicted), len(rows)), UNMEASURED, np.uint16)
    for place, classes in enumerate(predicted):
        table[place, : len(classes)] = classes
    return {
        "robustness.rows": rows.numpy().astype(np.int64),
        "robustness.predicted": table,
        "robustness.examples": examples,
    }


PROBE = Probe("robustness", "Robustness", 30, 0.3, run)
