"""Reading a drawn figure back, and records that are hard to draw."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from xml.etree import ElementTree

import numpy as np

import reportgen.figures
from reportgen.figures import NO_MORE
from reportgen.metrics import measure
from reportgen.plugins import FigureKind
from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.report.model import FigureFile, Skipped
from tests.support.records import as_subject

DATA_FIGURES = (
    "class_counts",
    "class_scores",
    "confidence",
    "confusion",
    "cost_share",
    "precision_recall",
    "reliability",
    "risk_coverage",
    "sample_augmented",
    "sample_raw",
    "time_spent",
    "training_curves",
    "training_steps",
)
SVG = "{http://www.w3.org/2000/svg}"


def draw(
    record: RunRecord | Subject, names: Iterable[str] | None = None, extra: Mapping[str, FigureKind] = NO_MORE
) -> dict[str, FigureFile | Skipped]:
    """The figures of a record, or of a record with what was judged of it."""
    return reportgen.figures.draw(as_subject(record), names, extra)


def digest(figure: FigureFile | Skipped) -> str:
    """sha256 of a figure with its words."""
    assert isinstance(figure, FigureFile)
    return hashlib.sha256(figure.data + figure.caption.encode() + figure.alt.encode()).hexdigest()


def drawn(record: RunRecord | Subject, name: str) -> FigureFile:
    figure = draw(record, [name])[name]
    assert isinstance(figure, FigureFile), figure
    return figure


def texts(figure: FigureFile) -> list[str]:
    """Every text of an SVG, in the order of drawing."""
    return [node.text or "" for node in ElementTree.fromstring(figure.data).iter(f"{SVG}text")]


def filled(figure: FigureFile, colour: str) -> int:
    """How many paths are filled with the colour."""
    paths = ElementTree.fromstring(figure.data).iter(f"{SVG}path")
    return sum(f"fill: {colour}" in path.get("style", "") for path in paths)


def marks(figure: FigureFile, colour: str) -> int:
    """How many markers of the colour are placed."""
    uses = ElementTree.fromstring(figure.data).iter(f"{SVG}use")
    return sum(f"fill: {colour}" in use.get("style", "") for use in uses)


def with_classes(record: RunRecord, classes: Sequence[str], n: int, seed: int = 1) -> RunRecord:
    """The record evaluated on n images of these classes by a model that is often right and over-confident."""
    rng, count = np.random.default_rng(seed), len(classes)
    labels = np.arange(n) % count
    logits = rng.normal(0, 4.8, (n, count))
    logits[np.arange(n), labels] += 11
    arrays = record.arrays.merged(
        {
            "eval.logits": logits.astype(np.float32),
            "eval.labels": labels.astype(np.int64),
            "eval.ids": np.arange(n, dtype=np.int64),
            "eval.digests": np.arange(n, dtype=np.uint64),
            "sample.labels": (np.arange(20) % count).astype(np.int64),
        }
    )
    splits = tuple(
        split.model_copy(update={"counts": tuple(int(value) for value in rng.integers(1, 9000, count))})
        for split in record.data.splits
    )
    data = record.data.model_copy(update={"classes": tuple(classes), "splits": splits})
    changed = record.model_copy(update={"arrays": arrays, "data": data})
    return changed.model_copy(update={"measured": measure(changed)})
