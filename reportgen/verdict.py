"""The one sentence that says what came out."""

from __future__ import annotations

from reportgen import numerals
from reportgen.record import RunRecord, Training
from reportgen.words import say, say_count


def write_verdict(record: RunRecord) -> str:
    """One sentence made from the data: after which training, what share of which images, how sure."""
    accuracy = record.measured.value("accuracy") if record.measured else None
    if record.training is not None and record.training.divergence is not None:
        return say(
            "Training diverged at step {step}: the loss was no longer finite, and the numbers below are those of "
            "broken weights.",
            step=numerals.count(record.training.divergence.step),
        )
    if accuracy is None or accuracy.value is None:
        return say("{model} was not evaluated: there is no accuracy to report.", model=model_name(record))
    return say(
        "{start}, {model} classifies {accuracy} of {images} correctly ({interval}).",
        start=say_start(record),
        model=model_name(record),
        accuracy=accuracy.display,
        images=say_images(record),
        interval=accuracy.display_interval or say("no interval"),
    )


def model_name(record: RunRecord) -> str:
    """The model as its author calls it: the name behind the source's colon."""
    return record.trace.source.rpartition(":")[2] or record.trace.name


def say_start(record: RunRecord) -> str:
    """The first words: trained how long, or with which weights."""
    if record.training is not None:
        return say("After {length}", length=say_length(record.training))
    if record.provenance.weights_file:
        return say("With the weights {file}", file=record.provenance.weights_file)
    return say("With the weights it starts from")


def say_length(training: Training) -> str:
    """How long a training was, in epochs when it saw at least one, and in time."""
    epochs = training.steps / training.steps_per_epoch if training.steps_per_epoch else 0.0
    time = numerals.seconds_text(training.seconds)
    if epochs < 1:
        steps = say_count("{count} training step", "{count} training steps", training.steps)
        return say("{steps} ({time})", steps=steps, time=time)
    whole = numerals.count(epochs) if abs(epochs - round(epochs)) < 0.05 else numerals.fixed(epochs, 1)
    if whole == "1":
        return say("one epoch of training ({time})", time=time)
    return say("{epochs} epochs of training ({time})", epochs=whole, time=time)


def say_images(record: RunRecord) -> str:
    """Which images: "the 10,000 CIFAR-10 test images", "600 of the 10,000 CIFAR-10 test images"."""
    split = next((part for part in record.data.splits if part.name == "test"), None)
    if split is None:
        return say("the {data} test images", data=record.data.title)
    whole = say("the {count} {data} test images", count=numerals.count(split.available), data=record.data.title)
    return whole if split.n == split.available else say("{n} of {whole}", n=numerals.count(split.n), whole=whole)
