"""Whether two records were evaluated on the same images, and their outputs in the same order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.metrics.draws import read_draws
from reportgen.metrics.predictions import IntArray, Predictions, read_predictions
from reportgen.record.message import N_, Message, nN_
from reportgen.record.run import RunRecord

NEEDED = ("eval.logits", "eval.labels", "eval.ids", "eval.digests")


@dataclass(frozen=True)
class Mismatch:
    """Why two records can't be compared, and what to do."""

    reason: Message
    advice: Message


@dataclass(frozen=True)
class Matched:
    """Two evaluations of the same n images, in the candidate's order; one prediction set a seed, the first the main."""

    labels: IntArray
    """(n,)."""
    ids: IntArray
    """(n,), the candidate's."""
    names: tuple[str, ...]
    """Of the classes."""
    before: tuple[Predictions, ...]
    after: tuple[Predictions, ...]
    outputs: tuple[NDArray[Any], NDArray[Any]]
    """Logits (n, c) of the main seeds, baseline and candidate."""
    rows: IntArray
    """(n,): the baseline's row of each image."""
    drawn: tuple[tuple[Predictions, ...], tuple[Predictions, ...]] = ((), ())
    """Of baseline and candidate every evaluation of the main seed, where it is the only one and depends on chance;
    empty otherwise: where there are several seeds each is an evaluation, and their scatter holds that of chance."""

    @property
    def n(self) -> int:
        """Images."""
        return len(self.labels)

    @property
    def identical(self) -> bool:
        """True where both give the same outputs, to the bit, with every seed, and would again."""
        one, other = self.outputs
        alike = len(self.before) == len(self.after) and not any(self.drawn)
        if not alike or one.dtype != other.dtype or one.tobytes() != other.tobytes():
            return False
        further = zip(self.before[1:], self.after[1:], strict=True)
        return all(np.array_equal(first.logits, second.logits, equal_nan=True) for first, second in further)


def match(candidate: RunRecord, baseline: RunRecord) -> Matched | Mismatch:
    """The two evaluations side by side, image by image, or why they can't be put so."""
    problem = missing(candidate, baseline) or other_classes(candidate, baseline)
    if problem is not None:
        return problem
    mine, theirs = order_of(candidate), order_of(baseline)
    rows = pair_rows(candidate, baseline, mine, theirs)
    if isinstance(rows, Mismatch):
        return rows
    labels = candidate.arrays["eval.labels"]
    differing = int((labels != baseline.arrays["eval.labels"][rows]).sum())
    if differing:
        return Mismatch(
            nN_(
                "{count} image of the {n} has another label than in the baseline’s record.",
                "{count} images of the {n} have other labels than in the baseline’s record.",
                differing,
                n=len(labels),
            ),
            N_("Build the baseline again with today’s labels."),
        )
    before, after = logits_of(baseline, rows), logits_of(candidate)
    return Matched(
        labels=labels.astype(np.int64),
        ids=candidate.arrays["eval.ids"].astype(np.int64),
        names=candidate.data.classes,
        before=tuple(read_predictions(logits, labels) for logits in before),
        after=tuple(read_predictions(logits, labels) for logits in after),
        outputs=(before[0], after[0]),
        rows=rows,
        drawn=(draws_of(baseline, rows), draws_of(candidate)),
    )


def draws_of(record: RunRecord, rows: IntArray | None = None) -> tuple[Predictions, ...]:
    """The evaluations of a record of one seed that depends on chance, in the order of `rows`; else nothing."""
    if record.seeds or record.answers is None or record.answers.draws < 2:
        return ()
    return read_draws(record, rows)


def logits_of(record: RunRecord, rows: IntArray | None = None) -> list[NDArray[Any]]:
    """The logits (n, c) of every seed of a record, the main one first, in the order of `rows`."""
    names = ("eval.logits", *(f"seed.{run.seed}.logits" for run in record.seeds))
    found = (record.arrays[name] for name in names if name in record.arrays)
    return [np.ascontiguousarray(logits if rows is None else logits[rows]) for logits in found]


