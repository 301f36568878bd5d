"""Diagrams of real models, traced here: the structures people know are found."""

from __future__ import annotations

import importlib

import pytest

from reportgen.figures._diagram.drawing import Drawing, drawing
from reportgen.record.trace import ModelTrace

KNOWN = {
    "resnet18": {"BasicBlock A ×5", "BasicBlock B ×3"},
    "resnet50": {"Bottleneck A ×4", "Bottleneck B ×12"},
    "densenet121": {"_DenseBlock ×4", "_DenseLayer ×58"},
    "googlenet": {"Inception ×9"},
    "vgg16": set(),
    "swin_t": {
        "SwinTransformerBlock A ×7",
        "SwinTransformerBlock B ×5",
        "ShiftedWindowAttention A ×7",
        "ShiftedWindowAttention B ×5",
    },
    "vit_b_16": {"EncoderBlock ×12"},
}


def traced(name: str) -> ModelTrace:
    torch = importlib.import_module("torch")
    models = importlib.import_module("torchvision.models")
    trace_model = importlib.import_module("reportgen.experiment.trace").trace_model
    more = {"init_weights": False, "aux_logits": False} if name == "googlenet" else {}
    side = 224 if name in {"vit_b_16", "swin_t"} else 64
    trace: ModelTrace = trace_model(getattr(models, name)(weights=None, **more), torch.zeros(1, 3, side, side), name)
    return trace


@pytest.mark.slow
@pytest.mark.parametrize("name", KNOWN)
def test_blocks_that_people_know(name: str) -> None:
    made = drawing(traced(name))
    assert isinstance(made, Drawing)
    assert made.left_out == 0
    assert {panel.title for page in made.pages for panel, _, _ in page.panels if panel.digest} == KNOWN[name]
    for page in made.pages:
        assert page.height <= 880
