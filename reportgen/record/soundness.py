"""Whether what a record holds can have been measured: shapes, types and ranges of its arrays, and its counts.

Whoever draws from a record relies on this, so a record is checked whole when it is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from reportgen.record.definitions import HEADLINE
from reportgen.record.measurements import Measurements
from reportgen.record.metric_value import MetricValue
from reportgen.record.probe_arrays import find_wrong_probe_arrays
from reportgen.record.probes.weights import WeightFacts
from reportgen.record.ranges import find_wrong_ranges
from reportgen.record.run import TEST_RIGHT, EpochStats, RunRecord
from reportgen.record.sketch import SKETCH_ARRAY, SKETCH_SIZE
from reportgen.record.trace import ModelTrace

SHARES = frozenset(one.name for one in HEADLINE if one.unit == "share" and one.form == "plain")
COUNTS = frozenset(one.name for one in HEADLINE if one.unit in ("count", "macs", "bytes"))
LARGEST = 2**63 - 1
"""Of any count: what other programs can hold."""
ROWS = ("eval.labels", "eval.ids", "eval.digests", "teacher.correct")
"""One value for each evaluated image."""
STEPS = ("train.loss", "train.lr", "train.grad_norm", "train.seconds")
"""One value for each training step."""
IMAGES = ("images", "sample.raw", "sample.augmented")
NUMBERED = (("images", "images.ids"), ("sample.raw", "sample.labels"), ("sample.raw", "sample.augmented"))
"""Images, and what has as many entries."""


def find_wrong_arrays(record: RunRecord) -> Iterator[str]:
    """What is wrong with the arrays of a record, each with its array's name."""
    arrays, classes = record.arrays, len(record.data.classes)
    rows = len(arrays["eval.labels"]) if "eval.labels" in arrays and arrays["eval.labels"].ndim == 1 else None
    for name, array in arrays.items():
        if name == "eval.logits" or (name.startswith(("seed.", "draw.")) and name.endswith(".logits")):
            yield from wrong_logits(name, array, rows, classes)
        elif name in ROWS:
            yield from wrong_kind(name, array, "iu", 1)
            if array.ndim == 1 and rows is not None and len(array) != rows:
                yield f"{name}: {len(array)} entries for {rows} images"
        elif name in IMAGES:
            yield from wrong_images(name, array)
        elif name in STEPS:
            yield from wrong_kind(name, array, "f", 1)
        elif name == TEST_RIGHT:
            yield from wrong_right(array, record.training.epochs if record.training is not None else ())
        elif name == SKETCH_ARRAY:
            yield from wrong_sketch(array, len(record.sketch.layers) if record.sketch is not None else 0)
    yield from wrong_pairs(record.arrays)
    yield from find_wrong_probe_arrays(record.arrays, rows, classes)
    for name in ("eval.labels", "sample.labels"):
        yield from wrong_labels(name, arrays.get(name), classes)


def wrong_logits(name: str, array: np.ndarray, rows: int | None, classes: int) -> Iterator[str]:
    """Outputs of other images or classes."""
    yield from wrong_kind(name, array, "f", 2)
    if array.ndim == 2 and array.shape != (len(array) if rows is None else rows, classes):
        yield f"{name}: {spell(array)} where {rows} images and {classes} classes have ({rows}, {classes})"


def wrong_sketch(array: np.ndarray, layers: int) -> Iterator[str]:
    """A sketch of the weights of other layers, or with numbers that are none."""
    yield from wrong_kind(SKETCH_ARRAY, array, "f", 2)
    if array.ndim == 2 and array.shape != (layers, SKETCH_SIZE):
        yield f"{SKETCH_ARRAY}: {spell(array)} where {layers} layers have ({layers}, {SKETCH_SIZE})"
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        yield f"{SKETCH_ARRAY}: numbers that are not finite"


