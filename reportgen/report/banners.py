"""What the reader could be misled by, said where no reader can miss it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reportgen.metrics.draws import read_draws
from reportgen.metrics.output_range import OutputRange, find_output_range
from reportgen.metrics.preprocessing import find_doubt
from reportgen.record.message import draw_note
from reportgen.record.run import DataFacts, RunRecord, Training
from reportgen.report.claims import FACT, Claim, ErrorRate
from reportgen.report.model import Banner, Skipped
from reportgen.report.naming import name_preparation
from reportgen.report.wording import LONGEST_NAME
from reportgen.spec.types import BaselineSpec
from reportgen.text import numerals
from reportgen.text.i18n import _, join_sentences, join_terms, ngettext
from reportgen.text.shorten import shorten_middle

UNFINISHED = Claim("banner.unfinished", FACT)
MODEL_FAULTS = Claim("banner.model_faults", FACT)
OWN_FAULTS = Claim("banner.own_faults", FACT)
STAND_IN = Claim("banner.stand_in", FACT)
NOT_FINITE = Claim("banner.not_finite", FACT)
WEIGHTS_NOT_FINITE = Claim("banner.weights_not_finite", FACT)
SEEDS_NOT_FINITE = Claim("banner.seeds_not_finite", FACT)
PREPARATION = Claim(
    "banner.preparation",
    "every way to preprocess the images is as good as the spec’s",
    ErrorRate(0.001, 1000, "equal_preparations"),
)
CHANCE = Claim("banner.chance", FACT)
STATE = Claim("banner.state", FACT)
NEIGHBOURS = Claim("banner.neighbours", FACT)
OUTPUT_RANGE = Claim("banner.output_range", FACT)
CLOCK_END = Claim("banner.clock_end", FACT)
PART = Claim("banner.part", FACT)
FILES_LEFT_OUT = Claim("banner.files_left_out", FACT)
DEVICE = Claim("banner.device", FACT)
UNVERIFIED = Claim("banner.unverified", FACT)
NO_BASELINE = Claim("banner.no_baseline", FACT)
NO_COMMIT = Claim("banner.no_commit", FACT)

MOST_SEEDS = 8
"""Named in a banner."""
MOST_FILES = 5
"""Named in a banner."""


def find_banners(
    record: RunRecord, failed: Sequence[Skipped] = (), baseline: BaselineSpec | None = None
) -> tuple[Banner, ...]:
    """The banners of a record, the worst first.

    `failed`: what an error kept from being made of it; `baseline`: what the spec says of one.
    """
    found = [
        *unfinished_run(record),
        *failures_of_model(record),
        *failures_of_ours(record, failed),
        *failures_of_memory(failed),
        *stand_in_data(record),
        *not_finite(record),
        *seeds_not_finite(record),
        *weights_not_finite(record),
        *wrong_preparation(record),
        *answers_by_chance(record),
        *answers_by_state(record),
        *answers_by_neighbours(record),
        *unusual_outputs(record),
        *partial_training(record),
        *partial_data(record),
        *files_left_out(record),
    ]
    found += [*fallback_device(record), *unverified_data(record), *missing_baseline(baseline), *untold_commit(record)]
    return tuple(sorted(found, key=lambda banner: banner.severity != "bad"))


def unfinished_run(record: RunRecord) -> Iterator[Banner]:
    """The run of the record was cut off."""
    if record.unfinished:
        yield UNFINISHED.banner(
            _(
                "The run was interrupted before its end. This report shows what had been measured by then; the rest "
                "is missing."
            ),
            "bad",
        )


def failures_of_model(record: RunRecord) -> Iterator[Banner]:
    """The model's own code raised an error after the run had begun."""
    for fault in record.faults:
        if fault.by != "model":
            continue
        if fault.file and fault.line is not None:
            said = _(
                "The model’s own code raised an error in {part}, in line {line} of {file}: {reason}.",
                file=fault.file,
                line=fault.line,
                part=fault.part.text,
                reason=fault.reason,
            )
        else:
            said = _("The model raised an error in {part}: {reason}.", part=fault.part.text, reason=fault.reason)
        yield MODEL_FAULTS.banner(join_sentences([said, *stopped_training(record)]), "bad")


def stopped_training(record: RunRecord) -> Iterator[str]:
    """How far an error let the training come."""
    training = record.training
    if training is not None and training.ended_by == "error":
        yield _(
            "The training ended with it, after {done} of {planned} planned steps.",
            done=numerals.count(training.steps),
            planned=numerals.count(training.planned_steps),
        )


def failures_of_ours(record: RunRecord, failed: Sequence[Skipped]) -> Iterator[Banner]:
    """Errors of our own: how many parts are missing by them."""
    ours = sum(not thing.by_memory for thing in failed)
    count = sum(fault.by == "reportgen" for fault in record.faults) + ours
    if count:
        yield OWN_FAULTS.banner(
            ngettext(
                "{count} part of this report is missing because of an error in reportgen; the reason is given in its "
                "place.",
                "{count} parts of this report are missing because of errors in reportgen; the reasons are given in "
                "their places.",
                count,
            ),
            "bad",
        )


