"""What the training history says: how far it came, whether more would help, why it ended, where the time went."""

from __future__ import annotations

import numpy as np

from reportgen.metrics.intervals import Interval, wilson
from reportgen.metrics.progress import Progress, measure_progress
from reportgen.record.run import RunRecord, Training
from reportgen.report.components import Figures
from reportgen.report.model import Finding
from reportgen.report.sections.training import claims
from reportgen.report.sections.training.seed_findings import find_seeds, find_teacher
from reportgen.report.wording import LONGEST_DEVICE, evidence, join_few, shorten
from reportgen.text import numerals
from reportgen.text.i18n import _, join_sentences, ngettext

NAME = "training"
SAME = 0.02
"""A change whose whole interval lies within so much of zero is no change worth training for."""
SETTLED = 0.01
"""A learning rate below this share of its highest has come to rest."""
ENOUGH_STEPS = 40
"""For a twentieth of them to be at least two."""
UNEVEN = 1.1
"""From this ratio of the slow steps to the median on, the pace is worth a word."""


def find_training(record: RunRecord, training: Training, figures: Figures) -> list[Finding]:
    """The findings of this section, in the order of the text."""
    curves, steps = evidence(figures, "training_curves", NAME), evidence(figures, "training_steps", NAME)
    found = [
        find_divergence(training, steps),
        find_end(training, curves),
        *find_seeds(record, curves),
        find_gap(record, training, curves),
        find_teacher(record, f"section-{NAME}"),
        find_progress(record, training, curves),
        find_speed(record, training, steps),
        find_time(record, evidence(figures, "time_spent", NAME)),
    ]
    return [finding for finding in found if finding is not None]


def find_divergence(training: Training, anchor: str) -> Finding | None:
    """Where the loss stopped being a number."""
    event = training.divergence
    if event is None:
        return None
    text = ngettext(
        "Training diverged: at step {step} (epoch {epoch}, learning rate {rate}) the loss was no longer a finite "
        "number, on the batch of the image {ids}; every number of this report describes what was left.",
        "Training diverged: at step {step} (epoch {epoch}, learning rate {rate}) the loss was no longer a finite "
        "number, on the batch of images {ids}; every number of this report describes what was left.",
        len(event.batch_ids),
        step=numerals.count(event.step),
        epoch=epoch_text(event.epoch),
        rate=numerals.significant(event.learning_rate, 3),
        ids=list_ids(event.batch_ids),
    )
    return claims.DIVERGED.finding(text, 1.0, anchor, "bad", in_banner=True)


def list_ids(ids: tuple[int, ...]) -> str:
    """The first few image indices and how many more there are."""
    return join_few([numerals.count(index) for index in ids], limit=5)


def format_passes(seen: float) -> str:
    """How often the training images were seen, inside a sentence."""
    passes = epoch_text(seen)
    return _("one pass") if passes == "1" else _("{passes} passes", passes=passes)


def find_end(training: Training, anchor: str) -> Finding | None:
    """A pass that the clock ended."""
    if training.ended_by != "time":
        return None
    seen = training.steps / max(training.steps_per_epoch, 1)
    if training.steps >= training.planned_steps:
        text = _(
            "The time budget set the length of the pass: {steps} steps, {passes} over the training images.",
            steps=numerals.count(training.steps),
            passes=format_passes(seen),
        )
        return claims.CLOCK_LENGTH.finding(text, 0.4, anchor)
    text = _(
        "The time budget ended training after {steps} of {planned} planned steps ({share}), "
        "{passes} over the training images.",
        steps=numerals.count(training.steps),
        planned=numerals.count(training.planned_steps),
        share=numerals.percent(training.steps / training.planned_steps),
        passes=format_passes(seen),
    )
    return claims.CLOCK_END.finding(text, 0.6, anchor, "caution", in_banner=True)


