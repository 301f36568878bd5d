from __future__ import annotations

import pytest

from reportgen.cli.trace_table import format_trace
from reportgen.record.trace import ModelTrace
from reportgen.report.layer_table import fold
from tests.support.records import module, small_trace


def flat(count: int, same: bool) -> ModelTrace:
    """A model of `count` layers on one level."""
    width = {"parameters": 5, "own_parameters": 5, "trainable": 5, "macs": 7, "own_macs": 7, "activation_bytes": 3}
    layers = [
        module(i + 1, f"layer_{i}", "Linear", 0, 1, settings="" if same else str(i), **width) for i in range(count)
    ]
    root = module(0, "", "Net", None, 0, parameters=5 * count, trainable=5 * count, macs=7 * count, is_leaf=False)
    return small_trace().model_copy(update={"modules": (root, *layers)})


def test_equal_blocks_are_one_row_and_sums_hold() -> None:
    rows = fold(small_trace())
    assert [(row.path, row.times, row.parameters, row.macs) for row in rows] == [
        ("", 1, 9898, 9_880_224),
        ("conv1", 1, 448, 442_368),
        ("layer1", 1, 9280, 9_437_184),
        ("layer1.0–1", 2, 9280, 9_437_184),
        ("layer1.0–1.conv1", 2, 4640, 4_718_592),
        ("layer1.0–1.relu", 2, 0, 0),
        ("layer1.0–1.conv2", 2, 4640, 4_718_592),
        ("fc", 1, 170, 672),
    ]
    assert rows[3].seconds == pytest.approx(0.0016)
    assert rows[3].activation_bytes == 600_000


def test_the_first_level_sums_to_the_model() -> None:
    whole, *rest = fold(small_trace())
    top = [row for row in rest if row.depth == 1]
    assert sum(row.parameters for row in top) == whole.parameters
    assert sum(row.trainable for row in top) == whole.trainable


@pytest.mark.parametrize(
    "change",
    [
        {"settings": "other"},
        {"output_shapes": ((1, 8, 32, 32),)},
        {"macs": 1},
        {"parameters": 1},
        {"trainable": 0},
        {"kind": "Other"},
    ],
)
def test_blocks_that_differ_anywhere_inside_stay_apart(change: dict[str, object]) -> None:
    trace = small_trace()
    inner = trace.modules[8].model_copy(update=change)
    trace = trace.model_copy(update={"modules": (*trace.modules[:8], inner, *trace.modules[9:])})
    assert [row.path for row in fold(trace) if row.depth == 2] == ["layer1.0", "layer1.1"]


def test_the_deepest_level_goes_first_when_there_are_too_many_rows() -> None:
    rows = fold(small_trace(), max_rows=5)
    assert [row.path for row in rows] == ["", "conv1", "layer1", "layer1.0–1", "fc"]
    assert [row.path for row in fold(small_trace(), depth=1)] == ["", "conv1", "layer1", "fc"]


def test_a_run_of_equal_layers_is_one_row() -> None:
    rows = fold(flat(100, same=True))
    assert [(row.path, row.times, row.parameters) for row in rows] == [("", 1, 500), ("layer_0–99", 100, 500)]


@pytest.mark.parametrize("limit", [3, 10, 60])
def test_a_level_that_is_too_long_keeps_its_ends_and_its_sum(limit: int) -> None:
    rows = fold(flat(100, same=False), max_rows=limit)
    assert len(rows) == limit
    assert rows[-1].path == "layer_99"
    assert sum(row.parameters for row in rows[1:]) == 500
    assert sum(row.times for row in rows[1:]) == 100


def test_a_reused_layer_shows_its_parameters_once() -> None:
    layers = [
        module(1, "conv", "Conv2d", 0, 1, parameters=9, own_parameters=9, trainable=9),
        module(2, "conv", "Conv2d", 0, 1, parameters=9, own_parameters=0, trainable=9, call=1),
        module(3, "conv", "Conv2d", 0, 1, parameters=9, own_parameters=0, trainable=9, call=2),
    ]
    root = module(0, "", "Net", None, 0, parameters=9, trainable=9, is_leaf=False)
    rows = fold(small_trace().model_copy(update={"modules": (root, *layers)}))
    assert [(row.path, row.times, row.parameters, row.trainable, row.reused) for row in rows] == [
        ("", 1, 9, 9, False),
        ("conv", 1, 9, 9, False),
        ("conv", 2, 0, 0, True),
    ]


def test_unknown_times_stay_unknown() -> None:
    trace = small_trace()
    rows = tuple(row.model_copy(update={"seconds": None}) if row.index == 7 else row for row in trace.modules)
    folded = fold(trace.model_copy(update={"modules": rows}))
    assert next(row for row in folded if row.path == "layer1.0–1").seconds is None


def test_the_text_is_aligned_and_complete() -> None:
    text = format_trace(small_trace())
    table = text.split("\n\n")[0].splitlines()
    assert table[0].split() == ["module", "type", "output", "parameters", "MACs", "saved", "KiB", "ms"]
    assert len({len(line) for line in table}) == 1
    assert "BasicBlock ×2" in text
    assert "9,898 parameters" in text
    assert "receptive field 11 pixels" in text


def test_the_text_at_a_depth_shows_that_depth() -> None:
    assert "BasicBlock" not in format_trace(small_trace(), depth=1)
    assert len(format_trace(flat(100, same=False), depth=1).split("\n\n")[0].splitlines()) == 103