def failures_of_memory(failed: Sequence[Skipped]) -> Iterator[Banner]:
    """The machine had no memory for some parts."""
    count = sum(thing.by_memory for thing in failed)
    if count:
        yield OWN_FAULTS.banner(
            ngettext(
                "{count} part of this report is missing because the machine ran out of memory; its place says so.",
                "{count} parts of this report are missing because the machine ran out of memory; their places say so.",
                count,
            ),
            "bad",
        )


def stand_in_data(record: RunRecord) -> Iterator[Banner]:
    """The data is not what the spec asked for."""
    data = record.data
    if data.requested and data.requested != data.name:
        requested = str(data.requested_title) or data.requested
        said = [
            _("This report is about {data}, not about {requested}.", data=data.title, requested=requested),
            format_reason(data),
            _("No number here says anything about {requested}.", requested=requested),
        ]
        yield STAND_IN.banner(join_sentences(said), "bad")


def format_reason(data: DataFacts) -> str:
    """Why other data stand in."""
    reason = as_sentence(draw_note(data.fallback_reason))
    return _("The reason: {reason}", reason=reason) if reason else _("The requested data was not available.")


def not_finite(record: RunRecord) -> Iterator[Banner]:
    """The loss stopped being finite."""
    training = record.training
    if training is not None and training.divergence is not None:
        yield NOT_FINITE.banner(
            _(
                "The loss was not finite at step {step}, learning rate {rate}; the weights after that step are "
                "meaningless.",
                step=numerals.count(training.divergence.step),
                rate=numerals.significant(training.divergence.learning_rate, 3),
            ),
            "bad",
        )


def weights_not_finite(record: RunRecord) -> Iterator[Banner]:
    """The file of weights holds values that are no finite numbers."""
    origin = record.provenance
    if origin.weights_not_finite:
        yield WEIGHTS_NOT_FINITE.banner(
            ngettext(
                "{count} value of the weights in {file} is not a finite number; what the model computes with it is "
                "meaningless.",
                "{count} values of the weights in {file} are not finite numbers; what the model computes with them is "
                "meaningless.",
                origin.weights_not_finite,
                file=origin.weights_file or _("the file"),
            ),
            "bad",
        )


