"""A model looked at without data: the trace behind `reportgen trace`."""

from __future__ import annotations

from pathlib import Path

import torch

from reportgen.experiment.models import load_model
from reportgen.experiment.models.preparing import compilers_as_before
from reportgen.experiment.trace import trace_model
from reportgen.record.trace import ModelTrace, Shape
from reportgen.spec.types import ModelSpec


def image_of(shape: Shape) -> tuple[int, int, int] | None:
    """Channels, height and width of one image of a batch."""
    return (shape[1], shape[2], shape[3]) if len(shape) == 4 else None


@compilers_as_before()
def trace_source(source: str, shape: Shape) -> ModelTrace:
    """Trace the model of a `model.source` (relative to the working folder) on one random image of `shape`."""
    torch.manual_seed(0)
    loaded = load_model(ModelSpec(source=source), Path(), None, image_shape=image_of(shape))
    return trace_model(loaded.module, torch.randn(shape), source)
