"""The training pass: records that show each claim."""

from __future__ import annotations

import numpy as np

from reportgen.record.run import Divergence, RunRecord, Stage
from reportgen.report.sections.training.view import SECTION
from tests.report.register.case import Cases
from tests.report.sections.cases import change
from tests.report.sections.training.test_layers import with_arrays
from tests.report.sections.training.test_seed_findings import fell, own, seeded, taught
from tests.report.sections.training.test_view import passed, trained, with_train
from tests.support.layers import with_dynamics


def diverged(record: RunRecord) -> RunRecord:
    event = Divergence(step=87, epoch=2.4, learning_rate=0.4, batch_ids=(5,))
    return trained(record, divergence=event, ended_by="diverged", train_correct=50)


def short(record: RunRecord) -> RunRecord:
    return trained(with_train(record, 990, 1000), steps=40, steps_per_epoch=1000)


def better_teacher(record: RunRecord) -> RunRecord:
    right = own(record).copy()
    right[np.flatnonzero(~right)[:50]] = True
    return taught(record, right)


def scaled(record: RunRecord, name: str, layers: slice | int, factor: float) -> RunRecord:
    """A calm pass with an array of some layers multiplied."""
    calm = with_dynamics(record, layers=8, steps=40)
    values = calm.arrays[f"dynamics.{name}"].copy()
    values[:, layers] *= factor
    return with_arrays(calm, **{name: values})


def jumping(record: RunRecord, place: int, value: float) -> RunRecord:
    calm = with_dynamics(record, layers=4, steps=40)
    gradient = calm.arrays["dynamics.gradient"].copy()
    gradient[place, 2] = value
    return with_arrays(calm, gradient=gradient)


TRAINING = Cases(
    {
        "plain": lambda record: record,
        "seeds": lambda record: seeded(record, 430, 520),
        "fallen seed": lambda record: seeded(record, 60, 61, divergence=fell()),
        "same teacher": lambda record: taught(record, own(record)),
        "better teacher": better_teacher,
        "worse teacher": lambda record: taught(record, own(record) & (np.arange(600) % 3 > 0)),
        "calm": lambda record: with_dynamics(record, layers=2, steps=40),
        "deep": lambda record: with_dynamics(record, layers=9, steps=20),
        "infinite": lambda record: jumping(record, 39, np.inf),
        "jump": lambda record: jumping(record, 30, 500.0),
        "frozen": lambda record: with_dynamics(record, layers=8, steps=40, frozen=2),
        "starved": lambda record: scaled(record, "gradient", 1, 0.0),
        "vanishing": lambda record: scaled(record, "gradient", slice(0, 4), 1e-4),
        "growing": lambda record: scaled(record, "gradient", slice(0, 4), 1e4),
        "leaping": lambda record: scaled(record, "update", 3, 1000.0),
        "diverged": diverged,
        "by the clock": lambda record: trained(record, ended_by="time"),
        "cut short": lambda record: trained(record, ended_by="time", steps=45, planned_steps=90, steps_per_epoch=30),
        "part of an epoch": short,
        "fitted": lambda record: with_train(record, 990, 1000),
        "easy test": lambda record: with_train(record, 100, 500),
        "rising": lambda record: passed(record, 0.5, 0.6, 0.65, 0.75),
        "falling": lambda record: passed(record, 0.5, 0.6, 0.9, 0.8),
        "level": lambda record: passed(record, 0.5, 0.6, 0.9, 0.901, n=10_000),
        "unclear": lambda record: passed(record, 0.5, 0.6, 0.70, 0.71, n=200),
        "stages": lambda record: change(
            record, stages=(Stage(name="Load", seconds=10.0), Stage(name="Train", seconds=30.0))
        ),
        "one stage": lambda record: change(record, stages=()),
        "untimed": lambda record: trained(record, images_per_second=0.0),
    },
    {
        "training.seeds": ("seeds", "plain"),
        "training.diverged_seeds": ("fallen seed", "seeds"),
        "training.teacher_open": ("same teacher", "better teacher"),
        "training.teacher_better": ("better teacher", "same teacher"),
        "training.teacher_worse": ("worse teacher", "same teacher"),
        "training.silent_channels": ("calm", "deep"),
        "training.deactivated": ("deep", "calm"),
        "training.gradient_broken": ("infinite", "calm"),
        "training.gradient_jump": ("jump", "calm"),
        "training.unmoved": ("frozen", "calm"),
        "training.blind": ("starved", "calm"),
        "training.gradients_vanish": ("vanishing", "deep"),
        "training.gradients_grow": ("growing", "deep"),
        "training.updates": ("calm", "leaping"),
        "training.odd_updates": ("leaping", "calm"),
        "training.diverged": ("diverged", "plain"),
        "training.clock_length": ("by the clock", "plain"),
        "training.clock_end": ("cut short", "by the clock"),
        "training.gap_unseen": ("part of an epoch", "plain"),
        "training.fits_better": ("fitted", "plain"),
        "training.test_easier": ("easy test", "plain"),
        "training.gap_open": ("plain", "fitted"),
        "training.improving": ("rising", "level"),
        "training.worsening": ("falling", "level"),
        "training.plateau": ("level", "rising"),
        "training.progress_open": ("unclear", "level"),
        "training.speed": ("plain", "untimed"),
        "training.longest_stage": ("stages", "one stage"),
    },
    SECTION,
)
