"""THE WALL. An experiment is measured once into a RunRecord; everything a person reads is drawn from it.

A record is a folder: `record.json` (this model, versioned) and `arrays.safetensors` (no pickle). Neither needs torch.
Beside them lies what the report made of the record when it was last drawn, see `reportgen.record.store`.
It never holds host names, user names, absolute paths, environment variables or credentials.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from reportgen.record.answers import AnswerFacts, OutputFacts
from reportgen.record.arrays import Arrays
from reportgen.record.fault import Fault
from reportgen.record.latency import Latency
from reportgen.record.measurements import Measurements
from reportgen.record.message import Message, Note, Terms
from reportgen.record.paired_latency import PairedLatency
from reportgen.record.probes import Probes
from reportgen.record.sketch import WeightSketch
from reportgen.record.trace import ModelTrace
from reportgen.record.weights_digest import WeightsDigest
from reportgen.spec.frozen import Frozen
from reportgen.spec.paths import without_absolute_paths
from reportgen.spec.types import DataSpec, ModelSpec, ReportSpec, RunSpec

RECORD_FORMAT = 3
"""Of a record on disk, the files beside it included; older ones are upgraded when read, see `reportgen.record.upgrade`.
"""

TEST_RIGHT = "train.test_right"
"""The array that `Training` describes."""


class MeasuredSpec(Frozen):
    """The parts of a spec that a run is measured with; of absolute paths only the last part is kept."""

    model: ModelSpec
    data: DataSpec = DataSpec()
    run: RunSpec = RunSpec()

    @classmethod
    def of(cls, spec: ReportSpec) -> MeasuredSpec:
        """Those parts of a spec."""
        kept = without_absolute_paths(spec)
        return cls(**{name: getattr(kept, name) for name in cls.model_fields})


class Device(Frozen):
    """What the run was computed on."""

    kind: Literal["cpu", "cuda", "mps"]
    name: str
    """The maker's name of the processor or accelerator."""
    threads: int
    precision: Literal["float32", "float64", "bfloat16", "float16"]
    precision_reason: Note = None
    """Why `auto` chose it; None when the spec chose."""
    channels_last: bool = False
    requested: str = "auto"


class Provenance(Frozen):
    """Where the numbers come from. An allow-list: nothing else about the machine is kept."""

    created: str
    """UTC, ISO 8601 to the second; SOURCE_DATE_EPOCH when that is set."""
    command: str
    """A command that makes this report again, without absolute paths."""
    versions: dict[str, str]
    """Distribution name -> version: reportgen-torch, python, torch, torchvision, numpy, …"""
    platform: str
    """Such as "Linux x86_64"."""
    commit: str | None = None
    """Git commit of the folder that holds the model's source (or the spec); None outside git."""
    dirty: bool | None = None
    commit_from: str | None = None
    """The variable of a CI platform that told the commit where git did not; None where git told it."""
    commit_refused: Note = None
    """Why git did not tell the commit of a checkout, a clause; None where it told it, and outside git."""
    weights_sha256: str | None = None
    weights_file: str | None = None
    """File name only."""
    weights_key: str | None = None
    """Which set of weights of the file was used, keys with dots between; None for the file itself."""
    weights_not_finite: int = 0
    """How many of the weights read from the file are not finite numbers."""
    model_source_sha256: str | None = None
    weights_url: str | None = None
    """Where a library has the weights from that training started with."""
    model_files: tuple[tuple[str, str], ...] = ()
    """(name, sha256) of the files that making the model and its teacher read, relative to the spec or the name alone;
    where one of them changes, a build measures again."""


class Split(Frozen):
    """One part of the data set."""

    name: Literal["train", "test"]
    n: int
    """Images used in the run."""
    available: int
    """Images the data set holds in this split."""
    counts: tuple[int, ...]
    """Images used, per class, in class order."""


class Duplicates(Frozen):
    """Exact duplicates by the digest of the pixels."""

    within_train: int
    within_test: int
    across: int
    """Test images whose pixels are also a training image's."""
    examples: tuple[tuple[str, int, str, int], ...] = ()
    """Up to 20 pairs (split, index, split, index)."""
    files: tuple[tuple[str, str], ...] = ()
    """The names of their files; empty where images are no files."""


class LeftOutFile(Frozen):
    """A file of the data that could not be read, where the spec says to go on without it."""

    name: str
    """Relative to the data's folder."""
    reason: Message


