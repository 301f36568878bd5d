"""What the reader could be misled by, said where no reader can miss it."""

from __future__ import annotations

from collections.abc import Iterator

from reportgen.metrics.preprocessing import find_doubt
from reportgen.record.run import DataFacts, RunRecord, Training
from reportgen.report.model import Banner
from reportgen.report.naming import name_preparation
from reportgen.text import numerals
from reportgen.text.i18n import _, join_sentences, join_terms, ngettext

MOST_SEEDS = 8
"""Named in a banner."""


def find_banners(record: RunRecord) -> tuple[Banner, ...]:
    """The banners of a record, the worst first."""
    found = [
        *stand_in_data(record),
        *not_finite(record),
        *seeds_not_finite(record),
        *wrong_preparation(record),
        *partial_training(record),
        *partial_data(record),
    ]
    found += [*fallback_device(record), *unverified_data(record)]
    return tuple(sorted(found, key=lambda banner: banner.severity != "bad"))


def stand_in_data(record: RunRecord) -> Iterator[Banner]:
    """The data is not what the spec asked for."""
    data = record.data
    if data.requested and data.requested != data.name:
        said = [
            _("This report is about {data}, not about {requested}.", data=data.title, requested=data.requested),
            format_reason(data),
            _("No number here says anything about {requested}.", requested=data.requested),
        ]
        yield Banner(join_sentences(said), "bad")


def format_reason(data: DataFacts) -> str:
    """Why other data stand in, as the error said it."""
    reason = as_sentence(data.fallback_reason)
    return _("The reason: {reason}", reason=reason) if reason else _("The requested data was not available.")


def not_finite(record: RunRecord) -> Iterator[Banner]:
    """The loss stopped being finite."""
    training = record.training
    if training is not None and training.divergence is not None:
        yield Banner(
            _(
                "The loss was not finite at step {step}, learning rate {rate}; the weights after it mean nothing.",
                step=numerals.count(training.divergence.step),
                rate=numerals.significant(training.divergence.learning_rate, 3),
            ),
            "bad",
        )


def seeds_not_finite(record: RunRecord) -> Iterator[Banner]:
    """The loss stopped being finite with another seed than the report's."""
    fell = [str(run.seed) for run in record.seeds if run.training.divergence is not None]
    if fell:
        yield Banner(
            ngettext(
                "With {count} other seed ({seeds}) the loss was not finite; this report is about seed {first}.",
                "With {count} other seeds ({seeds}) the loss was not finite; this report is about seed {first}.",
                len(fell),
                seeds=join_terms([*fell[:MOST_SEEDS], *(["…"] if len(fell) > MOST_SEEDS else [])]),
                first=record.spec.run.seeds[0],
            )
        )


def wrong_preparation(record: RunRecord) -> Iterator[Banner]:
    """The same weights do clearly better when other numbers are made of the images."""
    doubt = find_doubt(record)
    if doubt is not None:
        yield Banner(
            _(
                "The images are probably preprocessed wrongly: of the same {n} images the weights call {now} right "
                "by the spec’s normalisation “{own}” and {then} by “{best}”. Every other number here is made with "
                "“{own}”.",
                n=numerals.count(doubt.now.n),
                now=doubt.now.display,
                own=record.data.normalize_name,
                then=doubt.best.accuracy.display,
                best=name_preparation(doubt.best.preparation),
            ),
            "bad",
        )


def partial_training(record: RunRecord) -> Iterator[Banner]:
    """The time budget ended the training before its plan did."""
    training = record.training
    if training is None or training.ended_by != "time" or training.steps >= training.planned_steps:
        return
    yield Banner(
        _(
            "The time budget ended training after {done} of {planned} planned steps ({share}).",
            done=numerals.count(training.steps),
            planned=numerals.count(training.planned_steps),
            share=share_done(training),
        )
    )


def share_done(training: Training) -> str:
    """How much of its plan a training did."""
    return numerals.percent(training.steps / training.planned_steps)


def partial_data(record: RunRecord) -> Iterator[Banner]:
    """A limit kept some of the images out."""
    parts = {
        split.name: _("{n} of the {available}", n=numerals.count(split.n), available=numerals.count(split.available))
        for split in record.data.splits
        if split.n < split.available and not (split.name == "train" and record.training is None)
    }
    if len(parts) == 2:
        yield Banner(
            _(
                "Training used {train} training images, evaluation {test} test images.",
                train=parts["train"],
                test=parts["test"],
            )
        )
    elif "train" in parts:
        yield Banner(_("Training used {train} training images.", train=parts["train"]))
    elif "test" in parts:
        yield Banner(_("Evaluation used {test} test images.", test=parts["test"]))


def fallback_device(record: RunRecord) -> Iterator[Banner]:
    """The spec asked for a device that the run did not get."""
    asked = record.device.requested
    if asked != "auto" and not asked.startswith(record.device.kind):
        yield Banner(
            _(
                "The spec asks for {asked}; the run took {kind} ({name}), so times are not those of {asked}.",
                asked=asked,
                kind=record.device.kind,
                name=record.device.name,
            )
        )


def unverified_data(record: RunRecord) -> Iterator[Banner]:
    """Files whose digests nobody published, or that differ from the published ones."""
    if not record.data.verified and record.data.digests:
        count = len(record.data.digests)
        yield Banner(
            ngettext(
                "The data is unverified: its {count} file could not be checked against a published digest.",
                "The data is unverified: its {count} files could not be checked against published digests.",
                count,
            )
        )


def as_sentence(text: str) -> str:
    """The text with a full stop at its end; empty stays empty."""
    text = text.strip()
    return text if not text or text[-1] in ".!?。" else f"{text}."
