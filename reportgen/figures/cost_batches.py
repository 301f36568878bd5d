"""Latency and throughput by batch size."""

from __future__ import annotations

import math
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullLocator

from reportgen.figures._marks import draw_line
from reportgen.figures._style import chart, grid, ticks
from reportgen.figures._table import heads_of, write_csv
from reportgen.metrics.cost import Saturation, list_latency, saturation, timed_alike
from reportgen.plugins import FigureKind
from reportgen.record.latency import FEWEST_PROCESSES, Latency
from reportgen.record.probes.cost import CostFacts
from reportgen.record.run import RunRecord
from reportgen.record.subject import Subject
from reportgen.report.model import FigureFile, Skipped
from reportgen.report.naming import name_device
from reportgen.report.sections.cost import claims
from reportgen.report.style import ACCENT, MUTED, SOFT
from reportgen.text import numerals
from reportgen.text.i18n import _, join_rows, join_sentences, ngettext

MOST_TICKS = 7
"""Batch sizes written under a panel."""


def draw(subject: Subject) -> FigureFile | Skipped:
    """Median and 95th percentile of a forward pass, and images per second, against the images in it."""
    record = subject.record
    name, title = "cost_batches", _("Latency and throughput by batch size")
    facts = record.probes.cost if record.probes else None
    latency = list_latency(record, facts) if facts else ()
    if facts is None or len(latency) < 2:
        return Skipped(name, title, _("Fewer than two batch sizes were timed."))
    at = saturation(latency)
    with chart(name, 230) as paper:
        left, right = paper.figure.subplots(1, 2)
        time_panel(left, latency)
        speed_panel(right, latency, at)
        return paper.svg(title, caption(record, facts, latency, at), describe(latency), tabulate(latency))


def tabulate(latency: Sequence[Latency]) -> str:
    """Both panels, a row a batch size."""
    heads = (
        "batch size (images)",
        *heads_of("median time", "s"),
        "95th percentile (s)",
        *heads_of("throughput", "images/s"),
    )
    rows = [
        (
            one.batch_size,
            one.p50_seconds,
            *(one.p50_interval or (None, None)),
            one.stated_p95,
            one.images_per_second,
            *(one.throughput_interval or (None, None)),
        )
        for one in latency
    ]
    return write_csv(heads, rows)


