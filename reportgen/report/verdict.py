"""The one sentence that says what came out, and how it stands against the baseline."""

from __future__ import annotations

from reportgen.record.comparison import Comparison, Judgement, Verdict
from reportgen.record.run import RunRecord, Training
from reportgen.text import numerals
from reportgen.text.i18n import say, say_count


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
    text = say(
        "{start}, {model} classifies {accuracy} of {images} correctly ({interval})",
        start=say_start(record),
        model=model_name(record),
        accuracy=accuracy.display,
        images=say_images(record),
        interval=accuracy.display_interval or say("no interval"),
    )
    return f"{text}; {say_against(record.comparison)}." if record.comparison is not None else f"{text}."


def say_verdict(verdict: Verdict) -> str:
    """A verdict in a word or two."""
    words = {
        "better": say("better"),
        "worse": say("worse"),
        "equivalent": say("equivalent"),
        "undecided": say("not enough evidence"),
    }
    return words[verdict]


def say_against(comparison: Judgement) -> str:
    """How a model stands against the baseline, the second half of a sentence."""
    if not isinstance(comparison, Comparison):
        return say("it could not be compared with the baseline")
    if comparison.identical:
        return say("its outputs are those of the baseline")
    change = comparison.value("accuracy.change")
    values = {
        "change": f"{change.display}, {change.display_interval}" if change is not None else numerals.DASH,
        "margin": numerals.points(comparison.equivalence.margin).lstrip("+"),
    }
    clauses = {
        "better": say("better than the baseline ({change})", **values),
        "worse": say("worse than the baseline ({change})", **values),
        "equivalent": say("equivalent to the baseline within {margin} ({change})", **values),
        "undecided": say("not enough evidence to tell it from the baseline ({change})", **values),
    }
    return clauses[comparison.verdict]


def say_change(comparison: Comparison) -> str:
    """The verdict as a sentence of its own, with the interval, n, and what it rests on."""
    if comparison.identical:
        return say(
            "The outputs are those of the baseline, to the bit, for every one of the {n} images.",
            n=numerals.count(comparison.n),
        )
    change = comparison.value("accuracy.change")
    values = {
        "change": change.display_full if change is not None else numerals.DASH,
        "margin": numerals.points(comparison.equivalence.margin).lstrip("+"),
        "tost": numerals.p_value(comparison.equivalence.p),
    }
    if comparison.verdict == "better":
        return say("Better than the baseline: top-1 accuracy changed by {change}.", **values)
    if comparison.verdict == "worse":
        return say("Worse than the baseline: top-1 accuracy changed by {change}.", **values)
    if comparison.verdict == "equivalent":
        return say(
            "Equivalent to the baseline: top-1 accuracy changed by {change}, inside the margin of {margin} (two "
            "one-sided tests, {tost}).",
            **values,
        )
    return say(
        "Not enough evidence to tell this model from the baseline: top-1 accuracy changed by {change}, which may be "
        "nothing or more than the margin of {margin}.",
        **values,
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
