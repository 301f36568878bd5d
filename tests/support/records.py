"""A hand-written record: small, deterministic, with everything a report can show. No torch."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from reportgen.metrics import measure
from reportgen.record.arrays import Arrays
from reportgen.record.judgement import Judgement
from reportgen.record.latency import Latency
from reportgen.record.message import N_, Message
from reportgen.record.presentation import Presentation
from reportgen.record.run import (
    DataFacts,
    Device,
    Duplicates,
    EpochStats,
    MeasuredSpec,
    Provenance,
    RunRecord,
    SeedRun,
    Split,
    Stage,
    Training,
)
from reportgen.record.store import encode_record, store, write_files
from reportgen.record.subject import Subject
from reportgen.record.trace import Edge, ModelTrace, ModuleCall, Operator, ReceptiveField
from reportgen.spec.types import CardSpec, ModelSpec, RunSpec
from tests.support.cost_facts import with_cost

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
TITLE = "A small residual net on CIFAR-10"
CARD = CardSpec(authors="A. Author", licence="MIT", intended_use="Tests of this program.")
N = 600
STEPS = 90


def module(index: int, path: str, kind: str, parent: int | None, depth: int, **more: object) -> ModuleCall:
    """One row of the layer table with zeros where a test does not care."""
    values: dict[str, object] = {
        "parameters": 0,
        "own_parameters": 0,
        "trainable": 0,
        "macs": 0,
        "own_macs": 0,
        "activation_bytes": 0,
        "is_leaf": True,
        "seconds": 0.0001,
        "output_shapes": ((1, 16, 32, 32),),
        "input_shapes": ((1, 16, 32, 32),),
    }
    values.update(more)
    return ModuleCall.model_validate(
        {"index": index, "path": path, "name": path.rpartition(".")[2], "kind": kind, "parent": parent, "depth": depth}
        | values
    )


CONVOLUTION = {
    "settings": "16, 16, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1)",
    "parameters": 2320,
    "own_parameters": 2320,
    "trainable": 2320,
    "macs": 2_359_296,
    "own_macs": 2_359_296,
    "activation_bytes": 65_536,
}
"""Both convolutions of a block."""


def small_trace() -> ModelTrace:
    """A stem, two equal residual blocks and a classifier."""
    modules = [
        module(
            0,
            "",
            "TinyResNet",
            None,
            0,
            parameters=9898,
            trainable=9898,
            macs=9_880_224,
            seconds=0.002,
            output_shapes=((1, 10),),
            input_shapes=((1, 3, 32, 32),),
            activation_bytes=700_000,
            is_leaf=False,
        ),
        module(
            1,
            "conv1",
            "Conv2d",
            0,
            1,
            settings="3, 16, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1)",
            parameters=448,
            own_parameters=448,
            trainable=448,
            macs=442_368,
            own_macs=442_368,
            input_shapes=((1, 3, 32, 32),),
            activation_bytes=12_288,
        ),
        module(
            2,
            "layer1",
            "Sequential",
            0,
            1,
            parameters=9280,
            trainable=9280,
            macs=9_437_184,
            is_leaf=False,
            activation_bytes=600_000,
            seconds=0.0016,
        ),
    ]
    for block in range(2):
        base = 3 + 4 * block
        modules += [
            module(
                base,
                f"layer1.{block}",
                "BasicBlock",
                2,
                2,
                parameters=4640,
                trainable=4640,
                macs=4_718_592,
                is_leaf=False,
                activation_bytes=300_000,
                seconds=0.0008,
            ),
            module(
                base + 1,
                f"layer1.{block}.conv1",
                "Conv2d",
                base,
                3,
                **CONVOLUTION,
            ),
            module(base + 2, f"layer1.{block}.relu", "ReLU", base, 3, activation_bytes=65_536),
            module(
                base + 3,
                f"layer1.{block}.conv2",
                "Conv2d",
                base,
                3,
                **CONVOLUTION,
            ),
        ]
    modules.append(
        module(
            11,
            "fc",
            "Linear",
            0,
            1,
            settings="in_features=16, out_features=10, bias=True",
            parameters=170,
            own_parameters=170,
            trainable=170,
            macs=672,
            own_macs=672,
            activation_bytes=64,
            input_shapes=((1, 16),),
            output_shapes=((1, 10),),
        )
    )
    names = [("input", 0), ("conv2d", 1)]
    for block in range(2):
        base = 3 + 4 * block
        names += [("conv2d", base + 1), ("relu", base + 2), ("conv2d", base + 3), ("add", base)]
    names += [("adaptive_avg_pool2d", 0), ("flatten", 0), ("linear", 11)]
    shapes = [(1, 3, 32, 32)] + [(1, 16, 32, 32)] * 9 + [(1, 16, 1, 1), (1, 16), (1, 10)]
    operators = tuple(
        Operator(index=i, name=name, module=at, output_shapes=(shape,), macs=modules[at].own_macs)
        for i, ((name, at), shape) in enumerate(zip(names, shapes, strict=True))
    )
    pairs = [(i, i + 1) for i in range(12)] + [(1, 5), (5, 9)]
    edges = tuple(Edge(source=a, target=b, shape=shapes[a]) for a, b in pairs)
    return ModelTrace(
        name="TinyResNet",
        source="builtin:tiny",
        input_shape=(1, 3, 32, 32),
        output_shapes=((1, 10),),
        modules=tuple(modules),
        operators=operators,
        edges=edges,
        parameters=9898,
        trainable_parameters=9898,
        buffers=0,
        parameter_bytes=39_592,
        macs=9_880_224,
        activation_bytes_training=700_000,
        activation_bytes_inference=131_072,
        receptive_field=ReceptiveField(size=11, stride=1, feature_map=(32, 32)),
        timed_batch=8,
    )


def logits_and_labels(seed: int, n: int = N, classes: int = 10) -> tuple[np.ndarray, np.ndarray]:
    """Labels in equal numbers and logits that are right about three times in four, over-confident."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % classes
    logits = rng.normal(0, 1.6, (n, classes))
    logits[np.arange(n), labels] += 3.6
    cat_dog = labels == 3
    logits[cat_dog, 5 % classes] += 1.5
    return logits.astype(np.float32), labels.astype(np.int64)


