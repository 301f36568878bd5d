"""The figures of cost: what stands in them, and where the marks are."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib.figure import Figure

from reportgen.figures.roofline import FILLS, MOST_POINTS, NAMED, name_peak
from reportgen.record.run import RunRecord
from reportgen.record.trace import ModelTrace
from reportgen.report.model import Skipped
from reportgen.report.style import ACCENT
from tests.figures.drawing import SVG, draw, drawn, marks, texts
from tests.support.cost_facts import in_processes, latency, step, timed, with_cost
from tests.support.records import module

FIGURES = ("cost_batches", "roofline", "step_time")
BYTES = 35_000


@pytest.mark.parametrize("name", FIGURES)
def test_without_the_probe_there_is_a_reason(record: RunRecord, name: str) -> None:
    found = draw(record.model_copy(update={"probes": None}), [name])[name]
    assert isinstance(found, Skipped)
    assert found.reason.endswith(".")


@pytest.mark.slow
def test_every_figure_says_on_what_it_was_measured_and_is_small(record: RunRecord) -> None:
    figures = [drawn(with_cost(record), name) for name in FIGURES]
    assert all("float32, 2 threads, Example CPU" in figure.caption for figure in figures)
    assert sum(len(figure.data) for figure in figures) <= BYTES


@pytest.mark.slow
def test_every_batch_size_is_marked_in_both_panels(record: RunRecord) -> None:
    figure = drawn(with_cost(record), "cost_batches")
    assert marks(figure, ACCENT) == 2 * 5
    assert {"1", "4", "16", "64", "256"} <= set(texts(figure))
    assert "Batches of more than 16 images hardly help." in figure.caption
    assert "medians (6 to 50 passes), without intervals, since the spread between" in figure.caption
    assert "16,0.0108,,,0.01296," in (figure.csv or "")
    assert "64 at a time take 41.0\u00a0ms, which makes 1,561\u00a0images/s" in figure.alt
    times = (latency(4, 0.004), latency(64, 0.03), latency(256, 0.2))
    best = drawn(with_cost(record, latency=times), "cost_batches").caption
    assert best.startswith("Throughput is highest in batches of 64 images.")
    times = (latency(4, 0.1), latency(16, 0.0108), latency(256, 0.3))
    falling = drawn(with_cost(record, latency=times), "cost_batches").caption
    assert falling.startswith("Batches of more than 16 images hardly help. The largest is slower.")
    rising = drawn(
        with_cost(record, latency=(latency(4, 0.004), latency(256, 0.05)), stopped_by="time"), "cost_batches"
    )
    assert "still rises" in rising.caption
    assert "did not fit into the time" in rising.caption


def test_bars_are_intervals_between_processes(record: RunRecord) -> None:
    timed = record.model_copy(update={"latency": (in_processes(1, 0.002), in_processes(64, 0.04))})
    figure = drawn(with_cost(timed), "cost_batches")
    assert "bars: the interval between processes, where there were at least 5;" in figure.caption
    assert "\n1,0.002,0.00192,0.00212,0.0024,500," in (figure.csv or "")
    assert "\n16,0.0108,,,0.01296," in (figure.csv or "")


def test_one_batch_size_is_no_figure(record: RunRecord) -> None:
    alone = with_cost(record, latency=()).model_copy(update={"latency": (latency(1, 0.1),)})
    assert isinstance(draw(alone, ["cost_batches"])["cost_batches"], Skipped)


def test_the_roofline_has_a_mark_for_every_group_with_macs(record: RunRecord) -> None:
    figure = drawn(with_cost(record), "roofline")
    shown = texts(figure)
    assert {"conv1", "layer1.0.conv1 ×4", "fc"} <= set(shown)
    assert {"arithmetic", "memory", "overhead", "none of these"} <= set(shown)
    assert any("100\u00a0GFLOP/s" in text for text in shown)
    shares = [float(found[1]) for text in shown if (found := re.fullmatch(r"([\d.]+)\u00a0%", text))]
    assert len(shares) == len(FILLS)
    assert sum(shares) == pytest.approx(100, abs=0.2)
    assert "79.0\u00a0% of the measured rate of matrix products" in figure.caption
    assert "Modules without MACs" in figure.caption


def many(trace: ModelTrace, number: int) -> ModelTrace:
    """A chain of linear layers, all different."""
    rows = [trace.modules[0].model_copy(update={"seconds": 1.0})]
    rows += [
        module(i, f"a{i}" + "b" * 300, "Linear", 0, 1, seconds=0.001 * i, own_macs=1000 * i, macs=1000 * i)
        for i in range(1, number + 1)
    ]
    operators = tuple(
        trace.operators[1].model_copy(update={"index": i, "module": i, "output_shapes": ((1, i),)})
        for i in range(1, number + 1)
    )
    return timed(trace.model_copy(update={"modules": tuple(rows), "operators": operators, "edges": ()}))


@pytest.mark.slow
def test_three_hundred_layers_are_thinned(record: RunRecord) -> None:
    deep = with_cost(record).model_copy(update={"trace": many(record.trace, 300)})
    figure = drawn(deep, "roofline")
    assert len(figure.data) < BYTES / 2
    circles = list(ElementTree.fromstring(figure.data).iter(f"{SVG}use"))
    assert len(circles) <= MOST_POINTS + 40  # and the ticks
    named = [text for text in texts(figure) if text.startswith("a")]
    assert len([text for text in named if text.endswith("…")]) == NAMED


def test_a_pass_without_macs_has_no_roofline(record: RunRecord) -> None:
    rows = tuple(call.model_copy(update={"own_macs": 0, "macs": 0}) for call in record.trace.modules)
    none = with_cost(record).model_copy(
        update={"trace": timed(record.trace.model_copy(update={"modules": rows, "macs": 0}))}
    )
    assert isinstance(draw(none, ["roofline"])["roofline"], Skipped)


def test_the_parts_of_a_step_in_their_order(record: RunRecord) -> None:
    figure = drawn(with_cost(record), "step_time")
    assert texts(figure)[::2] == ["data", "forward", "backward", "optimiser"]
    assert texts(figure)[1] == "5.0\u00a0% · 5.00\u00a0ms"
    assert "The backward part takes 60.0\u00a0% of a step." in figure.caption
    less = drawn(with_cost(record, step=step(0.1, 0.2, 0.3, 0.2, batch=8)), "step_time")
    assert "The run’s own 128 did not fit" in less.caption
    none = draw(with_cost(record, step=None, step_missing="It trained nothing."), ["step_time"])["step_time"]
    assert isinstance(none, Skipped)
    assert none.reason == "It trained nothing."


def test_the_name_of_the_roof_goes_where_the_fewest_marks_are() -> None:
    axes = Figure().add_subplot()
    axes.set(xscale="log", yscale="log", xlim=(1, 1000), ylim=(1, 400))
    at = []
    for rate in (120.0, 80.0):
        name_peak(axes, "roof", 100.0, (np.array([300.0]), np.array([rate])))
        at.append(axes.texts[-1].xy[1])  # type: ignore[attr-defined]
    low, high = np.log(axes.get_ylim())
    roof = (np.log(100.0) - low) / (high - low)
    assert at[0] < roof < at[1]
