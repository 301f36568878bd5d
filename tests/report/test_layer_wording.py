"""The settings of a layer are worded alike in the layer table, the diagram and the comparison of two models."""

from __future__ import annotations

import pytest
import torch

from reportgen.comparison.architecture import compare_architectures
from reportgen.record.trace import ModelTrace
from reportgen.report.architecture_wording import describe_all
from reportgen.report.layer_wording import format_size, list_essentials, list_unusual
from reportgen.report.sections.model.layers import make_layer_table
from tests.support.records import module, small_trace


class StandardizedConv2d(torch.nn.Conv2d):
    """A class of the user's own."""


@pytest.mark.parametrize(
    ("layer", "size", "outputs", "unusual"),
    [
        (torch.nn.Conv2d(3, 64, 7, 2, 3), "7×7", "64", ["stride 2"]),
        (torch.nn.Conv2d(3, 64, (3, 1), (2, 1)), "3×1", "64", ["stride 2×1"]),
        (torch.nn.Conv2d(32, 32, 3, groups=32), "3×3", "32", ["depthwise"]),
        (torch.nn.Conv2d(32, 64, 3, groups=4), "3×3", "64", ["groups 4"]),
        (torch.nn.Conv1d(1, 4, 5, dilation=2), "5", "4", ["dilation 2"]),
        (torch.nn.Conv3d(1, 4, 3), "3×3×3", "4", []),
        (torch.nn.ConvTranspose2d(8, 4, 2, 2), "2×2", "4", ["stride 2"]),
        (StandardizedConv2d(3, 8, 3), "3×3", "8", []),
        (torch.nn.Linear(512, 10), None, "10", []),
        (torch.nn.MaxPool1d(3, 2), "3", None, ["stride 2"]),
        (torch.nn.MaxPool2d(3, 2), "3×3", None, ["stride 2"]),
        (torch.nn.MaxPool3d(3, 2), "3×3×3", None, ["stride 2"]),
        (torch.nn.LPPool2d(2, 3), "3×3", None, []),
        (torch.nn.ReLU(), None, None, []),
    ],
)
def test_what_pytorch_prints_of_its_layers(
    layer: torch.nn.Module, size: str | None, outputs: str | None, unusual: list[str]
) -> None:
    essentials = list_essentials(type(layer).__name__, layer.extra_repr())
    assert (essentials.get("size"), essentials.get("outputs")) == (size, outputs)
    assert list_unusual(essentials) == unusual


def test_sides() -> None:
    assert format_size("AdaptiveAvgPool2d", "(1, 1)") == format_size("AdaptiveAvgPool2d", "1") == "1×1"
    assert format_size("Conv1d", "(3,)") == format_size("Conv1d", "3") == "3"
    assert format_size("Mystery", "5") == "5×5"


def one_layer(kind: str, settings: str) -> ModelTrace:
    """A model of one layer."""
    root = small_trace().modules[0]
    leaf = module(1, "conv", kind, 0, 1, settings=settings, output_shapes=((1, 8, 16),))
    return small_trace().model_copy(update={"modules": (root, leaf), "operators": (), "edges": ()})


def test_all_say_the_same_of_a_layer() -> None:
    wide = one_layer("Conv1d", "8, 8, kernel_size=(5,), stride=(2,), groups=8")
    assert make_layer_table(wide).rows[1].settings == "8 → 8, 5, stride 2, depthwise"
    change = compare_architectures(one_layer("Conv1d", "8, 8, kernel_size=(3,), stride=(2,), groups=8"), wide)
    assert "kernel 3 → 5" in describe_all(change)
    own = compare_architectures(
        one_layer("StandardizedConv2d", "8, 8, kernel_size=(3, 3), stride=(1, 1)"),
        one_layer("StandardizedConv2d", "8, 9, kernel_size=(3, 3), stride=(1, 1)"),
    )
    assert "8 → 9 channels" in describe_all(own)