class DataFacts(Frozen):
    """The data set as it was used."""

    name: str
    title: str | Message
    """As people write it: "CIFAR-10"; a message where it is words, such as "handwritten digits"."""
    description: Note = None
    licence: str | Message = ""
    citation: str = ""
    homepage: str = ""
    hub: str = ""
    """What the Hugging Face Hub calls its authors' copy; empty where there is none."""
    classes: tuple[str, ...]
    coarse_classes: tuple[str, ...] = ()
    """The groups that the data set's authors made of its classes; empty where they made none."""
    image_shape: tuple[int, int, int]
    """(channels, height, width) as the model sees it."""
    resized_from: tuple[int, int] | None = None
    """(height, width) of the stored images where they are resized for the model; None where they are not."""
    splits: tuple[Split, ...]
    channel_mean: tuple[float, ...]
    """Of the training images used, 0-to-1 scale."""
    channel_std: tuple[float, ...]
    normalize_name: str
    """`cifar10`, `cifar100`, `imagenet`, `none`, `digits` or `custom`."""
    normalize_mean: tuple[float, ...]
    normalize_std: tuple[float, ...]
    augment: tuple[str, ...] = ()
    mixup: float | None = None
    """α of the mixing of training batches; None: they were not mixed."""
    duplicates: Duplicates | None = None
    digests: dict[str, str] = Field(default_factory=dict)
    """File name -> sha256."""
    verified: bool = False
    """True when every file's digest is the published one, or none is published."""
    published: bool = True
    """Whether there are published digests to compare with; files of one's own have none."""
    requested: str = ""
    """The data set the spec asked for; differs from `name` when the fallback was used."""
    requested_title: str | Message = ""
    """As people write it, where it is known without its files; empty in older records."""
    fallback_reason: Note = None
    """Why the fallback was used; None when it was not."""
    notes: tuple[Message, ...] = ()
    """What was done to the data that a reader must know, such as how 16-bit images became 8-bit ones."""
    left_out: tuple[LeftOutFile, ...] = ()
    """The first 100 of the files that could not be read, with `data.bad_files: skip`."""
    left_out_count: int = 0
    """All of them."""
    test_files: tuple[str, ...] = ()
    """Name of the file of each evaluated image, relative to the data's folder, in the order of `eval.ids`; empty where
    images are no files, and "" in a record made small for those whose pixels it does not keep."""


class Teacher(Frozen):
    """A model whose outputs were learnt from, and how good it is itself.

    Array: `teacher.correct` uint8 (n,), 1 where it is right on the evaluation image.
    """

    source: str
    """As `model.source` names models."""
    parameters: int
    correct: int
    """Of the `n` evaluation images."""
    n: int
    loss: float
    """Mean negative log-likelihood of them."""
    weights_file: str | None = None
    """File name only; None where its factory made the weights."""
    weights_sha256: str | None = None
    source_sha256: str | None = None
    """Of the user's .py file."""
    notes: tuple[Message, ...] = ()


class EpochStats(Frozen):
    """One row of the training history, measured at the end of an epoch (or of the pass)."""

    epoch: float
    """Epochs completed, 1-based; fractional when the pass ended inside one."""
    step: int
    train_loss: float
    """Mean training loss over the epoch's steps, augmented batches, training mode."""
    train_accuracy: float | None = None
    """Top-1 on a fixed sample of training images, not augmented, evaluation mode; None when not measured."""
    train_n: int = 0
    test_loss: float | None = None
    """Mean negative log-likelihood on a fixed sample of test images."""
    test_accuracy: float | None = None
    test_n: int = 0
    seconds: float
    """Wall time since training began, evaluation included."""


class Divergence(Frozen):
    """Where the loss stopped being finite."""

    step: int
    epoch: float
    learning_rate: float
    batch_ids: tuple[int, ...]
    """Indices of the images of that batch, at most 256."""


class Training(Frozen):
    """How the training pass went. Per-step arrays: `train.loss`, `train.lr`, `train.grad_norm` (float32, (steps,)),
    `train.seconds` (float64, (steps,), wall time since training began at the end of each step). `train.test_right`
    uint8 (rows of `epochs`, ⌈test_n / 8⌉): the images of the test sample, the same ones in every row, that were right,
    as bits from the highest on; not in older records."""

    epochs: tuple[EpochStats, ...]
    steps: int
    planned_steps: int
    steps_per_epoch: int
    images_seen: int
    seconds: float
    """Of the training steps alone, without the evaluations between epochs."""
    ended_by: Literal["epochs", "steps", "time", "diverged", "error"]
    """`error`: see the faults of the record."""
    optimizer: Terms
    """As resolved: "SGD", "highest learning rate 0.1", "momentum 0.9 (Nesterov)", "weight decay 0.0005"."""
    schedule: Message
    loss: Message
    batch_size: int
    images_per_second: float
    train_correct: int
    """Of `train_n` training images, not augmented, evaluation mode, final weights."""
    train_n: int
    train_loss: float
    """Mean negative log-likelihood of the same images."""
    divergence: Divergence | None = None
    teacher: Teacher | None = None
    """The model it learnt from, with the loss that does so."""


