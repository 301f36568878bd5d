"""What other seeds and a teacher say of a training: how much of a number is luck, and how far the example was."""

from __future__ import annotations

import numpy as np

from reportgen.metrics.differences import share_difference
from reportgen.metrics.seeds import accuracy_by_seed
from reportgen.record.run import RunRecord, Teacher
from reportgen.report.model import Finding
from reportgen.report.sections.training import claims
from reportgen.report.wording import join_few, quote
from reportgen.text import numerals
from reportgen.text.i18n import _, join_sentences, ngettext

WIDE = 0.1
"""Of the interval of the mean over seeds: with so wide a one a single training says little."""


def find_seeds(record: RunRecord, anchor: str) -> list[Finding]:
    """The mean over seeds with its interval, how far the seed alone moves it, and seeds that diverged."""
    measured = record.measured
    if not record.seeds or measured is None:
        return []
    found = diverged_seeds(record, anchor)
    mean, deviation = measured.value("accuracy_seeds"), measured.value("accuracy_seed_deviation")
    if mean is None or deviation is None:
        return found
    shares = sorted((right / n, seed) for seed, right, n in accuracy_by_seed(record))
    (lowest, unlucky), (highest, lucky), n = shares[0], shares[-1], len(record.arrays["eval.labels"])
    sure = (
        _(
            "{interval}, counting images and seeds, n\u00a0=\u00a0{images} images and {count} seeds",
            interval=mean.display_interval,
            images=numerals.count(n),
            count=mean.n,
        )
        if mean.low is not None
        else _(
            "{images}, too few for an interval",
            images=ngettext("{count} image", "{count} images", n),
        )
    )
    if deviation.low is not None:
        scatter = _("{interval}, standard deviation", interval=deviation.display_interval)
    elif deviation.value:
        scatter = _("standard deviation, on too few images for an interval")
    else:
        scatter = _("standard deviation, without an interval because all are equal")
    text = _(
        "Over {count} seeds the test accuracy is {mean} on average ({sure}); the seed alone changes it by {deviation} "
        "({scatter}), from {lowest} with seed {unlucky} to {highest} with seed {lucky}. "
        "Everything else here is about seed {first}.",
        count=mean.n,
        mean=mean.display,
        sure=sure,
        deviation=deviation.display,
        scatter=scatter,
        lowest=numerals.percent(lowest, n),
        unlucky=unlucky,
        highest=numerals.percent(highest, n),
        lucky=lucky,
        first=record.spec.run.seeds[0],
    )
    wide = mean.low is not None and mean.high is not None and mean.high - mean.low >= WIDE
    return [*found, claims.SEEDS.finding(text, 0.62, anchor, "caution" if wide else "plain")]


def diverged_seeds(record: RunRecord, anchor: str) -> list[Finding]:
    """Further seeds whose loss stopped being a number."""
    fell = [str(run.seed) for run in record.seeds if run.training.divergence is not None]
    if not fell:
        return []
    text = ngettext(
        "With {count} of the further seeds training diverged ({seeds}); its accuracy is still included in the mean "
        "over seeds.",
        "With {count} of the further seeds training diverged ({seeds}); their accuracies are still included in the "
        "mean over seeds.",
        len(fell),
        seeds=join_few(fell, limit=5),
    )
    return [claims.DIVERGED_SEEDS.finding(text, 0.9, anchor, "bad", in_banner=True)]


def find_teacher(record: RunRecord, anchor: str) -> Finding | None:
    """How good the model was that this one learnt from, on the same images."""
    teacher = record.training.teacher if record.training else None
    value = record.measured.value("teacher_accuracy") if record.measured else None
    if teacher is None or value is None or "teacher.correct" not in record.arrays:
        return None
    logits, labels = record.arrays["eval.logits"], record.arrays["eval.labels"]
    own = (logits.argmax(1) == labels) & np.isfinite(logits).all(1)
    gap = share_difference(record.arrays["teacher.correct"], own)
    start = _(
        "It was distilled from {teacher} ({parameters} parameters), which classifies {accuracy} of "
        "the test images correctly.",
        teacher=quote(name_of(teacher)),
        parameters=numerals.count(teacher.parameters),
        accuracy=value.display_full,
    )
    if gap is None:
        return claims.TEACHER_OPEN.finding(start, 0.3, anchor)
    values = {
        "gap": numerals.points_apart(abs(gap[0])),
        "interval": numerals.apart_interval(*gap[1:]),
    }
    if gap[1] > 0:
        more = _(
            "That is {gap} above its student ({interval}, paired).", gap=values["gap"], interval=values["interval"]
        )
        return claims.TEACHER_BETTER.finding(join_sentences([start, more]), 0.4, anchor)
    if gap[2] < 0:
        less = _(
            "That is {gap} below its student ({interval}, paired), so there was little to gain from distillation.",
            gap=values["gap"],
            interval=values["interval"],
        )
        return claims.TEACHER_WORSE.finding(join_sentences([start, less]), 0.6, anchor, "caution")
    same = _("Its student can’t be distinguished from it ({interval}, paired).", interval=values["interval"])
    return claims.TEACHER_OPEN.finding(join_sentences([start, same]), 0.4, anchor)


def name_of(teacher: Teacher) -> str:
    """The teacher as its author calls it: the name behind the source's colon."""
    return teacher.source.rpartition(":")[2] or teacher.source
