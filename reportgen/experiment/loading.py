"""Model, data and teacher of an experiment, loaded and tried before anything expensive starts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

from reportgen.errors import about
from reportgen.experiment.datasets import choose_dataset, find_datasets
from reportgen.experiment.datasets.loaded import LoadedData
from reportgen.experiment.datasets.loading import load_data
from reportgen.experiment.device import ComputeDevice
from reportgen.experiment.models import LoadedModel, load_model
from reportgen.experiment.request import Clock, Request
from reportgen.experiment.teacher import load_teacher
from reportgen.experiment.trial_step import check_step
from reportgen.record.message import N_
from reportgen.spec.gates import check_classes


@dataclass(frozen=True)
class Loaded:
    """What an experiment works with."""

    model: LoadedModel
    data: LoadedData
    teacher: LoadedModel | None
    again: Callable[[int], LoadedModel]
    """The model made again with the random numbers of a seed."""


def load(request: Request, device: ComputeDevice, clock: Clock) -> Loaded:
    """Model, data and teacher, tried on two images; the model first where its classes are known before the data.

    Raises ModelError, DataError or EnvironmentTrouble.
    """
    spec, seed = request.spec, request.spec.run.seeds[0]
    kinds, sources = find_datasets() | request.plugins.datasets, request.plugins.sources

    def make(classes: int, seed: int) -> LoadedModel:
        with about("model.source"):
            torch.manual_seed(seed)
            return load_model(spec.model, request.base, classes, sources)

    expected = choose_dataset(spec.data, kinds)[0].classes
    with clock.stage(N_("Load the model")):
        model = make(expected, seed) if expected is not None else None
    with clock.stage(N_("Load the data")), about("data.name"):
        data = load_data(
            spec.data,
            data_root=request.data_root,
            offline=request.offline,
            seed=seed,
            base=request.base,
            progress=clock.progress,
            kinds=kinds,
        )
    classes = len(data.facts.classes)
    teacher = None
    if spec.run.loss.teacher is not None and spec.run.mode == "train":
        with clock.stage(N_("Load the teacher")):
            teacher = load_teacher(spec.run.loss.teacher, request.base, data, sources)
    with clock.stage(N_("Try two images")), about("model.source"):
        if model is None or classes != expected:
            model = make(classes, seed)
        check_step(model.module, data, spec.run, device, teacher.module if teacher else None)
        check_classes(spec.gates, data.facts.classes)
    return Loaded(model, data, teacher, lambda other: make(classes, other))