def wrong_right(array: np.ndarray, rows: Sequence[EpochStats]) -> Iterator[str]:
    """Answers to the test sample of other rows than the history has."""
    if array.dtype != np.uint8:
        yield f"{TEST_RIGHT}: numbers of type {array.dtype} instead of uint8"
    columns = -(-max((row.test_n for row in rows), default=0) // 8)
    if array.shape != (len(rows), columns):
        yield f"{TEST_RIGHT}: {spell(array)} where the history has ({len(rows)}, {columns})"


def wrong_pairs(arrays: Mapping[str, np.ndarray]) -> Iterator[str]:
    """Arrays that belong together and have different lengths."""
    steps = [("train.loss", name) for name in STEPS[1:]]
    for first, other in (*NUMBERED, *steps):
        if first in arrays and other in arrays and len(arrays[first]) != len(arrays[other]):
            yield f"{other}: {len(arrays[other])} entries for {len(arrays[first])} of {first}"


def wrong_kind(name: str, array: np.ndarray, kinds: str, dimensions: int) -> Iterator[str]:
    """An array of another type or rank than its name promises."""
    if array.dtype.kind not in kinds:
        yield f"{name}: numbers of type {array.dtype}, which it can't have"
    if array.ndim != dimensions:
        yield f"{name}: {array.ndim} dimensions instead of {dimensions}"


def wrong_images(name: str, array: np.ndarray) -> Iterator[str]:
    """Images that can't be shown."""
    if array.dtype != np.uint8:
        yield f"{name}: numbers of type {array.dtype} instead of uint8"
    if array.ndim != 4 or array.shape[3] not in (1, 3) or (len(array) and 0 in array.shape):
        yield f"{name}: {spell(array)} where images have (number, height, width, 1 or 3)"


def wrong_labels(name: str, labels: Any, classes: int) -> Iterator[str]:
    """Labels of classes that there are not."""
    if labels is None or labels.dtype.kind not in "iu" or not labels.size:
        return
    low, high = int(labels.min()), int(labels.max())
    if low < 0 or high >= classes:
        yield f"{name}: labels from {low} to {high}, and there are {classes} classes"


def spell(array: np.ndarray) -> str:
    """The shape of an array."""
    return str(tuple(array.shape))


def find_wrong_counts(record: RunRecord) -> Iterator[tuple[str, str]]:
    """Counts that contradict one another: the field, and what is wrong with it."""
    training = record.training
    if training is not None and not 0 <= training.train_correct <= training.train_n:
        yield "training.train_correct", f"{training.train_correct} of {training.train_n} images"
    for place, run in enumerate(record.seeds):
        if not 0 <= run.correct <= run.n:
            yield f"seeds.{place}.correct", f"{run.correct} of {run.n} images"
    for place, split in enumerate(record.data.splits):
        if min(split.n, *split.counts, 0) < 0 or sum(split.counts) != split.n:
            yield f"data.splits.{place}.counts", f"{sum(split.counts)} images of {split.n}"
    yield from wrong_probe_counts(record)
    if not record.data.classes:
        yield "data.classes", "there is none"
    yield from find_wrong_values(record.measured.values if record.measured is not None else ())
    if record.measured is not None:
        yield from find_wrong_tables(record.measured, len(record.data.classes))
        yield from find_wrong_confusion(record.measured.confusion, record.arrays.get("eval.labels"))
    yield from find_wrong_ranges(record)
    yield from find_wrong_graph(record.trace)


def find_wrong_tables(measured: Measurements, classes: int) -> Iterator[tuple[str, str]]:
    """Tables and curves of the evaluation that nothing can be drawn from: the field, and what is wrong with it."""
    if len(measured.classes) != classes:
        yield "measured.classes", f"{len(measured.classes)} of {classes} classes"
    if len(measured.confusion) != classes or any(len(row) != classes for row in measured.confusion):
        yield "measured.confusion", f"no table of {classes} by {classes} classes"
    for place, one in enumerate(measured.confusions):
        if not (0 <= one.true < classes and 0 <= one.predicted < classes):
            yield f"measured.confusions.{place}", f"a class that is none of {classes}"
    curves = {"risk_coverage": measured.risk_coverage}
    curves |= {f"precision_recall.{place}": curve for place, curve in enumerate(measured.precision_recall)}
    for name, curve in curves.items():
        if len(curve.x) != len(curve.y):
            yield f"measured.{name}", f"{len(curve.x)} values of x and {len(curve.y)} of y"
    right, wrong = len(measured.calibration.right), len(measured.calibration.wrong)
    if right != wrong:
        yield "measured.calibration", f"{right} bins of right predictions and {wrong} of wrong ones"


def find_wrong_confusion(confusion: Sequence[Sequence[int]], labels: np.ndarray | None) -> Iterator[tuple[str, str]]:
    """More images than were evaluated."""
    counted = sum(map(sum, confusion))
    if labels is not None and counted > len(labels):
        yield "measured.confusion", f"{counted:,} images of {len(labels):,}"


def find_wrong_graph(trace: ModelTrace) -> Iterator[tuple[str, str]]:
    """Calls and edges of a model that name none of its parts."""
    for place, call in enumerate(trace.modules):
        if call.parent is not None and not 0 <= call.parent < place:
            yield f"trace.modules.{place}.parent", f"{call.parent} is no earlier call"
    for place, edge in enumerate(trace.edges):
        if not (0 <= edge.source < len(trace.operators) and 0 <= edge.target < len(trace.operators)):
            yield f"trace.edges.{place}", f"an edge beyond {len(trace.operators)} operator calls"
    for place, operator in enumerate(trace.operators):
        if not 0 <= operator.module < len(trace.modules):
            yield f"trace.operators.{place}.module", f"{operator.module} is none of {len(trace.modules)} module calls"


def find_wrong_values(values: Sequence[MetricValue]) -> Iterator[tuple[str, str]]:
    """Headline numbers that can't be: the field, and what is wrong with it."""
    for place, value in enumerate(values):
        known = [one for one in (value.value, value.low, value.high) if one is not None]
        if value.name in SHARES and not all(0 <= one <= 1 for one in known):
            yield f"measured.values.{place}", f"{value.name} is a share and can't be {', '.join(map(str, known))}"
        if value.name in COUNTS and not all(one >= 0 for one in known):
            yield f"measured.values.{place}", f"{value.name} can't be {', '.join(map(str, known))}"


def wrong_probe_counts(record: RunRecord) -> Iterator[tuple[str, str]]:
    """Facts of the probes that their arrays contradict."""
    probes, arrays = record.probes, record.arrays
    told: list[tuple[str, int, str, int]] = []
    if probes is not None and probes.robustness is not None:
        told.append(("robustness.conditions", len(probes.robustness.conditions), "robustness.predicted", 0))
    if probes is not None and probes.dynamics is not None:
        told.append(("dynamics.layers", len(probes.dynamics.layers), "dynamics.gradient", 1))
    for field, count, name, axis in told:
        if name in arrays and arrays[name].shape[axis] != count:
            yield f"probes.{field}", f"{count} of them, and {name} has {arrays[name].shape[axis]}"
    if probes is not None and probes.weights is not None:
        yield from wrong_matrices(probes.weights)
    step = probes.cost.step if probes is not None and probes.cost is not None else None
    if step is not None and len(step.share_intervals) not in (0, len(step.parts)):
        yield "probes.cost.step.share_intervals", f"{len(step.share_intervals)} of {len(step.parts)} parts"


def wrong_matrices(weights: WeightFacts) -> Iterator[tuple[str, str]]:
    """Places of matrices that there are not, and tails of no eigenvalue."""
    matrices = len(weights.matrices)
    if not all(0 <= place < matrices for place in (*weights.shown, *weights.enlarged)):
        yield "probes.weights.shown", f"a place that is none of {matrices} matrices"
    for place, matrix in enumerate(weights.matrices):
        for moment, found in (("final", matrix.final), ("initial", matrix.initial)):
            if found is not None and found.tail is not None and found.tail.n < 1:
                yield f"probes.weights.matrices.{place}.{moment}.tail.n", f"{found.tail.n} eigenvalues"


def find_huge(fields: object, place: str = "") -> str:
    """The field of a JSON object that holds a whole number beyond LARGEST; empty where none does."""
    if isinstance(fields, Mapping):
        parts: Any = fields.items()
    elif isinstance(fields, list):
        parts = enumerate(fields)
    else:
        return place if type(fields) is int and abs(fields) > LARGEST else ""
    return next(filter(None, (find_huge(value, f"{place}.{key}".lstrip(".")) for key, value in parts)), "")
