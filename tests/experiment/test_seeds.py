"""Further seeds: each is the run of its own, on the same images, and what is kept of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from reportgen.experiment.loading import Loaded
from reportgen.experiment.models import LoadedModel, load_model
from reportgen.experiment.request import Clock
from reportgen.experiment.seeds import MOST_POINTS, FurtherSeeds, relative, score_logits, thin, train_further
from reportgen.progress import Silent
from reportgen.spec.types import ModelSpec, OptimizerSpec, RunSpec
from tests.experiment.cases import noise, plain_cpu


def again(seed: int) -> LoadedModel:
    torch.manual_seed(seed)
    return load_model(ModelSpec(source="builtin:linear"), Path(), 10)


def further(run: RunSpec) -> tuple[FurtherSeeds, Clock]:
    clock = Clock(Silent())
    loaded = Loaded(again(run.seed), noise(train=64, test=40), None, again)
    runs, arrays = (), {}
    for found in train_further(loaded, run, plain_cpu(), clock):
        runs, arrays = found.runs, arrays | found.arrays
    return FurtherSeeds(runs, arrays), clock


CALM = OptimizerSpec(lr=1e-3)


def test_the_seed_alone_is_what_differs() -> None:
    run = RunSpec(epochs=2, batch_size=16, seeds=(7, 3, 5), optimizer=CALM)
    found, clock = further(run)
    alone, _ = further(RunSpec(epochs=2, batch_size=16, seeds=(1, 5), optimizer=CALM))
    assert [one.seed for one in found.runs] == [3, 5]
    assert np.array_equal(found.arrays["seed.5.logits"], alone.arrays["seed.5.logits"])
    assert not np.array_equal(found.arrays["seed.5.loss"], found.arrays["seed.3.loss"])
    assert [stage.name.text for stage in clock.stages] == ["Further seeds"]


def test_counts_are_those_of_the_kept_logits() -> None:
    found, _ = further(RunSpec(epochs=2, batch_size=16, seeds=(0, 1), optimizer=CALM))
    (run,) = found.runs
    logits = found.arrays["seed.1.logits"]
    labels = noise(train=64, test=40).test_labels.numpy()
    assert logits.dtype == np.float16
    assert (logits.max(1) == 0).all()
    assert (run.correct, run.n) == (int((logits.argmax(1) == labels).sum()), 40)
    wide = logits.astype(np.float64)
    losses = np.log(np.exp(wide).sum(1)) - wide[np.arange(40), labels]
    assert run.loss == pytest.approx(losses.mean(), rel=1e-3)
    assert run.training.steps == len(found.arrays["seed.1.loss"]) == 8


def test_one_seed_needs_no_further_training() -> None:
    found, clock = further(RunSpec(epochs=2, seeds=(4,)))
    assert (found.runs, dict(found.arrays), clock.stages) == ((), {}, [])


def test_float16_keeps_which_is_largest_and_by_how_much() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 5, (4000, 10)).astype(np.float32)
    logits[:, 3] = logits.max(1) + 1e-5  # equal in float16, not in float32
    kept = relative(logits)
    assert (kept.argmax(1) == 3).all()
    assert np.allclose(kept, logits - logits.max(1, keepdims=True), rtol=1e-3, atol=1e-6)
    far = relative(np.array([[0.0, -1e6, 3e38]], np.float32))
    assert np.isfinite(far).all()


def test_outputs_that_are_no_numbers_are_never_right() -> None:
    logits = np.array([[np.nan, 0.0], [np.inf, 0.0], [2.0, 0.0]], np.float32)
    assert score_logits(logits, np.zeros(3, np.int64)) == (1, None)


def test_a_long_history_is_kept_as_means() -> None:
    values = np.arange(10_007, dtype=np.float32)
    assert len(thin(values)) == MOST_POINTS
    assert thin(values)[0] == values[:6].mean()
    assert np.array_equal(thin(values[:100]), values[:100])


def test_those_that_are_done_are_not_trained_again() -> None:
    run = RunSpec(epochs=1, batch_size=16, seeds=(7, 3, 5), optimizer=CALM)
    loaded = Loaded(again(7), noise(train=64, test=40), None, again)
    first = next(iter(train_further(loaded, run, plain_cpu(), Clock(Silent()))))
    (rest,) = train_further(loaded, run, plain_cpu(), Clock(Silent()), first)
    assert [one.seed for one in rest.runs] == [3, 5]
    assert set(rest.arrays) == {"seed.5.logits", "seed.5.loss"}
