"""Inference against the plain forward pass, and the clock of the latency."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from reportgen.errors import ModelError
from reportgen.experiment import latency as clock
from reportgen.experiment.datasets.loaded import Normalizer
from reportgen.experiment.evaluate import evaluate
from reportgen.experiment.latency import measure_latency
from reportgen.experiment.objective import Objective
from reportgen.spec.types import RunSpec
from tests.experiment.cases import Heard, noise, plain_cpu


class Net(nn.Module):
    """Behaves differently in training: batch statistics and dropout."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm, self.drop = nn.Conv2d(3, 8, 3, stride=4), nn.BatchNorm2d(8), nn.Dropout(0.5)
        self.linear = nn.Linear(8, 10)
        self.calls: list[tuple[tuple[int, ...], bool]] = []

    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        self.calls.append((tuple(x.shape), self.training))
        return {"logits": self.linear(self.drop(self.norm(self.conv(x))).mean((2, 3)))}


def net() -> Net:
    torch.manual_seed(0)
    return Net()


def by_hand(module: nn.Module, images: torch.Tensor, mean: tuple[float, ...], std: tuple[float, ...]) -> np.ndarray:
    pictures = images.numpy().astype(np.float64) / 255
    ready = torch.from_numpy((pictures - np.array(mean)) / np.array(std)).permute(0, 3, 1, 2).contiguous()
    with torch.no_grad():
        found: np.ndarray = module.double().eval()(ready)["logits"].numpy()
    return found


def test_logits_are_those_of_a_plain_forward_pass_in_float64() -> None:
    data = noise(test=23)
    logits = evaluate(net(), data.test_images, data.normalization, plain_cpu(), batch_size=10)
    expected = by_hand(net(), data.test_images, data.normalization.mean, data.normalization.std)
    assert logits.dtype == np.float32
    assert logits.shape == (23, 10)
    assert np.abs(logits - expected).max() < 1e-5


@pytest.mark.parametrize("training", [True, False])
def test_evaluation_is_in_evaluation_mode_and_puts_the_mode_back(training: bool) -> None:
    data, module = noise(test=5), net().train(training)
    before = {name: value.clone() for name, value in module.state_dict().items()}
    evaluate(module, data.test_images, data.normalization, plain_cpu())
    assert module.training is training
    assert [mode for _, mode in module.calls] == [False]
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())


def test_the_mode_is_put_back_when_the_model_fails() -> None:
    data, module = noise(test=5), net().train()
    module.linear = nn.Linear(9, 10)
    with pytest.raises(RuntimeError):
        evaluate(module, data.test_images, data.normalization, plain_cpu())
    assert module.training


def test_progress_hears_of_every_image() -> None:
    data, heard = noise(test=23), Heard()
    evaluate(net(), data.test_images, data.normalization, plain_cpu(), heard, batch_size=10)
    assert heard.total == 23


def test_large_images_come_in_smaller_batches() -> None:
    class Pooled(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.seen: list[tuple[int, ...]] = []

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            self.seen.append(tuple(images.shape))
            return images.mean((2, 3))

    data, module = noise(test=23), Pooled()
    evaluate(module, data.test_images, Normalizer((0.0,) * 3, (1.0,) * 3, (224, 224)), plain_cpu())
    assert module.seen == [(10, 3, 224, 224), (10, 3, 224, 224), (3, 3, 224, 224)]


def test_a_batch_that_would_take_very_long_is_not_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "repeat", lambda *given: [0.1] * 5)
    found = measure_latency(net(), (3, 32, 32), plain_cpu(), batches=(1, 8, 512))
    assert [row.batch_size for row in found] == [1, 8]


def test_latency_counts_its_repeats_and_leaves_model_and_random_numbers_alone() -> None:
    module = net().train()
    state = torch.random.get_rng_state()
    found = measure_latency(module, (3, 32, 32), plain_cpu(), batches=(1, 4), budget_seconds=0.02)
    assert [row.batch_size for row in found] == [1, 4]
    assert all(
        0 < row.p50_seconds <= row.p95_seconds and clock.REPEATS[0] <= row.n <= clock.REPEATS[1] for row in found
    )
    assert len(module.calls) == sum(row.n + 2 for row in found)
    assert {shape for shape, _ in module.calls} == {(1, 3, 32, 32), (4, 3, 32, 32)}
    assert not any(mode for _, mode in module.calls)
    assert module.training
    assert torch.equal(torch.random.get_rng_state(), state)


def test_percentiles_are_of_the_times_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "repeat", lambda *given: [float(value) for value in range(1, 102)])
    (row,) = measure_latency(net(), (3, 32, 32), plain_cpu(), batches=(1,))
    assert (row.p50_seconds, row.n) == (51.0, 101)
    assert row.p95_seconds == pytest.approx(np.quantile(range(1, 102), 0.95, method="median_unbiased"))


def test_a_large_model_is_timed_six_times_and_a_small_one_a_hundred() -> None:
    (few,) = measure_latency(net(), (3, 32, 32), plain_cpu(), (1,), image_seconds=10.0)
    (many,) = measure_latency(nn.Identity(), (3, 32, 32), plain_cpu(), (1,))
    assert (few.n, many.n) == (6, 100)


def test_batches_that_were_filled_up_are_told() -> None:
    class Even(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            if len(x) % 2:
                raise ValueError("pairs, please")
            return x.flatten(1)[:, :10]

    data, filled = noise(test=21), []
    full = evaluate(Even(), data.test_images[:20], data.normalization, plain_cpu(), batch_size=10)
    found = evaluate(Even(), data.test_images, data.normalization, plain_cpu(), batch_size=10, filled=filled)
    np.testing.assert_array_equal(found[:20], full)
    assert len(found) == 21
    assert filled == ["ValueError: pairs, please"]


@pytest.mark.parametrize(
    ("kept", "told"),
    [
        (lambda logits: logits[:-1], r"float32 \(6, 10\) for 7 images"),
        (lambda logits: logits.argmax(1), r"int64 \(7,\) for 7 images"),
        (lambda logits: logits[:, :5], r"float32 \(7, 5\) for 7 images"),
        (lambda logits: logits[..., None], r"float32 \(7, 10, 1\) for 7 images"),
    ],
)
def test_a_model_that_gives_something_else_for_another_batch_is_told(
    kept: Callable[[torch.Tensor], torch.Tensor], told: str
) -> None:
    class Changes(nn.Module):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            logits = images.flatten(1)[:, :10]
            return kept(logits) if len(images) == 7 else logits

    data = noise(train=8, test=27)
    for classes in (10, None):
        with pytest.raises(ModelError, match=rf"gives {told}, and for others it gave one row of"):
            evaluate(Changes(), data.test_images, data.normalization, plain_cpu(), batch_size=20, classes=classes)
    with pytest.raises(ModelError, match="one row of 10 logits an image"):
        Objective(RunSpec(steps=1), data, plain_cpu(), None)(
            Changes(), torch.zeros(7, 3, 32, 32), torch.zeros(7).long()
        )
