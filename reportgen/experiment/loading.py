"""Model, data and teacher of an experiment, loaded and tried before anything expensive starts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch

from reportgen.errors import ModelError, about
from reportgen.experiment.datasets import choose_dataset, find_datasets
from reportgen.experiment.datasets.channels import channel_notes
from reportgen.experiment.datasets.loaded import LoadedData
from reportgen.experiment.datasets.loading import load_data
from reportgen.experiment.device import ComputeDevice
from reportgen.experiment.models import LoadedModel, load_model, read_model
from reportgen.experiment.models.fresh import check_fresh
from reportgen.experiment.models.preparing import late_layers
from reportgen.experiment.models.pretrained import Fetching, Pretrained
from reportgen.experiment.models.pretrained_choice import find_pretrained, preparation_notes, with_preparation
from reportgen.experiment.placement import place_by_trial
from reportgen.experiment.random_numbers import seed_everything
from reportgen.experiment.request import Clock, Request
from reportgen.experiment.teacher import load_teacher
from reportgen.plugins import DatasetKind
from reportgen.record.message import N_, Message
from reportgen.spec.gates import check_classes
from reportgen.spec.paths import model_without_paths
from reportgen.spec.types import DataSpec, ReportSpec


@dataclass(frozen=True)
class Loaded:
    """What an experiment works with."""

    model: LoadedModel
    data: LoadedData
    teacher: LoadedModel | None
    again: Callable[[int], LoadedModel]
    """The model made again with the random numbers of a seed."""
    device: ComputeDevice | None = None
    """With the memory format and the precision that the model takes; None: as they were asked for."""


def load(request: Request, device: ComputeDevice, clock: Clock) -> Loaded:
    """Model, data and teacher, tried on two images; the model first where its classes are known before the data.

    Raises ModelError, DataError or EnvironmentTrouble.
    """
    spec, seed = request.spec, request.spec.run.seeds[0]
    kinds, sources = find_datasets() | request.plugins.datasets, request.plugins.sources

    shapes: list[tuple[int, int, int]] = []  # of an image, once the data is here

    def make(classes: int, seed: int) -> LoadedModel:
        with about("model.source"):
            seed_everything(seed)
            shape, fetching = next(iter(shapes), None), Fetching(request.offline, clock.progress)
            return load_model(spec.model, request.base, classes, sources, image_shape=shape, fetching=fetching)

    expected = None if spec.model.head == "replace" else choose_dataset(spec.data, kinds)[0].classes
    with about("model.pretrained"):
        pretrained = find_pretrained(spec.model)
    prepared = with_preparation(spec.data, pretrained, spec.model)
    with clock.stage(N_("Load the model")):
        model = make(expected, seed) if expected is not None else None
    data = load_images(request, prepared, kinds, clock)
    check_classes(spec.gates, data.facts.classes)
    classes, trains = len(data.facts.classes), spec.run.mode == "train"
    shapes.append(data.facts.image_shape)
    if not trains:
        refuse_other_classes(pretrained, classes)
    teacher = load_asked_teacher(request, data, clock)
    plain = replace(data, normalization=replace(data.normalization, channels_last=False))  # which every model takes
    with clock.stage(N_("Try two images")), about("model.source"):
        if model is None or model.unfinished or classes != expected or late_layers(model.module, shapes[0]):
            model = make(classes, seed)
        model = read_model(model, spec.model, plain, trains=trains)
        placed = place_by_trial(model.module, data, spec.run, device, teacher.module if teacher else None)
        new = check_seeds(model, make, spec, classes)
    told = preparation_notes(spec.data, prepared, pretrained) + channel_notes(spec.data) + placed.notes + new
    model = replace(model, notes=model.notes + told)

    def again(other: int) -> LoadedModel:
        return read_model(make(classes, other), spec.model, plain, trains=trains)

    return Loaded(model, placed.data, teacher, again, placed.device)


def check_seeds(
    model: LoadedModel, make: Callable[[int, int], LoadedModel], spec: ReportSpec, classes: int
) -> tuple[Message, ...]:
    """What is to say of the initial weights of several trainings; raises ModelError where they would be one model's."""
    further = spec.run.seeds[1:] if spec.run.mode == "train" and spec.model.weights is None else ()
    if not further:
        return ()
    given = spec.model.pretrained is not None

    def make_again() -> torch.nn.Module:
        return make(classes, further[0]).module

    return check_fresh(model.module, make_again, model_without_paths(spec.model).source, begins_given=given)


def load_images(request: Request, prepared: DataSpec, kinds: dict[str, DatasetKind], clock: Clock) -> LoadedData:
    """The data set of the spec, with the preparation of its weights; raises DataError."""
    with clock.stage(N_("Load the data")), about("data.name"):
        return load_data(
            prepared,
            data_root=request.data_root,
            offline=request.offline,
            seed=request.spec.run.seeds[0],
            base=request.base,
            progress=clock.progress,
            evaluating=request.spec.run.mode == "evaluate",
            kinds=kinds,
        )


def load_asked_teacher(request: Request, data: LoadedData, clock: Clock) -> LoadedModel | None:
    """The teacher of a training that the spec asks for; else None. Raises ModelError."""
    run = request.spec.run
    if run.loss.teacher is None or run.mode != "train":
        return None
    with clock.stage(N_("Load the teacher")):
        return load_teacher(run.loss.teacher, request.base, data, request.plugins.sources)


def refuse_other_classes(pretrained: Pretrained | None, classes: int) -> None:
    """Raise ModelError where pretrained weights that nothing trains know another number of classes than the data."""
    if pretrained is not None and pretrained.classes != classes:
        with about("model.pretrained"):
            raise ModelError(
                f"the weights {pretrained.name} have {pretrained.classes:,} classes and the data set has {classes:,}",
                "Set run.mode: train, which gives them a new last layer.",
            )
