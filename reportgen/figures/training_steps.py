"""Training step by step: loss, learning rate, gradient norm and throughput."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter
from numpy.typing import NDArray

from reportgen.figures._marks import draw_band, draw_line
from reportgen.figures._seed_bands import draw_seed_band
from reportgen.figures._style import chart, grid, ticks
from reportgen.figures._table import write_csv
from reportgen.plugins import FigureKind
from reportgen.record.run import RunRecord, Training
from reportgen.record.subject import Subject
from reportgen.report.model import FigureFile, Skipped
from reportgen.report.style import ACCENT, HAIRLINE, SOFT, WRONG
from reportgen.text import numerals
from reportgen.text.i18n import _, join_rows, join_sentences, ngettext

PIECES = 300
"""Steps are gathered into at most so many pieces, each drawn as its range."""

FEW = 12
"""Steps up to which every one is marked."""

HEADS = {
    "train.loss": "loss",
    "train.lr": "learning rate",
    "train.grad_norm": "gradient norm",
    "train.seconds": "throughput (images/s)",
}
"""Array of the record -> head of its column in the CSV."""

Array = NDArray[np.float64]


def ranges(values: Array) -> tuple[Array, Array, Array]:
    """Middle (in steps), lowest and highest of at most PIECES runs of steps; runs without a finite value are left out.

    Shapes (pieces,).
    """
    pieces = np.array_split(np.arange(1, len(values) + 1), min(PIECES, len(values)))
    kept = [(float(run.mean()), values[run - 1]) for run in pieces]
    finite = [(middle, part[np.isfinite(part)]) for middle, part in kept]
    rows = [(middle, float(part.min()), float(part.max())) for middle, part in finite if part.size]
    x, low, high = np.array(rows, dtype=np.float64).reshape(-1, 3).T
    return x, low, high


def line_of(values: Array, window: int) -> tuple[Array, Array]:
    """Steps (1-based) and the centred moving median there, at no more than PIECES steps; `window` 1 takes the values.

    Shapes (points,). Not a number where nothing in the window is finite.
    """
    steps = np.unique(np.linspace(0, len(values) - 1, min(PIECES, len(values))).round().astype(int))
    half = window // 2
    parts = [values[max(0, step - half) : step + half + 1] for step in steps]
    finite = [part[np.isfinite(part)] for part in parts]
    return steps + 1.0, np.array([np.median(part) if part.size else np.nan for part in finite])


def ceiling(values: Array) -> tuple[float, float | None]:
    """Where the axis ends, and the highest value when it is so far above the others that it lies outside."""
    finite = values[np.isfinite(values)]
    highest, usual = float(finite.max()), float(np.quantile(finite, 0.99))
    if usual > 0 and highest > 4 * usual:
        return 1.5 * usual, highest
    return (1.08 * highest if highest > 0 else 1.0), None


def step_panel(axes: Axes, values: Array, title: str, window: int) -> None:
    """Raw range in grey and, when `window` > 1, the moving median over it."""
    top, outside = ceiling(values)
    if outside is not None:
        title = _("{what} (highest {value}, outside)", what=title, value=numerals.significant(outside, 2))
    axes.set_title(title)
    if window > 1:
        x, low, high = ranges(values)
        if len(values) <= PIECES:
            draw_line(axes, x, low, SOFT, linewidth=0.75)
        else:
            draw_band(axes, x, low, high, HAIRLINE)
    steps, line = line_of(values, window)
    draw_line(axes, steps, line, ACCENT, linewidth=1.25, marker="o" if len(values) <= FEW else "")
    axes.set_ylim(0, top)
    axes.yaxis.set_major_locator(ticks(3))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _unused: plain(value)))
    grid(axes)


def plain(value: float) -> str:
    """A tick's number, never in exponent form."""
    return numerals.count(value) if abs(value) >= 1000 else numerals.general(value)


def step_series(record: RunRecord, training: Training) -> list[tuple[str, Array, bool]]:
    """Title, values by step and whether they are smoothed, of what the record holds."""
    titles = {
        "train.loss": _("Loss"),
        "train.lr": _("Learning rate"),
        "train.grad_norm": _("Gradient norm"),
        "train.seconds": _("Throughput, images/s"),
    }
    return [(titles[key], values, key != "train.lr") for key, values in step_columns(record, training)]


def step_columns(record: RunRecord, training: Training) -> list[tuple[str, Array]]:
    """The values by step that the record holds, by the name of their array; of the times what they are as a speed."""
    arrays, found = record.arrays, []
    for key in ("train.loss", "train.lr", "train.grad_norm"):
        values = np.asarray(arrays.get(key, ()), dtype=np.float64)
        if len(values) and np.isfinite(values).any():
            found.append((key, values))
    seconds = np.asarray(arrays.get("train.seconds", ()), dtype=np.float64)
    if len(seconds) > 1 and training.steps:
        took = np.maximum(np.diff(seconds, prepend=0.0), 1e-9)
        found.append(("train.seconds", training.images_seen / training.steps / took))
    return found


