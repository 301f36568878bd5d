"""Further trainings of the same spec with other seeds: trained and evaluated like the first, on the same images."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from reportgen.experiment.device import ComputeDevice
from reportgen.experiment.evaluate import evaluate
from reportgen.experiment.loading import Loaded
from reportgen.experiment.request import Clock
from reportgen.experiment.training import run_training
from reportgen.experiment.weights_digest import digest_weights
from reportgen.record.message import N_
from reportgen.record.run import SeedRun
from reportgen.spec.types import RunSpec

MOST_POINTS = 2000
"""Of a kept loss by step."""
LOWEST = -60_000.0
"""Near the end of float16; a logit so far below the largest has no probability at all."""
NAME = N_("Further seeds")


@dataclass(frozen=True)
class FurtherSeeds:
    """What the record keeps of the further trainings."""

    runs: tuple[SeedRun, ...]
    arrays: Mapping[str, NDArray[Any]]


NONE_YET = FurtherSeeds((), {})


def train_further(
    loaded: Loaded, run: RunSpec, device: ComputeDevice, clock: Clock, done: FurtherSeeds = NONE_YET
) -> Iterator[FurtherSeeds]:
    """Train and evaluate with every seed of `run` but the first and those `done`; each has the whole of a time budget.

    Yields all that there is after each of them, with the arrays of that one. Each is what a spec with this seed alone
    would be, but for `train_limit` and `eval_limit`, whose images are those of the first seed.
    """
    runs: list[SeedRun] = list(done.runs)
    count = len(run.seeds)
    for number, seed in enumerate(run.seeds[1:], start=2):
        if any(known.seed == seed for known in done.runs):
            continue
        module = loaded.again(seed).module
        with clock.stage(
            N_("Train, seed {number} of {count}", number=number, count=count), 100, "%", kept=NAME
        ) as task:
            own = run.model_copy(update={"seed": seed})
            teacher = loaded.teacher.module if loaded.teacher else None
            result = run_training(module, loaded.data, own, device, task, teacher)
        if result.error is not None:
            raise result.error  # with its own traceback: what is told of it is the same wherever it came up
        data, title = loaded.data, N_("Evaluate, seed {number} of {count}", number=number, count=count)
        with clock.stage(title, len(data.test_labels), "images", kept=NAME) as task:
            logits = evaluate(
                module, data.test_images, data.normalization, device, task, classes=len(data.facts.classes)
            )
        right, loss = score_logits(logits, data.test_labels.numpy())
        runs.append(
            SeedRun(
                seed=seed,
                training=result.training,
                correct=right,
                n=len(logits),
                loss=loss,
                weights=digest_weights(module),
            )
        )
        kept: dict[str, NDArray[Any]] = {
            f"seed.{seed}.logits": relative(logits),
            f"seed.{seed}.loss": thin(result.arrays["train.loss"]),
        }
        yield FurtherSeeds(tuple(runs), kept)


def score_logits(logits: NDArray[Any], labels: NDArray[Any]) -> tuple[int, float | None]:
    """Right predictions, those with an output that is not finite never, and mean negative log-likelihood (nats)."""
    finite = np.isfinite(logits).all(1)
    correct = int(((logits.argmax(1) == labels) & finite).sum())
    if not finite.all():
        return correct, None
    loss = torch.nn.functional.cross_entropy(torch.from_numpy(logits), torch.from_numpy(labels))
    return correct, float(loss)


def relative(logits: NDArray[Any]) -> NDArray[np.float16]:
    """Logits (n, c) with the largest of each row taken off, so that float16 keeps which is largest and by how much."""
    below: NDArray[np.float16] = np.maximum(logits - logits.max(1, keepdims=True), LOWEST).astype(np.float16)
    return below


def thin(values: NDArray[Any]) -> NDArray[np.float32]:
    """At most MOST_POINTS values of (steps,): means of equal runs of steps."""
    if len(values) <= MOST_POINTS:
        return values.astype(np.float32)
    runs = np.array_split(values.astype(np.float64), MOST_POINTS)
    return np.array([run.mean() for run in runs], np.float32)
