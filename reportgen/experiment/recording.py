"""What was measured, put together into a record."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from reportgen.experiment.answers import NOTHING_ASKED, Answers
from reportgen.experiment.datasets.loaded import LoadedData
from reportgen.experiment.device import ComputeDevice
from reportgen.experiment.loading import Loaded
from reportgen.experiment.models import LoadedModel
from reportgen.experiment.provenance import created_now, find_commit, installed_versions, platform_name, rebuild_command
from reportgen.experiment.request import Request
from reportgen.record.arrays import Arrays
from reportgen.record.fault import Fault
from reportgen.record.latency import Latency
from reportgen.record.message import Message
from reportgen.record.paired_latency import PairedLatency
from reportgen.record.probes import Probes
from reportgen.record.run import MeasuredSpec, Provenance, RunRecord, SeedRun, Stage, Training
from reportgen.record.sketch import WeightSketch
from reportgen.record.trace import ModelTrace
from reportgen.record.weights_digest import WeightsDigest

SAMPLES = 40


@dataclass(frozen=True)
class Measured:
    """What the stages of an experiment found."""

    trace: ModelTrace
    training: Training | None = None
    seeds: tuple[SeedRun, ...] = ()
    latency: tuple[Latency, ...] = ()
    latency_missing: Message | None = None
    paired: PairedLatency | None = None
    eval_seconds: float | None = None
    stages: tuple[Stage, ...] = ()
    probes: Probes | None = None
    arrays: Arrays = field(default_factory=Arrays)
    sketch: WeightSketch | None = None
    weights: WeightsDigest | None = None
    answers: Answers = NOTHING_ASKED
    notes: tuple[Message, ...] = ()
    """On how it was measured."""
    faults: tuple[Fault, ...] = ()
    unfinished: bool = False


def gather_samples(data: LoadedData) -> dict[str, NDArray[Any]]:
    """Some images as they are and as the model sees them, (n, H, W, C) each, and their labels (n,), by array."""
    sample = data.sample(SAMPLES)
    return {"sample.raw": sample.raw, "sample.augmented": sample.augmented, "sample.labels": sample.labels}


def gather_arrays(data: LoadedData, logits: NDArray[Any], positions: NDArray[Any]) -> Arrays:
    """The evaluation and the images as arrays; names and shapes as in RunRecord."""
    labels, ids = data.test_labels.numpy(), data.test_ids
    arrays: dict[str, NDArray[Any]] = {
        "eval.logits": logits.astype(np.float32),
        "eval.labels": labels.astype(np.int64),
        "eval.ids": ids.astype(np.int64),
        "eval.digests": data.test_digests,
        "images": data.test_images[torch.from_numpy(positions)].numpy(),
        "images.ids": ids[positions].astype(np.int64),
        **gather_samples(data),
    }
    if data.test_coarse_labels is not None:
        arrays["eval.coarse_labels"] = data.test_coarse_labels.astype(np.int64)
    return Arrays(arrays)


def make_record(request: Request, device: ComputeDevice, loaded: Loaded, found: Measured) -> RunRecord:
    """The record of what was measured."""
    return RunRecord(
        fingerprint=request.fingerprint,
        spec=MeasuredSpec.of(request.spec),
        device=device.facts,
        provenance=make_provenance(request, loaded.model, loaded.teacher),
        data=loaded.data.facts,
        trace=found.trace,
        training=found.training,
        seeds=found.seeds,
        latency=found.latency,
        latency_missing=found.latency_missing,
        paired_latency=found.paired,
        eval_seconds=found.eval_seconds,
        stages=found.stages,
        notes=(*loaded.model.notes, *found.notes, *([found.answers.note] if found.answers.note else [])),
        sketch=found.sketch,
        weights=found.weights,
        answers=found.answers.facts,
        output=loaded.model.output,
        probes=found.probes,
        faults=found.faults,
        unfinished=found.unfinished,
        arrays=found.arrays,
    )


def make_provenance(request: Request, loaded: LoadedModel, teacher: LoadedModel | None = None) -> Provenance:
    """Versions, commit and digests of this run."""
    checkout = find_commit(request.base, os.environ)
    return Provenance(
        created=created_now(),
        command=rebuild_command(request.spec_name, request.overrides),
        versions=installed_versions(),
        platform=platform_name(),
        commit=checkout.commit,
        dirty=checkout.dirty,
        commit_from=checkout.variable,
        commit_refused=checkout.refused,
        weights_sha256=loaded.weights_sha256,
        weights_file=loaded.weights_file,
        weights_key=loaded.weights_key,
        weights_not_finite=loaded.weights_not_finite,
        model_source_sha256=loaded.source_sha256,
        weights_url=loaded.weights_url,
        model_files=(*loaded.files, *(teacher.files if teacher else ())),
    )
