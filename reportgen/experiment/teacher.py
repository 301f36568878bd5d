"""The model that another one learns from: loaded and checked as that one is, evaluated once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from reportgen.errors import ModelError, about
from reportgen.experiment.datasets.loaded import LoadedData
from reportgen.experiment.device import ComputeDevice
from reportgen.experiment.evaluate import evaluate
from reportgen.experiment.models import LoadedModel, check_forward, load_model, read_model
from reportgen.experiment.random_numbers import kept_random_numbers
from reportgen.plugins import ModelSource
from reportgen.progress import Task
from reportgen.record.run import Teacher
from reportgen.spec.paths import model_without_paths
from reportgen.spec.types import ModelSpec

KEY = "run.loss.teacher"
ITS_KEYS = re.compile(r"\bmodel(?=\.(source|args|stem|weights|weights_key|output)\b|: args)")
"""Where `model.…` stands for a key of the spec, and not for a file model.py."""


@dataclass(frozen=True)
class Taught:
    """What the record keeps of a teacher."""

    facts: Teacher
    arrays: Mapping[str, NDArray[np.uint8]]


def load_teacher(
    spec: ModelSpec, base: Path, data: LoadedData, sources: Mapping[str, ModelSource] | None = None
) -> LoadedModel:
    """The teacher of a spec in the folder `base`, tried on two images of the data's size.

    Raises ModelError about `run.loss.teacher` for whatever does not work out.
    """
    with as_teacher(), about("model.source"), kept_random_numbers():
        torch.manual_seed(0)
        shape = data.facts.image_shape
        loaded = load_model(spec, base, len(data.facts.classes), sources, image_shape=shape)
        plain = replace(data, normalization=replace(data.normalization, channels_last=False))  # which every model takes
        loaded = read_model(loaded, spec, plain)
        check_forward(loaded.module, (2, *data.facts.image_shape), len(data.facts.classes))
        return loaded


@contextmanager
def as_teacher() -> Iterator[None]:
    """Make errors about `model.…` errors about `run.loss.teacher.…`."""
    try:
        yield
    except ModelError as error:
        error.key = ITS_KEYS.sub(KEY, error.key)
        error.message = f"the teacher: {ITS_KEYS.sub(KEY, error.message)}"
        lines = [line for line in error.hint.splitlines() if "model.head" not in line]  # a teacher keeps its last layer
        error.hint = ITS_KEYS.sub(KEY, "\n".join(lines))
        raise


def evaluate_teacher(
    loaded: LoadedModel, spec: ModelSpec, data: LoadedData, device: ComputeDevice, task: Task
) -> Taught:
    """Its own accuracy on the evaluation images; arrays as in Teacher."""
    logits = torch.from_numpy(evaluate(loaded.module, data.test_images, data.normalization, device, task))
    right = logits.argmax(1) == data.test_labels
    facts = Teacher(
        source=model_without_paths(spec).source,
        parameters=sum(parameter.numel() for parameter in loaded.module.parameters()),
        correct=int(right.sum()),
        n=len(right),
        loss=float(torch.nn.functional.cross_entropy(logits, data.test_labels)),
        weights_file=loaded.weights_file,
        weights_sha256=loaded.weights_sha256,
        source_sha256=loaded.source_sha256,
        notes=loaded.notes,
    )
    return Taught(facts, {"teacher.correct": right.numpy().astype(np.uint8)})
