"""tensorboard/: event files of the record, for `tensorboard --logdir`.

Three runs, so that training and test lie over each other: `.` holds settings, final numbers, images, and histograms
of the weights, before training at step 0 and after it; `train` and `test` the history. Further seeds are runs of their
own.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from reportgen.errors import EnvironmentTrouble
from reportgen.metrics.predictions import read_predictions
from reportgen.metrics.selection import select
from reportgen.plugins import Output, OutputFile
from reportgen.record.definitions import shown_in
from reportgen.record.images import encode_png, thumbnail
from reportgen.record.run import EpochStats, RunRecord
from reportgen.report.model import Report
from reportgen.text import numerals
from reportgen.text.i18n import _

if TYPE_CHECKING:
    from reportgen.outputs._tensorboard.events import EventFile, Value

FOLDER = "tensorboard"
MOST_STEPS = 20_000
"""Steps written; longer histories are thinned evenly, which is said. TensorBoard itself shows a thousand."""
EACH = 4
"""Images of each group."""
ENLARGED = 4
SERIES = {
    "train.loss": "step/loss",
    "train.lr": "step/learning_rate",
    "train.grad_norm": "step/gradient_norm",
}
"""Array of the record -> tag."""


def check() -> None:
    """Raise EnvironmentTrouble when the extra is not installed."""
    if importlib.util.find_spec("tensorboard") is None:
        raise EnvironmentTrouble(
            "the output tensorboard needs TensorBoard, which is not installed",
            "pip install 'reportgen-torch[tensorboard]'",
        )


def render(report: Report, warn: Callable[[str], None]) -> tuple[OutputFile, ...]:
    """One file for each run that the record has something for; `warn` hears of steps that were left out."""
    from reportgen.outputs._tensorboard.events import EventFile

    record = report.record
    begun = datetime.fromisoformat(record.provenance.created).timestamp()
    runs = {".": EventFile(begun)}
    training = record.training
    if training is not None:
        runs |= {"train": EventFile(begun), "test": EventFile(begun)}
        write_steps(runs["train"], record, warn)
        write_epochs(runs["train"], runs["test"], training.epochs)
    for other in record.seeds:
        pair = EventFile(begun), EventFile(begun)
        write_epochs(*pair, other.training.epochs)
        runs |= {f"seed-{other.seed}/train": pair[0], f"seed-{other.seed}/test": pair[1]}
    write_final(runs["."], report, begun)
    return tuple(
        OutputFile("/".join(part for part in (FOLDER, run, file.name) if part != "."), file.data)
        for run, file in sorted(runs.items())
    )


def write_steps(file: EventFile, record: RunRecord, warn: Callable[[str], None]) -> None:
    """Loss, rate, gradient norm and throughput of every step, at the time it ended."""
    ends = np.asarray(record.arrays.get("train.seconds", ()), dtype=np.float64)
    series = {tag: record.arrays[name] for name, tag in SERIES.items() if name in record.arrays}
    training = record.training
    if training is not None and training.steps and len(ends):
        took = np.maximum(np.diff(ends, prepend=0.0), 1e-9)
        series["step/images_per_second"] = training.images_seen / training.steps / took
    steps = max((len(values) for values in series.values()), default=0)
    every = -(-steps // MOST_STEPS) or 1
    if every > 1:
        warn(_("TensorBoard gets one of every {every} steps.", every=numerals.count(every)))
    for step in range(every - 1, steps, every):
        at = file.begun + (float(ends[step]) if step < len(ends) else 0.0)
        here = {tag: float(values[step]) for tag, values in series.items() if step < len(values)}
        file.add_scalars(here, step + 1, at)


def write_epochs(train: EventFile, test: EventFile, epochs: tuple[EpochStats, ...]) -> None:
    """Loss and accuracy of training and test under the same tags, against the step."""
    for point in epochs:
        for file, loss, accuracy in (
            (train, point.train_loss, point.train_accuracy),
            (test, point.test_loss, point.test_accuracy),
        ):
            known = {"epoch/loss": loss, "epoch/accuracy": accuracy}
            found = {tag: value for tag, value in known.items() if value is not None}
            if found:
                file.add_scalars(found, point.step, file.begun + point.seconds)


def write_final(file: EventFile, report: Report, begun: float) -> None:
    """Settings and final numbers for the table of runs, the weights, the images, the confusion matrix."""
    from reportgen.outputs._tensorboard import events

    record = report.record
    training = record.training
    step = training.steps if training else 0
    ended = begun + max((point.seconds for point in training.epochs), default=training.seconds) if training else begun
    settings = dict(list_settings(record))
    values = [value for value in report.metrics if value.value is not None and np.isfinite(value.value)]
    listed = {definition.name for definition in shown_in("tensorboard")}  # the others are scalars alone
    chosen = {f"metrics/{value.name}": value.label for value in values if value.name in listed}
    file.add_summary(events.make_experiment(settings, chosen, begun), begun)
    file.add_summary(events.make_session(settings, record.fingerprint[:12], begun), begun)
    initial, final = histogram_values(record)
    if initial:
        file.add(initial, 0, begun)
    numbers = [
        events.make_number(f"metrics/{value.name}", float(value.value or 0.0), value.label, value.display_full)
        for value in values
    ]
    file.add(numbers, step, ended)
    file.add([*final, *image_values(record), *matrix_values(record)], step, ended)
    file.add_summary(events.make_end(training is not None and training.divergence is not None, ended), ended)


def list_settings(record: RunRecord) -> Iterator[tuple[str, Value]]:
    """What the spec says of model, data and run, by dotted key; what it leaves open is not there."""
    spec = record.spec.model_dump(mode="json")
    yield from flatten(spec, "")
    yield "device", record.device.name
    yield "precision", record.device.precision


def flatten(value: Any, key: str) -> Iterator[tuple[str, Value]]:
    """Plain values by dotted key; lists as text."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from flatten(inner, f"{key}.{name}" if key else str(name))
    elif isinstance(value, list):
        yield key, ", ".join(map(str, value)) or _("none")
    elif isinstance(value, bool | float | int | str):
        yield key, value


