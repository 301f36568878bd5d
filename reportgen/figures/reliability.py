"""How far confidence can be believed, before and after temperature scaling.

By matplotlib: a bin is a bar, the gap to its confidence, an interval and a mark; seaborn has no such chart.
"""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter

from reportgen.figures._style import grid, sheet, ticks
from reportgen.figures._table import heads_of, write_csv
from reportgen.metrics.intervals import wilson
from reportgen.metrics.predictions import read_predictions
from reportgen.metrics.reliability import find_differing
from reportgen.plugins import FigureKind
from reportgen.record.measurements import Bin, Measurements
from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.report.model import FigureFile, Skipped
from reportgen.report.sections.evaluation.calibration_wording import find_agreement, format_agreement
from reportgen.report.style import HAIRLINE, INK, MUTED, RIGHT, RIGHT_SOFT, SOFT, WRONG, WRONG_SOFT
from reportgen.text import numerals
from reportgen.text.i18n import _, join_rows, join_sentences


def interval_of(item: Bin) -> tuple[float, float]:
    """Wilson interval of the share correct in one bin that holds images."""
    return wilson(round((item.accuracy or 0.0) * item.n), item.n) or (0.0, 1.0)


def diagram(axes: Axes, bins: Sequence[Bin], title: str) -> None:
    """Share correct by bin, and its distance from the confidence."""
    axes.set_title(title)
    axes.plot([0, 1], [0, 1], color=SOFT, linewidth=1, linestyle=(0, (3, 3)), zorder=1)
    for item, off in zip(bins, find_differing(bins), strict=True):
        if not item.n or item.accuracy is None or item.confidence is None:
            continue
        width = item.high - item.low
        axes.add_patch(Rectangle((item.low, 0), width, item.accuracy, facecolor=HAIRLINE, edgecolor="white"))
        over = item.confidence > item.accuracy
        low, tall = min(item.confidence, item.accuracy), abs(item.confidence - item.accuracy)
        face = WRONG_SOFT if over else RIGHT_SOFT
        axes.add_patch(Rectangle((item.low, low), width, tall, facecolor=face, edgecolor="white"))
        low, high = interval_of(item)
        colour = {1: WRONG, -1: RIGHT, 0: INK}[off]
        axes.plot([item.confidence] * 2, [low, high], color=colour, linewidth=1, zorder=3)
        axes.plot([item.confidence], [item.accuracy], "o", color=colour, markersize=4, zorder=4)
    axes.set_ylim(0, 1.02)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", "25", "50", "75", "100"])
    grid(axes)


def counts(axes: Axes, bins: Sequence[Bin]) -> None:
    """Images by bin."""
    axes.bar(
        [item.low for item in bins],
        [item.n for item in bins],
        [item.high - item.low for item in bins],
        align="edge",
        color=SOFT,
        edgecolor="white",
    )
    mark_confidence(axes)
    axes.yaxis.set_major_locator(ticks(2, integer=True))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _unused: numerals.count(value)))
    grid(axes)


def mark_confidence(axes: Axes) -> None:
    """The axis of confidences."""
    axes.set_xlim(0, 1)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "0.25", "0.5", "0.75", "1"])
    axes.set_xlabel(_("confidence"))


def draw(subject: Subject) -> FigureFile | Skipped:
    """Two reliability diagrams over the counts of their bins."""
    record = subject.record
    name, title = "reliability", _("Confidence against accuracy")
    measured = record.measured
    if measured is None or not any(item.n for item in measured.calibration.bins):
        return Skipped(name, title, _("The record holds no confidences."))
    calibration = measured.calibration
    temperature = numerals.significant(calibration.temperature, 3)
    pairs = [(calibration.bins, _("Before scaling: % correct"))]
    if any(item.n for item in calibration.scaled_bins):
        pairs.append((calibration.scaled_bins, _("At temperature {value}: % correct", value=temperature)))
    with sheet(name, 350) as paper:
        grids = paper.figure.subplots(
            2,
            len(pairs),
            sharex=True,
            sharey="row",
            height_ratios=(3.4, 1),
            squeeze=False,
        )
        for column, (bins, heading) in enumerate(pairs):
            diagram(grids[0][column], bins, heading)
            counts(grids[1][column], bins)
            grids[0][column].tick_params(axis="x", length=0)
            grids[1][column].set_title(_("Images"), color=MUTED)
        told = caption(record, measured)
        return paper.svg(
            title,
            told,
            describe(calibration.bins),
            tabulate([(1.0, calibration.bins), (calibration.temperature, calibration.scaled_bins)]),
        )


def tabulate(diagrams: Sequence[tuple[float, Sequence[Bin]]]) -> str:
    """Every bin at each temperature; without images its share and its confidence are not known."""
    heads = ("temperature", "confidence from", "confidence to", "images", "mean confidence", *heads_of("correct", "%"))
    rows = []
    for temperature, bins in diagrams:
        for one in bins:
            ends = [100 * end for end in interval_of(one)] if one.n else [None, None]
            right = 100 * one.accuracy if one.n and one.accuracy is not None else None
            rows.append((temperature, one.low, one.high, one.n, one.confidence if one.n else None, right, *ends))
    return write_csv(heads, rows)


def caption(record: RunRecord, measured: Measurements) -> str:
    """What bins and mean say together, the errors before and after, then how to read it."""
    predictions = read_predictions(record.arrays["eval.logits"], record.arrays["eval.labels"])
    bins = measured.calibration.bins
    told = [format_agreement(find_agreement(predictions, bins), bins)]
    before, after = (getattr(measured.value(name), "display", None) for name in ("ece", "ece_scaled"))
    if before and after:
        told.append(_("Expected calibration error {before}, after scaling {after}.", before=before, after=after))
    told.append(
        _(
            "Grey bars: share correct in each of {bins} bins; orange: where it falls short of the confidence, blue: "
            "where it exceeds it; dots at the mean confidence with 95 % intervals, coloured where the bin "
            "differs significantly from the diagonal (exact binomial tests, 5 % over all bins together).",
            bins=len(bins),
        )
    )
    return join_sentences(told)


def describe(bins: Sequence[Bin]) -> str:
    """Share correct, confidence and n of every bin that holds images."""
    told = [
        _(
            "{n} images with a confidence from {low} to {high}, {confidence} on average, of which {accuracy} are right",
            low=numerals.fixed(item.low, 2),
            high=numerals.fixed(item.high, 2),
            n=numerals.count(item.n),
            accuracy=numerals.percent(item.accuracy),
            confidence=numerals.fixed(item.confidence, 2),
        )
        for item in bins
        if item.n
    ]
    return _("Reliability diagram: {bins}.", bins=join_rows(told))


FIGURE = FigureKind("reliability", draw)