def seeds_not_finite(record: RunRecord) -> Iterator[Banner]:
    """The loss stopped being finite with another seed than the report's."""
    fell = [str(run.seed) for run in record.seeds if run.training.divergence is not None]
    if fell:
        yield SEEDS_NOT_FINITE.banner(
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
        yield PREPARATION.banner(
            _(
                "The images are probably preprocessed wrongly: of the same {n} images {now} are classified correctly "
                "with the spec’s normalisation “{own}” and {then} with “{best}”. Every other number here uses “{own}”.",
                n=numerals.count(doubt.now.n),
                now=doubt.now.display,
                own=record.data.normalize_name,
                then=doubt.best.accuracy.display,
                best=name_preparation(doubt.best.preparation),
            ),
            "bad",
        )


def answers_by_chance(record: RunRecord) -> Iterator[Banner]:
    """The model answers otherwise when the same images are evaluated again."""
    answers = record.answers
    if answers is None or not answers.by_chance:
        return
    again, accuracies = answers.again, [float(one.correct.mean()) for one in read_draws(record)]
    n = len(record.arrays["eval.labels"])
    said = [
        _(
            "This model is stochastic: of {n} test images that were evaluated twice, {share} got a different "
            "prediction the second time, and a logit differed by up to {largest}.",
            n=numerals.count(again.images),
            share=numerals.percent(again.changed, again.images),
            largest=numerals.significant(again.logits, 2),
        )
        if again.logits
        else _("This model is stochastic: the same test images do not get the same prediction each time.")
    ]
    if len(accuracies) > 1:
        said.append(
            _(
                "Its scores are means over {draws} evaluations, whose accuracies range from {lowest} to {highest}, "
                "and their intervals include this variation; single images, figures and statements about them are "
                "those of the first.",
                draws=numerals.count(len(accuracies)),
                lowest=numerals.percent(min(accuracies), n),
                highest=numerals.percent(max(accuracies), n),
            )
        )
    yield CHANCE.banner(join_sentences(said))


def answers_by_state(record: RunRecord) -> Iterator[Banner]:
    """The model answers by what it keeps of the images before."""
    answers = record.answers
    if answers is None or not answers.by_state:
        return
    again = answers.again
    said = [
        _(
            "This model keeps state between calls: its prediction for an image depends on the images before it. Of "
            "{n} test images that were evaluated twice, {share} got a different prediction the second time, and a "
            "logit differed by up to {largest}.",
            n=numerals.count(again.images),
            share=numerals.percent(again.changed, again.images),
            largest=numerals.significant(again.logits, 2),
        ),
        _(
            "Its scores are those of the test images in the order of the data set, in batches of {batch}, starting "
            "from the state left by earlier calls; other orders would give other scores.",
            batch=numerals.count(answers.batch),
        ),
    ]
    yield STATE.banner(join_sentences(said))


def answers_by_neighbours(record: RunRecord) -> Iterator[Banner]:
    """The answer to an image depends on the images of its batch."""
    answers = record.answers
    if answers is None or not answers.by_neighbours:
        return
    change = answers.alone or answers.others_beside
    if change is None:
        return
    n, share = numerals.count(change.images), numerals.percent(change.changed, change.images)
    largest = numerals.significant(change.logits, 2)
    told = (
        _(
            "This model’s prediction for an image depends on the other images in the batch: of {n} test images, "
            "{share} get a different prediction alone than in a batch, and a logit differs by up to {largest}.",
            n=n,
            share=share,
            largest=largest,
        )
        if answers.alone is not None
        else _(
            "This model’s prediction for an image depends on the other images in the batch: of {n} test images, "
            "{share} get a different prediction when the others in the batch are exchanged, and a logit differs by up "
            "to {largest}.",
            n=n,
            share=share,
            largest=largest,
        )
    )
    batch = _(
        "Its scores are those of batches of {batch} images in the order of the data set; other batches would give "
        "other scores.",
        batch=numerals.count(answers.batch),
    )
    yield NEIGHBOURS.banner(join_sentences([told, batch]))


def unusual_outputs(record: RunRecord) -> Iterator[Banner]:
    """The outputs were read as logits, and lie where logits seldom do."""
    found = find_output_range(record)
    if found is None:
        return
    meaning = _(
        "If they are not logits, accuracy holds, but likelihood, Brier score, confidence and calibration describe the "
        "softmax of these values and not the model: let it return logits, or probabilities that sum to 1."
    )
    early = _("The logits of a barely trained network can lie in this range too.") if found.kind != "same_sum" else ""
    yield OUTPUT_RANGE.banner(join_sentences([describe_outputs(found), meaning, early]))


def describe_outputs(found: OutputRange) -> str:
    """Where the outputs lie, and how they were read."""
    n, most = numerals.count(found.n), numerals.percent(found.most, found.n)
    total = numerals.significant(found.total, 3)
    return {
        "unit": _(
            "Every value that the model gives for the {n} test images lies between 0 and 1, as after a sigmoid. They "
            "were read as logits, of which softmax makes a confidence of at most {most}.",
            n=n,
            most=most,
        ),
        "same_sum": _(
            "The values that the model gives for each of the {n} test images are non-negative and sum to {total}, as "
            "probabilities times {total} do. They were read as logits.",
            n=n,
            total=total,
        ),
        "signed": _(
            "Every value that the model gives for the {n} test images lies between −1 and 1, as a cosine or tanh does. "
            "They were read as logits, of which softmax makes a confidence of at most {most}, while {accuracy} of the "
            "predictions are correct.",
            n=n,
            most=most,
            accuracy=numerals.percent(found.accuracy, found.n),
        ),
    }[found.kind]


def partial_training(record: RunRecord) -> Iterator[Banner]:
    """The time budget ended the training before its plan did."""
    training = record.training
    if training is None or training.ended_by != "time" or training.steps >= training.planned_steps:
        return
    yield CLOCK_END.banner(
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
        yield PART.banner(
            _(
                "Training used {train} training images, evaluation {test} test images.",
                train=parts["train"],
                test=parts["test"],
            )
        )
    elif "train" in parts:
        yield PART.banner(_("Training used {train} training images.", train=parts["train"]))
    elif "test" in parts:
        yield PART.banner(_("Evaluation used {test} test images.", test=parts["test"]))


def files_left_out(record: RunRecord) -> Iterator[Banner]:
    """Images that could not be read, where the spec says to go on without them."""
    data = record.data
    if data.left_out_count:
        names = [shorten_middle(file.name, LONGEST_NAME) for file in data.left_out[:MOST_FILES]]
        yield FILES_LEFT_OUT.banner(
            ngettext(
                "{count} file could not be read as an image and was left out (data.bad_files: skip): {names}.",
                "{count} files could not be read as images and were left out (data.bad_files: skip): {names}.",
                data.left_out_count,
                names=join_terms([*names, *(["…"] if data.left_out_count > len(names) else [])]),
            )
        )


def fallback_device(record: RunRecord) -> Iterator[Banner]:
    """The spec asked for a device that the run did not get."""
    asked = record.device.requested
    if asked != "auto" and not asked.startswith(record.device.kind):
        yield DEVICE.banner(
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
        yield UNVERIFIED.banner(
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


def missing_baseline(baseline: BaselineSpec | None) -> Iterator[Banner]:
    """The baseline that a build was to be compared with was not there, and the build went on without."""
    if baseline is not None and baseline.missing is not None:
        said = _("Nothing here is compared with a baseline: {reason}", reason=as_sentence(baseline.missing))
        yield NO_BASELINE.banner(said)


def untold_commit(record: RunRecord) -> Iterator[Banner]:
    """The run was in a checkout whose commit nobody told."""
    if record.provenance.commit_refused and record.provenance.commit is None:
        yield NO_COMMIT.banner(
            _(
                "The commit of the code is not known: git could not read it from this checkout ({reason}), and no CI "
                "variable gives it.",
                reason=draw_note(record.provenance.commit_refused),
            )
        )
