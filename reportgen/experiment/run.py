"""One experiment from spec to record: load, check on two images, trace, train, evaluate, time."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from numpy.typing import NDArray

from reportgen.errors import EnvironmentTrouble, about
from reportgen.experiment.answers import Answers, check_answers
from reportgen.experiment.datasets.loaded import LoadedData
from reportgen.experiment.device import ComputeDevice, resolve_device
from reportgen.experiment.evaluate import evaluate
from reportgen.experiment.faults import Faults, blamed_on_model
from reportgen.experiment.keeping import Keeper, is_the_same, keep_weights, restore
from reportgen.experiment.latency import measure_latency
from reportgen.experiment.latency_pairs import measure_in_pairs
from reportgen.experiment.latency_processes import measure_between_processes, own_model, put_together
from reportgen.experiment.loading import Loaded, load
from reportgen.experiment.models import LoadedModel
from reportgen.experiment.models.preparing import compilers_as_before
from reportgen.experiment.nominal import nominal_seconds
from reportgen.experiment.probes import ProbeContext, Probed, probe_model
from reportgen.experiment.probes.run import none_yet
from reportgen.experiment.recording import Measured, gather_arrays, gather_samples, make_record
from reportgen.experiment.request import Clock, Request
from reportgen.experiment.seeds import FurtherSeeds, train_further
from reportgen.experiment.sketch import sketch_weights
from reportgen.experiment.snapshot import preserved
from reportgen.experiment.teacher import evaluate_teacher
from reportgen.experiment.torch_settings import kept_process
from reportgen.experiment.trace import time_modules, trace_model, with_fit, with_reached, with_varying
from reportgen.experiment.training import TrainingResult, run_training
from reportgen.experiment.weights_digest import digest_weights
from reportgen.progress import Progress
from reportgen.record.arrays import Arrays
from reportgen.record.latency import Latency
from reportgen.record.message import N_, Message, nN_
from reportgen.record.run import RunRecord
from reportgen.record.sketch import SKETCH_ARRAY
from reportgen.record.trace import ModelTrace
from reportgen.spec.paths import model_without_paths, resolve_path
from reportgen.spec.types import ReportSpec
from reportgen.system.memory import is_memory_error, memory_trouble
from reportgen.system.signals import exits_raised

ChooseImages = Callable[[NDArray[Any], NDArray[Any], NDArray[Any]], NDArray[Any]]
"""(logits, labels, digests) -> positions of the evaluation images whose pixels the record keeps."""

NO_KEEPER = Keeper()
TRAINING = "the training"
TAKEN_OVER = (TRAINING, "the probe {name}")
"""Parts that are not tried again when a run is gone on with."""
REFUSED = "The model refused {count} batch"
"""How the note on batches that were filled up begins."""
FIRST = 5
"""Test images whose work is compared."""
REACHING = 64
"""Test images, and as many training images, that may reach what the first does not."""
TIMED_BATCH = 32
"""Images of up to 64×64; of larger ones as many as have the same number of pixels."""


@exits_raised()
@kept_process()
@compilers_as_before()
def run_experiment(
    request: Request, choose_images: ChooseImages, progress: Progress, keeper: Keeper = NO_KEEPER
) -> RunRecord:
    """Run the experiment of a spec on this machine; `keeper` is given the record as it grows.

    Raises ModelError, DataError or EnvironmentTrouble before anything expensive starts. A loss that is not finite ends
    training and is recorded, not raised. An error in a later part ends that part alone and is recorded too.
    """
    spec, clock = request.spec, Clock(progress)
    with about("run.device"):
        device = resolve_device(
            spec.run.device, spec.run.precision, spec.run.threads, training=spec.run.mode == "train"
        )
    with blamed_on_model(model_file(spec.model.source, request.base)):
        loaded = load(request, device, clock)
        module, data, device = loaded.model.module, loaded.data, loaded.device or device
        with clock.stage(N_("Trace")):
            example = first_image(data)
            trace = trace_model(module, example, model_without_paths(spec.model).source)
            trace = with_varying(trace, module, data.normalization.apply(data.test_images[:FIRST]))
            several = torch.cat([data.test_images[:REACHING], data.train_images[:REACHING]])
            trace = with_reached(trace, module, data.normalization.apply(several))
            trace = with_fit(trace, module, example, adapts=spec.model.stem == "as_is")
        so_far = SoFar.begin(request, device, loaded, clock, keeper, trace, choose_images)
        so_far.train()
    so_far.sketch()
    so_far.evaluate()
    so_far.time()
    so_far.probe()
    so_far.train_further()
    return so_far.record(unfinished=False)


@dataclass
class SoFar:
    """A run under way: what its stages found, of an earlier run of the same kind or by themselves."""

    request: Request
    device: ComputeDevice
    loaded: Loaded
    clock: Clock
    keeper: Keeper
    faults: Faults
    found: Measured
    choose_images: ChooseImages
    """Which test images the report shows."""
    earlier: RunRecord | None = None
    """What an earlier run found, if it can be gone on from."""
    initial: dict[str, torch.Tensor] | None = None
    arrays: dict[str, NDArray[Any]] = field(default_factory=dict)
    shown: NDArray[Any] | None = None
    """Places (images,) of the test images that the report shows; None until they are chosen."""

    @classmethod
    def begin(
        cls,
        request: Request,
        device: ComputeDevice,
        loaded: Loaded,
        clock: Clock,
        keeper: Keeper,
        trace: ModelTrace,
        choose_images: ChooseImages,
    ) -> SoFar:
        """A run whose model is loaded and traced, gone on from where an earlier one ended."""
        faults = Faults(model_file(request.spec.model.source, request.base), raised=keeper.raised)
        found = Measured(trace, probes=none_yet(request.spec))
        so_far = cls(request, device, loaded, clock, keeper, faults, found, choose_images)
        if request.spec.run.mode == "train":
            so_far.initial = keep_state(loaded.model.module)
        if so_far.can_go_on():
            so_far.go_on()
        return so_far

    def can_go_on(self) -> bool:
        """Whether an earlier run left its model and its numbers, and the two still fit each other."""
        earlier, module = self.keeper.earlier, self.loaded.model.module
        if earlier is None:
            return False
        if self.initial is None:
            return True
        if earlier.training is not None and earlier.training.ended_by == "error" and not has_fault(earlier, TRAINING):
            return False  # it lacked memory, of which there may be more by now
        self.device.place(module)
        restored = earlier.training is not None and restore(module, self.keeper)
        if restored and is_the_same(module, earlier.arrays, self.loaded.data, self.device):
            return True
        module.load_state_dict(self.initial)
        self.clock.progress.warn("what an interrupted run left can't be gone on from; it begins again")
        return False

    def go_on(self) -> None:
        """Take over what the earlier run found."""
        earlier = self.keeper.earlier
        if earlier is None:
            return
        self.earlier, self.arrays = earlier, dict(earlier.arrays)
        self.faults.found.extend(fault for fault in earlier.faults if fault.part.id in TAKEN_OVER)
        self.clock.stages[:] = earlier.stages
        self.clock.progress.say("going on from what an interrupted run has measured")
        self.found = replace(
            self.found,
            trace=earlier.trace,
            training=earlier.training,
            latency=earlier.latency,
            latency_missing=earlier.latency_missing,
            paired=earlier.paired_latency,
            eval_seconds=earlier.eval_seconds,
            probes=earlier.probes,
            seeds=earlier.seeds,
            sketch=earlier.sketch,
            weights=earlier.weights,
            answers=Answers(earlier.answers, {}),
            notes=tuple(note for note in earlier.notes if note.id.startswith(REFUSED)),
        )

    def train(self) -> None:
        """Train, where the spec asks for it and no earlier run has."""
        if self.initial is None or self.found.training is not None:
            return
        result = train_first(self.loaded, self.request.spec, self.device, self.clock)
        no_memory = result.error is not None and is_memory_error(result.error)
        if result.error is not None and not no_memory:
            self.faults.note(N_("the training"), result.error)
        self.arrays |= result.arrays
        self.found = replace(self.found, training=result.training)
        keep_weights(self.keeper, self.loaded.model.module)
        self.keep()
        if isinstance(result.error, EnvironmentTrouble):
            raise result.error
        if result.error is not None and no_memory:
            raise memory_trouble(result.error, "evaluating the trained model") from result.error

    def sketch(self) -> None:
        """The digest of the weights, and a few numbers of each layer's, by which other records can tell how far theirs
        lie away."""
        if self.found.weights is None:
            self.found = replace(self.found, weights=digest_weights(self.loaded.model.module))
        if self.found.sketch is not None:
            return
        with self.faults.guard(N_("the sketch of the weights")):
            sketch, values = sketch_weights(self.loaded.model.module)
            self.arrays[SKETCH_ARRAY] = values
            self.found = replace(self.found, sketch=sketch)

    def evaluate(self) -> None:
        """The logits of the evaluation set, and with them what a record of them needs."""
        data = self.loaded.data
        if "eval.logits" in self.arrays:
            if self.found.answers.facts is None:
                self.ask_again()
            return
        with self.faults.guard(N_("the evaluation")):
            with self.clock.stage(N_("Evaluate"), len(data.test_labels), "images") as task:
                start = time.perf_counter()
                filled: list[str] = []
                logits = evaluate(
                    self.loaded.model.module,
                    data.test_images,
                    data.normalization,
                    self.device,
                    task,
                    filled=filled,
                    classes=len(data.facts.classes),
                )
                seconds = time.perf_counter() - start
            self.arrays["eval.logits"] = logits
            self.found = replace(self.found, eval_seconds=seconds, notes=note_filled(filled))
            self.gather()
            self.keep()
            self.ask_again()

    def gather(self) -> NDArray[Any]:
        """The evaluation and the images that the report shows as arrays; the places (images,) of these images."""
        data, logits = self.loaded.data, self.arrays["eval.logits"]
        if self.shown is None:
            self.shown = self.choose_images(logits, data.test_labels.numpy(), data.test_digests)
            self.arrays |= gather_arrays(data, logits, self.shown)
        return self.shown

    def ask_again(self) -> None:
        """Whether the same images get the same answers again and alone."""
        module, seed = self.loaded.model.module, self.request.spec.run.seeds[0]
        answers = check_answers(module, self.loaded.data, self.device, self.found.trace.macs, seed)
        self.arrays |= answers.arrays
        self.found = replace(self.found, answers=answers)

    def time(self) -> None:
        """The time of each module, and the latency of the whole."""
        if self.found.latency:
            return
        module = self.loaded.model.module
        with self.faults.guard(N_("the timing of the model")), self.clock.stage(N_("Time the model")):
            with preserved(module):
                trace, latency = time_model(self.loaded.model, self.loaded.data, self.device, self.found.trace)
            facts = self.loaded.data.facts
            classes, shape = len(facts.classes), facts.image_shape
            mine = own_model(self.request, self.device.facts, classes, shape, latency, trace)
            paired, runs = measure_in_pairs(self.request, mine)
            if runs:
                latency, missing = put_together(latency, runs), None
            else:
                latency, missing = measure_between_processes(self.request, mine, latency)
            self.found = replace(self.found, trace=trace, latency=latency, latency_missing=missing, paired=paired)

    def probe(self) -> None:
        """The probes, each of which is kept when it is there; none of a model that could not be trained to the end."""
        data, spec = self.loaded.data, self.request.spec
        self.arrays |= gather_samples(data)
        if "eval.logits" not in self.arrays:
            return
        logits, positions = self.arrays["eval.logits"], self.gather()
        if self.training_failed:
            return
        context = ProbeContext(
            self.loaded.model.module,
            self.initial,
            data,
            self.device,
            spec,
            self.found.trace,
            logits,
            positions,
            self.arrays,
        )
        training = self.found.training
        seconds = (self.found.eval_seconds or 0.0) + (training.seconds if training else 0.0)
        probed = run_probes(context, seconds, self.clock, self.faults, self.take, self.earlier)
        self.take(probed)

    def take(self, probed: Probed) -> None:
        """Keep what the probes have found so far."""
        self.arrays |= probed.arrays
        self.found = replace(self.found, probes=probed.probes)
        self.keep()

    def train_further(self) -> None:
        """The trainings with other seeds; the first that fails ends them."""
        if self.training_failed:
            return
        done = FurtherSeeds(self.found.seeds, {})
        with self.faults.guard(N_("the training with further seeds")):
            for further in train_further(self.loaded, self.request.spec.run, self.device, self.clock, done):
                self.arrays |= further.arrays
                self.found = replace(self.found, seeds=further.runs)
                self.keep()

    @property
    def training_failed(self) -> bool:
        """Whether an error ended the training."""
        return self.found.training is not None and self.found.training.ended_by == "error"

    def keep(self) -> None:
        """Put down what there is."""
        self.keeper.save(self.record(unfinished=True))

    def record(self, unfinished: bool) -> RunRecord:
        """The record of what was found so far."""
        found = replace(
            self.found,
            stages=tuple(self.clock.stages),
            faults=tuple(self.faults.found),
            unfinished=unfinished,
            arrays=Arrays(self.arrays),
        )
        return make_record(self.request, self.device, self.loaded, found)


def has_fault(record: RunRecord, part: str) -> bool:
    """Whether an error of the model or of ours ended a part of a run."""
    return any(fault.part.id == part for fault in record.faults)


def model_file(source: str, base: Path) -> Path | None:
    """The user's own file in a `model.source`; None where it names none."""
    file, _, _ = source.rpartition(":")
    return resolve_path(Path(file), base).resolve() if file.endswith(".py") else None


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
    return replace(result, training=told, arrays={**result.arrays, **taught.arrays})