class SeedRun(Frozen):
    """One more training of the same spec, with another seed, evaluated on the same images.

    Arrays: `seed.<seed>.logits` float16 (n, classes), of the evaluation images, the largest of each row taken off so
    that it is 0; `seed.<seed>.loss` float32, the loss by step, of long trainings the means of at most 2,000 equal
    runs of steps.
    """

    seed: int
    training: Training
    correct: int
    """Of the `n` evaluation images."""
    n: int
    loss: float | None
    """Mean negative log-likelihood of them; None where an output was not finite."""
    weights: WeightsDigest | None = None
    """None in records of before it was made."""


class Stage(Frozen):
    """Wall time of one stage of the build."""

    name: Message
    seconds: float


class RunRecord(Frozen):
    """One experiment, measured, and nothing else: what a report makes of it is in its Judgement and Presentation.

    Arrays: `eval.logits` float32 (n, classes); `eval.labels` int64 (n,); `eval.ids` int64 (n,), index in the data
    set's test split; `eval.digests` uint64 (n,), of the pixels; `eval.coarse_labels` int64 (n,), places in
    `data.coarse_classes`, where there are such; `images` uint8 (k, H, W, C) and `images.ids` int64
    (k,), the test images the report shows; `sample.raw` uint8 (g, H, W, C), `sample.augmented` uint8 of the same
    images as the model sees them, `sample.labels` int64 (g,); `train.*`, see Training; `seed.*`, see SeedRun;
    `teacher.*`, see Teacher; `draw.*`, see AnswerFacts; `sketch.values`, see `reportgen.record.sketch`;
    `<probe>.*`, see the facts of each probe.
    """

    format: int = RECORD_FORMAT
    fingerprint: str
    spec: MeasuredSpec
    device: Device
    provenance: Provenance
    data: DataFacts
    trace: ModelTrace
    training: Training | None = None
    seeds: tuple[SeedRun, ...] = ()
    """The further trainings of `run.seeds`; everything else here is about the first of them."""
    latency: tuple[Latency, ...] = ()
    latency_missing: Note = None
    """Why it was timed in fewer processes than were asked for; None where it was not, and with a baseline in turn."""
    paired_latency: PairedLatency | None = None
    """This model and a baseline timed in turn; None where the spec asked for no such thing."""
    eval_seconds: float | None = None
    """None where nothing was evaluated: then the arrays `eval.*` and `images` are missing too."""
    stages: tuple[Stage, ...] = ()
    notes: tuple[Message, ...] = ()
    """Things the reader must know that no other field says, such as what was changed in the model."""
    measured: Measurements | None = None
    probes: Probes | None = None
    output: OutputFacts | None = None
    """Which part of what the model returns was read; None in records of before it was looked at."""
    sketch: WeightSketch | None = None
    """Of the final weights, for comparison with those of other records; None in records of before it was made."""
    weights: WeightsDigest | None = None
    """Of the weights that everything here is about; None in records of before it was made."""
    answers: AnswerFacts | None = None
    """Whether the same images get the same answers again and alone; None where that was not looked at."""
    faults: tuple[Fault, ...] = ()
    """What came to nothing although it should have been possible."""
    unfinished: bool = False
    """True of one that was kept while it was made: what is missing in it was not reached."""
    arrays: Arrays = Field(default_factory=Arrays, exclude=True)

    def file_of(self, index: int) -> str:
        """Name of the file of an evaluated image, by its index in the test split; "" where it is not known."""
        files, ids = self.data.test_files, self.arrays.get("eval.ids")
        if not files or ids is None or len(ids) != len(files):
            return ""
        places = (ids == index).nonzero()[0]
        return files[int(places[0])] if len(places) else ""

    @property
    def temperature(self) -> float:
        """That of temperature scaling, as it was measured; 1 where nothing was."""
        return self.measured.calibration.temperature if self.measured else 1.0