def small_training() -> Training:
    """Three epochs of thirty steps."""
    rows = [(2.1, 0.32, 2.0, 0.31), (1.5, 0.52, 1.45, 0.5), (1.1, 0.78, 0.9, 0.75)]
    epochs = tuple(
        EpochStats(
            epoch=i + 1,
            step=30 * (i + 1),
            train_loss=a,
            train_accuracy=b,
            train_n=500,
            test_loss=c,
            test_accuracy=d,
            test_n=500,
            seconds=4.0 * (i + 1),
        )
        for i, (a, b, c, d) in enumerate(rows)
    )
    return Training(
        epochs=epochs,
        steps=STEPS,
        planned_steps=STEPS,
        steps_per_epoch=30,
        images_seen=STEPS * 128,
        seconds=9.5,
        ended_by="epochs",
        optimizer=(
            Message(id="SGD"),
            N_("highest learning rate {rate}", rate=0.1),
            N_("momentum {value} (Nesterov)", value=0.9),
            N_("weight decay {value} of all parameters", value=0.0005),
        ),
        schedule=N_("one cycle"),
        loss=N_("{name}, label smoothing {by}", name=N_("cross entropy"), by=0.1),
        batch_size=128,
        images_per_second=1212.6,
        train_correct=390,
        train_n=500,
        train_loss=0.71,
    )


def small_arrays(seed: int = 0) -> Arrays:
    """Arrays of the record, images made of gradients."""
    rng = np.random.default_rng(seed)
    logits, labels = logits_and_labels(seed)
    ramp = np.linspace(0, 255, 32)
    base = np.stack([np.add.outer(ramp, ramp) / 2, np.tile(ramp, (32, 1)), np.tile(ramp[:, None], (1, 32))], -1)
    images = np.clip(base + rng.normal(0, 40, (N, 1, 1, 3)), 0, 255).astype(np.uint8)
    steps = np.arange(STEPS)
    return Arrays(
        {
            "eval.logits": logits,
            "eval.labels": labels,
            "eval.ids": np.arange(N, dtype=np.int64),
            "eval.digests": rng.integers(0, 2**63, N, dtype=np.uint64),
            "images": images,
            "images.ids": np.arange(N, dtype=np.int64),
            "sample.raw": images[:20],
            "sample.augmented": images[:20, :, ::-1],
            "sample.labels": labels[:20],
            "train.loss": (2.3 * np.exp(-steps / 60) + rng.normal(0, 0.05, STEPS)).astype(np.float32),
            "train.lr": (0.1 * np.sin(np.pi * (steps + 1) / (STEPS + 1))).astype(np.float32),
            "train.grad_norm": np.abs(rng.normal(1.5, 0.3, STEPS)).astype(np.float32),
            "train.seconds": np.linspace(0.1, 9.5, STEPS),
            "train.test_right": rising_answers([row.test_accuracy or 0.0 for row in small_training().epochs], 500),
        }
    )


def rising_answers(accuracies: Sequence[float], n: int, flips: float = 0.05) -> np.ndarray:
    """Bits (rows, ⌈n / 8⌉) of a history with these accuracies, where so large a share of the images flips each way from
    one row to the next beside the change."""
    rng, rows = np.random.default_rng(0), []
    right = np.zeros(n, bool)
    for accuracy in accuracies:
        both = min(int(flips * n), int(right.sum()), int((~right).sum()), n - round(accuracy * n), round(accuracy * n))
        lost, gained = (rng.permutation(np.flatnonzero(part)) for part in (right, ~right))
        more = round(accuracy * n) - int(right.sum())
        right = right.copy()
        right[lost[: both + max(0, -more)]] = False
        right[gained[: both + max(0, more)]] = True
        rows.append(right)
    return np.packbits(np.stack(rows), axis=1)