def find_gap(record: RunRecord, training: Training, anchor: str) -> Finding | None:
    """Training against test accuracy; over-fitting only where the interval of the gap excludes zero."""
    measured = record.measured
    if measured is None or training.divergence is not None:
        return None
    train, test, gap = (measured.value(name) for name in ("train_accuracy", "accuracy", "generalisation_gap"))
    if not (train and test and gap):
        return None
    start = _(
        "Accuracy is {train} on the training images and {test} on the test images.",
        train=train.display_full,
        test=test.display_full,
    )
    if gap.low is None or gap.high is None:
        text = _("These are too few images to tell over-fitting from chance.")
        return claims.GAP_UNSEEN.finding(join_sentences([start, text]), 0.2, anchor)
    values = {"gap": numerals.points_apart(gap.value), "interval": numerals.apart_interval(gap.low, gap.high)}
    seen = training.steps / training.steps_per_epoch if training.steps_per_epoch else 0.0
    if seen < 1:
        text = _(
            "The run trained on at most {seen} of all training images, so the gap says nothing about over-fitting.",
            seen=numerals.percent(seen),
        )
        return claims.GAP_UNSEEN.finding(join_sentences([start, text]), 0.2, anchor)
    if gap.low > 0:
        text = _(
            "It fits the training images better by {gap} ({interval}).", gap=values["gap"], interval=values["interval"]
        )
        return claims.FITS_BETTER.finding(
            join_sentences([start, text]), 0.65, anchor, "caution" if gap.low > SAME else "plain"
        )
    if gap.high < 0:
        text = _("The model is more accurate on the test images, by {interval} points.", interval=values["interval"])
        return claims.TEST_EASIER.finding(join_sentences([start, text]), 0.5, anchor)
    text = _(
        "The gap of {gap} ({interval}) can’t be distinguished from zero; one of up to {most} is not excluded.",
        gap=values["gap"],
        interval=values["interval"],
        most=numerals.points_apart(gap.high),
    )
    return claims.GAP_OPEN.finding(join_sentences([start, text]), 0.5, anchor)


def find_progress(record: RunRecord, training: Training, anchor: str) -> Finding | None:
    """Whether the last quarter of the pass still raised the test accuracy."""
    progress = measure_progress(record, training)
    if progress is None or training.divergence is not None:
        return None
    if progress.interval is None:
        return find_change_alone(progress, anchor)
    if progress.interval[0] > 0 or progress.interval[1] < 0:
        return find_change(record, progress, progress.interval, anchor)
    return find_no_change(progress, progress.interval, anchor)


def find_change_alone(progress: Progress, anchor: str) -> Finding:
    """A change of the test accuracy that has no interval, and why."""
    values = {
        "epoch": epoch_text(progress.epoch),
        "signed": numerals.points(progress.change),
        "count": numerals.count(progress.n),
    }
    if progress.why_none == "few images":
        text = _(
            "Whether it was still improving is not clear: since epoch {epoch} the test accuracy changed by {signed} "
            "(n\u00a0=\u00a0{count}), on too few images for an interval.",
            epoch=values["epoch"],
            signed=values["signed"],
            count=values["count"],
        )
    else:
        text = _(
            "Whether it was still improving is not clear: since epoch {epoch} the test accuracy changed by {signed} "
            "(n\u00a0=\u00a0{count}), and an interval needs the answers to each image, which this record does not "
            "hold.",
            epoch=values["epoch"],
            signed=values["signed"],
            count=values["count"],
        )
    return claims.PROGRESS_OPEN.finding(text, 0.3, anchor)


def find_change(record: RunRecord, progress: Progress, ends: Interval, anchor: str) -> Finding:
    """A test accuracy that rose or fell since an epoch, with its interval."""
    values = {
        "epoch": epoch_text(progress.epoch),
        "change": numerals.points_apart(abs(progress.change)),
        "interval": numerals.apart_interval(*ends),
        "count": numerals.count(progress.n),
    }
    if ends[0] > 0:
        text = _(
            "Still improving: since epoch {epoch} the test accuracy rose by {change} "
            "({interval}, n\u00a0=\u00a0{count}).",
            epoch=values["epoch"],
            change=values["change"],
            interval=values["interval"],
            count=values["count"],
        )
        return claims.IMPROVING.finding(join_sentences([text, advise(record)]), 0.55, anchor)
    text = _(
        "Getting worse: since epoch {epoch} the test accuracy fell by {change} ({interval}, n\u00a0=\u00a0{count}).",
        epoch=values["epoch"],
        change=values["change"],
        interval=values["interval"],
        count=values["count"],
    )
    return claims.WORSENING.finding(text, 0.7, anchor, "caution")