def note_filled(reasons: list[str]) -> tuple[Message, ...]:
    """What the reader has to know of batches that the model refused, by its reasons."""
    if not reasons:
        return ()
    return (
        nN_(
            "The model raised an error on {count} batch of the evaluation ({reason}); it was padded with images that "
            "had been evaluated already, whose second predictions were not used.",
            "The model raised an error on {count} batches of the evaluation ({reason}); they were padded with images "
            "that had been evaluated already, whose second predictions were not used.",
            len(reasons),
            reason=reasons[0],
        ),
    )


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
    latency = measure_latency(loaded.module, data.facts.image_shape, device, image_seconds=nominal_seconds(trace))
    return timed, latency


def keep_state(module: torch.nn.Module) -> dict[str, torch.Tensor]:
    """A copy of the state dict on the CPU."""
    tensors = module.state_dict().items()
    return {name: tensor.detach().cpu().clone() for name, tensor in tensors if isinstance(tensor, torch.Tensor)}


def run_probes(
    context: ProbeContext,
    pass_seconds: float,
    clock: Clock,
    faults: Faults,
    take: Callable[[Probed], None],
    earlier: RunRecord | None,
) -> Probed:
    """What the probes find, within their price; `take` hears of it after each of them."""
    before = earlier.probes if earlier else None
    with clock.stage(N_("Probe")) as task:
        return probe_model(context, pass_seconds, lambda title: task.advance(0, title), faults, take, before)
