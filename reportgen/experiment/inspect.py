"""A model looked at without data: the trace behind `reportgen trace`."""

from __future__ import annotations

from pathlib import Path

import torch

from reportgen.errors import about
from reportgen.experiment.datasets import choose_dataset, find_datasets
from reportgen.experiment.models import load_model
from reportgen.experiment.models.preparing import compilers_as_before
from reportgen.experiment.models.pretrained_choice import find_pretrained, with_preparation
from reportgen.experiment.trace import trace_model
from reportgen.plugins import Plugins
from reportgen.record.trace import ModelTrace, Shape
from reportgen.spec.types import ModelSpec, ReportSpec

SIDE = 32
"""Pixels of an image where a spec does not say how large it is: as of CIFAR."""


def image_of(shape: Shape) -> tuple[int, int, int] | None:
    """Channels, height and width of one image of a batch."""
    return (shape[1], shape[2], shape[3]) if len(shape) == 4 else None


@compilers_as_before()
def trace_source(source: str, shape: Shape, classes: int | None = None) -> ModelTrace:
    """Trace the model of a `model.source` (relative to the working folder) on one random image of `shape`.

    `classes`: what it is made for, where it takes that; None: its own default.
    """
    torch.manual_seed(0)
    loaded = load_model(ModelSpec(source=source), Path(), classes, image_shape=image_of(shape))
    return trace_model(loaded.module, torch.randn(shape), source)


@compilers_as_before()
def trace_spec(
    spec: ReportSpec, base: Path, plugins: Plugins, shape: Shape | None = None, classes: int | None = None
) -> ModelTrace:
    """Trace the model of a spec in the folder `base`, without its data and its weights, which change no architecture.

    `shape`: of one image with the batch dimension; None: as the spec says, or 32×32. `classes`: what it is made for
    where only the data would tell; None: its own default. Raises ModelError, with the spec's key, for a model that
    can’t be made, SpecError for a data set that is not known.
    """
    torch.manual_seed(0)
    prepared = with_preparation(spec.data, find_pretrained(spec.model), spec.model)
    with about("data.name"):
        kind, _unused = choose_dataset(spec.data, find_datasets() | plugins.datasets)
    side = prepared.image_size or SIDE
    given = shape or (1, spec.data.channels or 3, side, side)
    model = spec.model.model_copy(update={"weights": None, "weights_key": None, "pretrained": None})
    with about("model.source"):
        loaded = load_model(model, base, kind.classes or classes, plugins.sources, image_shape=image_of(given))
        return trace_model(loaded.module, torch.randn(given), model.source)