def find_no_change(progress: Progress, ends: Interval, anchor: str) -> Finding:
    """A test accuracy that changed little since an epoch, or not for sure."""
    values = {
        "epoch": epoch_text(progress.epoch),
        "signed": numerals.points(progress.change),
        "interval": numerals.points_interval(*ends),
        "count": numerals.count(progress.n),
    }
    if max(-ends[0], ends[1]) < SAME:
        text = _(
            "On a plateau: since epoch {epoch} the test accuracy changed by {signed} "
            "({interval}, n\u00a0=\u00a0{count}), less than two points either way.",
            epoch=values["epoch"],
            signed=values["signed"],
            interval=values["interval"],
            count=values["count"],
        )
        return claims.PLATEAU.finding(text, 0.4, anchor)
    text = _(
        "Whether it was still improving is not clear: since epoch {epoch} the test accuracy changed by {signed} "
        "({interval}, n\u00a0=\u00a0{count}).",
        epoch=values["epoch"],
        signed=values["signed"],
        interval=values["interval"],
        count=values["count"],
    )
    return claims.PROGRESS_OPEN.finding(text, 0.3, anchor)


def advise(record: RunRecord) -> str:
    """Whether more steps would need another schedule."""
    rates = record.arrays.get("train.lr", np.empty(0))
    if len(rates) and rates[-1] < SETTLED * rates.max():
        return _("The learning rate had decayed to zero, so continuing would need a longer schedule.")
    return ""


def find_speed(record: RunRecord, training: Training, anchor: str) -> Finding | None:
    """Images per second, and how even the steps were."""
    if not training.steps or not training.images_per_second:
        return None
    text = _(
        "{speed} images a second over {steps} of {batch} images, {precision} on {device}.",
        speed=numerals.count(training.images_per_second),
        steps=ngettext("{count} step", "{count} steps", training.steps),
        batch=numerals.count(training.batch_size),
        precision=record.device.precision,
        device=shorten(record.device.name, LONGEST_DEVICE),
    )
    seconds = np.diff(record.arrays.get("train.seconds", np.empty(0)))
    median, slow = np.percentile(seconds, [50, 95]) if len(seconds) >= ENOUGH_STEPS else (0.0, 0.0)
    if slow < UNEVEN * median or not median:
        return claims.SPEED.finding(text, 0.15, anchor)
    spread = _(
        "The median step took {median}, one in twenty more than {slow}.",
        median=numerals.seconds_text(float(median)),
        slow=numerals.seconds_text(float(slow)),
    )
    return claims.SPEED.finding(join_sentences([text, spread]), 0.15, anchor)


def find_time(record: RunRecord, anchor: str) -> Finding | None:
    """Which stage of the build took most of the time."""
    total = sum(stage.seconds for stage in record.stages)
    if len(record.stages) < 2 or not total:
        return None
    longest = max(record.stages, key=lambda stage: stage.seconds)
    text = _(
        "Of the {total} from loading to the last measurement, the stage “{stage}” took {time} ({share}).",
        total=numerals.seconds_text(total),
        stage=longest.name.text,
        time=numerals.seconds_text(longest.seconds),
        share=numerals.percent(longest.seconds / total),
    )
    return claims.LONGEST_STAGE.finding(text, 0.1, anchor)


def epoch_text(epoch: float) -> str:
    """Epochs completed: "3", or "2.41" inside one."""
    return numerals.count(epoch) if abs(epoch - round(epoch)) < 0.005 else numerals.fixed(epoch, 2)


def point_interval(accuracy: float | None, n: int) -> str:
    """Wilson interval of one point of the history, in per cent."""
    ends = wilson(round(accuracy * n), n) if accuracy is not None else None
    return numerals.percent_interval(*ends, n) if ends else ""
