"""Several records of one model on the same test images, in the order of time: where the accuracy changed.

Each record is held against the one before it by the tests of a comparison: paired on the images, one p a pair. A change
is marked where the p after Holm's correction over all pairs of the line (1979) is at most 5 % and the paired interval
lies off zero. So a line whose accuracy never changed is marked anywhere with a probability of at most 5 %, however
often it is looked at afterwards with as many records. The same is done with the negative log-likelihood of single runs,
by the paired t test over images, with a correction of its own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.comparison.accuracy import paired_changes
from reportgen.comparison.changes import describe_change
from reportgen.comparison.decision import ALPHA, Change
from reportgen.comparison.interval_adjustment import Ends
from reportgen.comparison.matching import Mismatch, match
from reportgen.comparison.ranking import compare_pair
from reportgen.metrics.influence import FEWEST_OF_CHANGE, freedom_of, skewed_interval
from reportgen.metrics.paired import holm
from reportgen.record.history import MOST_RUNS, Build, History, PastRun, StepBack
from reportgen.record.metric_value import MetricValue
from reportgen.record.run import RunRecord
from reportgen.record.summary import ANSWERS, headline_names, identify_model


@dataclass(frozen=True)
class Answers:
    """Which of its test images a model calls right, the images in an order of their own."""

    images: str
    """Digest of the images, their labels and the classes' names: of two records it is the same for the same test."""
    right: NDArray[np.bool_]
    """(n,), by digest of the pixels, then label, then index."""
    losses: NDArray[np.float32] | None = None
    """(n,), the negative log-likelihood of the label of each image, nats; None where a logit is not finite."""


@dataclass(frozen=True)
class Step:
    """The change of a score from the record before to one record."""

    change: MetricValue
    p: float
    p_adjusted: float = 1.0
    holds: bool = False
    """Whether it is a change point."""


@dataclass(frozen=True)
class Earlier:
    """A report of before, from which a history may go on."""

    record: RunRecord
    title: str
    history: History | None


def read_answers(names: Sequence[str], arrays: Mapping[str, NDArray[Any]]) -> Answers | None:
    """The answers of a record's main evaluation, `names` those of its classes; None where it has none that can be
    compared."""
    if not set(ANSWERS) <= set(arrays):
        return None
    logits, labels, ids, digests = (arrays[name] for name in ANSWERS)
    n = len(labels) if labels.ndim == 1 else 0
    if not n or ids.shape != (n,) or digests.shape != (n,) or logits.shape != (n, len(names)):
        return None
    finite = np.isfinite(logits).all(1)
    right = (np.where(finite[:, None], logits, 0).argmax(1) == labels) & finite
    order = np.lexsort((ids, labels, digests))
    whole = hashlib.sha256("\0".join(names).encode("utf-8", "surrogatepass"))
    whole.update(np.ascontiguousarray(digests[order], np.uint64).tobytes())
    whole.update(np.ascontiguousarray(labels[order], np.int64).tobytes())
    losses = None
    if finite.all() and labels.min() >= 0 and labels.max() < logits.shape[1]:
        losses = log_losses(logits.astype(np.float32, copy=False), labels)[order]
    return Answers(whole.hexdigest(), right[order], losses)


def log_losses(logits: NDArray[np.float32], labels: NDArray[Any]) -> NDArray[np.float32]:
    """Negative log-likelihood (n,) of labels (n,) in nats, from logits (n, c)."""
    shifted = logits - logits.max(1, keepdims=True)
    return np.asarray(np.log(np.exp(shifted).sum(1)) - shifted[np.arange(len(labels)), labels], np.float32)


def compare_answers(before: Sequence[Answers], after: Sequence[Answers]) -> list[Step]:
    """The steps between answers to the same images, pair by pair; of records with one evaluation each.

    Raises ValueError for answers to other images.
    """
    images = {one.images for one in (*before, *after)}
    if len(images) > 1:
        raise ValueError("answers to other images can't be compared")
    if not before:
        return []
    columns = [b.right.astype(np.int8) - a.right.astype(np.int8) for a, b in zip(before, after, strict=True)]
    return [as_step(change, len(before[0].right)) for change in paired_changes(np.stack(columns, axis=1))]


def compare_losses(before: Answers, after: Answers) -> Step | None:
    """The change of negative log-likelihood between two single runs on the same images, by the paired t test.

    None where one of them is not known, for fewer images than an interval of a change needs, and without any scatter.
    """
    from scipy.special import stdtr  # a third of a second that drawing from most records does not need

    if before.losses is None or after.losses is None or len(after.losses) < FEWEST_OF_CHANGE:
        return None
    differences = after.losses.astype(np.float64) - before.losses
    n, mean = len(differences), float(differences.mean())
    ends = skewed_interval(mean, (differences - mean) / n, freedom_of(differences))
    if ends is None:
        return None
    statistic = mean / float(differences.std(ddof=1)) * np.sqrt(n)
    p = 2 * float(stdtr(n - 1, -abs(statistic)))
    return Step(describe_change("nll", Ends(mean, *ends), n), p)


