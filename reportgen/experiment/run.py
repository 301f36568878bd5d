"""One experiment from spec to record: load, check on two images, trace, train, evaluate, time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import torch
from numpy.typing import NDArray

from reportgen.errors import about
from reportgen.experiment.datasets.loaded import LoadedData
from reportgen.experiment.device import ComputeDevice, resolve_device
from reportgen.experiment.evaluate import evaluate
from reportgen.experiment.latency import measure_latency
from reportgen.experiment.loading import Loaded, load
from reportgen.experiment.models import LoadedModel
from reportgen.experiment.probes import ProbeContext, Probed, probe_model
from reportgen.experiment.recording import Measured, gather_arrays, make_record
from reportgen.experiment.request import Clock, Request
from reportgen.experiment.seeds import train_further
from reportgen.experiment.teacher import evaluate_teacher
from reportgen.experiment.trace import time_modules, trace_model, with_fit
from reportgen.experiment.training import TrainingResult, run_training
from reportgen.progress import Progress
from reportgen.record.latency import Latency
from reportgen.record.message import N_
from reportgen.record.run import RunRecord
from reportgen.record.trace import ModelTrace
from reportgen.spec.types import ReportSpec

ChooseImages = Callable[[NDArray[Any], NDArray[Any], NDArray[Any]], NDArray[Any]]
"""(logits, labels, digests) -> positions of the evaluation images whose pixels the record keeps."""

TIMED_BATCH = 32
"""Images of up to 64×64; of larger ones as many as have the same number of pixels."""


def run_experiment(request: Request, choose_images: ChooseImages, progress: Progress) -> RunRecord:
    """Run the experiment of a spec on this machine.

    Raises ModelError, DataError or EnvironmentTrouble before anything expensive starts. A loss that is not finite ends
    training and is recorded, not raised.
    """
    spec, clock = request.spec, Clock(progress)
    with about("run.device"):
        device = resolve_device(
            spec.run.device, spec.run.precision, spec.run.threads, training=spec.run.mode == "train"
        )
    loaded = load(request, device, clock)
    module, data = loaded.model.module, loaded.data
    with clock.stage(N_("Trace")):
        example = first_image(data)
        trace = trace_model(module, example, spec.model.source)
        trace = with_fit(trace, module, example, adapts=spec.model.stem == "as_is")
    training, initial = None, None
    if spec.run.mode == "train":
        initial = keep_state(module)
        training = train_first(loaded, spec, device, clock)
    with clock.stage(N_("Evaluate"), len(data.test_labels), "images") as task:
        start = time.perf_counter()
        logits = evaluate(module, data.test_images, data.normalization, device, task)
        eval_seconds = time.perf_counter() - start
    with clock.stage(N_("Time the model")):
        trace, latency = time_model(loaded.model, data, device, trace)
    positions = choose_images(logits, data.test_labels.numpy(), data.test_digests)
    history = training.arrays if training else {}
    context = ProbeContext(module, initial, data, device, spec, trace, logits, positions, history)
    probed = run_probes(context, eval_seconds + (training.training.seconds if training else 0.0), clock)
    further = train_further(loaded, spec.run, device, clock)
    found = Measured(
        trace=trace,
        training=training.training if training else None,
        seeds=further.runs,
        latency=latency,
        eval_seconds=eval_seconds,
        stages=tuple(clock.stages),
        probes=probed.probes,
        arrays=gather_arrays(data, logits, positions).merged({**history, **probed.arrays, **further.arrays}),
    )
    return make_record(request, device, loaded, found)


def train_first(loaded: Loaded, spec: ReportSpec, device: ComputeDevice, clock: Clock) -> TrainingResult:
    """The training that the report is about, and what its teacher is worth, where it has one."""
    taught = None
    if loaded.teacher is not None and spec.run.loss.teacher is not None:
        with clock.stage(N_("Evaluate the teacher"), len(loaded.data.test_labels), "images") as task:
            taught = evaluate_teacher(loaded.teacher, spec.run.loss.teacher, loaded.data, device, task)
    count = len(spec.run.seeds)
    name = N_("Train") if count == 1 else N_("Train, seed {number} of {count}", number=1, count=count)
    with clock.stage(name, 100, "%", kept=N_("Train")) as task:
        teacher = loaded.teacher.module if loaded.teacher else None
        result = run_training(loaded.model.module, loaded.data, spec.run, device, task, teacher)
    if taught is None:
        return result
    told = result.training.model_copy(update={"teacher": taught.facts})
    return TrainingResult(told, {**result.arrays, **taught.arrays})


def first_image(data: LoadedData) -> torch.Tensor:
    """One test image as the model sees it, (1, C, H, W) float32."""
    return data.normalization.apply(data.test_images[:1])


def time_model(
    loaded: LoadedModel, data: LoadedData, device: ComputeDevice, trace: ModelTrace
) -> tuple[ModelTrace, tuple[Latency, ...]]:
    """The trace with the time of each module, and the latency of the whole."""
    number = max(1, min(TIMED_BATCH, TIMED_BATCH * 64 * 64 // data.normalization.pixels(data.test_images)))
    batch = data.normalization.apply(data.test_images[:number].to(device.torch_device), device.dtype)
    with device.autocast(evaluating=True):
        timed = time_modules(loaded.module, batch, trace, synchronise=device.synchronise)
    return timed, measure_latency(loaded.module, data.facts.image_shape, device)


def keep_state(module: torch.nn.Module) -> dict[str, torch.Tensor]:
    """A copy of the state dict on the CPU."""
    return {name: tensor.detach().cpu().clone() for name, tensor in module.state_dict().items()}


def run_probes(context: ProbeContext, pass_seconds: float, clock: Clock) -> Probed:
    """What the probes find, within their price."""
    with clock.stage(N_("Probe")) as task:
        return probe_model(context, pass_seconds, lambda title: task.advance(0, title))
