"""A model looked at without data: the trace behind `reportgen trace`."""

from __future__ import annotations

from pathlib import Path

import torch

from reportgen.experiment.models import load_model
from reportgen.experiment.trace import trace_model
from reportgen.record.trace import ModelTrace, Shape
from reportgen.spec.types import ModelSpec


def trace_source(source: str, shape: Shape) -> ModelTrace:
    """Trace the model of a `model.source` (relative to the working folder) on one random image of `shape`."""
    torch.manual_seed(0)
    loaded = load_model(ModelSpec(source=source), Path(), None)
    return trace_model(loaded.module, torch.randn(shape), source)
