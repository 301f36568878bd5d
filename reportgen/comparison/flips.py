"""The images on which only one of two models is right: which are shown, and their pixels from the two records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.comparison.matching import Matched
from reportgen.metrics.predictions import FloatArray, IntArray, Predictions
from reportgen.metrics.selection import group
from reportgen.record.comparison import Flip
from reportgen.record.images import thumbnail
from reportgen.record.run import RunRecord


@dataclass(frozen=True)
class Flips:
    """The flips of the main seeds."""

    lost: tuple[Flip, ...]
    gained: tuple[Flip, ...]
    arrays: dict[str, NDArray[Any]]
    """`comparison.lost`, `comparison.gained`, `comparison.images`: see Comparison."""


def find_flips(matched: Matched, candidate: RunRecord, baseline: RunRecord) -> Flips:
    """All flips, and those shown: by turns from each true class, the surest mistake of the wrong model first.

    The wrong model's record keeps the image, because each record keeps those of what it got wrong.
    """
    before, after = matched.before[0], matched.after[0]
    album = Album(matched, candidate, baseline)
    lost, gained = before.correct & ~after.correct, ~before.correct & after.correct
    shown_lost = album.choose(lost, after)
    shown_gained = album.choose(gained, before)
    images = [album.image(row) for row in (*shown_lost, *shown_gained)]
    arrays: dict[str, NDArray[Any]] = {
        "comparison.lost": matched.ids[lost],
        "comparison.gained": matched.ids[gained],
        "comparison.images": np.stack(images) if images else np.zeros((0, 1, 1, 3), np.uint8),
    }
    return Flips(
        lost=tuple(album.flip(row, place) for place, row in enumerate(shown_lost)),
        gained=tuple(album.flip(row, len(shown_lost) + place) for place, row in enumerate(shown_gained)),
        arrays=arrays,
    )


@dataclass(frozen=True)
class Album:
    """The images of two records, by row of the matched evaluation."""

    matched: Matched
    candidate: RunRecord
    baseline: RunRecord

    def choose(self, flipped: NDArray[np.bool_], wrong: Predictions) -> tuple[int, ...]:
        """The rows shown of those that flipped; none whose pixels neither record keeps."""
        kept = np.zeros(self.matched.n, bool)
        kept[np.isin(self.matched.ids, ids_of(self.candidate))] = True
        kept[np.isin(self.their_ids, ids_of(self.baseline))] = True
        order = -wrong.confidence if wrong.finite else np.zeros(self.matched.n)
        return group("flips", "", flipped & kept, order, wrong, "").positions

    @property
    def their_ids(self) -> IntArray:
        """(n,): the baseline's id of each image."""
        ids: IntArray = self.baseline.arrays["eval.ids"][self.matched.rows]
        return ids

    def image(self, row: int) -> NDArray[np.uint8]:
        """The pixels of one image (H, W, C), as small as a report shows it."""
        for record, index in ((self.candidate, self.matched.ids[row]), (self.baseline, self.their_ids[row])):
            places = np.flatnonzero(ids_of(record) == index)
            if len(places):
                return thumbnail(record.arrays["images"][int(places[0])])
        raise ValueError(f"no record keeps the image of row {row}")

    def flip(self, row: int, image: int) -> Flip:
        """One flip and what both models said."""
        before, after = self.matched.before[0], self.matched.after[0]
        return Flip(
            id=int(self.matched.ids[row]),
            label=int(self.matched.labels[row]),
            before=int(before.predicted[row]),
            before_confidence=confidence_of(before, row),
            after=int(after.predicted[row]),
            after_confidence=confidence_of(after, row),
            image=image,
            file=self.candidate.file_of(int(self.matched.ids[row])) or self.baseline.file_of(int(self.their_ids[row])),
        )


def ids_of(record: RunRecord) -> IntArray:
    """The ids (images,) of the images that a record keeps."""
    ids: IntArray = record.arrays.get("images.ids", np.empty(0, np.int64))
    return ids


def confidence_of(predictions: Predictions, row: int) -> float | None:
    """Probability of the predicted class; None where the outputs of the image are not finite."""
    if predictions.predicted[row] < 0:
        return None
    confidence: FloatArray = np.exp(predictions.log_probabilities[row].max())
    return float(confidence)