def as_step(change: Change, n: int) -> Step:
    """A change as a step that nothing was corrected in yet."""
    return Step(describe_change("accuracy", Ends(change.value, change.low, change.high), n), change.p)


def compare_records(before: RunRecord, after: RunRecord) -> Step | None:
    """The step between two whole records, of several seeds or evaluations too; None where the tests differ."""
    matched = match(after, before)
    return None if isinstance(matched, Mismatch) else Step(*compare_pair(matched))


def mark_changes(steps: Sequence[Step | None]) -> list[Step | None]:
    """The steps of one line, after Holm's correction over all of them, with the change points marked."""
    known = [step for step in steps if step is not None]
    adjusted = iter(holm([step.p for step in known]))
    return [None if step is None else with_correction(step, float(next(adjusted))) for step in steps]


def with_correction(step: Step, adjusted: float) -> Step:
    """A step with its corrected p."""
    low, high = step.change.low or 0.0, step.change.high or 0.0
    return replace(step, p_adjusted=adjusted, holds=adjusted <= ALPHA and not low <= 0 <= high)


def continue_history(record: RunRecord, earlier: Sequence[Earlier]) -> History | None:
    """The runs of a record's series before it, from reports of before and the histories that they carry; None where
    there are none.

    A run that was measured again under the same fingerprint is not one before it: the new takes its place.
    """
    series, mine = name_series(record), key_of(record)
    if not series:
        return None
    runs: dict[str, PastRun] = {}
    records: dict[str, RunRecord] = {}
    known: dict[str, StepBack] = {}
    known_losses: dict[str, StepBack] = {}
    for one in earlier:
        carried = one.history if one.history is not None and one.history.series == series else None
        runs = {run.key: run for run in (carried.runs if carried else ())} | runs
        step, loss_step = (carried.step, carried.loss_step) if carried else (None, None)
        if key_of(one.record) == mine and loss_step is not None:
            known_losses[loss_step.before] = loss_step
        if key_of(one.record) == mine and step is not None:
            known[step.before] = step
        elif name_series(one.record) == series and not one.record.unfinished:
            key = key_of(one.record)
            runs[key], records[key] = past_run(one, step, loss_step), one.record
    past = [run for run in runs.values() if run.fingerprint != record.fingerprint]
    past = sorted((run for run in past if run.created <= record.provenance.created), key=lambda run: run.created)
    past = past[-MOST_RUNS:]
    if not past:
        return None
    last = past[-1].key
    before = records.get(last)
    return History(
        series=series,
        runs=tuple(past),
        step=step_back(last, before, record) or known.get(last),
        loss_step=loss_step_back(last, before, record) or known_losses.get(last),
    )


def step_back(key: str, before: RunRecord | None, record: RunRecord) -> StepBack | None:
    """The change from the run before, where its record is at hand."""
    step = compare_records(before, record) if before is not None else None
    return StepBack(before=key, change=step.change, p=step.p) if step is not None else None


def loss_step_back(key: str, before: RunRecord | None, record: RunRecord) -> StepBack | None:
    """The change of negative log-likelihood from the run before, where its record is at hand and both are single."""
    if before is None or before.seeds or record.seeds:
        return None
    old, new = (read_answers(one.data.classes, one.arrays) for one in (before, record))
    step = compare_losses(old, new) if old is not None and new is not None and old.images == new.images else None
    return StepBack(before=key, change=step.change, p=step.p) if step is not None else None


def list_builds(baseline: Earlier) -> tuple[Build, ...]:
    """The last runs of a baseline's series, the oldest first and itself last."""
    carried = baseline.history.runs if baseline.history is not None else ()
    runs = (*carried, past_run(baseline, None))[-MOST_RUNS:]
    return tuple(Build(created=run.created, commit=run.commit, accuracy=run.accuracy) for run in runs)


def past_run(one: Earlier, step: StepBack | None, loss_step: StepBack | None = None) -> PastRun:
    """A report of before in a few lines."""
    origin, names = one.record.provenance, set(headline_names())
    measured = one.record.measured.values if one.record.measured is not None else ()
    return PastRun(
        key=key_of(one.record),
        fingerprint=one.record.fingerprint,
        title=one.title,
        created=origin.created,
        commit=origin.commit,
        dirty=origin.dirty,
        values=tuple(value for value in measured if value.name in names),
        step=step,
        loss_step=loss_step,
    )


def key_of(record: RunRecord) -> str:
    """By which a run is known, in a folder and in a PDF."""
    return hashlib.sha256(f"{record.fingerprint}\0{record.provenance.created}".encode()).hexdigest()


def name_series(record: RunRecord) -> str:
    """Digest of the model's identity and of the test images; empty for a record that holds no evaluation."""
    answers = read_answers(record.data.classes, record.arrays)
    if answers is None:
        return ""
    return hashlib.sha256(f"{identify_model(record).model_dump_json()}\0{answers.images}".encode()).hexdigest()
