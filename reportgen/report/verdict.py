"""The one sentence that gives the main result, and how it stands against the baseline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reportgen.record.comparison import Comparison, ComparisonOutcome, Verdict
from reportgen.record.definitions import compared_by
from reportgen.record.gate_result import GateResult
from reportgen.record.metric_value import MetricValue
from reportgen.record.run import RunRecord, Training
from reportgen.record.subject import Subject
from reportgen.report.comparison_claims import BETTER, IDENTICAL, WORSE, claim_of
from reportgen.text import numerals
from reportgen.text.i18n import _, join_sentences, ngettext

SCORE_CHANGES = frozenset(
    f"{name}.{kind}" for name in compared_by("decided", "paired") for kind in ("change", "change_ratio")
)
"""Changes that another training would move."""


def write_verdict(subject: Subject) -> str:
    """One sentence made from the data: after which training, what share of which images, how sure."""
    record, comparison = subject.record, subject.judgement.comparison
    accuracy = record.measured.value("accuracy") if record.measured else None
    if record.training is not None and record.training.divergence is not None:
        return _(
            "Training diverged at step {step}: the loss was no longer finite, and the numbers below are those of the "
            "diverged weights.",
            step=numerals.count(record.training.divergence.step),
        )
    if accuracy is None or accuracy.value is None:
        return _("{model} was not evaluated: there is no accuracy to report.", model=model_name(record))
    said = [format_accuracy(record, accuracy)]
    if comparison is not None:
        said.append(format_against(comparison))
    return join_sentences(said)


def format_accuracy(record: RunRecord, accuracy: MetricValue) -> str:
    """What share of which images is right, and after which training or with which weights."""
    model, images, share = model_name(record), format_images(record), accuracy.display
    interval = accuracy.display_interval or _("no interval")
    if record.training is not None:
        return _(
            "After {length}, {model} classifies {accuracy} of {images} correctly ({interval}).",
            length=format_length(record.training),
            model=model,
            accuracy=share,
            images=images,
            interval=interval,
        )
    if record.provenance.weights_file:
        return _(
            "With the weights {file}, {model} classifies {accuracy} of {images} correctly ({interval}).",
            file=record.provenance.weights_file,
            model=model,
            accuracy=share,
            images=images,
            interval=interval,
        )
    return _(
        "With the weights it starts from, {model} classifies {accuracy} of {images} correctly ({interval}).",
        model=model,
        accuracy=share,
        images=images,
        interval=interval,
    )


def format_verdict(comparison: Comparison) -> str:
    """A verdict in a word or two."""
    return claim_of(comparison).says(name_verdict(comparison.verdict))


def name_verdict(verdict: Verdict) -> str:
    """What a verdict is called."""
    words = {
        "better": _("better"),
        "worse": _("worse"),
        "equivalent": _("equivalent"),
        "undecided": _("not enough evidence"),
    }
    return words[verdict]


def format_against(comparison: ComparisonOutcome) -> str:
    """How a model stands against the baseline, the second sentence of the verdict."""
    if not isinstance(comparison, Comparison):
        return _("It could not be compared with the baseline.")
    if comparison.identical:
        return IDENTICAL.says(_("Its outputs are those of the baseline."))
    found = comparison.value("accuracy.change")
    if found is None:
        return claim_of(comparison).says(say_against(comparison, numerals.DASH, numerals.DASH))
    interval = found.display_interval or _("no interval")
    return claim_of(comparison).says(say_against(comparison, found.display, interval))


def say_against(comparison: Comparison, change: str, interval: str) -> str:
    """The sentence of a verdict, with the change and its interval."""
    margin = numerals.points_apart(comparison.equivalence.margin)
    weights = comparison.of_weights
    sentences = {
        "better": _(
            "These weights are better than the baseline’s ({change}, {interval}).", change=change, interval=interval
        )
        if weights
        else _("Over seeds it is better than the baseline ({change}, {interval}).", change=change, interval=interval),
        "worse": _(
            "These weights are worse than the baseline’s ({change}, {interval}).", change=change, interval=interval
        )
        if weights
        else _("Over seeds it is worse than the baseline ({change}, {interval}).", change=change, interval=interval),
        "equivalent": _(
            "These weights are equivalent to the baseline’s within {margin} ({change}, {interval}).",
            margin=margin,
            change=change,
            interval=interval,
        )
        if weights
        else _(
            "Over seeds it is equivalent to the baseline within {margin} ({change}, {interval}).",
            margin=margin,
            change=change,
            interval=interval,
        ),
        "undecided": _(
            "There is not enough evidence to distinguish these weights from the baseline’s ({change}, {interval}).",
            change=change,
            interval=interval,
        )
        if weights
        else _(
            "There is not enough evidence over seeds to distinguish it from the baseline ({change}, {interval}).",
            change=change,
            interval=interval,
        ),
    }
    return sentences[comparison.verdict]


def format_change(comparison: Comparison) -> str:
    """The verdict as a sentence of its own, with the interval, n, and what it rests on."""
    if comparison.identical:
        return _(
            "The outputs are those of the baseline, to the bit, for every one of the {n} images.",
            n=numerals.count(comparison.n),
        )
    change = comparison.value("accuracy.change")
    values = {
        "change": change.display_full if change is not None else numerals.DASH,
        "margin": numerals.points_apart(comparison.equivalence.margin),
        "tost": numerals.p_value(comparison.equivalence.p),
    }
    if comparison.verdict == "better":
        return (
            _(
                "These weights are better than the baseline’s: top-1 accuracy changed by {change}.",
                change=values["change"],
            )
            if comparison.of_weights
            else _("Better than the baseline over seeds: top-1 accuracy changed by {change}.", change=values["change"])
        )
    if comparison.verdict == "worse":
        return (
            _(
                "These weights are worse than the baseline’s: top-1 accuracy changed by {change}.",
                change=values["change"],
            )
            if comparison.of_weights
            else _("Worse than the baseline over seeds: top-1 accuracy changed by {change}.", change=values["change"])
        )
    if comparison.verdict == "equivalent":
        return join_sentences([format_equivalent(comparison, values), *format_small(change)])
    return format_undecided(comparison, values)


def format_undecided(comparison: Comparison, values: Mapping[str, str]) -> str:
    """That there is not enough evidence; `values`: the change and the margin."""
    if comparison.of_weights:
        return _(
            "Not enough evidence to distinguish these weights from the baseline’s: top-1 accuracy changed by "
            "{change}, which may be nothing or more than the margin of {margin}.",
            change=values["change"],
            margin=values["margin"],
        )
    return _(
        "Not enough evidence over seeds to distinguish this model from the baseline: top-1 accuracy changed by "
        "{change}, which may be nothing or more than the margin of {margin}.",
        change=values["change"],
        margin=values["margin"],
    )


def format_equivalent(comparison: Comparison, values: Mapping[str, str]) -> str:
    """That the change lies inside the margin; `values`: the change, the margin and the p of both tests."""
    if comparison.of_weights:
        return _(
            "These weights are equivalent to the baseline’s: top-1 accuracy changed by {change}, inside the margin of "
            "{margin} (two one-sided tests, {tost}).",
            change=values["change"],
            margin=values["margin"],
            tost=values["tost"],
        )
    return _(
        "Equivalent to the baseline over seeds: top-1 accuracy changed by {change}, inside the margin of {margin} "
        "(two one-sided tests, {tost}).",
        change=values["change"],
        margin=values["margin"],
        tost=values["tost"],
    )


def note_changes(gates: Sequence[GateResult], of_weights: bool) -> str:
    """What a rule on a change of a score is about where each model has one training; empty where no rule is on one."""
    if not of_weights or not any(gate.judged is not None and gate.judged.name in SCORE_CHANGES for gate in gates):
        return ""
    return _(
        "A rule on a change is about these weights and the baseline’s: the same recipes trained again may differ by "
        "more."
    )


def format_small(change: MetricValue | None) -> list[str]:
    """That a change inside the margin is there all the same, where its interval leaves zero out."""
    if change is None or change.low is None or change.high is None:
        return []
    if change.low > 0:
        return [BETTER.says(_("The gain is significant but small."))]
    return [WORSE.says(_("The loss is significant but small."))] if change.high < 0 else []


def model_name(record: RunRecord) -> str:
    """The model as its author calls it: the name behind the source's colon."""
    return record.trace.source.rpartition(":")[2] or record.trace.name


