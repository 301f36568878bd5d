"""One experiment from spec to record: load, check on two images, trace, train, evaluate, time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from reportgen.arrays import Arrays
from reportgen.errors import about
from reportgen.experiment.datasets import LoadedData, find_datasets, load_data
from reportgen.experiment.device import ComputeDevice, resolve_device
from reportgen.experiment.evaluate import evaluate
from reportgen.experiment.latency import measure_latency
from reportgen.experiment.models import LoadedModel, load_model
from reportgen.experiment.preflight import check_step
from reportgen.experiment.probing import ProbeContext, Probed, probe_model
from reportgen.experiment.trace import time_modules, trace_model
from reportgen.experiment.training import TrainingResult, run_training
from reportgen.kinds import DatasetKind, ModelSource
from reportgen.plugins import load_plugins
from reportgen.probes import Probes
from reportgen.progress import Progress, Task
from reportgen.provenance import created_now, git_state, installed_versions, platform_name, rebuild_command
from reportgen.record import Latency, Provenance, RunRecord, Stage
from reportgen.spec.gates import check_classes
from reportgen.spec.paths import without_absolute_paths
from reportgen.spec.types import ReportSpec
from reportgen.trace import ModelTrace

ChoosePictures = Callable[[NDArray[Any], NDArray[Any], NDArray[Any]], NDArray[Any]]
"""(logits, labels, digests) -> positions of the evaluation images whose pictures the record keeps."""

TIMED_BATCH = 32
"""Pictures of up to 64×64; of larger ones as many as have the same number of pixels."""
SAMPLES = 40


@dataclass(frozen=True)
class Request:
    """What to run and how it was asked for."""

    spec: ReportSpec
    base: Path
    """The folder of the spec."""
    spec_name: str
    overrides: tuple[str, ...]
    fingerprint: str
    data_root: Path | None = None
    offline: bool = False


@dataclass
class Clock:
    """Wall time of each stage, in order."""

    progress: Progress
    stages: list[Stage] = field(default_factory=list)

    @contextmanager
    def stage(self, name: str, total: int | None = None, unit: str = "") -> Iterator[Task]:
        """A stage of the progress whose time is kept."""
        start = time.perf_counter()
        with self.progress.stage(name, total, unit) as task:
            yield task
        self.stages.append(Stage(name=name, seconds=time.perf_counter() - start))


def run_experiment(request: Request, choose_pictures: ChoosePictures, progress: Progress) -> RunRecord:
    """Run the experiment of a spec on this machine.

    Raises ModelError, DataError or EnvironmentTrouble before anything expensive starts. A loss that is not finite ends
    training and is recorded, not raised.
    """
    spec, clock = request.spec, Clock(progress)
    with about("run.device"):
        device = resolve_device(
            spec.run.device, spec.run.precision, spec.run.threads, training=spec.run.mode == "train"
        )
    loaded, data = load(request, device, clock)
    with clock.stage("Trace"):
        trace = trace_model(loaded.module, first_image(data), spec.model.source)
    training, initial = None, None
    if spec.run.mode == "train":
        initial = keep_state(loaded.module)
        with clock.stage("Train", 100, "%") as task:
            training = run_training(loaded.module, data, spec.run, device, task)
    with clock.stage("Evaluate", len(data.test_labels), "images") as task:
        start = time.perf_counter()
        logits = evaluate(loaded.module, data.test_images, data.normalization, device, task)
        eval_seconds = time.perf_counter() - start
    with clock.stage("Time the model"):
        trace, latency = time_model(loaded, data, device, trace)
    positions = choose_pictures(logits, data.test_labels.numpy(), data.test_digests)
    history = training.arrays if training else {}
    context = ProbeContext(loaded.module, initial, data, device, spec, trace, logits, positions, history)
    probed = look_into(context, eval_seconds + (training.training.seconds if training else 0.0), clock)
    arrays = gather_arrays(data, logits, positions).merged({**history, **probed.arrays})
    return make_record(
        request, device, data, loaded, trace, training, latency, eval_seconds, clock.stages, arrays, probed.probes
    )


def load(request: Request, device: ComputeDevice, clock: Clock) -> tuple[LoadedModel, LoadedData]:
    """The model and the data, tried on two images; the model first where its classes are known before the data."""
    spec = request.spec
    plugins = load_plugins(spec.plugins)
    kinds = find_datasets() | plugins.held("DATASET", DatasetKind)
    sources = plugins.held("SOURCE", ModelSource)

    def make(classes: int) -> LoadedModel:
        with about("model.source"):
            torch.manual_seed(spec.run.seed)
            return load_model(spec.model, request.base, classes, sources)

    expected = kinds[spec.data.name].classes if spec.data.name in kinds else None
    with clock.stage("Load the model"):
        loaded = make(expected) if expected is not None else None
    with clock.stage("Load the data"), about("data.name"):
        data = load_data(
            spec.data,
            data_root=request.data_root,
            offline=request.offline,
            seed=spec.run.seed,
            base=request.base,
            progress=clock.progress,
            kinds=kinds,
        )
    with clock.stage("Try two images"), about("model.source"):
        classes = len(data.facts.classes)
        if loaded is None or classes != expected:
            loaded = make(classes)
        check_step(loaded.module, data, spec.run, device)
        check_classes(spec.gates, data.facts.classes)
    return loaded, data


def first_image(data: LoadedData) -> torch.Tensor:
    """One test image as the model sees it, (1, C, H, W) float32."""
    return data.normalization.apply(data.test_images[:1])


def time_model(
    loaded: LoadedModel, data: LoadedData, device: ComputeDevice, trace: ModelTrace
) -> tuple[ModelTrace, tuple[Latency, ...]]:
    """The trace with the time of each module, and the latency of the whole."""
    number = max(1, min(TIMED_BATCH, TIMED_BATCH * 64 * 64 // data.normalization.pixels(data.test_images)))
    batch = data.normalization.apply(data.test_images[:number].to(device.torch_device), device.dtype)
    timed = time_modules(loaded.module, batch, trace, synchronise=device.synchronise)
    return timed, measure_latency(loaded.module, data.facts.image_shape, device)


def keep_state(module: torch.nn.Module) -> dict[str, torch.Tensor]:
    """A copy of the state dict on the CPU."""
    return {name: tensor.detach().cpu().clone() for name, tensor in module.state_dict().items()}


def look_into(context: ProbeContext, pass_seconds: float, clock: Clock) -> Probed:
    """What the probes find, within their price."""
    with clock.stage("Probe") as task:
        return probe_model(context, pass_seconds, lambda title: task.advance(0, title))


def gather_arrays(data: LoadedData, logits: NDArray[Any], positions: NDArray[Any]) -> Arrays:
    """The evaluation and the pictures as arrays; names and shapes as in RunRecord."""
    labels, ids = data.test_labels.numpy(), data.test_ids
    sample = data.sample(SAMPLES)
    arrays: dict[str, NDArray[Any]] = {
        "eval.logits": logits.astype(np.float32),
        "eval.labels": labels.astype(np.int64),
        "eval.ids": ids.astype(np.int64),
        "eval.digests": data.test_digests,
        "pictures": data.test_images[torch.from_numpy(positions)].numpy(),
        "pictures.ids": ids[positions].astype(np.int64),
        "sample.raw": sample.raw,
        "sample.augmented": sample.augmented,
        "sample.labels": sample.labels,
    }
    return Arrays(arrays)


def make_record(
    request: Request,
    device: ComputeDevice,
    data: LoadedData,
    loaded: LoadedModel,
    trace: ModelTrace,
    training: TrainingResult | None,
    latency: tuple[Latency, ...],
    eval_seconds: float,
    stages: list[Stage],
    arrays: Arrays,
    probes: Probes,
) -> RunRecord:
    """The record of what was measured."""
    return RunRecord(
        fingerprint=request.fingerprint,
        title=request.spec.title or "",
        spec=without_absolute_paths(request.spec),
        device=device.facts,
        provenance=make_provenance(request, loaded),
        data=data.facts,
        trace=trace,
        training=training.training if training else None,
        latency=latency,
        eval_seconds=eval_seconds,
        stages=tuple(stages),
        notes=loaded.notes,
        probes=probes,
        arrays=arrays,
    )


def make_provenance(request: Request, loaded: LoadedModel) -> Provenance:
    """Versions, commit and digests of this run."""
    commit, dirty = git_state(request.base)
    return Provenance(
        created=created_now(),
        command=rebuild_command(request.spec_name, request.overrides),
        versions=installed_versions(),
        platform=platform_name(),
        commit=commit,
        dirty=dirty,
        weights_sha256=loaded.weights_sha256,
        weights_file=loaded.weights_file,
        model_source_sha256=loaded.source_sha256,
    )