@lru_cache(maxsize=4)
def small_record(classes: tuple[str, ...] = CLASSES) -> RunRecord:
    """The whole record, measured; frozen, so that one serves all tests."""
    record = RunRecord(
        fingerprint="0" * 64,
        spec=MeasuredSpec(model=ModelSpec(source="builtin:tiny"), run=RunSpec(epochs=3)),
        device=Device(
            kind="cpu",
            name="Example CPU",
            threads=2,
            precision="float32",
            precision_reason=N_("this processor has no bfloat16 arithmetic"),
            channels_last=True,
        ),
        provenance=Provenance(
            created="2026-01-02T03:04:05Z",
            command="reportgen build spec.yaml",
            versions={"reportgen-torch": "0.1.0", "python": "3.11.7", "torch": "2.14.1", "numpy": "2.4.6"},
            platform="Linux x86_64",
            commit="0123456789abcdef0123456789abcdef01234567",
            dirty=False,
        ),
        data=DataFacts(
            name="cifar10",
            title="CIFAR-10",
            classes=classes,
            image_shape=(3, 32, 32),
            description=N_("60,000 colour images of ten classes, 32×32 pixels."),
            licence=N_("none stated by its authors"),
            citation="Krizhevsky 2009, Learning Multiple Layers of Features from Tiny Images",
            homepage="https://www.cs.toronto.edu/~kriz/cifar.html",
            hub="uoft-cs/cifar10",
            splits=(
                Split(name="train", n=3840, available=50_000, counts=(384,) * 10),
                Split(name="test", n=N, available=10_000, counts=(N // 10,) * 10),
            ),
            channel_mean=(0.4914, 0.4822, 0.4465),
            channel_std=(0.247, 0.2435, 0.2616),
            normalize_name="cifar10",
            normalize_mean=(0.4914, 0.4822, 0.4465),
            normalize_std=(0.247, 0.2435, 0.2616),
            augment=("crop", "flip"),
            duplicates=Duplicates(within_train=2, within_test=0, across=1, examples=(("train", 5, "test", 9),)),
            digests={"test_batch": "0" * 64},
            verified=True,
            requested="cifar10",
        ),
        trace=small_trace(),
        training=small_training(),
        latency=(
            Latency(batch_size=1, p50_seconds=0.0021, p95_seconds=0.0026, n=50),
            Latency(batch_size=64, p50_seconds=0.041, p95_seconds=0.048, n=20),
        ),
        eval_seconds=1.25,
        stages=(
            Stage(name=N_("Trace"), seconds=0.5),
            Stage(name=N_("Train"), seconds=12.0),
            Stage(name=N_("Evaluate"), seconds=1.25),
        ),
        arrays=small_arrays(),
    )
    record = with_cost(record)
    return record.model_copy(update={"measured": measure(record)})


def presented(record: RunRecord, judgement: Judgement | None = None, **drawn: object) -> Subject:
    """The record with a title and a card; `drawn`: fields of the presentation in the place of those."""
    presentation = Presentation.model_validate({"title": TITLE, "card": CARD} | drawn)
    return Subject(record, judgement or Judgement(), presentation)


def as_subject(thing: RunRecord | Subject) -> Subject:
    """What a section, a figure or an output receives, from a record alone or from the whole."""
    return thing if isinstance(thing, Subject) else presented(thing)


def write_subject(subject: Subject, folder: Path) -> None:
    """Everything that a report keeps of a subject, into a folder that is made for it."""
    folder.mkdir(parents=True)
    write_files(store(subject.record).drawn_as(subject.judgement, subject.presentation).files, folder)


def with_seeds(record: RunRecord, *correct: int, **training: object) -> RunRecord:
    """The record trained with further seeds 1, 2, …, right on so many of the images; not measured again.

    `training`: fields of their trainings that differ from the first one's.
    """
    assert record.training is not None
    labels = record.arrays["eval.labels"]
    seeds = tuple(range(len(correct) + 1))
    runs, arrays = [], {}
    for seed, right in zip(seeds[1:], correct, strict=True):
        rows = tuple(
            row.model_copy(update={"test_accuracy": (row.test_accuracy or 0) + 0.02 * seed})
            for row in record.training.epochs
        )
        told = record.training.model_copy(update={"epochs": rows, **training})
        runs.append(SeedRun(seed=seed, training=told, correct=right, n=len(labels), loss=0.8))
        called = np.where(np.arange(len(labels)) < right, labels, (labels + 1) % len(record.data.classes))
        logits = np.full((len(labels), len(record.data.classes)), -5.0)
        logits[np.arange(len(labels)), called] = 0
        arrays[f"seed.{seed}.logits"] = logits.astype(np.float16)
        arrays[f"seed.{seed}.loss"] = record.arrays["train.loss"] + np.float32(0.1 * seed)
    spec = record.spec.model_copy(update={"run": record.spec.run.model_copy(update={"seeds": seeds})})
    return record.model_copy(update={"seeds": tuple(runs), "spec": spec, "arrays": record.arrays.merged(arrays)})


def save_record(record: RunRecord, folder: Path) -> None:
    """A record alone in a folder."""
    write_files(encode_record(record), folder)
