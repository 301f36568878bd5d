"""The numbers beside each figure: heads with units, rows of one length, no rounding."""

from __future__ import annotations

import csv
import io
import math

import numpy as np
import pytest

from reportgen.figures._table import write_csv
from reportgen.plugins import FigureKind, discover
from reportgen.record.run import RunRecord
from reportgen.report.model import FigureFile
from tests.figures.drawing import draw, drawn
from tests.support.cost_facts import cost_facts, timed, with_cost
from tests.support.explanation_facts import explained
from tests.support.layers import with_dynamics, with_responses
from tests.support.records import presented

WITHOUT = {
    "autograd",
    "autograd_2",
    "autograd_3",
    "diagram",
    "diagram_blocks",
    "diagram_blocks_2",
    "explanation_maps",
    "feature_maps",
    "nearest_images",
    "robustness_examples",
    "sample_augmented",
    "sample_raw",
    "weights_enlarged",
    "weights_filters",
    "weights_matrices",
}
"""Drawings of the network, and images."""


def rows_of(figure: FigureFile) -> list[list[str]]:
    return list(csv.reader(io.StringIO(figure.csv)))


def test_a_cell_is_whole_and_an_unknown_one_is_empty() -> None:
    text = write_csv(("a", "b"), [(1 / 3, None), (math.nan, np.float32(0.1)), ("x,\ny", np.int64(7)), (1e-9, 12.0)])
    assert text == 'a,b\n0.3333333333,\n,0.1000000015\n"x, y",7\n1e-09,12\n'
    with pytest.raises(ValueError, match="1 cells under 2 heads"):
        write_csv(("a", "b"), [("x",)])
    assert write_csv(("class", "value"), [("=1+1", -1.5), ("-1", None)]) == "class,value\n'=1+1,-1.5\n-1,\n"


@pytest.mark.slow
def test_every_figure_of_numbers_has_them_and_no_other(record: RunRecord) -> None:
    kinds = discover("reportgen.figures", "FIGURE", FigureKind)
    names = [name for name in kinds if not name.startswith(("mail_", "brief_", "first_"))]
    figures = {name: one for name, one in draw(presented(record), names).items() if isinstance(one, FigureFile)}
    assert len(figures) >= 15
    for name, figure in figures.items():
        assert bool(figure.csv) == (name not in WITHOUT), name
        if figure.csv:
            heads, *rows = rows_of(figure)
            assert rows, name
            assert len(set(heads)) == len(heads), name
            assert {len(row) for row in rows} == {len(heads)}, name
            assert "nan" not in figure.csv.lower().replace("nano", ""), name


@pytest.mark.slow
def test_the_history_of_every_step_and_epoch_is_there(record: RunRecord) -> None:
    assert record.training is not None
    heads, *rows = rows_of(drawn(record, "training_steps"))
    loss = record.arrays["train.loss"]
    assert heads[:2] == ["step", "loss"]
    assert [float(row[1]) for row in rows] == pytest.approx(loss.tolist(), rel=1e-6)
    heads, *rows = rows_of(drawn(record, "training_curves"))
    epochs = record.training.epochs
    assert [float(row[1]) for row in rows] == [point.epoch for point in epochs]
    last = epochs[-1].test_accuracy
    assert last is not None
    assert float(rows[-1][heads.index("test accuracy (%)")]) == pytest.approx(100 * last)


def test_responses_are_those_of_the_layers(record: RunRecord) -> None:
    responses = with_responses(record, 3)
    heads, *rows = rows_of(drawn(responses, "response_drive"))
    drives = responses.arrays["response.drives"]
    assert len(rows) == 2 * 3 * len(drives)
    nominal = [row for row in rows if float(row[2]) == 1.0]
    assert all(float(row[heads.index("relative response")]) == 1.0 for row in nominal)
    exposure = rows_of(drawn(responses, "response_exposure"))
    assert {row[0] for row in exposure[1:]} == {"accuracy (%)", "mean confidence (%)", "relative response"}


def test_maps_of_training_are_written_before_their_logarithm(record: RunRecord) -> None:
    dynamics = with_dynamics(record, 4, 20)
    rows = rows_of(drawn(dynamics, "training_layers"))[1:]
    assert len(rows) == 4 * len(dynamics.arrays["dynamics.steps"])
    gradient = dynamics.arrays["dynamics.gradient"][:, list(dynamics.probes.dynamics.order)]  # type: ignore[union-attr]
    assert [float(row[2]) for row in rows] == pytest.approx(gradient.T.ravel().tolist(), rel=1e-6)
    assert len(rows_of(drawn(dynamics, "training_activations"))) > 1


def test_costs_and_limits_are_in_units(record: RunRecord) -> None:
    costly = with_cost(record.model_copy(update={"trace": timed(record.trace)}))
    heads, *rows = rows_of(drawn(costly, "step_time"))
    step = cost_facts().step
    assert step is not None
    assert [float(row[1]) for row in rows] == pytest.approx(list(step.parts))
    assert sum(float(row[2]) for row in rows) == pytest.approx(100)
    heads, *rows = rows_of(drawn(costly, "roofline"))
    assert heads[2] == "rate (GFLOP/s)"
    assert float(rows[-2][2]) == pytest.approx(100)


def test_checks_of_maps_have_their_curves(record: RunRecord) -> None:
    heads, *rows = rows_of(drawn(explained(record), "explanation_checks"))
    assert heads[0] == "method"
    assert any(row[1].endswith("random order") for row in rows)
    points = rows_of(drawn(explained(record), "embedding"))
    assert points[0][-2:] == ["x", "y"]
    assert len(points) > 10