def histogram_values(record: RunRecord) -> tuple[list[Any], list[Any]]:
    """The values of every matrix that the record has counted, before training and after; without training, after."""
    from reportgen.outputs._tensorboard.events import make_histogram

    facts = record.probes.weights if record.probes is not None else None
    found: dict[str, list[Any]] = {"initial": [], "final": []}
    for row, place in enumerate(facts.shown if facts is not None else ()):
        assert facts is not None
        matrix, end = facts.matrices[place], float(record.arrays["weights.ranges"][row])
        told = _(
            "{rows} × {columns}, {n} values counted; the first and the last bin hold what lies beyond as well.",
            rows=numerals.count(matrix.rows),
            columns=numerals.count(matrix.columns),
            n=numerals.count(matrix.counted),
        )
        for moment, counts in zip(facts.moments, record.arrays["weights.histograms"][row], strict=True):
            edges = np.linspace(-end, end, len(counts) + 1)
            if counts.any():  # a matrix that is not finite has none
                found[moment].append(make_histogram(f"weights/{matrix.name}", counts, edges, matrix.name, told))
    return found["initial"], found["final"]


def image_values(record: RunRecord) -> Iterator[Any]:
    """The first images of every group of predictions, each named by its label and the prediction."""
    from reportgen.outputs._tensorboard.events import make_image

    arrays, names = record.arrays, record.data.classes
    if not {"eval.logits", "eval.labels", "eval.ids", "images", "images.ids"} <= set(arrays):
        return
    predictions = read_predictions(arrays["eval.logits"], arrays["eval.labels"])
    where = {int(index): place for place, index in enumerate(arrays["images.ids"])}
    for group in select(arrays["eval.logits"], arrays["eval.labels"], record.temperature).groups:
        for row in group.positions[:EACH]:
            index = int(arrays["eval.ids"][row])
            if index not in where:
                continue
            small = thumbnail(arrays["images"][where[index]])
            label = _(
                "{group}: {label}, predicted as {called} ({share})",
                group=group.title,
                label=names[int(predictions.labels[row])],
                called=names[int(predictions.predicted[row])],
                share=numerals.percent(float(predictions.confidence[row])),
            )
            size = ENLARGED * small.shape[1], ENLARGED * small.shape[0]
            told = _("{rule} Test image {index}.", rule=group.rule, index=numerals.count(index))
            yield make_image(f"{group.name}/{index}", encode_png(small, ENLARGED), size, label, told)


def matrix_values(record: RunRecord) -> Iterator[Any]:
    """The confusion matrix as an image."""
    from reportgen.outputs._tensorboard.events import make_image
    from reportgen.outputs._tensorboard.matrix import draw_matrix

    if record.measured is None or not record.measured.confusion:
        return
    png, size = draw_matrix(np.array(record.measured.confusion, dtype=np.int64), record.data.classes)
    told = _("Counts of the evaluation images. Rows: true class; columns: predicted class.")
    yield make_image("confusion", png, size, _("Confusion matrix"), told)


OUTPUT = Output(
    "tensorboard", "event files for TensorBoard", (f"{FOLDER}/",), check, render, shows_figures=False, extra=True
)