def format_length(training: Training) -> str:
    """How long a training was, in epochs when it saw at least one, and in time."""
    epochs = training.steps / training.steps_per_epoch if training.steps_per_epoch else 0.0
    time = numerals.seconds_text(training.seconds)
    if epochs < 1:
        steps = ngettext("{count} training step", "{count} training steps", training.steps)
        return _("{steps} ({time})", steps=steps, time=time)
    whole = numerals.count(epochs) if abs(epochs - round(epochs)) < 0.05 else numerals.fixed(epochs, 1)
    if whole == "1":
        return _("one epoch of training ({time})", time=time)
    return _("{epochs} epochs of training ({time})", epochs=whole, time=time)


def format_images(record: RunRecord) -> str:
    """Which images: "the 10,000 CIFAR-10 test images", "600 of the 10,000 CIFAR-10 test images"."""
    split = next((part for part in record.data.splits if part.name == "test"), None)
    if split is None:
        return _("the {data} test images", data=record.data.title)
    count, data = numerals.count(split.available), record.data.title
    if split.n == split.available:
        if split.n == 1:
            return _("the one {data} test image", data=data)
        return _("the {count} {data} test images", count=count, data=data)
    return _("{n} of the {count} {data} test images", n=numerals.count(split.n), count=count, data=data)