def missing(candidate: RunRecord, baseline: RunRecord) -> Mismatch | None:
    """One of the records holds no evaluation."""
    sides = (
        (baseline, N_("The baseline’s record holds no evaluation.")),
        (candidate, N_("This record holds no evaluation.")),
    )
    for record, reason in sides:
        if not set(NEEDED) <= set(record.arrays) or not len(record.arrays["eval.labels"]):
            return Mismatch(reason, N_("Build its spec again."))
    return None


def other_classes(candidate: RunRecord, baseline: RunRecord) -> Mismatch | None:
    """The records do not speak of the same classes in the same order."""
    mine, theirs = candidate.data.classes, baseline.data.classes
    width = baseline.arrays["eval.logits"].shape[1]
    if mine == theirs and candidate.arrays["eval.logits"].shape[1] == width:
        return None
    if len(mine) != len(theirs):
        reason = N_(
            "The baseline has {theirs} classes and this model {mine}.",
            theirs=len(theirs),
            mine=len(mine),
        )
    elif sorted(mine) == sorted(theirs):
        reason = N_("The classes are the same but in another order.")
    else:
        index = next((place for place in range(len(mine)) if mine[place] != theirs[place]), 0)
        reason = N_(
            "The classes differ: number {index} is “{theirs}” in the baseline and “{mine}” here.",
            index=index,
            theirs=theirs[index][:40],
            mine=mine[index][:40],
        )
    return Mismatch(reason, N_("Choose a baseline of the same data set."))


def other_shape(candidate: RunRecord, baseline: RunRecord) -> Mismatch | None:
    """The images were read in another size, so that no two of them are the same."""
    mine, theirs = stored_shape(candidate), stored_shape(baseline)
    if mine == theirs:
        return None
    spelled = ["×".join(str(side) for side in shape) for shape in (theirs, mine)]
    reason = N_("The baseline’s images are {theirs}, those here {mine}.", theirs=spelled[0], mine=spelled[1])
    return Mismatch(reason, N_("Build both with images of one size."))


def stored_shape(record: RunRecord) -> tuple[int, ...]:
    """(channels, height, width) of the images as they were read, before a model's own resizing."""
    data = record.data
    return (data.image_shape[0], *data.resized_from) if data.resized_from else data.image_shape


def order_of(record: RunRecord) -> IntArray:
    """The rows (n,) of an evaluation by digest of the pixels, then label, then id: the same images side by side."""
    arrays = record.arrays
    order = np.lexsort((arrays["eval.ids"], arrays["eval.labels"], arrays["eval.digests"]))
    return order.astype(np.int64)


def pair_rows(candidate: RunRecord, baseline: RunRecord, mine: IntArray, theirs: IntArray) -> IntArray | Mismatch:
    """(n,): the baseline's row of each of the candidate's images, or how many of them are not the same."""
    here, there = candidate.arrays["eval.digests"], baseline.arrays["eval.digests"]
    if len(here) == len(there) and np.array_equal(here[mine], there[theirs]):
        rows = np.empty(len(mine), np.int64)
        rows[mine] = theirs
        return rows
    problem = other_shape(candidate, baseline)
    if problem is not None:
        return problem
    both = len(np.intersect1d(here, there))
    if len(here) == len(there):
        reason = N_(
            "Only {both} of the {mine} evaluation images are the same in both records.", both=both, mine=len(here)
        )
        return Mismatch(reason, N_("Build the baseline again with today’s data."))
    reason = N_(
        "The baseline was evaluated on {theirs} images and this model on {mine}; {both} are the same.",
        theirs=len(there),
        mine=len(here),
        both=both,
    )
    return Mismatch(reason, N_("Build both with the same data and the same data.eval_limit."))