def batch_axis(axes: Axes, latency: tuple[Latency, ...]) -> None:
    """Batch sizes on a scale of doublings, some of them written."""
    sizes = [one.batch_size for one in latency]
    every = -(-len(sizes) // MOST_TICKS)
    axes.xaxis.set_major_locator(FixedLocator(sizes[::-1][::every]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _unused: numerals.count(value)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlim(sizes[0] / 1.25, sizes[-1] * 1.25)
    axes.set_xlabel(_("images in a batch"))
    grid(axes)


def draw_intervals(axes: Axes, sizes: Sequence[int], ends: Sequence[tuple[float, float] | None]) -> None:
    """A bar at each batch size that has an interval."""
    known = [(size, *pair) for size, pair in zip(sizes, ends, strict=True) if pair is not None]
    if known:
        axes.vlines(*zip(*known, strict=True), color=ACCENT, linewidth=1)


def draw_alike(axes: Axes, latency: tuple[Latency, ...], values: Sequence[float]) -> None:
    """A line through the sizes that were timed alike; the others, timed in another number of processes, beside it."""
    alike = timed_alike(latency)
    inside = [(one.batch_size, value) for one, value in zip(latency, values, strict=True) if one in alike]
    apart = [(one.batch_size, value) for one, value in zip(latency, values, strict=True) if one not in alike]
    draw_line(axes, [size for size, _value in inside], [value for _size, value in inside], ACCENT, marker="o")
    for size, value in apart:
        axes.plot([size], [value], linestyle="", marker="o", markerfacecolor="white", color=ACCENT, zorder=3)


def time_panel(axes: Axes, latency: tuple[Latency, ...]) -> None:
    """Time of a pass, both axes in doublings or decades."""
    medians = [one.p50_seconds for one in latency]
    sizes = [one.batch_size for one in latency]
    axes.plot(
        sizes,
        [math.nan if one.stated_p95 is None else one.stated_p95 for one in latency],
        color=SOFT,
        marker="_",
        linestyle="",
    )
    ends = [one.p50_interval for one in latency]
    axes.set_xscale("log", base=2)  # before seaborn looks at them: it draws on the scale that it finds
    axes.set_yscale("log")
    draw_alike(axes, latency, medians)
    draw_intervals(axes, sizes, ends)
    axes.yaxis.set_major_locator(LogLocator(10, subs=(1, 2, 5) if medians[-1] < 100 * medians[0] else (1,)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _unused: plain_time(value)))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.set_title(_("Time of a forward pass"))
    batch_axis(axes, latency)


def plain_time(seconds: float) -> str:
    """A tick's time, without zeros after the point."""
    for size, unit in ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs")):
        if seconds >= 0.9995 * size:
            return f"{numerals.general(seconds / size)}{numerals.NBSP}{unit}"
    return numerals.seconds_text(seconds)


def speed_panel(axes: Axes, latency: tuple[Latency, ...], at: Saturation | None) -> None:
    """Images per second from zero, the batch where they saturate marked."""
    sizes, speeds = [one.batch_size for one in latency], [one.images_per_second for one in latency]
    axes.set_xscale("log", base=2)
    draw_alike(axes, latency, speeds)
    draw_intervals(axes, sizes, [one.throughput_interval for one in latency])
    if at is not None:
        axes.axvline(at.at.batch_size, color=SOFT, linewidth=1, zorder=0)
        share = numerals.percent(at.at.images_per_second / at.best.images_per_second)
        text = _("{share} of the best", share=share) if at.at is not at.best else _("best")
        beyond = at.at.batch_size > (sizes[0] * sizes[-1]) ** 0.5
        axes.annotate(
            text,
            (at.at.batch_size, 0.04),
            (-5 if beyond else 5, 0),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            ha="right" if beyond else "left",
            color=MUTED,
        )
    axes.set_ylim(
        0,
        1.1 * max(one.throughput_interval[1] if one.throughput_interval else one.images_per_second for one in latency),
    )
    axes.yaxis.set_major_locator(ticks(5))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _unused: numerals.brief(value, 6)))
    axes.set_title(_("Throughput, images/s"))
    batch_axis(axes, latency)


def caption(record: RunRecord, facts: CostFacts, latency: tuple[Latency, ...], at: Saturation | None) -> str:
    """Where it saturates, then what the marks are, how often it was timed and on what."""
    told = []
    if at is not None and at.rising:
        told.append(claims.SATURATION.says(_("Throughput still rises at the largest batch timed.")))
    elif at is not None and at.at is at.best:
        told.append(
            claims.SATURATION.says(
                ngettext(
                    "Throughput is highest in batches of {count} image.",
                    "Throughput is highest in batches of {count} images.",
                    at.at.batch_size,
                )
            )
        )
    elif at is not None:
        told.append(
            claims.SATURATION.says(
                ngettext(
                    "Batches of more than {count} image hardly help.",
                    "Batches of more than {count} images hardly help.",
                    at.at.batch_size,
                )
            )
        )
        told += [claims.SATURATION.says(_("The largest is slower."))] if at.falling else []
    told.append(say_marks(latency))
    if timed_alike(latency) != latency:
        told.append(_("Open dots: timed in another number of processes, not to be compared with the line."))
    told.append(
        {
            "time": _("Larger batches did not fit into the time budget."),
            "memory": _("Larger batches did not fit into memory."),
            "largest": "",
        }[facts.stopped_by]
    )
    precision = facts.roofs.precision if facts.roofs else record.device.precision
    told.append(_("{device}.", device=name_device(record.device, precision)))
    return join_sentences(told)


def say_marks(latency: tuple[Latency, ...]) -> str:
    """What the line, its bars and the dashes are."""
    fewest, most = (numerals.count(one) for one in (min(one.n for one in latency), max(one.n for one in latency)))
    if any(one.p50_interval for one in latency):
        return _(
            "Line: medians ({fewest} to {most} passes); bars: the interval between processes, where there were at "
            "least {processes}; dash: 95th percentile.",
            fewest=fewest,
            most=most,
            processes=FEWEST_PROCESSES,
        )
    return _(
        "Line: medians ({fewest} to {most} passes), without intervals, since the spread between processes is not "
        "known; dash: 95th percentile.",
        fewest=fewest,
        most=most,
    )


def describe(latency: tuple[Latency, ...]) -> str:
    """Every batch size with its median and throughput."""
    rows = [
        _(
            "{batch} at a time take {time}, which makes {speed}",
            batch=numerals.count(one.batch_size),
            time=numerals.seconds_text(one.p50_seconds),
            speed=numerals.speed(one.images_per_second),
        )
        for one in latency
    ]
    return _("Two charts over the images in a batch, of time and of throughput: {rows}.", rows=join_rows(rows))


FIGURE = FigureKind("cost_batches", draw, by_seaborn=True)