def loss_curves(record: RunRecord, window: int) -> list[list[tuple[float, float]]]:
    """(step, smoothed loss) of every seed, as `line_of` smooths the first one's."""
    found = []
    first = () if record.training is None else (("train.loss", record.training.steps),)
    for key, steps in (*first, *((f"seed.{run.seed}.loss", run.training.steps) for run in record.seeds)):
        values = np.asarray(record.arrays.get(key, ()), dtype=np.float64)
        if len(values) and np.isfinite(values).any():
            every = max(1.0, steps / len(values))  # the steps of one mean, where a long history was kept as means
            places, line = line_of(values, max(1, round(window / every)) | 1)
            pairs = zip((places - 0.5) * every + 0.5, line, strict=True)
            found.append([(float(x), float(y)) for x, y in pairs if np.isfinite(y)])
    return found


def draw_steps(subject: Subject) -> FigureFile | Skipped:
    """Loss, learning rate, gradient norm and throughput at every step."""
    record = subject.record
    name, title = "training_steps", _("Training step by step")
    training = record.training
    if training is None:
        return Skipped(name, title, _("The model was evaluated, not trained."))
    series = step_series(record, training)
    if not series:
        return Skipped(name, title, _("The record holds no values by step."))
    count = max(len(values) for _title, values, _log in series)
    window = max(1, count // 20) | 1
    with chart(name, 40 + 96 * len(series)) as paper:
        rows = paper.figure.subplots(len(series), 1, sharex=True, squeeze=False)[:, 0]
        curves = loss_curves(record, window)
        for axes, (heading, values, noisy) in zip(rows, series, strict=True):
            step_panel(axes, values, heading, window if noisy else 1)
            if heading == _("Loss"):
                draw_seed_band(axes, curves, ACCENT)
            if training.divergence is not None:
                axes.axvline(training.divergence.step, color=WRONG, linewidth=1)
            axes.set_xlim(0, count + 1)
        rows[-1].xaxis.set_major_locator(ticks(8, integer=True))
        rows[-1].xaxis.set_major_formatter(FuncFormatter(lambda value, _unused: numerals.count(value)))
        rows[-1].set_xlabel(_("step"))
        return paper.svg(
            title, steps_caption(record, training, window), steps_alt(series, window), tabulate(record, training)
        )


def tabulate(record: RunRecord, training: Training) -> str:
    """Every step as it was recorded, which the figure shows in grey; where a long history was kept as means, a row is
    one of these and the first column its number."""
    found = [(HEADS[key], values) for key, values in step_columns(record, training)]
    for run in record.seeds:
        values = np.asarray(record.arrays.get(f"seed.{run.seed}.loss", ()), dtype=np.float64)
        found += [(f"loss, seed {run.seed}", values)] if len(values) else []
    longest = max(len(values) for _unused, values in found)
    rows = [
        (place + 1, *(values[place] if place < len(values) else None for _unused, values in found))
        for place in range(longest)
    ]
    return write_csv(("step", *(head for head, _unused in found)), rows)


def steps_caption(record: RunRecord, training: Training, window: int) -> str:
    """Where training ended, and what line and grey are."""
    told = []
    if training.divergence is not None:
        told.append(
            _("The loss is not finite from step {step} on (line).", step=numerals.count(training.divergence.step))
        )
    batch, speed = numerals.count(training.batch_size), numerals.speed(training.images_per_second)
    told.append(
        ngettext(
            "{count} step of {batch} images, {speed} overall.",
            "{count} steps of {batch} images, {speed} overall.",
            training.steps,
            batch=batch,
            speed=speed,
        )
    )
    if window > 1 and training.steps > PIECES:
        run = numerals.count(-(-training.steps // PIECES))
        reading = _(
            "Line: moving median of {window} steps; grey: lowest to highest of every {run}.", window=window, run=run
        )
        told.append(reading)
    elif window > 1:
        told.append(_("Line: moving median of {window} steps; grey: every step.", window=window))
    if record.seeds:
        told.append(
            _(
                "Band of the loss: from the lowest to the highest of these lines over all {count} seeds.",
                count=len(record.seeds) + 1,
            )
        )
    return join_sentences(told)


def steps_alt(series: Sequence[tuple[str, Array, bool]], window: int) -> str:
    """First, last and highest of each small chart."""
    told = []
    for title, values, noisy in series:
        line = line_of(values, window if noisy else 1)[1]
        line = line[np.isfinite(line)]
        first, last, most = (numerals.significant(float(v), 3) for v in (line[0], line[-1], line.max()))
        told.append(
            _(
                "{what} begins at {first}, ends at {last} and is at most {most}",
                what=title,
                first=first,
                last=last,
                most=most,
            )
        )
    return _("Small charts over the steps of training. {charts}.", charts=join_rows(told))


FIGURE = FigureKind("training_steps", draw_steps, by_seaborn=True)
