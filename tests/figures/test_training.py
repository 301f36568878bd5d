"""The figures of training, and how steps are gathered for them."""

from __future__ import annotations

import numpy as np
import pytest

from reportgen.figures.training_steps import PIECES, ceiling, line_of, ranges
from reportgen.record.run import Divergence, RunRecord
from reportgen.report.model import FigureFile, Skipped
from reportgen.report.style import ACCENT, WRONG
from tests.figures.drawing import draw, drawn, marks, texts


def test_curves_mark_every_epoch_when_they_are_few(record: RunRecord) -> None:
    assert record.training is not None
    figure = drawn(record, "training_curves")
    assert marks(figure, ACCENT) == 2 * len(record.training.epochs)
    assert texts(figure).count("training") == texts(figure).count("test") == 2
    assert "75.0\u00a0% (71.0–78.6, n\u00a0=\u00a0500)" in figure.caption


def test_many_epochs_are_lines_without_marks(record: RunRecord) -> None:
    assert record.training is not None
    row = record.training.epochs[0]
    rows = tuple(row.model_copy(update={"epoch": float(i + 1)}) for i in range(80))
    long = record.model_copy(update={"training": record.training.model_copy(update={"epochs": rows})})
    assert marks(drawn(long, "training_curves"), ACCENT) == 0


def test_curves_leave_out_what_is_not_finite(record: RunRecord) -> None:
    assert record.training is not None
    rows = tuple(
        row.model_copy(update={"train_loss": float("nan"), "test_loss": None}) for row in record.training.epochs
    )
    broken = record.model_copy(update={"training": record.training.model_copy(update={"epochs": rows})})
    shown = texts(drawn(broken, "training_curves"))
    assert "Accuracy, %" in shown
    assert "Loss" not in shown
    none = record.model_copy(update={"training": record.training.model_copy(update={"epochs": ()})})
    assert isinstance(draw(none, ["training_curves"])["training_curves"], Skipped)


def test_steps_have_one_panel_a_series_and_mark_divergence(record: RunRecord) -> None:
    assert record.training is not None
    assert {"Loss", "Learning rate", "Gradient norm", "Throughput, images/s"} <= set(
        texts(drawn(record, "training_steps"))
    )
    loss = record.arrays["train.loss"].copy()
    loss[60:] = np.nan
    fell = record.training.model_copy(
        update={"divergence": Divergence(step=61, epoch=2.0, learning_rate=0.1, batch_ids=())}
    )
    figure = drawn(
        record.model_copy(update={"training": fell, "arrays": record.arrays.merged({"train.loss": loss})}),
        "training_steps",
    )
    assert figure.data.count(f"stroke: {WRONG}".encode()) == 4
    assert "not finite from step 61" in figure.caption


def test_ranges_keep_every_extreme() -> None:
    values = np.random.default_rng(0).normal(size=10_007)
    values[[0, 5_000, 10_006]] = np.nan
    x, low, high = ranges(values)
    assert len(x) == PIECES
    assert low.min() == np.nanmin(values)
    assert high.max() == np.nanmax(values)
    assert np.all(low <= high)


@pytest.mark.parametrize(("count", "window"), [(1, 1), (7, 3), (50, 5)])
def test_line_is_the_moving_median(count: int, window: int) -> None:
    values = np.random.default_rng(count).normal(size=count)
    steps, line = line_of(values, window)
    half = window // 2
    expected = [np.median([values[k] for k in range(count) if abs(k - i) <= half]) for i in range(count)]
    np.testing.assert_array_equal(steps, np.arange(1, count + 1))
    np.testing.assert_allclose(line, expected)


def test_one_spike_does_not_flatten_the_rest() -> None:
    values = np.ones(1000)
    assert ceiling(values) == (1.08, None)
    values[3] = 500.0
    assert ceiling(values) == (1.5, 500.0)


def test_one_loss_far_beyond_the_others_does_not_press_them_flat(record: RunRecord) -> None:
    training = record.training
    assert training is not None
    first = training.epochs[0].model_copy(update={"test_loss": 69.8})
    wild = training.model_copy(update={"epochs": (first, *training.epochs[1:])})
    figure = draw(record.model_copy(update={"training": wild}), ["training_curves"])["training_curves"]
    calm = draw(record, ["training_curves"])["training_curves"]
    assert isinstance(figure, FigureFile)
    assert isinstance(calm, FigureFile)
    assert "69.8 at epoch 1.0 is above" in figure.data.decode()
    assert "is above" not in calm.data.decode()


def test_a_name_stays_inside_when_its_line_ends_far_above(record: RunRecord) -> None:
    """Else the axes would collapse to make room for it, which is a warning and so an error here."""
    training = record.training
    assert training is not None
    last = training.epochs[-1].model_copy(update={"test_loss": 3e5})
    wild = training.model_copy(update={"epochs": (*training.epochs[:-1], last)})
    drawn = draw(record.model_copy(update={"training": wild}), ["training_curves"])["training_curves"]
    assert isinstance(drawn, FigureFile)
    assert "is above" in drawn.data.decode()
