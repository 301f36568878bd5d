"""What rows say, and how wide text is."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.figures._diagram.labels import CONSTANTS, FULL_LISTS, KIND_ONLY, RANGES, label, series
from reportgen.figures._diagram.text import cut_beginning, shorten
from reportgen.record.operators import is_follower
from reportgen.record.trace import ModuleCall
from reportgen.text.widths import text_width
from tests.support.records import module

CONV = "3, 64, kernel_size=(7, 7), stride=(2, 2), padding=(3, 3), bias=False"


def call(kind: str, settings: str) -> ModuleCall:
    return module(0, "m", kind, None, 0, settings=settings)


@pytest.mark.parametrize(
    ("kind", "settings", "expected"),
    [
        ("Conv2d", CONV, "Conv2d 7×7, 64, stride 2"),
        ("Conv2d", "32, 32, kernel_size=(3, 3), stride=(1, 1), groups=32", "Conv2d 3×3, 32, depthwise"),
        ("Conv2d", "32, 64, kernel_size=(1, 7), stride=(1, 1), groups=4", "Conv2d 1×7, 64, groups 4"),
        ("Conv2d", "8, 8, kernel_size=(3, 3), stride=(2, 1), dilation=(2, 2)", "Conv2d 3×3, 8, stride 2×1, dilation 2"),
        ("Conv1d", "8, 16, kernel_size=(3,), stride=(1,)", "Conv1d 3, 16"),
        ("Linear", "in_features=512, out_features=10, bias=True", "Linear 512→10"),
        ("MaxPool2d", "kernel_size=3, stride=2, padding=1, dilation=1, ceil_mode=False", "MaxPool2d 3×3, stride 2"),
        ("AdaptiveAvgPool2d", "output_size=(1, 1)", "AdaptiveAvgPool2d 1×1"),
        ("BatchNorm2d", "64, eps=1e-05, momentum=0.1", "BatchNorm2d"),
        ("Mystery", "anything, goes=(1, (2", "Mystery"),
    ],
)
def test_labels_of_one_module(kind: str, settings: str, expected: str) -> None:
    assert label([call(kind, settings)]) == expected


def test_labels_of_several_modules_lose_detail_step_by_step() -> None:
    calls = [call("Conv2d", f"16, {width}, kernel_size=(3, 3), stride=(1, 1)") for width in (64, 128, 256, 128)]
    assert label(calls, FULL_LISTS) == "Conv2d 3×3, 64·128·256"
    assert label(calls, RANGES) == "Conv2d 3×3, 64–256"
    assert label(calls, CONSTANTS) == "Conv2d 3×3"
    assert label(calls, KIND_ONLY) == "Conv2d"


def test_varied_linear_layers_show_their_outputs() -> None:
    calls = [call("Linear", f"in_features={n}, out_features={4 * n}") for n in (96, 192)]
    assert label(calls) == "Linear →384·768"


def test_series() -> None:
    assert series(["2", "2"]) == "2"
    assert series(str(n) for n in (8, 4, 16, 2, 32)) == "2–32"
    assert series(["a", "b"], listed=1) == "a … b"


def test_followers() -> None:
    assert all(
        map(is_follower, ("ReLU", "BatchNorm2d", "LayerNorm", "gelu", "Dropout", "FrozenBatchNorm2d", "log_softmax"))
    )
    assert not any(map(is_follower, ("Conv2d", "Linear", "flatten", "MultiheadAttention", "MaxPool2d")))


@pytest.mark.parametrize(("face", "bold", "margin"), [("Helvetica", False, 1.05), ("Helvetica-Bold", True, 1.12)])
def test_widths_cover_adobes_metrics(face: str, bold: bool, margin: float) -> None:
    lines = (Path(mpl.get_data_path()) / "fonts" / "pdfcorefonts" / f"{face}.afm").read_text("latin-1").splitlines()
    rows = [line.split() for line in lines if line.startswith("C ")]
    advances = {
        chr(int(row[1])): float(row[4]) for row in rows if 32 <= int(row[1]) < 127 and row[1] not in {"39", "96"}
    }
    assert len(advances) == 93
    if not bold:
        assert {c: text_width(c, 1000) / margin for c in advances} == pytest.approx(advances)
    for words in ("BasicBlock ×2", "SwinTransformerBlock", "Conv2d 3×3, 64·128, stride 2", "MultiheadAttention"):
        known = sum(advances.get(char, 0) for char in words) / 1000
        assert text_width(words, 1, bold) >= known


@pytest.mark.slow
@given(st.text(max_size=400), st.floats(20, 300))
def test_shortened_text_fits(text: str, width: float) -> None:
    for cut in (shorten(text, width, 10), cut_beginning(text, width, 10)):
        assert text_width(cut, 10) <= width or len(cut) <= 2
        assert all(char.isprintable() for char in cut)
